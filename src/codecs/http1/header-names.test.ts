// The name table: spellings, and lookup by bytes against lookup by string.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderId, headerIdCount, headerIdOf, headerIdOfBytes, headerNames, lowerHeaderNames } from './header-names.ts';

const idOf = (name: string): number => {
  const bytes = Buffer.from(`__${name}:`, 'latin1');
  return headerIdOfBytes(bytes, 2, bytes.length - 1);
};

test('every name is found in any case, by bytes and by string', () => {
  assert.ok(headerIdCount <= 128, 'ids fit the bit set of a HeaderBlock');
  assert.equal(new Set(lowerHeaderNames).size, headerIdCount);
  for (const [, id] of Object.entries(HeaderId)) {
    if (id === 0) continue;
    const name = headerNames[id] as string;
    for (const spelling of [name, name.toLowerCase(), name.toUpperCase()]) {
      assert.equal(idOf(spelling), id, spelling);
      assert.equal(headerIdOf(spelling), id, spelling);
    }
    for (const other of [`${name}x`, name.slice(1), name.slice(0, -1), `${name.slice(0, -1)}~`, name.replaceAll('-', '_')]) {
      if (other !== '' && headerIdOf(other) === 0) assert.equal(idOf(other), 0, other);
    }
  }
});

test('spellings that the rule for names would get wrong', () => {
  const expected = ['Host', 'TE', 'ETag', 'WWW-Authenticate', 'Content-Length', 'X-Forwarded-For', 'Sec-WebSocket-Key', 'HTTP2-Settings', 'If-None-Match', 'X-Real-IP'];
  for (const name of expected) {
    assert.ok(headerNames.includes(name), name);
  }
});
