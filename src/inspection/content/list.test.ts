// The list inspector by itself: when it knows, at which byte, and list files.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContentFacts, Verdict } from '#contract/inspection.ts';
import { ListInspector, parseSums } from './list.ts';
import { contentInspectorSettings } from './settings.ts';

const facts: ContentFacts = { direction: 'to-server', declaredType: '', name: '/x', declaredSize: -1, partial: false };

function judged(settings: object, pieces: readonly string[], more: Partial<ContentFacts> = {}, sha256 = ''): string[] {
  const inspection = new ListInspector('i', contentInspectorSettings.parse(settings), []).open({ ...facts, ...more });
  const said: string[] = [];
  const note = (verdict: Verdict | undefined): void => { if (verdict !== undefined && verdict.action !== 'pass') said.push(`${verdict.action} ${verdict.code}`); };
  for (const piece of pieces) {
    const bytes = Buffer.from(`##${piece}##`, 'latin1');
    note(inspection.feed(bytes, 2, bytes.length - 2));
  }
  inspection.finish(note, sha256);
  return said;
}

test('types: with the 512th byte, or at the end; said once', () => {
  const settings = { denyTypes: ['executable'] };
  assert.deepEqual(judged(settings, ['\x7fE', 'LF']), ['block content.type']);
  assert.deepEqual(judged(settings, ['\x7fELF', 'x'.repeat(508), 'y'.repeat(600)]), ['block content.type']);
  assert.deepEqual(judged(settings, ['hello']), []);
  assert.deepEqual(judged(settings, ['\x7fELF'], { partial: true }), [], 'the middle of a file has no type');
  assert.deepEqual(judged({ ...settings, action: 'alert' }, ['\x7fELF']), ['alert content.type']);
});

test('sizes at N and N + 1, announced or counted', () => {
  assert.deepEqual(judged({ maxBytes: 4 }, ['ab', 'cd']), []);
  assert.deepEqual(judged({ maxBytes: 4 }, ['ab', 'cde']), ['block content.too-large']);
  assert.deepEqual(judged({ maxBytes: 4 }, ['a'], { declaredSize: 4 }), []);
  assert.deepEqual(judged({ maxBytes: 4 }, ['a'], { declaredSize: 5 }), ['block content.too-large']);
  assert.deepEqual(judged({ minBytes: 2 }, ['ab']), []);
  assert.deepEqual(judged({ minBytes: 2 }, ['a']), ['block content.too-small']);
});

test('sums', () => {
  const sum = 'a'.repeat(64);
  assert.deepEqual(judged({ denySha256: [sum] }, ['x'], {}, sum), ['block content.hash']);
  assert.deepEqual(judged({ denySha256: [sum] }, ['x'], {}, 'b'.repeat(64)), []);
  assert.equal(new ListInspector('i', contentInspectorSettings.parse({}), []).open(facts).needsSha256, false);
  assert.equal(new ListInspector('i', contentInspectorSettings.parse({}), [sum]).open(facts).needsSha256, true);
});

test('list files as sha256sum writes them', () => {
  const sum = `${'0'.repeat(60)}ABCD`;
  assert.deepEqual(parseSums(`# list\r\n\n${sum}  a file\r\n\\${sum} *b\n${sum} # why\n${sum}`), Array(4).fill(sum.toLowerCase()));
  for (const bad of ['x', '0'.repeat(63), `${'0'.repeat(65)}`, `a ${sum}`]) assert.throws(() => parseSums(`${sum}\n${bad}`), /line 2/, bad);
});
