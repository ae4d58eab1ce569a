// The firewall in the real gateway, on real sockets: what it refuses, what it lets pass untouched, what is recorded, and that
// not a byte of a refused request reaches a server. Rules of our own, so that nothing has to be installed.
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { StoredRecord } from '#audit/record.ts';
import { startGateway, type GatewayUnderTest } from '#test/harness/gateway.ts';
import { RawClient, startFixedServer, startRawServer } from '#test/harness/raw.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-waf-'));
after(() => { rmSync(directory, { recursive: true, force: true }); });

const rules = `
SecRule ARGS "@rx attack" "id:1001,phase:2,deny,status:403,t:none,t:lowercase,log,msg:'Attack in an argument',tag:'own/attack',severity:2"
SecRule REQUEST_HEADERS:X-Drop "@streq yes" "id:1002,phase:1,drop,log,msg:'Dropped'"
SecRule REQUEST_HEADERS:X-Go "@streq yes" "id:1003,phase:1,redirect:https://elsewhere.example/,log,msg:'Sent away'"
SecRule RESPONSE_BODY "@rx secret-leak" "id:1004,phase:4,deny,status:502,log,msg:'Leak'"
SecRule RESPONSE_HEADERS:X-Bad "@rx ." "id:1005,phase:3,deny,status:502,log,msg:'Bad response'"
SecRule REQBODY_ERROR "!@eq 0" "id:1006,phase:2,deny,status:400,log,msg:'Broken body'"
`;
const rulesFile = join(directory, 'own.conf');
writeFileSync(rulesFile, rules);

function configuration(port: number, waf: string, routes = ''): string {
  return `
listeners: { web: { bind: "127.0.0.1:0", service: site } }
services:
  site:
    protocol: http
    upgrades: [websocket]
    pool: one
    ${routes}
    waf: ${waf}
pools: { one: { servers: ["127.0.0.1:${port}"] } }
policy: [{ id: all, then: allow }]
`;
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok';
const places = { baseDirectory: directory, stateDirectory: directory };

async function started(waf: string, response = ok, routes = '') {
  const server = await startFixedServer(response);
  const gateway = await startGateway(configuration(server.port, waf, routes), places);
  const stop = async (): Promise<void> => {
    await gateway.stop();
    await server.close();
    assert.deepEqual(gateway.bugs, []);
  };
  return { server, gateway, stop };
}

async function exchange(gateway: GatewayUnderTest, bytes: string | Buffer, wanted: RegExp = /\r\n\r\n/): Promise<string> {
  const client = new RawClient(gateway.port());
  client.send(bytes);
  const answer = await client.until((received) => wanted.test(received));
  client.destroy();
  return answer;
}

interface WafFacts { mode: string; action: string; by?: string; rules: { id: number; msg: string; values: Record<string,
  string>; logOnly?: boolean }[]; request?: { headers: Record<string, string>; hidden?: string[] } }

function wafOf(record: StoredRecord): WafFacts { return record.facts!.waf as WafFacts; }

const own = `{ ruleset: "${rulesFile}" }`;

test('an attack in the query is refused before a server is asked, and recorded with rule, variable and part', async () => {
  const { server, gateway, stop } = await started(own);
  const answer = await exchange(gateway, 'GET /search?q=an+ATTACK+here&password=attack HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\nCookie: session=1\r\n\r\n', /\}\n$/);
  assert.match(answer, /^HTTP\/1.1 403 /);
  assert.match(answer, /application\/problem\+json/);
  const record = await gateway.record(({ outcome }) => outcome === 'denied');
  assert.match(answer, new RegExp(`"incident":"${record.id!}"`));
  assert.equal(record.rule, 'waf.1001');
  assert.equal(record.status, 403);
  const facts = wafOf(record);
  assert.equal(facts.action, 'deny');
  assert.deepEqual(facts.rules[0]!.values, { 'ARGS:q': 'attack', 'ARGS:password': '***' });
  assert.deepEqual(facts.request!.hidden, ['Cookie']);
  assert.equal(record.params, 'q=an+ATTACK+here&password=***');
  assert.doesNotMatch(JSON.stringify(record), /session=1|password=attack/);
  assert.deepEqual(server.received, []);
  await stop();
});

test('what no rule matches passes unchanged; the connection stays', async () => {
  const { server, gateway, stop } = await started(own);
  const client = new RawClient(gateway.port());
  client.send('POST /a?x=1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nname=anna');
  await client.until((received) => received.endsWith('ok'));
  client.send('GET /b HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.until((received) => received.split('200 OK').length === 3);
  client.destroy();
  assert.match(server.received.join(''), /POST \/a\?x=1[^]*\r\n\r\nname=anna/);
  await stop();
});

const form = 'POST /f HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n';

test('bodies are held until they were looked at: by length, in chunks, byte by byte, compressed', async () => {
  const { server, gateway, stop } = await started(own);
  const packed = gzipSync('note=attack');
  const requests: (string | Buffer)[] = [
    `${form}Content-Length: 11\r\n\r\nnote=attack`,
    `${form}Transfer-Encoding: chunked\r\n\r\n8\r\nnote=att\r\n3\r\nack\r\n0\r\n\r\n`,
    Buffer.concat([Buffer.from(`${form}Content-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n\r\n`), packed]),
  ];
  for (const request of requests) {
    assert.match(await exchange(gateway, request), /^HTTP\/1.1 403 /);
    const client = new RawClient(gateway.port());
    for (const byte of Buffer.from(request as string, 'latin1')) client.send(Buffer.from([byte]));
    assert.match(await client.until((received) => received.includes('\r\n\r\n')), /^HTTP\/1.1 403 /);
    client.destroy();
  }
  assert.deepEqual(server.received, []);
  await stop();
});

test('an honest chunked body arrives in one piece, trailers and all; a request pipelined behind it too', async () => {
  const { server, gateway, stop } = await started(own);
  const client = new RawClient(gateway.port());
  client.send(`${form}Transfer-Encoding: chunked\r\n\r\n4\r\nnote\r\n6\r\n=hello\r\n0\r\nX-T: 1\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n`);
  await client.until((received) => received.split('200 OK').length === 3);
  client.destroy();
  assert.match(server.received.join(''), /\r\n\r\na\r\nnote=hello\r\n0\r\n/);
  assert.match(server.received.join(''), /GET \/next/);
  await stop();
});

test('a refused body that was read in full leaves the connection open, and what came behind it is answered', async () => {
  const { gateway, stop } = await started(own);
  const client = new RawClient(gateway.port());
  client.send(`${form}Content-Length: 11\r\n\r\nnote=`);
  client.send('attackGET /next HTTP/1.1\r\nHost: a\r\n\r\n');
  const answers = await client.until((received) => /403 [^]*200 OK/.test(received));
  assert.match(answers, /403 Forbidden[^]*HTTP\/1.1 200 OK/);
  client.destroy();
  await stop();
});

test('Expect: 100-continue is answered by the gateway, since no server is asked yet', async () => {
  const { gateway, stop } = await started(own);
  const client = new RawClient(gateway.port());
  client.send(`${form}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n`);
  await client.until((received) => received.includes('100 Continue'));
  client.send('name=anna');
  await client.until((received) => received.includes('200 OK'));
  client.destroy();
  await stop();
});

test('limit of the body, at N and N+1: reject', async () => {
  const { server, gateway, stop } = await started(`{ ruleset: "${rulesFile}", requestBody: { limit: 100, noFilesLimit: 100 } }`);
  assert.match(await exchange(gateway, `${form}Content-Length: 100\r\n\r\na=${'x'.repeat(98)}`), /^HTTP\/1.1 200 /);
  assert.match(await exchange(gateway, `${form}Content-Length: 101\r\n\r\na=${'x'.repeat(99)}`), /^HTTP\/1.1 413 /);
  assert.match(await exchange(gateway, `${form}Transfer-Encoding: chunked\r\n\r\n65\r\na=${'x'.repeat(99)}\r\n0\r\n\r\n`), /^HTTP\/1.1 413 /);
  assert.equal((await gateway.record(({ status }) => status === 413)).rule, 'waf.request-body-limit');
  assert.equal(server.received.filter((text) => text !== '').length, 1);
  await stop();
});

test('limit of the body: process-partial looks at the part within it and lets the rest pass', async () => {
  const waf = `{ ruleset: "${rulesFile}", requestBody: { limit: 20, noFilesLimit: 20, onLimit: process-partial } }`;
  const first = await started(waf);
  assert.match(await exchange(first.gateway, `${form}Content-Length: 1000\r\n\r\na=attack${'x'.repeat(992)}`), /^HTTP\/1.1 403 /);
  await first.stop();
  const events = new EventEmitter();
  const server = await startRawServer((socket, _index, received) => {
    let seen = 0;
    socket.on('data', () => {
      events.emit('data');
      if (!received().includes('y'.repeat(598), seen)) return;
      seen = received().length;
      socket.write(ok);
    });
  });
  const gateway = await startGateway(configuration(server.port, waf), places);
  const pieces = {
    length: [`${form}Content-Length: 1000\r\n\r\na=${'x'.repeat(400)}`, 'y'.repeat(598)],
    chunked: [`${form}Transfer-Encoding: chunked\r\n\r\n192\r\na=${'x'.repeat(400)}\r\n`, `256\r\n${'y'.repeat(598)}\r\n0\r\n\r\n`],
  };
  for (const [name, [head = '', rest = '']] of Object.entries(pieces)) {
    const client = new RawClient(gateway.port());
    const arrived = once(events, 'data');
    client.send(head);
    await arrived;
    client.send(rest);
    await client.until((received) => received.endsWith('ok'));
    client.destroy();
    assert.match(server.received.join(''), name === 'length' ? /a=x{400}y{598}/ : /192\r\na=x{400}\r\n256\r\ny{598}\r\n0\r\n/);
  }
  await gateway.stop();
  await server.close();
});

test('detect mode records and lets pass', async () => {
  const { gateway, stop } = await started(`{ ruleset: "${rulesFile}", mode: detect }`);
  assert.match(await exchange(gateway, 'GET /?q=attack HTTP/1.1\r\nHost: a\r\n\r\n', /ok$/), /^HTTP\/1.1 200 /);
  const record = await gateway.record((one) => one.facts?.waf !== undefined);
  assert.equal(record.outcome, 'allowed');
  assert.equal(wafOf(record).rules[0]!.id, 1001);
  assert.equal(wafOf(record).mode, 'detect');
  await stop();
});

test('drop resets, redirect redirects', async () => {
  const { gateway, stop } = await started(own);
  const client = new RawClient(gateway.port());
  client.send('GET / HTTP/1.1\r\nHost: a\r\nX-Drop: yes\r\n\r\n');
  assert.equal(await client.untilEnd(), '');
  assert.match(await exchange(gateway, 'GET / HTTP/1.1\r\nHost: a\r\nX-Go: yes\r\n\r\n'), /^HTTP\/1.1 302 [^]*\r\nLocation: https:\/\/elsewhere.example\/\r\n/);
  await stop();
});

test('a WebSocket upgrade request is looked at like any other', async () => {
  const { server, gateway, stop } = await started(own);
  const head = 'HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
  assert.match(await exchange(gateway, `GET /chat?room=attack ${head}`), /^HTTP\/1.1 403 /);
  assert.deepEqual(server.received, []);
  assert.match(await exchange(gateway, `GET /chat?room=1 ${head}`), /^HTTP\/1.1 200 /);
  assert.match(server.received.join(''), /Upgrade: websocket/i);
  await stop();
});

const leak = '0123456789secret-leak0123456789';
const responses: Record<string, string> = {
  length: `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${leak.length}\r\n\r\n${leak}`,
  chunked: `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n${leak.slice(0, 16)}\r\nf\r\n${leak.slice(16)}\r\n0\r\n\r\n`,
  'bad header': 'HTTP/1.1 200 OK\r\nX-Bad: 1\r\nContent-Length: 0\r\n\r\n',
};

test('responses are held, looked at and refused when configured', async () => {
  for (const [name, response] of Object.entries(responses)) {
    const { gateway, stop } = await started(`{ ruleset: "${rulesFile}", responseBody: { inspect: true } }`, response);
    const answer = await exchange(gateway, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', /incident [^]*\n$/);
    assert.match(answer, /^HTTP\/1.1 502 /, name);
    assert.doesNotMatch(answer, /leak/, name);
    assert.equal((await gateway.record(({ outcome }) => outcome === 'denied')).rule, name === 'bad header' ? 'waf.1005' : 'waf.1004');
    await stop();
  }
});

test('responses that pass come whole: within the limit, over it, other types, closed by the server', async () => {
  const long = 'z'.repeat(50_000);
  const cases: Record<string, string> = {
    short: 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello',
    empty: 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n',
    over: `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${long.length}\r\n\r\n${long}`,
    chunked: `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\nc350\r\n${long}\r\n0\r\n\r\n`,
    image: `HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: ${leak.length}\r\n\r\n${leak}`,
  };
  for (const [name, response] of Object.entries(cases)) {
    const { gateway, stop } = await started(`{ ruleset: "${rulesFile}", responseBody: { inspect: true, limit: 1000 } }`, response);
    const client = new RawClient(gateway.port());
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const answer = await client.untilEnd();
    assert.match(answer, /^HTTP\/1.1 200 /, name);
    const sent = response.slice(response.indexOf('\r\n\r\n') + 4);
    const body = answer.slice(answer.indexOf('\r\n\r\n') + 4).replaceAll(/(^|\r\n)[0-9a-f]+\r\n/g, '');
    assert.equal(body.replaceAll('\r\n', ''), sent.replaceAll(/(^|\r\n)[0-9a-f]+\r\n/g, '').replaceAll('\r\n', ''), name);
    await stop();
  }
  const server = await startRawServer((socket) => {
    socket.once('data', () => { socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end'); });
  });
  const gateway = await startGateway(configuration(server.port, `{ ruleset: "${rulesFile}", responseBody: { inspect: true } }`), places);
  assert.match(await exchange(gateway, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', /0\r\n\r\n$/), /d\r\nuntil the end\r\n0\r\n\r\n$/);
  await gateway.stop();
  await server.close();
});

test('routes: off, a mode of their own, exclusions by path and target, rules on trial', async () => {
  const routes = `routes:
      - { id: free, match: { path: /free/** }, pool: one, waf: off }
      - { id: watched, match: { path: /watched }, pool: one, waf: { mode: detect } }
      - { id: trial, match: { path: /trial }, pool: one, waf: { logOnly: { tags: [own/attack] } } }`;
  const waf = `{ ruleset: "${rulesFile}", exclusions: [{ rule: 1001, target: "ARGS:note", path: /blog/** }, { tag: own/attack, path: "/users/*/bio", methods: [GET] }] }`;
  const { gateway, stop } = await started(waf, ok, routes);
  const status = async (target: string, method = 'GET'): Promise<string> => (await exchange(gateway, `${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)).slice(9, 12);
  assert.equal(await status('/free/x?q=attack'), '200');
  assert.equal(await status('/watched?q=attack'), '200');
  assert.equal(await status('/trial?q=attack'), '200');
  assert.equal(await status('/blog/1?note=attack'), '200');
  assert.equal(await status('/blog/1?other=attack'), '403');
  assert.equal(await status('/blogger?note=attack'), '403');
  assert.equal(await status('/users/7/bio?q=attack'), '200');
  assert.equal(await status('/users/7/8/bio?q=attack'), '403');
  assert.equal(await status('/users/7/bio?q=attack', 'DELETE'), '403');
  const record = await gateway.record(({ route, facts }) => route === 'trial' && facts?.waf !== undefined);
  assert.equal(wafOf(record).rules[0]!.logOnly, true);
  await stop();
});

test('a broken rule set refuses the configuration with file, line and column; the old one runs on', async () => {
  const { server, gateway, stop } = await started(own);
  const broken = join(directory, 'broken.conf');
  writeFileSync(broken, 'SecRule ARGS "@rx ok" "id:1,phase:2,pass"\nSecRule ARGS "@nonsense x" "id:2,phase:2,deny"\n');
  await assert.rejects(gateway.configure(configuration(server.port, `{ ruleset: "${broken}" }`)), /broken\.conf:2:\d+: /);
  assert.match(await exchange(gateway, 'GET /?q=attack HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1.1 403 /);
  await assert.rejects(gateway.configure(configuration(server.port, '{ ruleset: crs, path: nowhere }')), /not found/);
  await assert.rejects(gateway.configure(configuration(server.port, '{ mode: block }')), /no rules are named/);
  await stop();
});

test('an unchanged rule set is not loaded again, and keeps its counts', async () => {
  const { server, gateway, stop } = await started(own);
  await exchange(gateway, 'GET /?q=attack HTTP/1.1\r\nHost: a\r\n\r\n');
  const before = gateway.worker.plan.webInspectors.all()[0];
  await gateway.configure(`${configuration(server.port, own)}limits: { x: { service: site, key: [address], requests: 1000/s, burst: 1000 } }\n`);
  assert.equal(gateway.worker.plan.webInspectors.all()[0], before);
  assert.deepEqual(before!.report().hits, [{ rule: 1001, hits: 1, blocked: 1 }]);
  writeFileSync(rulesFile, `${rules}\n# changed\n`);
  await gateway.configure(configuration(server.port, own));
  assert.notEqual(gateway.worker.plan.webInspectors.all()[0], before);
  await stop();
});

test('a fault of the engine refuses, recorded as an error; pass only when it is written', async () => {
  for (const [setting, status] of [['', '500'], [', onEngineError: pass', '200']] as const) {
    const { server, gateway } = await started(`{ ruleset: "${rulesFile}"${setting} }`);
    const inspector = gateway.worker.plan.webInspectors.all()[0]!;
    inspector.ruleSet.begin = () => { throw new Error('broken on purpose'); };
    assert.equal((await exchange(gateway, 'GET /?q=attack HTTP/1.1\r\nHost: a\r\n\r\n')).slice(9, 12), status);
    const record = await gateway.record((one) => one.facts?.waf !== undefined || one.outcome === 'error');
    assert.equal(record.outcome, setting === '' ? 'error' : 'allowed');
    assert.match(JSON.stringify(record), /broken on purpose/);
    assert.equal(inspector.errors, 1);
    assert.equal(inspector.passedOnError, setting === '' ? 0 : 1);
    assert.equal(gateway.bugs.length, 1);
    await gateway.stop();
    await server.close();
  }
});

test('explain shows every matching rule with variable, transformed value and matched part', async () => {
  const { gateway, stop } = await started(own);
  const { steps } = (await import('#session/explanation.ts')).explainOperation(gateway.worker.plan, 'web', { address: '127.0.0.1', port: 1 },
    { verb: 'POST', url: 'http://a/x?q=AN+ATTACK', headers: [['Content-Type', 'application/x-www-form-urlencoded']], body: 'b=attack' }, gateway.worker);
  const found = steps.filter(({ stage }) => stage === 'waf' || stage === 'decision').map(({ subject, outcome, detail }) => `${subject} ${outcome} ${detail}`);
  assert.ok(found.some((text) => /^1001 matched ARGS:q = "an attack", found "attack": Attack in an argument \(phase 2, .*own\.conf:2\)/.test(text)), found.join('\n'));
  assert.ok(found.some((text) => text.startsWith('1001 matched ARGS:b')), found.join('\n'));
  assert.ok(found.some((text) => text.startsWith('waf.1001 denied deny 403')), found.join('\n'));
  await stop();
});

test('a refusal says what is configured, in the form that the client takes', async () => {
  const page = '<h1>Grüß Gott</h1> {status} {incident} {host}';
  const { gateway, stop } = await started(`{ ruleset: "${rulesFile}", refusal: { message: "Call <us>", page: "${page}" } }`, ok,
    'routes: [{ id: own, match: { path: /own }, pool: one, waf: { refusal: { message: Ours } } }]');
  const ask = async (accept: string, path = '/'): Promise<string> => await exchange(gateway, `GET ${path}?q=attack HTTP/1.1\r\nHost: a\r\nAccept: ${accept}\r\n\r\n`,
    /Content-Length: (\d+)[^]*\r\n\r\n[^]{40}/);
  const html = Buffer.from(await ask('text/html'), 'latin1').toString('utf8');
  const [, incident = ''] = /X-Request-ID: (\S+)/.exec(html)!;
  assert.ok(html.endsWith(`<h1>Grüß Gott</h1> 403 ${incident} {host}`), html);
  const json = await ask('application/json');
  assert.match(json, /"code":"blocked","detail":"Call <us>","incident":"/);
  assert.match(await ask('*/*'), /403 Forbidden\nCall <us>\nincident /);
  assert.match(await ask('*/*', '/own'), /403 Forbidden\nOurs\nincident /);
  await stop();
});

test('the baseline blocks a first attack with nothing installed', async () => {
  const { gateway, stop } = await started('{ ruleset: baseline }');
  assert.match(await exchange(gateway, "GET /?q=1'+or+'1'='1 HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n"), /^HTTP\/1.1 403 /);
  assert.match(await exchange(gateway, 'GET /?q=garden+shed HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n', /ok$/), /^HTTP\/1.1 200 /);
  await stop();
});
