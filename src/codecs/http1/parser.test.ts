// Head parsers: reuse, views, limits at N and N+1, cost. The wire cases are in test/transcripts/http1.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderId } from './header-names.ts';
import { defaultHttp1Limits, type Http1Limits } from './limits.ts';
import { connectionOptions, NEED_MORE, VIOLATION } from './messages.ts';
import { RequestParser, ResponseParser } from './parser.ts';
import { defaultHttp1Settings, http1Settings } from './settings.ts';

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

function outcome(text: string, limits: Partial<Http1Limits>): string {
  const parser = new RequestParser(defaultHttp1Settings, { ...defaultHttp1Limits, ...limits });
  const bytes = bytesOf(text);
  const result = parser.push(bytes, 0, bytes.length);
  if (result === VIOLATION) {
    const fault = parser.fault;
    assert.equal(fault?.kind, 'limit');
    assert.ok(fault?.kind === 'limit' && fault.seen === fault.maximum + 1, 'seen is one above');
    return `${fault.limit} ${fault.status}`;
  }
  return result === bytes.length ? 'accepted' : 'more';
}

test('limits: N passes, N + 1 does not', () => {
  const line = 'GET /aaaaaaa HTTP/1.1';
  const head = `${line}\r\nHost: a\r\nX-Name: value\r\n\r\n`;
  const cases: [keyof Http1Limits, number, number, string?][] = [
    ['maxRequestLineBytes', line.length, 414], ['maxHeadBytes', head.length, 431], ['maxHeaderCount', 2, 431], ['maxHeaderLineBytes', 'X-Name: value'.length, 431],
    ['maxHeaderNameBytes', 'X-Name'.length, 431], ['maxMethodBytes', 3, 501], ['maxLeadingCrlf', 3, 400, `\r\n\r\n\r\n${head}`],
  ];
  for (const [name, exact, status, text] of cases) {
    assert.equal(outcome(text ?? head, { [name]: exact }), 'accepted', name);
    assert.equal(outcome(text ?? head, { [name]: exact - 1 }), `${name} ${status}`, name);
  }
});

test('a head in one piece, bytes before and behind it left alone', () => {
  const parser = new RequestParser();
  const bytes = bytesOf('xxxGET /a?b HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\nbody');
  assert.equal(parser.push(bytes, 3, bytes.length), bytes.length - 4);
  assert.equal(parser.pendingBytes, 0);
  assert.equal(parser.head.headBytes, bytes.length - 7);
  assert.deepEqual(parser.head.headers.toArray(), [['Host', 'h'], ['X', 'y']]);
});

test('pieces: the offset is relative to the last piece, and the pieces may be overwritten', () => {
  const parser = new RequestParser();
  const first = bytesOf('GET / HTTP/1.1\r\nHost: fir');
  assert.equal(parser.push(first, 0, first.length), NEED_MORE);
  assert.equal(parser.pendingBytes, first.length);
  first.fill(0);
  const second = bytesOf('__st\r\n\r\nGET');
  assert.equal(parser.push(second, 2, second.length), second.length - 3);
  assert.equal(parser.head.host, 'first');
  assert.equal(parser.pendingBytes, 0);
});

test('a refused parser stays refused until reset', () => {
  const parser = new RequestParser();
  const good = bytesOf('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const bad = bytesOf('GET / HTTP/9.9\r\n');
  assert.equal(parser.push(bad, 0, bad.length), VIOLATION);
  const fault = parser.fault;
  assert.equal(parser.push(good, 0, good.length), VIOLATION);
  assert.equal(parser.fault, fault);
  parser.reset();
  assert.equal(parser.fault, undefined);
  assert.equal(parser.push(good, 0, good.length), good.length);
});

test('nothing of one head is left in the next', () => {
  const parser = new RequestParser();
  const first = bytesOf('POST http://a:81/x?q HTTP/1.1\r\nHost: a:81\r\nContent-Length: 4\r\nConnection: close, Upgrade, x-y\r\nUpgrade: w\r\nExpect: 100-continue\r\n\r\n');
  assert.equal(parser.push(first, 0, first.length), first.length);
  assert.deepEqual([parser.head.keepAlive, parser.head.upgrade, parser.head.expectContinue, parser.head.connectionNominates], [false, 'w', true, true]);
  assert.deepEqual(connectionOptions(parser.head.headers), ['close', 'upgrade', 'x-y']);
  const second = bytesOf('GET / HTTP/1.0\r\n\r\n');
  assert.equal(parser.push(second, 0, second.length), second.length);
  const fresh = new RequestParser();
  fresh.push(second, 0, second.length);
  const { headers, ...rest } = parser.head;
  const { headers: freshHeaders, ...freshRest } = fresh.head;
  assert.deepEqual(rest, freshRest);
  assert.deepEqual(headers.toArray(), freshHeaders.toArray());
  assert.ok(!headers.has(HeaderId.Connection));
});

test('HeaderBlock: ids, names, values, runs of raw lines', () => {
  const parser = new RequestParser(http1Settings({ underscoreInHeaderName: 'drop' }));
  const bytes = bytesOf('GET / HTTP/1.1\r\nHost: a\r\nACCEPT:  b\r\nX-One: 1\r\nx_two: 2\r\nX-Three: 3\r\nX-One: 4\r\nVia: 1.1 p\r\n\r\n');
  assert.equal(parser.push(bytes, 0, bytes.length), bytes.length);
  const headers = parser.head.headers;
  assert.equal(headers.count, 6);
  assert.deepEqual([headers.id(1), headers.name(1), headers.lowerName(1), headers.value(1), headers.valueLength(1)], [HeaderId.Accept, 'ACCEPT', 'accept', 'b', 1]);
  assert.deepEqual([0, 1, 2, 3, 4, 5].map((i) => headers.isCanonical(i)), [true, false, true, false, true, true]);
  assert.equal(headers.rawLines(4, 6), 'X-One: 4\r\nVia: 1.1 p\r\n');
  assert.equal(headers.rawLines(2, 2), '');
  assert.deepEqual([headers.find('x-one'), headers.find('x-one', 3), headers.find('via'), headers.find('x_two')], [2, 4, 5, -1]);
  assert.equal(headers.findValue('x-three'), '3');
  assert.deepEqual([headers.get(HeaderId.Via), headers.get(HeaderId.Cookie), headers.indexOf(HeaderId.Via)], ['1.1 p', undefined, 5]);
});

test('the table of a block grows', () => {
  const parser = new RequestParser();
  const lines = Array.from({ length: 99 }, (_, i) => `X-${i}: ${i}\r\n`).join('');
  const bytes = bytesOf(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
  assert.equal(parser.push(bytes, 0, bytes.length), bytes.length);
  assert.equal(parser.head.headers.findValue('x-98'), '98');
  assert.equal(parser.head.headers.get(HeaderId.Host), 'a');
});

test('a response is framed by the method that it answers, interim ones included', () => {
  const parser = new ResponseParser();
  parser.expect('HEAD');
  const bytes = bytesOf('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
  const next = parser.push(bytes, 0, bytes.length);
  assert.deepEqual([parser.head.status, parser.head.interim], [103, true]);
  assert.equal(parser.push(bytes, next, bytes.length), bytes.length);
  assert.deepEqual([parser.head.status, parser.head.framing, parser.head.contentLength, parser.head.reason], [200, 'none', 5, 'OK']);
});

test('byte by byte costs the same per byte for a long line as for a short one', () => {
  const cost = (length: number): number => {
    const bytes = bytesOf(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(length)}\r\n\r\n`);
    let least = Infinity;
    for (let round = 0; round < 5; round++) {
      const parser = new RequestParser();
      const before = performance.now();
      for (let i = 0; i < bytes.length; i++) parser.push(bytes, i, i + 1);
      least = Math.min(least, performance.now() - before);
      assert.equal(parser.head.headers.valueLength(1), length);
    }
    return least / bytes.length;
  };
  cost(1000);
  assert.ok(cost(16000) < cost(1000) * 6, 'sixteen times the bytes would cost sixteen times a byte were it quadratic');
});

test('every byte at every place of a value is judged alike, whole or byte by byte, wherever the head lies', () => {
  for (let byte = 0; byte < 256; byte++) {
    for (let place = 0; place < 9; place++) {
      const value = Buffer.alloc(13, 'v');
      value[place] = byte;
      const head = Buffer.concat([Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nX: '), value, Buffer.from('\r\n\r\n')]);
      const slow = new RequestParser();
      let wanted = NEED_MORE;
      for (let at = 0; at < head.length && wanted === NEED_MORE; at++) wanted = slow.push(head, at, at + 1);
      for (let before = 0; before < 4; before++) {
        const parser = new RequestParser();
        const bytes = Buffer.concat([Buffer.alloc(before, '\x01'), head]);
        const next = parser.push(bytes, before, bytes.length);
        assert.equal(next === VIOLATION, wanted === VIOLATION, `byte ${byte} at ${place}`);
        assert.deepEqual(parser.fault, slow.fault);
        if (next !== VIOLATION) assert.equal(parser.head.headers.value(1), slow.head.headers.value(1));
      }
    }
  }
});
