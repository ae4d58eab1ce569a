// Every limit that the settings of the protocol declare is tested at its edge: here, from the driver's table, or in a test
// that the table names. A limit without an entry fails, and so does an entry without a limit.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { startRawServer } from '../../harness/raw.ts';
import type { EdgeOfSize, EdgeOfTime } from '../driver.ts';
import { soon } from '../scene.ts';
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

/** Whether a test (or a case of a transcript) of a file has this in its name or in what it sets. */
function hasTest(file: string, test: string): boolean {
  const path = join(import.meta.dirname, '../../..', file);
  return existsSync(path) && readFileSync(path, 'utf8').includes(test);
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
      else if ('file' in limit) it(`${path}: shown by ${limit.file}`, () => { assert.ok(hasTest(limit.file, limit.test), `${limit.file} has no "${limit.test}"`); });
    }
  });
}

async function edgeOfSize({ scene }: Subject, edge: EdgeOfSize): Promise<void> {
  const { serverSays } = edge;
  for (const [bytes, expected, says] of [[edge.within, edge.taken, serverSays?.within], [edge.beyond, edge.refused, serverSays?.beyond]] as const) {
    const talker = says === undefined ? undefined : await startRawServer((socket) => { socket.once('data', () => { socket.write(Buffer.from(says, 'latin1')); }); });
    try {
      await scene({ service: edge.set, ...talker === undefined ? {} : { serverPort: talker.port } }, async ({ visit, server, record }) => {
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
  await scene({ service: edge.set }, async ({ visit, pass, gateway, server, untilEmpty }) => {
    const client = await visit().to(edge.steps);
    const before = server.received().length;
    const { bytesIn } = (await gateway.sessions())[0] ?? { bytesIn: 0 };
    if (edge.mute === true) server.mute(true);
    client.send(edge.part ?? '');
    const wanted = bytesIn + (edge.part ?? '').length;
    await soon('all is read', async () => ((await gateway.sessions())[0]?.bytesIn ?? -1) >= wanted);
    if (edge.mute === true) await soon('the server was asked', () => server.received().length > before || server.sockets().length > 0);
    // As in a process: looked at every 100 ms.
    for (let ms = 0; ms + 100 < edge.ms; ms += 100) await pass(100);
    await pass(99);
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
