// Every limit that the settings of the protocol declare is tested at its edge: here, from the driver's table, or in a test
// that the table names. A limit without an entry fails, and so does an entry without a limit.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { startRawServer } from '../../harness/raw.ts';
import type { EdgeOfSize, EdgeOfTime, TestedElsewhere } from '../driver.ts';
import { soon, type SceneOptions } from '../scene.ts';
import type { Subject } from '../suite.ts';

interface Node {
  readonly $ref?: string; readonly $defs?: Readonly<Record<string, Node>>; readonly limit?: boolean; readonly title?: string;
  readonly properties?: Readonly<Record<string, Node>>; readonly items?: Node; readonly anyOf?: readonly Node[]; readonly oneOf?: readonly Node[]; readonly allOf?: readonly Node[];
}

/** Paths of all limits in a settings schema: what is marked as one, and whatever stands in sections `limits` and `timeouts`. */
export function declaredLimits(settings: z.ZodType): string[] {
  const root = z.toJSONSchema(settings, { io: 'input', unrepresentable: 'any' }) as Node;
  const found = new Set<string>();
  const visit = (node: Node, path: string): void => {
    if (node.$ref !== undefined) visit(root.$defs![node.$ref.split('/').at(-1)!]!, path);
    if (node.limit === true || /(?:^|\.)(?:limits|timeouts)\.[^.]+$/.test(path)) found.add(path);
    for (const [name, child] of Object.entries(node.properties ?? {})) visit(child, path === '' ? name : `${path}.${name}`);
    if (node.items !== undefined) visit(node.items, `${path}[]`);
    for (const group of [node.anyOf, node.oneOf, node.allOf]) for (const child of group ?? []) visit(child, path);
  };
  visit(root, '');
  return [...found];
}

const testCall = /^( *)(?:test|it)((?:\.\w+)?)\((['"`])((?:\\.|(?!\3).)*)\3/gm;

/** What is wrong with the word that a test elsewhere shows a limit, or '': a test of this name has to be there, has to run, and has to
 *  speak of the limit in its name or its code. */
export function faultOfPointer(path: string, { file, test, as }: TestedElsewhere, text = textOf(file)): string {
  if (text === undefined) return `there is no ${file}`;
  const calls = [...text.matchAll(testCall)];
  const at = calls.findIndex(([, , , , title]) => title!.replaceAll(/\\(.)/g, '$1') === test);
  if (at < 0) return `${file} has no test "${test}"`;
  const [, indent, kind] = calls[at]!;
  if (kind !== '') return `"${test}" in ${file} is ${kind!.slice(1)}: it shows nothing`;
  const next = calls.slice(at + 1).find(([, other]) => other!.length <= indent!.length);
  const name = as ?? path.split('.').at(-1)!;
  return new RegExp(`\\b${name}\\b`).test(text.slice(calls[at]!.index, next?.index)) ? '' : `"${test}" in ${file} does not speak of ${name}`;
}

function textOf(file: string): string | undefined {
  const path = join(import.meta.dirname, '../../..', file);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

export function checkSettingLimits(subject: Subject): void {
  const { driver, manifest, scene } = subject;
  it('each limit that the settings declare has a test at its edge, and each such test has its limit', () => {
    const declared = declaredLimits(manifest.settings as z.ZodType);
    assert.deepEqual(declared.filter((path) => driver.limits[path] === undefined), [],
      `limits of protocol ${driver.protocol} without a test: give each one in \`limits\` of test/compliance/drivers/${driver.protocol}.ts `
      + '(`size` or `time`, both sides of the edge), or name the test that shows it');
    assert.deepEqual(Object.keys(driver.limits).filter((path) => !declared.includes(path)), [], 'limits that the settings do not declare (any more)');
  });

  describe('limits of the settings', () => {
    for (const [path, limit] of Object.entries(driver.limits)) {
      if ('size' in limit) it(`${path}: what fits, and one more`, () => edgeOfSize(subject, limit.size));
      else if ('time' in limit) it(`${path}: a millisecond before, a millisecond behind`, () => edgeOfTime(subject, limit.time));
      else if ('own' in limit) it(`${path}: at its edge`, () => scene(limit.own.options, limit.own.run));
      else if ('file' in limit) it(`${path}: shown by ${limit.file}`, () => { assert.equal(faultOfPointer(path, limit), ''); });
    }
  });
}

function settingOf({ set, instead }: EdgeOfSize | EdgeOfTime): SceneOptions { return instead === true ? { serviceInstead: set } : { service: set }; }

async function edgeOfSize({ scene }: Subject, edge: EdgeOfSize): Promise<void> {
  const { serverSays } = edge;
  for (const [bytes, expected, says] of [[edge.within, edge.taken, serverSays?.within], [edge.beyond, edge.refused, serverSays?.beyond]] as const) {
    const talker = says === undefined ? undefined : await startRawServer((socket) => { socket.once('data', () => { socket.write(Buffer.from(says, 'latin1')); }); });
    try {
      await scene({ ...settingOf(edge), ...talker === undefined ? {} : { serverPort: talker.port } }, async ({ visit, server, record }) => {
        const client = visit().send(bytes);
        await client.expect(expected);
        if (bytes !== edge.beyond) return;
        client.gone();
        const found = await record(({ kind, outcome }) => kind !== 'session' && (outcome === 'refused' || outcome === 'limited'));
        assert.notEqual(found.rule, '', 'the record names the limit');
        if (edge.canary !== '') assert.ok(!server.received().includes(edge.canary), 'nothing of it at the server');
      });
    } finally { await talker?.close(); }
  }
}

async function edgeOfTime({ scene }: Subject, edge: EdgeOfTime): Promise<void> {
  await scene(settingOf(edge), async ({ visit, pass, toEdge, gateway, server, untilEmpty }) => {
    const client = await visit().to(edge.steps);
    const before = server.received().length;
    const { bytesIn } = (await gateway.sessions())[0] ?? { bytesIn: 0 };
    if (edge.mute === true) server.mute(true);
    client.send(edge.part ?? '');
    const wanted = bytesIn + (edge.part ?? '').length;
    await soon('all is read', async () => ((await gateway.sessions())[0]?.bytesIn ?? -1) >= wanted);
    if (edge.mute === true) await soon('the server was asked', () => server.received().length > before || server.sockets().length > 0);
    await toEdge(edge.ms);
    assert.equal(client.fresh, '', 'nothing yet');
    assert.equal(client.client.ended || client.client.closed, false);
    await pass(2);
    for (let ms = edge.ms; ms < (edge.atLatestMs ?? 0) && client.fresh === ''; ms += 100) await pass(100);
    if (edge.stays === true) await client.expect(edge.reply);
    else {
      assert.match(await client.over(), edge.reply);
      await untilEmpty();
    }
  });
}
