// Identification of what real servers and clients of Debian say now: those that are small to fetch, started on loopback with a
// relay between them that listens. The others are in test/transcripts/identify, as they were recorded.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Confidence, Identifier } from '#codecs/identify/index.ts';
import { pairs } from './pairs.ts';
import { runPair } from './run.ts';

describe('identification of real peers', { timeout: 300_000 }, () => {
  for (const pair of pairs) {
    if (!pair.quick) continue;
    it(`${pair.server.name}: ${pair.protocol}`, async (test) => {
      const { kept, missing } = await runPair(pair);
      if (missing.length > 0) {
        if (process.env.CI === 'true') throw new Error(`a peer is missing: ${missing.join('; ')}`);
        if (kept.length === 0) {
          test.skip(missing.join('; '));
          return;
        }
        test.diagnostic(`missing: ${missing.join('; ')}`);
      }
      for (const { name, said } of kept) {
        const identifier = new Identifier(40_000);
        for (const { side, bytes } of said) {
          for (let at = 0; at < bytes.length; at += 7) {
            const end = Math.min(bytes.length, at + 7);
            const found = side === 'client' ? identifier.client(bytes, at, end) : identifier.server(bytes, at, end);
            if (!found.open && found.confidence >= Confidence.likely) assert.equal(found.protocol, pair.protocol, `${name}: ${found.evidence}`);
          }
        }
        const found = identifier.verdict();
        assert.equal(found.protocol, pair.protocol, `${name}: ${JSON.stringify(found)}`);
        assert.ok(found.confidence >= Confidence.likely, `${name}: ${JSON.stringify(found)}`);
      }
      assert.ok(kept.length > 0);
    });
  }
});
