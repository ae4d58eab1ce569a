// Redirects and fixed responses of routes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextOf, requestHead, settingsOf } from '#test/http/messages.ts';
import { compileRoutes } from './routing.ts';
import type { LocalReply } from './static-responses.ts';

function replyOf(route: object, line: string, headers: string[] = []): LocalReply {
  const settings = settingsOf({ routes: [route] });
  const context = contextOf(requestHead(line, headers, { doubleSlash: 'keep' }), settings);
  const reply = compileRoutes(settings).routes[0]?.reply(context);
  assert.ok(reply !== undefined);
  return reply;
}

function location(redirect: object, line = 'GET /a/b?x=1 HTTP/1.1', headers: string[] = []): string {
  const reply = replyOf({ redirect }, line, headers);
  assert.match(reply.fields, /^Location: [^\r\n]*\r\n$/);
  return reply.fields.slice('Location: '.length, -2);
}

test('parts that are not given stay as they were', () => {
  assert.equal(location({ host: 'new.example' }), 'http://new.example/a/b?x=1');
  assert.equal(location({ scheme: 'https' }, 'GET /a HTTP/1.1', ['Host: shop.example:8080']), 'https://shop.example/a');
  assert.equal(location({ path: '/c' }, 'GET /a HTTP/1.1', ['Host: shop.example:8080']), 'http://shop.example:8080/c');
  assert.equal(location({ scheme: 'https', port: 8443, query: 'drop' }), 'https://shop.example:8443/a/b');
  assert.equal(location({ host: 'www.{host}', path: '/old{path}' }), 'http://www.shop.example/old/a/b?x=1');
  assert.equal(location({ path: '/find?from=old' }), 'http://shop.example/find?from=old&x=1');
  assert.equal(replyOf({ redirect: { path: '/', status: 308 } }, 'GET / HTTP/1.1').status, 308);
});

test('nothing of the request can break out of Location', () => {
  assert.equal(location({ path: '/{query.next}' }, 'GET /?next=%0d%0aSet-Cookie:%20a=b HTTP/1.1'), 'http://shop.example/%0D%0ASet-Cookie:%20a=b?next=%0d%0aSet-Cookie:%20a=b');
  assert.equal(location({ host: '{query.h}', query: 'drop' }, 'GET /a?h=evil.example%2f%40x%0d%0a HTTP/1.1'), 'http://evil.examplex/a');
  assert.equal(location({ query: 'drop' }, 'GET //evil.example/a HTTP/1.1'), 'http://shop.example//evil.example/a');
});

test('an HTTP/1.0 request without a host is sent to a path, never to `//host`', () => {
  assert.equal(location({ query: 'drop' }, 'GET //evil.example/a HTTP/1.0'), '/evil.example/a');
  assert.equal(location({ host: 'new.example' }, 'GET /a HTTP/1.0'), 'http://new.example/a');
});

test('fixed responses', () => {
  const plain = replyOf({ respond: { status: 503, body: 'Back soon.\n', headers: { 'Retry-After': '60', 'X-For': '{client.address}' } } }, 'GET / HTTP/1.1');
  assert.equal(plain.status, 503);
  assert.equal(plain.fields, 'Retry-After: 60\r\nX-For: 203.0.113.9\r\nContent-Type: text/plain; charset=utf-8\r\n');
  assert.equal(plain.body.toString(), 'Back soon.\n');
  const json = replyOf({ respond: { status: 200, body: '{"é":1}', contentType: 'application/json' } }, 'GET / HTTP/1.1');
  assert.equal(json.fields, 'Content-Type: application/json\r\n');
  assert.equal(json.body.toString('utf8'), '{"é":1}');
  assert.deepEqual(replyOf({ respond: { status: 204 } }, 'GET / HTTP/1.1').fields, '');
});
