// HTTP for the compliance suite: requests of each framing on one kept connection, in front of a scripted server.
import assert from 'node:assert/strict';
import { httpSettings } from '#gateways/http/settings.ts';
import type { LimitTest, ComplianceDriver, ComplianceServer, EdgeOfTime } from '../driver.ts';
import { soon, turn, type Scene } from '../scene.ts';
import { startRawServer } from '../../harness/raw.ts';
import { get, ok, post } from '../../harness/site.ts';
import { httpEdges } from './http-edges.ts';

const secret = 'dG9wLXNlY3JldC10b2tlbg';
const body = 'ten bytes.';

/** Where the request at the start of a text ends, or -1 when it is not all there. */
function endOfRequest(text: string): number {
  const head = text.indexOf('\r\n\r\n') + 4;
  if (head < 4) return -1;
  if (/^transfer-encoding: chunked\r$/im.test(text.slice(0, head))) {
    // The last chunk and its trailer.
    const last = /(?:^|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(text.slice(head));
    return last === null ? -1 : head + last.index + last[0].length;
  }
  const length = Number(/^content-length: (\d+)\r$/im.exec(text.slice(0, head))?.[1] ?? 0);
  return text.length >= head + length ? head + length : -1;
}

/** Answers each request when all of it is there, but for those that ask to be held, unless it is mute. A connection is closed instead
 *  by `/torn`, and by `/again` when it was used before. */
export async function startHttpServer(): Promise<ComplianceServer> {
  let mute = false;
  const server = await startRawServer((socket, _index, received) => {
    let at = 0;
    socket.on('data', () => {
      for (let end = endOfRequest(received().slice(at)); end >= 0; end = endOfRequest(received().slice(at))) {
        const [, target = ''] = received().slice(at, at + end).split(' ');
        const first = at === 0;
        at += end;
        if (target === '/torn' || (target === '/again' && !first)) socket.destroy();
        else if (!mute && !target.startsWith('/held')) socket.write(ok(`answer to ${target};`));
      }
    });
    socket.on('end', () => { socket.end(); });
  });
  return {
    port: server.port, received: () => server.received.join(''), sockets: () => server.connections, mute: (on) => { mute = on; }, close: server.close,
  };
}

const file = get('/file?a=b', `Authorization: Bearer ${secret}`, `Cookie: session=${secret}`);
const upload = post('/upload', body);
const chunked = 'PUT /chunked HTTP/1.1\r\nHost: site.example\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n';

const elsewhere = (file: string, test: string, as?: string): LimitTest => ({ file, test, ...as === undefined ? {} : { as } });
/** Its clock is the machine's: the time of a name server. */
const blockLists = elsewhere('src/runtime/block-lists.test.ts',
  'who does not answer in time has not listed; what is known of others counts, and it is tried again soon', 'timeoutMs');

const onRoute = (section: string): string => `    routes: [{ id: all, match: {}, pool: servers, ${section} }]`;

/** A time limit of 7 s, of the service and of its route. */
function time(name: string, edge: Omit<EdgeOfTime, 'set' | 'ms'>): Record<string, LimitTest> {
  const section = `timeouts: { ${name}: 7s }`;
  return {
    [`timeouts.${name}`]: { time: { set: `    ${section}`, ms: 7000, ...edge } },
    [`routes[].timeouts.${name}`]: { time: { set: onRoute(section), instead: true, ms: 7000, ...edge } },
  };
}

/** A GET with so many bytes of head in one header line, or so many of something else. */
const size = (name: string, value: number, within: string, beyond: string, status: number, canary = 'BEYOND'): LimitTest => ({
  size: { set: `    limits: { ${name}: ${value} }`, within, taken: /^HTTP\/1\.1 200 /, beyond, refused: new RegExp(`^HTTP/1\\.1 ${status} `), canary },
});
const x = (count: number): string => 'x'.repeat(count);
const line = (bytes: number, mark: string): string => `X-${mark}: ${x(bytes - mark.length - 4)}`;

/** The same of a body in chunks: what is beyond comes behind its head, so that the server has seen the request, but not the rest. */
const chunkedSize = (name: string, value: number, within: string, beyond: string, others = ''): LimitTest => {
  const put = (text: string): string => `PUT /chunked HTTP/1.1\r\nHost: site.example\r\nTransfer-Encoding: chunked\r\n\r\n${text}`;
  return {
    size: { set: `    limits: { ${name}: ${value}${others} }`, within: put(within), taken: /^HTTP\/1\.1 200 /, beyond: put(beyond), refused: /^HTTP\/1\.1 4\d\d /,
      canary: 'BEYOND' },
  };
};

/** What only counts where a rule looks at it. */
const looked = (name: string, value: number, within: string, beyond: string): LimitTest => ({
  own: {
    options: {
      service: `    limits: { ${name}: ${value} }`,
      rules: `  - { id: looks, operation: { ${name === 'maxCookies' ? 'cookie' : 'query'}: { z: y } }, then: deny }\n  - { id: open, then: allow }\n`,
    },
    run: async ({ visit, server, record }) => {
      await visit().send(within).expect(/^HTTP\/1\.1 200 /);
      await visit().send(beyond).expect(/^HTTP\/1\.1 400 /);
      assert.equal((await record(({ rule }) => rule === `http.${name}`)).status, 400);
      assert.ok(!server.received().includes('BEYOND'));
    },
  },
});

/** The last request that a connection may have says so, and the connection ends in good order; one less does not. */
async function requestsOfConnection({ visit, server, untilEmpty }: Scene): Promise<void> {
  const client = visit().send(get('/first'));
  assert.doesNotMatch(await client.expect(/answer to \/first;$/), /connection: close/i);
  client.send(`${get('/second')}${get('/BEYOND')}`);
  assert.match(await client.over(), /connection: close[^]*answer to \/second;$/i);
  assert.ok(!server.received().includes('BEYOND'));
  await untilEmpty();
}

/** Requests ahead of their turn: read up to the limit, then the client waits, and nothing is lost. */
async function pipelined({ visit, gateway, server, untilEmpty }: Scene): Promise<void> {
  const client = visit().send(get('/held'));
  await soon('it is asked', () => server.received().includes('/held'));
  const read = async (): Promise<number> => (await gateway.sessions())[0]!.bytesIn;
  const before = await read();
  client.client.send('GET /ahead1');
  await soon('less than the limit is read', async () => await read() === before + 11);
  client.client.send('x'.repeat(8));
  await soon('what reaches it is read', async () => await read() === before + 19);
  client.client.send('more');
  for (let count = 0; count < 20; count++) await turn();
  assert.equal(await read(), before + 19, 'nothing more');
  client.client.abort();
  await untilEmpty();
}

/** A text of the configuration: what is too long is not taken. */
async function pageSize(): Promise<void> {
  const takes = (bytes: number): boolean => httpSettings.safeParse({ routes: [], waf: { refusal: { page: x(bytes) } } }).success;
  assert.deepEqual([takes(65_536), takes(65_537)], [true, false]);
}

async function routePageSize(): Promise<void> {
  const takes = (bytes: number): boolean => httpSettings.safeParse({ routes: [{ match: {}, pool: 'a', waf: { refusal: { page: x(bytes) } } }] }).success;
  assert.deepEqual([takes(65_536), takes(65_537)], [true, false]);
}

export const httpDriver: ComplianceDriver = {
  protocol: 'http',
  service: '    routes: [{ id: all, match: {}, pool: servers }]',
  startServer: startHttpServer,
  steps: [
    { name: 'GET', send: file, expect: /answer to \/file\?a=b;$/ },
    { name: 'POST with a length', send: upload, expect: /answer to \/upload;$/ },
    { name: 'PUT in chunks', send: chunked, expect: /answer to \/chunked;$/ },
  ],
  user: '', secret,
  stream: { before: file + upload, after: chunked, done: /answer to \/chunked;$/, operations: ['GET /file', 'POST /upload', 'PUT /chunked'] },
  forbidden: { rule: '{ path: /forbidden/** }', bytes: get('/forbidden/x', 'X-Mark: FORBIDDEN'), reply: /HTTP\/1\.1 403 /, verb: 'GET', path: '/forbidden/x' },
  normal: (received) => received.replaceAll(/X-Request-ID: \S+/g, 'X-Request-ID: ID').replaceAll(/(?<=\r\n\r\n|\r\n)[\da-f]+\r\n(.*?)\r\n(?=[\da-f]+\r\n)/gs, '$1'),
  denied: { reply: /^HTTP\/1\.1 403 .*HTTP\/1\.1 403 /s, outcome: 'denied', rule: 'default', verb: 'GET' },
  unit: {
    condition: '{ methods: [GET] }', steps: 0, bytes: get('/unit'), verb: 'GET', ok: /answer to \/unit;$/, limited: /^HTTP\/1\.1 429 /, held: get('/held'),
      denied: /^HTTP\/1\.1 (403|503) /,
  },
  places: [
    { name: 'answered', condition: '{ methods: [GET] }', steps: 0, bytes: get('/unit'), over: /answer to \/unit;$/ },
    { name: 'answered, with a body', condition: '{ methods: [POST] }', steps: 0, bytes: upload, over: /answer to \/upload;$/ },
    { name: 'answered, with a body in chunks', condition: '{ methods: [PUT] }', steps: 0, bytes: chunked, over: /answer to \/chunked;$/ },
    { name: 'the server is not there', condition: '{ methods: [GET] }', options: { serverPort: 1 }, steps: 0, bytes: get('/unit'), over: /^HTTP\/1\.1 502 [^]*\r\n\r\n[^]+$/ },
    { name: 'redirected', condition: '{ methods: [GET] }', options: { serviceInstead: '    routes: [{ match: {}, redirect: { host: other.example } }]' }, steps: 0,
      bytes: get('/unit'),
      over: /^HTTP\/1\.1 30\d [^]*\r\n\r\n/ },
  ],
  // Further requests that wait behind one that is not answered.
  unread: { steps: 1, pieces: [`${get('/held')}${post('/ahead', x(64 * 1024))}`] },
  faults: {
    refused: { reply: /^HTTP\/1\.1 502 /, outcome: 'failed', verb: 'GET' },
    reset: { reply: /^HTTP\/1\.1 502 /, outcome: 'failed', verb: 'GET' },
    garbage: { reply: /^HTTP\/1\.1 502 /, outcome: 'failed', verb: 'GET' },
    silent: { reply: /^HTTP\/1\.1 504 /, outcome: 'failed', verb: 'GET' },
  },
  neverReached: ['client drained', 'client relayed', 'server drained', 'server relayed'],
  content: {
    service: '    waf: { ruleset: baseline }',
    install: ({ worker }, fault) => {
      const told = { looked: false };
      for (const inspector of worker.plan.webInspectors.all()) {
        const begin = inspector.begin.bind(inspector);
        inspector.begin = (facts) => {
          const inspection = begin(facts);
          // It answers at once by contract, so that an answer which never comes is a throw as well.
          inspection.requestBody = () => {
            told.looked = true;
            throw new Error(`put in by the compliance suite: ${fault}`);
          };
          return inspection;
        };
      }
      return told;
    },
    steps: 0, bytes: post('/content', 'a=CANARY', 'Content-Type: application/x-www-form-urlencoded'), canary: 'CANARY', bugs: { throws: 1, never: 1 },
  },
  limits: {
    'limits.maxHeaderCount': size('maxHeaderCount', 2, get('/', 'A: 1'), get('/BEYOND', 'A: 1', 'B: 2'), 431),
    'limits.maxHeaderLineBytes': size('maxHeaderLineBytes', 64, get('/', line(64, 'Y')), get('/', line(65, 'BEYOND')), 431),
    'limits.maxHeaderNameBytes': size('maxHeaderNameBytes', 16, get('/', `X-${x(14)}: 1`), get('/BEYOND', `X-${x(15)}: 1`), 431),
    'limits.maxHeadBytes': size('maxHeadBytes', 128, headOf(128, '/'), headOf(129, '/BEYOND'), 431),
    'limits.maxRequestLineBytes': size('maxRequestLineBytes', 40, get(`/${x(40 - 'GET / HTTP/1.1'.length)}`), get(`/BEYOND${x(41 - 'GET /BEYOND HTTP/1.1'.length)}`), 414),
    'limits.maxMethodBytes': size('maxMethodBytes', 4, post('/', ''), get('/BEYOND').replace('GET', 'PATCH'), 501),
    'limits.maxLeadingCrlf': size('maxLeadingCrlf', 1, `\r\n${get('/')}`, `\r\n\r\n${get('/BEYOND')}`, 400),
    'limits.maxBodyBytes': size('maxBodyBytes', 4, post('/', 'four'), post('/BEYOND', 'fives'), 413),
    'limits.maxChunkSizeDigits': chunkedSize('maxChunkSizeDigits', 4, '0005\r\nhello\r\n0\r\n\r\n', '00006\r\nBEYOND\r\n0\r\n\r\n'),
    'limits.maxChunkExtensionBytes': chunkedSize('maxChunkExtensionBytes', 4, '5;a=b\r\nhello\r\n0\r\n\r\n', '6;a=bc\r\nBEYOND\r\n0\r\n\r\n'),
    'limits.maxBodyChunkExtensionBytes': chunkedSize('maxBodyChunkExtensionBytes', 7, '5;a=b\r\nhello\r\n0;ab\r\n\r\n', '5;a=b\r\nhello\r\n6;abc\r\nBEYOND\r\n0\r\n\r\n'),
    'limits.maxTinyChunks': chunkedSize('maxTinyChunks', 2, '1\r\na\r\n1\r\nb\r\n0\r\n\r\n', '1\r\na\r\n1\r\nb\r\n6\r\nBEYOND\r\n0\r\n\r\n', ', tinyChunkBytes: 8'),
    'limits.tinyChunkBytes': { because: 'says what maxTinyChunks counts' },
    'limits.maxTrailerBytes': chunkedSize('maxTrailerBytes', 8, '0\r\nA: b\r\n\r\n', '0\r\nA: BEYOND\r\n\r\n'),
    'limits.maxTrailerCount': chunkedSize('maxTrailerCount', 2, '0\r\nA: b\r\nC: d\r\n\r\n', '0\r\nA: b\r\nC: d\r\nE: BEYOND\r\n\r\n'),
    'limits.maxRequestsPerConnection': { own: { options: { service: '    limits: { maxRequestsPerConnection: 2 }' }, run: requestsOfConnection } },
    'limits.maxPipelinedBytes': { own: { options: { service: '    limits: { maxPipelinedBytes: 16 }' }, run: pipelined } },
    'limits.maxQueryParameters': looked('maxQueryParameters', 2, get('/?a=1&b=2'), get('/BEYOND?a=1&b=2&c=3')),
    'limits.maxCookies': looked('maxCookies', 2, get('/', 'Cookie: a=1; b=2'), get('/BEYOND', 'Cookie: a=1; b=2; c=3')),
    'forwarded.maxHops': elsewhere('src/gateways/http/forwarded.test.ts', 'at most maxHops proxies are followed'),
    'waf.refusal.page': { own: { options: {}, run: pageSize } }, 'routes[].waf.refusal.page': { own: { options: {}, run: routePageSize } },
    'waf.rbl.timeout': blockLists, 'routes[].waf.rbl.timeout': blockLists,
    'timeouts.clientHeader': { time: { set: '    timeouts: { clientHeader: 7s }', ms: 7000, steps: 0, part: file.slice(0, 30), reply: /^HTTP\/1\.1 408 / } },
    'timeouts.clientIdle': { time: { set: '    timeouts: { clientIdle: 7s }', ms: 7000, steps: 1, reply: /^$/ } },
    ...time('clientBody', { atLatestMs: 7000 * 1.25, steps: 1, part: upload.slice(0, -2), reply: /^HTTP\/1\.1 408 / }),
    ...time('serverFirstByte', { steps: 1, part: upload, mute: true, reply: /^HTTP\/1\.1 504 /, stays: true }),
    ...time('total', { steps: 1, part: upload, mute: true, reply: /^HTTP\/1\.1 504 /, stays: true }),
    'routes[].limits.maxBodyBytes': {
      size: { set: onRoute('limits: { maxBodyBytes: 4 }'), instead: true, within: post('/', 'four'), taken: /^HTTP\/1\.1 200 /, beyond: post('/BEYOND', 'fives'),
        refused: /^HTTP\/1\.1 413 /, canary: 'BEYOND' },
    },
    ...httpEdges,
  },
};

/** A GET whose head has so many bytes. */
function headOf(bytes: number, path: string): string {
  const bare = get(path, 'X: ');
  return get(path, `X: ${x(bytes - bare.length)}`);
}
