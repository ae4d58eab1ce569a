// The writing side: what is written, and that a bad value throws instead of reaching the wire.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderId } from './header-names.ts';
import { RequestParser } from './parser.ts';
import {
  chunkHead, copyFieldLines, fieldSet, framingLine, headerLine, hopByHopFields, ownResponse, requestLine, statusLine,
} from './serializer.ts';
import { http1Settings } from './settings.ts';

test('lines', () => {
  assert.equal(requestLine('GET', '/a?b'), 'GET /a?b HTTP/1.1\r\n');
  assert.equal(requestLine('GET', '/', 0), 'GET / HTTP/1.0\r\n');
  assert.equal(statusLine(404), 'HTTP/1.1 404 Not Found\r\n');
  assert.equal(statusLine(299), 'HTTP/1.1 299 \r\n');
  assert.equal(headerLine('X-A', 'b\tc \xe9'), 'X-A: b\tc \xe9\r\n');
  assert.equal(chunkHead(255), 'ff\r\n');
  assert.equal(framingLine('length', 5), 'Content-Length: 5\r\n');
  assert.equal(framingLine('chunked', -1), 'Transfer-Encoding: chunked\r\n');
  assert.equal(framingLine('close', -1), '');
});

test('what could split a message throws', () => {
  for (const bad of ['a\r\nb', 'a\nb', 'a\rb', 'a\0b', 'a\x7f', '\u0100', '\u560a']) {
    assert.throws(() => headerLine('X', bad), TypeError, JSON.stringify(bad));
    assert.throws(() => requestLine('GET', `/${bad}`), TypeError);
    assert.throws(() => statusLine(200, bad), TypeError);
    assert.throws(() => headerLine(bad, 'x'), TypeError);
  }
  for (const bad of ['', 'a b', 'a:', 'a(']) {
    assert.throws(() => headerLine(bad, 'x'), TypeError);
    assert.throws(() => requestLine(bad, '/'), TypeError);
  }
  assert.throws(() => requestLine('GET', '/a b'), TypeError);
  assert.throws(() => requestLine('GET', ''), TypeError);
  for (const bad of [0, -1, 1.5, Number.NaN]) assert.throws(() => chunkHead(bad), RangeError);
  for (const bad of [99, 600, 200.5]) assert.throws(() => statusLine(bad), RangeError);
  assert.throws(() => framingLine('length', -1), RangeError);
});

test('field lines are copied in runs; dropped, nominated and odd ones are not in them', () => {
  const parser = new RequestParser(http1Settings({ underscoreInHeaderName: 'drop' }));
  const bytes = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nb:2\r\nConnection: x-hop\r\nC: 3\r\nX-Hop: no\r\nD: 4\r\nd_: 5\r\nE: 6\r\nKeep-Alive: 1\r\n\r\n');
  assert.equal(parser.push(bytes, 0, bytes.length), bytes.length);
  const headers = parser.head.headers;
  assert.equal(copyFieldLines(headers, hopByHopFields, ['x-hop']), 'Host: a\r\nA: 1\r\nb: 2\r\nC: 3\r\nD: 4\r\nE: 6\r\n');
  assert.equal(copyFieldLines(headers, fieldSet(HeaderId.Host, HeaderId.Connection, HeaderId.KeepAlive)), 'A: 1\r\nb: 2\r\nC: 3\r\nX-Hop: no\r\nD: 4\r\nE: 6\r\n');
});

test('own responses', () => {
  assert.equal(ownResponse(403, [['Content-Type', 'text/plain']], 'no\n', { close: true, head: false }),
    'HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n');
  assert.equal(ownResponse(403, [], 'no\n', { close: false, head: true }), 'HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\n');
  assert.equal(ownResponse(204, [], '', { close: false, head: false }), 'HTTP/1.1 204 No Content\r\n\r\n');
});
