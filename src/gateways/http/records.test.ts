// What a record keeps of a request that could not be read: enough to find whose it was, and nothing that may be a secret.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginningOf } from './records.ts';

function of(text: string, start = 0): string {
  const bytes = Buffer.from(text, 'latin1');
  return beginningOf(bytes, start, bytes.length);
}

test('method and path, up to what cannot be shown', () => {
  assert.equal(of('GET /%1b[31m HTTP/1.1\r\nHost: x\r\n\r\n'), 'GET /%1b[31m');
  assert.equal(of('\r\n\r\nGET /a HTTP/1.1\r\n'), 'GET /a');
  assert.equal(of('xxGET /a HTTP/1.1\r\n', 2), 'GET /a');
  assert.equal(of('GET /a\u001b[2J HTTP/1.1\r\n'), 'GET /a');
  assert.equal(of('GET /caf\u00e9 HTTP/1.1\r\n'), 'GET /caf\u00e9');
  assert.equal(of(`GET /${'x'.repeat(200)}`), `GET /${'x'.repeat(115)}`);
});

test('no query, no password, nothing of what is no HTTP', () => {
  assert.equal(of('GET /a?password=hunter2 HTTP/1.1\r\n'), 'GET /a');
  assert.equal(of('GET http://user:hun/ter2@host/a HTTP/1.1\r\n'), 'GET http://***@host/a');
  assert.equal(of('\u0016\u0003\u0001\u0002\u0000\u0001'), '');
  assert.equal(of(''), '');
});
