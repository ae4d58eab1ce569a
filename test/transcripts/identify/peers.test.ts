// Identification over conversations of real peers, recorded once (peers.txt says of whom; test/peers/identify/record.ts makes
// it): both sides, each side alone, and cut at every byte. Never a wrong verdict on the way that a gateway would act on.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Confidence, Identifier, identifyClient, identifyServer, type Identification } from '#codecs/identify/index.ts';
import { acts as actsOn, unknownPort, verdictOfGateway } from '../../peers/captures/judge.ts';
import { readKept, type Kept } from '../../peers/identify/recorder.ts';

const kept = readKept(readFileSync(new URL('peers.txt', import.meta.url), 'utf8'));
/** An answer on which a gateway acts. */
const acts = ({ open, confidence }: Identification): boolean => !open && confidence >= Confidence.likely;

function feed({ said }: Kept, port: number, size: number, each: (found: Identification) => void): Identification {
  const identifier = new Identifier(port);
  let found = identifier.verdict();
  for (const { side, bytes } of said) {
    for (let at = 0; at < bytes.length; at += size) {
      const end = Math.min(bytes.length, at + size);
      found = side === 'client' ? identifier.client(bytes, at, end) : identifier.server(bytes, at, end);
      each(found);
    }
  }
  return found;
}

function side(one: Kept, name: 'client' | 'server'): Buffer { return Buffer.concat(one.said.filter((part) => part.side === name).map(({ bytes }) => bytes)); }

/** As captures have it: who speaks without having heard the other side. */
function conversationOf({ said }: Kept): Parameters<typeof verdictOfGateway>[0] {
  const heard = { client: false, server: false };
  const pieces = said.map(({ side, bytes }) => {
    heard[side === 'client' ? 'server' : 'client'] = true;
    return { side, bytes, answers: heard[side] };
  });
  return { client: '', server: '', clientPort: 0, serverPort: 0, whole: true, said: pieces };
}

describe('identification of recorded peers', () => {
  it('there are many', () => { assert.ok(kept.length >= 60, `${kept.length}`); });

  for (const one of kept) {
    it(`${one.name}: ${one.protocol === '' ? 'none' : one.protocol}`, () => {
      for (const size of [1, 3, 2048]) {
        const found = feed(one, 40_000, size, (soFar) => {
          if (acts(soFar)) assert.equal(soFar.protocol, one.protocol, `on the way: ${soFar.evidence}`);
        });
        if (one.protocol === '') assert.ok(!acts(found), JSON.stringify(found));
        else assert.deepEqual([found.protocol, acts(found)], [one.protocol, true], JSON.stringify(found));
      }
      // One side alone may be too little, but is never something else.
      for (const [bytes, identify] of [[side(one, 'client'), identifyClient], [side(one, 'server'), identifyServer]] as const) {
        for (let length = 1; length <= bytes.length; length++) {
          const found = identify(bytes, length);
          if (acts(found)) assert.equal(found.protocol, one.protocol, `${length} bytes: ${found.evidence}`);
        }
      }
    });
  }

  it('a gateway waits for as much as it needs: no cut of the first bytes changes its verdict', () => {
    for (const one of kept) {
      const conversation = conversationOf(one);
      const whole = verdictOfGateway(conversation, unknownPort, 'whole');
      for (const size of [1, 2, 3, 7]) {
        const cut = verdictOfGateway(conversation, unknownPort, size);
        if (actsOn(cut) || actsOn(whole)) assert.deepEqual([cut.protocol, actsOn(cut)], [whole.protocol, actsOn(whole)], `${one.name} in pieces of ${size}`);
      }
    }
  });

  it('the first words of whoever speaks first are enough for most', () => {
    const enough = kept.filter(({ protocol, said }) => {
      const { side: who, bytes } = said[0]!;
      const found = who === 'client' ? identifyClient(bytes, bytes.length) : identifyServer(bytes, bytes.length);
      return protocol !== '' && acts(found);
    });
    assert.ok(enough.length / kept.filter(({ protocol }) => protocol !== '').length > 0.9, `${enough.length} of ${kept.length}`);
  });
});
