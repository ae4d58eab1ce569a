// No request may be read as two different things by us and by the server behind us. Judges: Node's parser, Node behind
// nginx, Node behind HAProxy. All request transcripts and 2,000 seeded mutations. Loopback only.
import assert from 'node:assert/strict';
import { METHODS } from 'node:http';
import { after, before, test } from 'node:test';
import { escapeBytes } from '#test/transcripts/http1/drive.ts';
import { needs, type PeerName } from '#test/peers/peer.ts';
import { converse, Origin, startHaproxy, startNginx, statusesIn, type Front } from './judges.ts';
import { closing, differenceAsSent, differenceOf, makeCases, rawWithClosing, wasRefused, type Case } from './oracle.ts';

const seed = Number(process.env['HTTP1_DIFFERENTIAL_SEED'] ?? 20_240_602);
const mutations = Number(process.env['HTTP1_DIFFERENTIAL_MUTATIONS'] ?? 2000);
const atOnce = 8;
const cases = makeCases(seed, mutations);
const origin = new Origin();
let originPort = 0;

before(async () => { originPort = await origin.listen(); });
after(async () => { await origin.close(); });

async function each(list: readonly Case[], run: (one: Case) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let one = list[next++]; one !== undefined; one = list[next++]) await run(one);
  }));
}

/**
 * What a judge may refuse of what we send on: methods that Node does not know, and for nginx TRACE, `*`, a broken escape in
 * the path and a field that occurs again (which our settings may let through). Anything else that is refused was framed or written wrongly by us.
 */
function mayRefuse(one: Case): boolean {
  if (/^(authorization|content-type|referer|user-agent|range|if-[a-z-]+|expect|origin):[^\n]*\n(?:[^\n]+\n)*\1:/im.test(one.forwarded)) return true;
  return one.expected.some(({ method, target }) => !METHODS.includes(method) || method === 'TRACE' || target === '*' || /^[^?]*%(?![\da-f]{2})/i.test(target));
}

async function judgeForwarded(port: number): Promise<{ differences: string[]; refused: number }> {
  const differences: string[] = [];
  let refused = 0;
  origin.byCase.clear();
  await each(cases, async (one) => {
    const { answer, hung } = await converse(port, one.forwarded);
    const judgement = { seen: origin.byCase.get(one.name) ?? [], statuses: statusesIn(answer), hung };
    const difference = differenceOf(one.expected, judgement);
    if (difference !== undefined) differences.push(`${difference}\n  received ${escapeBytes(one.raw)}\n  forwarded ${escapeBytes(one.forwarded)}`);
    if (wasRefused(judgement)) refused++;
    if (wasRefused(judgement) && !mayRefuse(one)) differences.push(`the judge refused (${judgement.statuses.join()}): ${escapeBytes(one.forwarded)}`);
  });
  const known = new Set(cases.map((one) => one.name));
  for (const name of origin.byCase.keys()) if (!known.has(name)) differences.push(`a request that we did not send: ${name} ${JSON.stringify(origin.byCase.get(name))}`);
  return { differences, refused };
}

function report(label: string, differences: readonly string[], refused: number, of: number): void {
  console.log(`${label}: ${of} connections, ${refused} refused by the judge, ${differences.length} differences`);
  assert.equal(differences.slice(0, 3).join('\n'), '');
  // A judge that refuses everything judges nothing.
  assert.ok(refused < of / 2, `${refused} of ${of} refused`);
}

test('there is something to judge', () => {
  assert.ok(cases.length > 500, `${cases.length}`);
  assert.ok(cases.filter((one) => one.expectedRaw !== undefined).length > 250);
  assert.ok(cases.filter((one) => one.expected.some((request) => request.body !== '')).length > 100);
});

test('the oracle sees a smuggled request, a lost one and a changed one', async () => {
  const smuggled = 'POST / HTTP/1.1\r\nHost: a\r\nX-Case: canary\r\nContent-Length: 0\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\nX-Case: canary\r\nConnection: close\r\n\r\n';
  origin.byCase.clear();
  const { answer, hung } = await converse(originPort, smuggled);
  const judgement = { seen: origin.byCase.get('canary') ?? [], statuses: statusesIn(answer), hung };
  assert.equal(judgement.seen.length, 2);
  const post = { method: 'POST', target: '/', body: '' };
  const evil = { method: 'GET', target: '/evil', body: '' };
  assert.match(String(differenceOf([{ ...post, body: 'GET /evil' }], judgement)), /2 answers to 1 request/);
  assert.match(String(differenceOf([post, closing], judgement)), /request 1/);
  assert.match(String(differenceOf([post, evil, closing], judgement)), /request 2: .*undefined/);
  assert.match(String(differenceOf([post, evil], { ...judgement, seen: [...judgement.seen, evil] })), /that we did not/);
  assert.match(String(differenceOf([post, evil], { ...judgement, hung: true })), /waits/);
  assert.equal(differenceOf([post, evil], judgement), undefined);
});

test('what we send on is read the same by Node', async () => {
  const { differences, refused } = await judgeForwarded(originPort);
  report('node', differences, refused, cases.length);
});

test('what we accept whole is read the same by Node as it was sent', async () => {
  const whole = cases.filter((one) => one.expectedRaw !== undefined);
  const differences: string[] = [];
  let refused = 0;
  origin.byCase.clear();
  await each(whole, async (one) => {
    const { answer, hung, localPort } = await converse(originPort, rawWithClosing(one.raw));
    const key = `port ${localPort}`;
    const judgement = { seen: origin.byCase.get(key) ?? [], statuses: statusesIn(answer), hung };
    origin.byCase.delete(key);
    const difference = differenceAsSent(one, judgement);
    if (difference !== undefined) differences.push(`${difference}\n  ${escapeBytes(one.raw)}`);
    if (wasRefused(judgement)) refused++;
  });
  report('node, as sent', differences, refused, whole.length);
});

const fronts: [string, PeerName, (originPort: number) => Promise<Front>][] = [['nginx', 'nginx', startNginx], ['HAProxy', 'haproxy', startHaproxy]];
for (const [name, peer, startFront] of fronts) {
  test(`what we send on is read the same by ${name}`, { skip: needs(peer) }, async () => {
    const front = await startFront(originPort);
    try {
      const { differences, refused } = await judgeForwarded(front.port);
      report(name, differences, refused, cases.length);
    } finally { await front.stop(); }
  });
}
