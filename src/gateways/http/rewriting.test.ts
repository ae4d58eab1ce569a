// Heads that go out: hop-by-hop fields, forwarding, framing, rewrites of headers, URL, addresses and cookies, explanations.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Trace } from '#contract/decision.ts';
import { RequestParser } from '#codecs/http1/index.ts';
import type { ResponseFraming } from '#codecs/http1/index.ts';
import { contextOf, facts, requestHead, responseHead, settingsOf } from '#test/http/messages.ts';
import { compileRoutes } from './routing.ts';
import type { Route } from './routing.ts';
import type { RequestContext } from './variables.ts';

/** Nothing but what is under test. */
const bare = { pool: 'web', forwarded: { headers: 'none' }, via: 'off', requestId: 'off' };
const proxy = { address: '10.0.0.1', port: 5000 };

function setUp(input: object, line: string, headers: string[], client = facts.client): { route: Route; context: RequestContext } {
  const settings = settingsOf({ pool: 'web', ...input });
  const route = compileRoutes(settings).routes[0];
  assert.ok(route !== undefined);
  return { route, context: contextOf(requestHead(line, headers, { getWithBody: 'pass', protectedConnectionOption: 'ignore', dotSegments: 'reject' }), settings, client) };
}

function sent(input: object, line = 'GET / HTTP/1.1', headers: string[] = [], change: (context: RequestContext) => void = () => undefined, client = facts.client): string[] {
  const { route, context } = setUp(input, line, headers, client);
  change(context);
  const text = route.request.build(context);
  assert.ok(text.endsWith('\r\n\r\n'), JSON.stringify(text));
  return text.slice(0, -4).split('\r\n');
}

function answered(input: object, headers: string[], framing: ResponseFraming = 'none', length = 0, line = 'HTTP/1.1 200 OK',
  change: (context: RequestContext) => void = () => undefined,
  request = 'GET / HTTP/1.1'): string[] {
  const { route, context } = setUp(input, request, []);
  change(context);
  const text = route.response.build(responseHead(line, headers, request.split(' ')[0]), context, framing, length);
  assert.ok(text.endsWith('\r\n\r\n'));
  return text.slice(0, -4).split('\r\n');
}

test('an ordinary request: lines copied in order, forwarding added', () => {
  assert.deepEqual(sent({}, 'GET /a?b=c HTTP/1.1', ['Host: shop.example:81', 'Connection: keep-alive', 'Accept: */*', 'Cookie: a=1', 'X-Own:  padded ']), [
    'GET /a?b=c HTTP/1.1', 'Host: shop.example:81', 'Accept: */*', 'Cookie: a=1', 'X-Own: padded', 'X-Forwarded-For: 203.0.113.9', 'X-Forwarded-Proto: http',
    'X-Forwarded-Host: shop.example:81', 'Via: 1.1 sallyport', 'X-Request-ID: r-1',
  ]);
});

test('hop-by-hop fields end here (RFC 9110 section 7.6.1)', () => {
  const lines = ['Connection: close, X-Hop, keep-alive', 'Keep-Alive: 5', 'X-Hop: 1', 'x-hop: 2', 'Proxy-Connection: x', 'Proxy-Authorization: Basic x', 'TE: gzip',
    'Upgrade: h2c', 'X-End: 1', 'Proxy: evil'];
  assert.deepEqual(sent(bare, 'GET / HTTP/1.1', ['Host: a', ...lines]), ['GET / HTTP/1.1', 'Host: a', 'X-End: 1']);
});

test('Connection cannot take away what is meant for the server or for the gateway', () => {
  const connection = 'Connection: Host, Authorization, Cookie, X-Forwarded-For, Content-Length, X-Request-ID, Via, Content-Type, X-Real-Hop';
  const lines = sent({}, 'POST / HTTP/1.1', ['Host: a', connection, 'Authorization: Basic x', 'Cookie: a=1', 'Content-Type: text/plain', 'Content-Length: 3', 'X-Real-Hop: 1']);
  for (const wanted of ['Host: a', 'Authorization: Basic x', 'Cookie: a=1', 'Content-Type: text/plain', 'Content-Length: 3', 'X-Forwarded-For: 203.0.113.9',
    'Via: 1.1 sallyport', 'X-Request-ID: r-1']) {
    assert.ok(lines.includes(wanted), wanted);
  }
  assert.ok(!lines.includes('X-Real-Hop: 1'));
  assert.ok(sent({ ...bare, rewrite: { request: { headers: { set: { 'X-Auth-Zone': 'office' } } } } }, 'GET / HTTP/1.1',
    ['Connection: X-Auth-Zone']).includes('X-Auth-Zone: office'));
});

test('what clients claim of themselves is replaced', () => {
  const forged = ['X-Forwarded-For: 1.1.1.1', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: evil', 'X-Forwarded-Port: 1', 'Forwarded: for=1.1.1.1', 'X-Real-IP: 1.1.1.1',
    'True-Client-IP: 1.1.1.1', 'X-Cluster-Client-IP: 1.1.1.1', 'X-Original-URL: /admin', 'X-HTTP-Method-Override: DELETE', 'X-HTTP-Method: DELETE', 'X-Request-ID: mine'];
  assert.deepEqual(sent({ via: 'off' }, 'GET / HTTP/1.1', ['Host: a', ...forged]), [
    'GET / HTTP/1.1', 'Host: a', 'X-Forwarded-For: 203.0.113.9', 'X-Forwarded-Proto: http', 'X-Forwarded-Host: a', 'X-Request-ID: r-1',
  ]);
  assert.ok(sent({ methodOverride: 'pass' }, 'GET / HTTP/1.1', ['X-HTTP-Method-Override: PUT']).includes('X-HTTP-Method-Override: PUT'));
});

test('what a trusted proxy says is passed on, as far as it is vouched for', () => {
  const input = { forwarded: { trustedProxies: ['10.0.0.0/8'], headers: 'both' }, via: 'off', requestId: 'off' };
  const headers = ['Host: a', 'X-Forwarded-For: 6.6.6.6, 2001:db8::7', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: shop.example', 'X-Real-IP: 2001:db8::7',
    'X-Forwarded-Port: 443'];
  assert.deepEqual(sent(input, 'GET / HTTP/1.1', headers, () => undefined, proxy), [
    'GET / HTTP/1.1', 'Host: a', 'X-Real-IP: 2001:db8::7', 'X-Forwarded-Port: 443', 'X-Forwarded-For: 2001:db8::7, 10.0.0.1', 'X-Forwarded-Proto: https',
    'X-Forwarded-Host: shop.example', 'Forwarded: for="[2001:db8::7]";proto=https;host="shop.example", for=10.0.0.1',
  ]);
});

test('forwarding lines follow the host and the client from request to request', () => {
  const { route, context } = setUp({ via: 'off', requestId: 'off', forwarded: { trustedProxies: ['10.0.0.0/8'] } }, 'GET / HTTP/1.1', ['Host: a']);
  assert.match(route.request.build(context), /X-Forwarded-Host: a\r\n/);
  context.view.begin(requestHead('GET / HTTP/1.1', ['Host: b']));
  assert.match(route.request.build(context), /X-Forwarded-Host: b\r\n/);
});

test('framing is written anew', () => {
  assert.deepEqual(sent(bare, 'POST / HTTP/1.1', ['Host: a', 'content-length: 0012']).slice(2), ['Content-Length: 12']);
  assert.deepEqual(sent(bare, 'POST / HTTP/1.1', ['Host: a', 'Transfer-Encoding: chunked', 'Trailer: X-T']).slice(2), ['Trailer: X-T', 'Transfer-Encoding: chunked']);
  assert.deepEqual(sent(bare, 'POST / HTTP/1.1', ['Host: a', 'Content-Length: 0']).slice(2), ['Content-Length: 0']);
  assert.deepEqual(sent(bare, 'GET / HTTP/1.1', ['Host: a']).slice(2), []);
});

test('target forms and old clients', () => {
  assert.deepEqual(sent(bare, 'GET http://shop.example/x?y HTTP/1.1', ['Accept: a']), ['GET /x?y HTTP/1.1', 'Host: shop.example', 'Accept: a']);
  assert.deepEqual(sent(bare, 'OPTIONS * HTTP/1.1', ['Host: a']), ['OPTIONS * HTTP/1.1', 'Host: a']);
  assert.deepEqual(sent({ ...bare, via: 'gate' }, 'GET / HTTP/1.0', ['Accept: a']), ['GET / HTTP/1.1', 'Host: 10.1.0.10:8080', 'Accept: a', 'Via: 1.0 gate']);
  assert.deepEqual(sent(bare, 'GET / HTTP/1.0', ['Host: a', 'Connection: keep-alive']), ['GET / HTTP/1.1', 'Host: a']);
});

test('connection options of the gateway: upgrades, TE, close, Expect', () => {
  const upgrade = ['Host: a', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x'];
  assert.deepEqual(sent(bare, 'GET / HTTP/1.1', upgrade).slice(2), ['Sec-WebSocket-Key: x']);
  assert.deepEqual(sent(bare, 'GET / HTTP/1.1', upgrade, (context) => { context.upgrade = 'websocket'; }).slice(2), ['Sec-WebSocket-Key: x', 'Connection: Upgrade',
    'Upgrade: websocket']);
  assert.deepEqual(sent(bare, 'GET / HTTP/1.1', ['Host: a', 'Connection: TE', 'TE: gzip, trailers']).slice(2), ['Connection: TE', 'TE: trailers']);
  assert.deepEqual(sent(bare, 'GET / HTTP/1.1', ['Host: a'], (context) => { context.serverKeepAlive = false; }).slice(2), ['Connection: close']);
  const expecting = ['Host: a', 'Content-Length: 1', 'Expect: 100-continue'];
  assert.deepEqual(sent(bare, 'POST / HTTP/1.1', expecting).slice(2), ['Expect: 100-continue', 'Content-Length: 1']);
  assert.deepEqual(sent(bare, 'POST / HTTP/1.1', expecting, (context) => { context.forwardExpect = false; }).slice(2), ['Content-Length: 1']);
});

const headerRewrite = (headers: object): object => ({ ...bare, rewrite: { request: { headers } } });

test('headers: replace, remove, set, add', () => {
  const came = ['Host: a', 'X-Debug: 1', 'X-Internal-A: 1', 'x-internal-b: 1', 'X-Tenant: forged', 'Referer: http://old.example/old.example', 'X-Keep: 1',
    'Authorization: Bearer t'];
  assert.deepEqual(sent(headerRewrite({
    replace: [{ name: 'Referer', pattern: 'old\\.(example)', with: 'new.$1' }], remove: ['x-debug', 'X-Internal-*', 'A*'],
      set: { 'X-Tenant': '{host}-{header.X-Keep}', 'X-None': '{query.none}' }, add: { 'X-Keep': '2' },
  }), 'GET / HTTP/1.1', came), ['GET / HTTP/1.1', 'Host: a', 'Referer: http://new.example/new.example', 'X-Keep: 1', 'X-Tenant: a-1', 'X-Keep: 2']);
});

test('removing by prefix never touches what the gateway needs', () => {
  const lines = sent(headerRewrite({ remove: ['H*', 'C*', 'E*', 'T*'] }), 'POST / HTTP/1.1', ['Host: a', 'Content-Length: 3', 'Content-Type: x', 'Expect: 100-continue']);
  assert.deepEqual(lines, ['POST / HTTP/1.1', 'Host: a', 'Expect: 100-continue', 'Content-Length: 3']);
  const chunked = sent(headerRewrite({ remove: ['T*'] }), 'POST / HTTP/1.1', ['Host: a', 'Transfer-Encoding: chunked', 'Trailer: X-T', 'traceparent: 0']);
  assert.deepEqual(chunked, ['POST / HTTP/1.1', 'Host: a', 'Trailer: X-T', 'Transfer-Encoding: chunked']);
});

test('a rewrite of a forwarding header replaces the one of the gateway', () => {
  const rewrite = { request: { headers: { set: { 'X-Forwarded-Proto': 'https', 'X-Request-ID': 'q' }, remove: ['Via', 'X-Forwarded-Host'] } } };
  assert.deepEqual(sent({ rewrite }, 'GET / HTTP/1.1', ['Host: a', 'Via: 1.1 before', 'X-Forwarded-For: 1.1.1.1']).slice(2), [
    'X-Forwarded-For: 203.0.113.9', 'X-Forwarded-Proto: https', 'X-Request-ID: q',
  ]);
});

test('values from the request cannot break out of a header', () => {
  const lines = sent(headerRewrite({ set: { 'X-Q': '{query.q}', 'X-R': '{query.r}' } }), 'GET /?q=a%0d%0aEvil:%201&r=%C4%8A%C4%8D HTTP/1.1');
  assert.deepEqual(lines.slice(2), ['X-Q: aEvil: 1', 'X-R: \u00c4\u008a\u00c4\u008d']);
});

const target = (request: object, line: string): string => (sent({ ...bare, rewrite: { request } }, line)[0] ?? '').replace(' HTTP/1.1', '');

test('host, path and query', () => {
  assert.deepEqual(sent({ ...bare, rewrite: { request: { host: '{server}' } } }, 'GET / HTTP/1.1', ['Host: a'])[1], 'Host: 10.1.0.10:8080');
  assert.deepEqual(sent({ ...bare, rewrite: { request: { host: '{query.h}.example' } } }, 'GET /?h=x%0d%0a%2f HTTP/1.1', ['Host: a'])[1], 'Host: x.example');
  assert.equal(target({ path: { from: '^/api/(.*)', to: '/$1' } }, 'GET /api/x/y?z=1 HTTP/1.1'), 'GET /x/y?z=1');
  assert.equal(target({ path: { from: '^/api/(.*)', to: '/$1' } }, 'GET //other/%61 HTTP/1.1'), 'GET //other/%61');
  assert.equal(target({ path: { from: '^/p/(.*)$', to: '/index?page=$1&m={method}' } }, 'GET /p/7?z=1 HTTP/1.1'), 'GET /index?page=7&m=GET&z=1');
  assert.equal(target({ path: { from: '^', to: '/{header.Host}/{query.q}' } }, 'GET /x?q=a%20%3f%23b HTTP/1.1'), 'GET /shop.example/a%20%3F%23b/x?q=a%20%3f%23b');
  assert.equal(target({ path: { stripPrefix: '/api' } }, 'GET /api HTTP/1.1'), 'GET /');
  assert.equal(target({ path: { stripPrefix: '/api/' } }, 'GET /api/x HTTP/1.1'), 'GET /x');
  assert.equal(target({ path: { stripPrefix: '/api' } }, 'GET /apis HTTP/1.1'), 'GET /apis');
  assert.equal(target({ path: { stripPrefix: '/api', addPrefix: '/v2' } }, 'GET /api/x HTTP/1.1'), 'GET /v2/x');
  assert.equal(target({ query: { set: { tenant: '{host}', a: 'x y' }, remove: ['utm_*', 'b'] } }, 'GET /?b=1&%61=2&utm_x=1&keep=%7e&keep=+ HTTP/1.1'),
    'GET /?keep=%7e&keep=+&tenant=shop.example&a=x%20y');
  assert.equal(target({ query: { remove: ['*'] } }, 'GET /?a=1 HTTP/1.1'), 'GET /');
});

test('a rewritten path that could climb out of its tree is refused', () => {
  for (const [from, to, line] of [['^/img(.*)', '/data/$1', 'GET /img../secret HTTP/1.1'], ['^', '/{query.p}', 'GET /?p=%2e%2e/%252e%252e/ HTTP/1.1'], ['x', '..',
    'GET /a/x HTTP/1.1'],
    ['x', 'a b', 'GET /x HTTP/1.1']] as const) {
    const { route, context } = setUp({ ...bare, rewrite: { request: { path: { from, to } } } }, line, []);
    assert.equal(route.request.build(context), '', line);
    assert.notEqual(context.fault, '');
  }
});

test('an ordinary response', () => {
  const came = ['Date: now', 'Server: nginx/1.2', 'Content-Length: 5', 'Connection: keep-alive, X-Hop', 'Keep-Alive: 5', 'X-Hop: 1', 'Content-Type: text/plain',
    'X-Powered-By: PHP', 'Via: 1.1 inner-host'];
  assert.deepEqual(answered({}, came, 'length', 5), ['HTTP/1.1 200 OK', 'Date: now', 'Content-Type: text/plain', 'Via: 1.1 sallyport', 'X-Request-ID: r-1', 'Content-Length: 5']);
  assert.deepEqual(answered({ ...bare, server: 'pass', hideInternalAddresses: false }, came, 'chunked', -1), [
    'HTTP/1.1 200 OK', 'Date: now', 'Server: nginx/1.2', 'Content-Type: text/plain', 'X-Powered-By: PHP', 'Via: 1.1 inner-host', 'Transfer-Encoding: chunked',
  ]);
  assert.ok(answered({ server: 'Gate' }, came).includes('Server: Gate'));
});

test('framing and connection towards the client', () => {
  const close = (context: RequestContext): void => { context.clientKeepAlive = false; };
  assert.deepEqual(answered(bare, ['Content-Length: 9'], 'none', 0, 'HTTP/1.1 200 OK', () => undefined, 'HEAD / HTTP/1.1').slice(1), ['Content-Length: 9']);
  assert.deepEqual(answered(bare, ['Content-Length: 9'], 'none', 0, 'HTTP/1.1 304 Not Modified').slice(1), ['Content-Length: 9']);
  assert.deepEqual(answered(bare, ['Content-Length: 0'], 'none', 0, 'HTTP/1.1 204 No Content').slice(1), []);
  assert.deepEqual(answered(bare, ['Transfer-Encoding: chunked'], 'close', -1, 'HTTP/1.1 200 OK', close).slice(1), ['Connection: close']);
  assert.deepEqual(answered(bare, ['Content-Length: 2'], 'length', 2, 'HTTP/1.1 200 OK', () => undefined, 'GET / HTTP/1.0').slice(1), ['Content-Length: 2',
    'Connection: keep-alive']);
  assert.deepEqual(answered(bare, ['Link: </a>'], 'none', 0, 'HTTP/1.1 103 Early Hints', close).slice(1), ['Link: </a>']);
  const upgraded = answered(bare, ['Connection: Upgrade', 'Upgrade: WebSocket', 'Sec-WebSocket-Accept: x'], 'none', 0, 'HTTP/1.1 101 Switching Protocols',
    (context) => { context.upgrade = 'websocket'; });
  assert.deepEqual(upgraded.slice(1), ['Sec-WebSocket-Accept: x', 'Connection: Upgrade', 'Upgrade: websocket']);
});

function address(value: string, rewrite: object = {}, field = 'Location', extra: object = {}): string | undefined {
  return answered({ ...bare, ...extra, rewrite }, [`${field}: ${value}`])[1]?.slice(field.length + 2);
}

test('addresses that point inside point to the gateway again', () => {
  assert.equal(address('http://10.1.0.10:8080/x?y#z'), 'http://shop.example/x?y#z');
  assert.equal(address('http://localhost/x'), 'http://shop.example/x');
  assert.equal(address('//web.internal/x'), 'http://shop.example/x');
  assert.equal(address('http://user@192.168.1.1'), 'http://shop.example/');
  assert.equal(address('http://shop.example:8080/x'), 'http://shop.example/x');
  assert.equal(address('http://[fd00::1]:9/x', {}, 'Content-Location'), 'http://shop.example/x');
  assert.equal(address('5; url=http://10.9.9.9/x', {}, 'Refresh'), '5; url=http://shop.example/x');
  for (const value of ['https://other.example/x', '/x', 'x', '//other.example/x', 'https://shop.example/x', 'http://shop.example:81/x', 'mailto:a@b',
    'http://8.8.8.8/']) assert.equal(address(value), value);
  assert.equal(address('http://10.9.9.9/x', {}, 'Location', { hideInternalAddresses: false }), 'http://10.9.9.9/x');
  assert.equal(address('http://10.1.0.10:8080/x', {}, 'Location', { hideInternalAddresses: false }), 'http://shop.example/x');
  assert.equal(address('http://10.1.0.10:8080/x', { response: { location: 'keep' } }), 'http://10.1.0.10:8080/x');
  assert.equal(address('http://old/x', { response: { location: { from: '^http://(old)', to: 'https://{host}/$1' } } }), 'https://shop.example/old/x');
});

test('an internal host that the client itself asked for is no secret', () => {
  const { route, context } = setUp(bare, 'GET / HTTP/1.1', ['Host: intranet.local']);
  assert.match(route.response.build(responseHead('HTTP/1.1 302 Found', ['Location: https://intranet.local/x']), context, 'none', 0), /Location: https:\/\/intranet.local\/x\r\n/);
  assert.match(route.response.build(responseHead('HTTP/1.1 302 Found', ['Location: https://other.local/x']), context, 'none', 0), /Location: http:\/\/intranet.local\/x\r\n/);
});

test('a prefix that was changed on the way in is changed back', () => {
  for (const path of [{ stripPrefix: '/api' }, { from: '^/api/(.*)', to: '/$1' }, { from: '^/api/(.*)$', to: '/$1' }]) {
    const rewrite = { request: { path } };
    assert.equal(address('/login', rewrite), '/api/login');
    assert.equal(address('/api/login', rewrite), '/api/login');
    assert.equal(address('http://10.1.0.10:8080/login?a', rewrite), 'http://shop.example/api/login?a');
    assert.equal(address('https://other.example/login', rewrite), 'https://other.example/login');
    assert.equal(address('a=1; Path=/x', rewrite, 'Set-Cookie'), 'a=1; Path=/api/x');
    assert.equal(address('a=1; Path=/', rewrite, 'Set-Cookie'), 'a=1; Path=/');
  }
  const swap = { request: { path: { stripPrefix: '/shop', addPrefix: '/v2' } } };
  assert.equal(address('/v2/x', swap), '/shop/x');
  assert.equal(address('/v2', swap), '/shop');
  assert.equal(address('/v22', swap), '/v22');
  assert.equal(address('/login', { request: { path: { from: '^/a(.*)b', to: '/$1' } } }), '/login');
});

test('Set-Cookie attributes', () => {
  const cookie = (value: string, cookies: object): string | undefined => address(value, { response: { cookies } }, 'Set-Cookie');
  assert.equal(cookie('a=1; domain=x.internal; path=/y', { domain: 'shop.example', path: '/shop' }), 'a=1; Domain=shop.example; Path=/shop');
  assert.equal(cookie('a="1"; Domain=x; Max-Age=5', { domain: 'remove' }), 'a="1"; Max-Age=5');
  assert.equal(cookie('a=1', { secure: true, httpOnly: true, sameSite: 'Lax' }), 'a=1; Secure; HttpOnly; SameSite=Lax');
  assert.equal(cookie('a=1; secure; SameSite=None; HTTPONLY', { secure: false, httpOnly: true, sameSite: 'Strict' }), 'a=1; HTTPONLY; SameSite=Strict');
  assert.equal(cookie('__Host-a=1; Secure; Path=/', { path: '/shop' }), '__Host-a=1; Secure; Path=/');
  const both = answered({ ...bare, rewrite: { response: { cookies: { secure: true } } } }, ['Set-Cookie: a=1', 'X-A: 1', 'Set-Cookie: b=2; Secure']);
  assert.deepEqual(both.slice(1), ['Set-Cookie: a=1; Secure', 'X-A: 1', 'Set-Cookie: b=2; Secure']);
});

test('response headers: replace, remove, set, add', () => {
  const rewrite = { response: { headers: {
    replace: [{ name: 'Location', pattern: 'shop', with: 'store' }, { name: 'X-A', pattern: '\\d+', with: '<$0>' }], remove: ['X-Debug*'], set: { Server: 'mine',
      'Cache-Control': 'no-store' }, add: { Vary: 'Origin' },
  } } };
  assert.deepEqual(answered({ ...bare, server: 'pass', rewrite }, ['Server: x', 'X-A: 1-22', 'X-Debug-1: x', 'Vary: a', 'Location: http://10.0.0.1/x']).slice(1), [
    'X-A: <1>-<22>', 'Vary: a', 'Location: http://store.example/x', 'Server: mine', 'Cache-Control: no-store', 'Vary: Origin',
  ]);
});

test('a trace tells what was changed, before and after, without secrets', () => {
  const steps: string[] = [];
  const trace: Trace = { step: (stage, subject, outcome, detail) => { steps.push(`${stage} ${subject}: ${outcome}: ${detail}`); } };
  const rewrite = { request: { path: { stripPrefix: '/api' }, headers: { set: { 'X-A': '2', Cookie: 'secret=1' } } }, response: { headers: { set: { 'X-B': '1' } } } };
  const { route, context } = setUp({ ...bare, rewrite }, 'GET /api/x HTTP/1.1', ['Host: a', 'X-A: 1', 'Cookie: s=1', 'Connection: close']);
  assert.equal(route.request.build(context, trace), route.request.build(context));
  route.response.build(responseHead('HTTP/1.1 200 OK', ['Server: x']), context, 'none', 0, trace);
  assert.deepEqual(steps, [
    'rewrite request line: changed: GET /api/x -> GET /x', 'rewrite request header x-a: changed: 1 -> 2', 'rewrite request header cookie: changed: (masked) -> (masked)',
    'rewrite request header connection: removed: close', 'rewrite response header server: removed: x', 'rewrite response header x-b: added: 1',
  ]);
});

test('whatever head came in and whatever is rewritten, the head that goes out is one strict head', () => {
  const name = fc.constantFrom('X-A', 'x-b', 'Accept', 'Cookie', 'Via', 'TE', 'Keep-Alive', 'X-Forwarded-For', 'X-Long-Header-Name', 'X-Other', 'Proxy');
  const value = fc.string({ unit: fc.constantFrom(...'abc ;,="\t\u00e9{}$1'), maxLength: 12 }).map((text) => text.trim());
  const input = fc.record({
    headers: fc.array(fc.tuple(name, value, fc.constantFrom(':', ': ', ':  ')), { maxLength: 12 }),
    rewrite: fc.constantFrom({}, headerRewrite({ set: { 'X-A': '{header.X-B}{query.q}' }, remove: ['x-l*'] }), headerRewrite({ replace: [{ name: 'Cookie',
      pattern: '.', with: '$0{query.q}' }] })),
    query: fc.string({ unit: fc.constantFrom(...'abq=&%0adf'), maxLength: 12 }),
  });
  fc.assert(fc.property(input, ({ headers, rewrite, query }) => {
    const lines = headers.map(([key, text, colon]) => `${key}${colon}${text}`);
    const text = `${sent({ ...bare, ...rewrite }, `GET /?${query} HTTP/1.1`, ['Host: a', ...lines]).join('\r\n')}\r\n\r\n`;
    const bytes = Buffer.from(text, 'latin1');
    const parser = new RequestParser();
    assert.equal(parser.push(bytes, 0, bytes.length), bytes.length, JSON.stringify(text));
    assert.equal(parser.head.query, query);
    const kept = parser.head.headers.toArray().filter(([key]) => key === 'Accept' || key === 'X-Other');
    assert.deepEqual(kept, headers.filter(([key]) => key === 'Accept' || key === 'X-Other').map(([key, text_]) => [key, text_]));
  }), { numRuns: 300 });
});
