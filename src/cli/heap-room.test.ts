// Tests of heap-room.ts: the room is bounded in bytes and in parts.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { growthFor } from './heap-room.ts';

test('64 MiB of room, at most twice and at least three tenths of what the heap holds', () => {
  const mib = 1024 * 1024;
  assert.equal(growthFor(10 * mib), 200);
  assert.equal(growthFor(32 * mib), 200);
  assert.equal(growthFor(64 * mib), 100);
  assert.equal(growthFor(128 * mib), 50);
  assert.equal(growthFor(1024 * mib), 30);
});
