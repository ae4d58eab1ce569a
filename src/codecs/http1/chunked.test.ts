// The chunked decoder: pull interface, reuse, limits at N and N+1. The wire cases are in test/transcripts/http1.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkedDecoder } from './chunked.ts';
import { defaultHttp1Limits, type Http1Limits } from './limits.ts';
import { CHUNK_DATA, CHUNK_DONE, CHUNK_MORE, VIOLATION } from './messages.ts';
import { defaultHttp1Settings } from './settings.ts';

function run(text: string, limits: Partial<Http1Limits> = {}): string {
  const decoder = new ChunkedDecoder('client', defaultHttp1Settings, { ...defaultHttp1Limits, ...limits });
  const bytes = Buffer.from(text, 'latin1');
  let result = CHUNK_DATA;
  for (let at = 0; result === CHUNK_DATA; at = decoder.position) result = decoder.feed(bytes, at, bytes.length);
  if (result !== VIOLATION) return result === CHUNK_DONE ? 'done' : 'more';
  return decoder.fault?.kind === 'limit' ? `${decoder.fault.limit} ${decoder.fault.seen}/${decoder.fault.maximum}` : String(decoder.fault?.code);
}

test('limits: N passes, N + 1 does not', () => {
  const cases: [keyof Http1Limits, number, string][] = [
    ['maxChunkSizeDigits', 4, '0005\r\nhello\r\n0\r\n\r\n'], ['maxChunkExtensionBytes', 4, '5;a=b\r\nhello\r\n0\r\n\r\n'],
    ['maxBodyChunkExtensionBytes', 7, '5;a=b\r\nhello\r\n0;ab\r\n\r\n'], ['maxTinyChunks', 2, '1\r\na\r\n1\r\nb\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n'],
    ['maxTrailerBytes', 'A: b\r\n\r\n'.length, '0\r\nA: b\r\n\r\n'], ['maxTrailerCount', 2, '0\r\nA: b\r\nC: d\r\n\r\n'],
  ];
  for (const [name, exact, text] of cases) {
    assert.equal(run(text, { [name]: exact }), 'done', name);
    assert.match(run(text, { [name]: exact - 1 }), new RegExp(`^${name} ${exact}/${exact - 1}$`), name);
  }
});

test('data is given in place, chunk by chunk, and what is behind the body is left alone', () => {
  const decoder = new ChunkedDecoder('client');
  const bytes = Buffer.from('..5\r\nhello\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\nNEXT');
  const seen: string[] = [];
  let at = 2;
  for (;;) {
    const result = decoder.feed(bytes, at, bytes.length);
    at = decoder.position;
    if (result !== CHUNK_DATA) { assert.equal(result, CHUNK_DONE); break; }
    seen.push(bytes.toString('latin1', decoder.dataStart, decoder.dataEnd));
  }
  assert.deepEqual(seen, ['hello', 'abc']);
  assert.equal(bytes.toString('latin1', at), 'NEXT');
  assert.deepEqual(decoder.trailers.toArray(), [['A', 'b']]);
});

test('a server may send as many tiny chunks as it likes', () => {
  const decoder = new ChunkedDecoder('server', defaultHttp1Settings, { ...defaultHttp1Limits, maxTinyChunks: 1 });
  const bytes = Buffer.from('1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n');
  let result = CHUNK_DATA;
  for (let at = 0; result === CHUNK_DATA; at = decoder.position) result = decoder.feed(bytes, at, bytes.length);
  assert.equal(result, CHUNK_DONE);
});

test('done stays done, refused stays refused, reset begins anew', () => {
  const decoder = new ChunkedDecoder('server');
  const end = Buffer.from('0\r\n\r\n');
  assert.equal(decoder.feed(end, 0, end.length), CHUNK_DONE);
  assert.equal(decoder.feed(end, 0, end.length), CHUNK_DONE);
  assert.equal(decoder.position, 0);
  decoder.reset();
  const bad = Buffer.from('3\r\nabcX');
  assert.equal(decoder.feed(bad, 0, bad.length), CHUNK_DATA);
  assert.equal(decoder.remaining, 0);
  assert.equal(decoder.feed(bad, decoder.position, bad.length), VIOLATION);
  assert.deepEqual([decoder.fault?.code, decoder.fault?.side, decoder.fault?.offset, decoder.fault?.status], ['http1.chunk-data-end', 'server', 6, 502]);
  assert.equal(decoder.feed(end, 0, end.length), VIOLATION);
  decoder.reset();
  assert.equal(decoder.feed(end, 0, 2), CHUNK_MORE);
  assert.equal(decoder.feed(end, 2, end.length), CHUNK_DONE);
});
