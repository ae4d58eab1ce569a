// No response may be read as two different things by us and by another reader of the same bytes, and nothing that a server
// sends beyond its response may become the answer to somebody's next request. Readers: Node's client alone, behind nginx, and
// behind HAProxy. A judge may refuse, and so may we; who reads a response to its end must read the same status and body.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { escapeBytes } from '#test/transcripts/http1/drive.ts';
import { startGateway, type GatewayUnderTest } from '../../harness/gateway.ts';
import { startFixedServer, type RawServer } from '../../harness/raw.ts';
import { needs, type PeerName } from '#test/peers/peer.ts';
import type { Front } from './judges.ts';
import { makeResponseCases } from './response-cases.ts';
import { readCase, refusedByProxy, startHaproxyBefore, startNginxBefore, startOrigin, type ReadResponse } from './response-judges.ts';

const seed = Number(process.env['HTTP1_DIFFERENTIAL_SEED'] ?? 20_240_603);
const mutations = Number(process.env['HTTP1_DIFFERENTIAL_MUTATIONS'] ?? 1200);
const atOnce = 24;
const cases = makeResponseCases(seed, mutations);
let origin: RawServer;
let gateway: GatewayUnderTest;
const ours = new Map<string, Map<string, ReadResponse>>();

const configuration = (port: number): string => `
listeners:
  strict: { bind: "127.0.0.1:0", service: strict }
  lenient: { bind: "127.0.0.1:0", service: lenient }
services:
  strict: { protocol: http, pool: web }
  lenient:
    protocol: http
    pool: web
    normalization:
      contentLengthWithTransferEncoding: prefer-transfer-encoding
      duplicateContentLength: collapse-identical
      obsFold: replace-with-space
      bareLf: accept-in-responses
      spaceBeforeColon: strip-in-responses
      forbiddenTrailerField: drop
      contentLengthWithoutContent: ignore
pools: { web: { servers: ["127.0.0.1:${port}"], passive: { failures: 0 } } }
policy: [{ id: open, then: allow }]
`;

async function readAll(port: number): Promise<Map<string, ReadResponse>> {
  const read = new Map<string, ReadResponse>();
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let one = cases[next++]; one !== undefined; one = cases[next++]) read.set(one.name, await readCase(port, one));
  }));
  return read;
}

before(async () => {
  origin = await startOrigin(new Map(cases.map((one) => [one.name, one])));
  gateway = await startGateway(configuration(origin.port));
  for (const listener of ['strict', 'lenient']) ours.set(listener, await readAll(gateway.port(listener)));
});

after(async () => {
  await (gateway as GatewayUnderTest | undefined)?.stop();
  await origin.close();
});

/** Responses that a judge is known to read wrongly. */
const never = /(?!)/;

const accepted = ({ complete, status, body }: ReadResponse): boolean => complete && !refusedByProxy(status, body);

function differences(mine: ReadonlyMap<string, ReadResponse>, theirs: ReadonlyMap<string, ReadResponse>, knownOf = never): string[] {
  const found: string[] = [];
  for (const one of cases) {
    const our = mine.get(one.name)!;
    const their = theirs.get(one.name)!;
    if (!accepted(our) || knownOf.test(one.bytes)) continue;
    const same = accepted(their) ? our.status === their.status && our.body === their.body : true;
    if (same) continue;
    const what = `${one.method} ${escapeBytes(one.bytes)}${one.close ? ' FIN' : ''}`;
    found.push(`${what}\n  we ${our.status} ${JSON.stringify(our.body)}, the judge ${their.status} ${JSON.stringify(their.body)}`);
  }
  return found;
}

test('there is something to judge', () => {
  for (const [listener, read] of ours) {
    const count = [...read.values()].filter(accepted).length;
    assert.ok(count > cases.length / 6 && count < cases.length, `${listener}: ${count} of ${cases.length} accepted`);
  }
});

test('the oracle sees another body, another status and a foreign answer', async () => {
  const mine = ours.get('strict')!;
  const [name, read] = [...mine].find(([, one]) => accepted(one) && one.body !== '')!;
  for (const changed of [{ body: `${read.body}x` }, { status: read.status + 1 }]) {
    assert.equal(differences(mine, new Map(mine).set(name, { ...read, ...changed })).length, 1);
  }
  assert.deepEqual(differences(mine, new Map(mine).set(name, { ...read, complete: false, body: 'cut' })), []);
  // An origin that answers every request with the same bytes: the next answer is not the one that belongs to the request.
  const fixed = await startFixedServer('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello');
  assert.equal((await readCase(fixed.port, cases[0]!)).next, 'foreign');
  await fixed.close();
});

for (const listener of ['strict', 'lenient']) {
  test(`${listener}: the next request on the connection gets its own answer or none, and nothing hangs`, async () => {
    const odd = cases.filter(({ name }) => { const read = ours.get(listener)!.get(name)!; return read.next === 'foreign' || read.hung; });
    assert.deepEqual(odd.map((one) => `${escapeBytes(one.bytes)} -> ${JSON.stringify(ours.get(listener)!.get(one.name))}`), []);
    await gateway.flushed();
    assert.deepEqual(gateway.bugs, []);
  });
}

function judge(name: string, theirs: ReadonlyMap<string, ReadResponse>, knownOf = never): void {
  const judged = [...theirs.values()].filter(accepted).length;
  assert.ok(judged > cases.length / 6, `${name} accepted only ${judged} of ${cases.length}`);
  for (const [listener, mine] of ours) {
    const found = differences(mine, theirs, knownOf);
    console.log(`${name}, ${listener}: ${cases.length} responses, ${judged} accepted by the judge, ${found.length} differences`);
    assert.equal(found.slice(0, 3).join('\n'), '');
  }
}

// Node does not know `chunked` with a tab beside it, which is optional white space (RFC 9110 section 5.5), and reads until the end.
test('what we accept is read the same by Node', async () => { judge('node', await readAll(origin.port), /^transfer-encoding:(?:\t| *chunked[ ]*\t)/im); });

const fronts: [string, PeerName, (originPort: number) => Promise<Front>][] = [
  ['nginx', 'nginx', startNginxBefore], ['HAProxy', 'haproxy', startHaproxyBefore],
];
for (const [name, peer, startFront] of fronts) {
  test(`what we accept is read the same by ${name}`, { skip: needs(peer) }, async () => {
    const front = await startFront(origin.port);
    try {
      judge(name, await readAll(front.port));
    } finally { await front.stop(); }
  });
}
