// The bounded fuzz run: every canary is caught, the codec holds for the corpus cut at each byte and for about three seconds of inputs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeBytes } from '#test/transcripts/http1/drive.ts';
import { fuzzTarget, loadCorpus } from './fuzz.ts';
import { canaries, codec, faultOf } from './properties.ts';

for (const [name, canary] of Object.entries(canaries)) {
  test(`canary is caught: ${name}`, () => {
    const { failure } = fuzzTarget(canary.target, 7, 20_000, performance.now() + 20_000);
    assert.match(String(failure?.why), canary.caughtBy);
  });
}

test('corpus', () => {
  for (const { kind, text } of loadCorpus()) {
    for (let cut = 1; cut < text.length; cut++) assert.equal(faultOf(codec, kind, text, [cut]), undefined, escapeBytes(text));
  }
});

test('the codec holds', () => {
  const { failure, done } = fuzzTarget(codec, 20_240_601, Infinity, performance.now() + 3000);
  assert.equal(failure && `${failure.why}: ${failure.kind} ${escapeBytes(failure.text)}`, undefined);
  assert.ok(done > 500, `${done} inputs only`);
});
