// Identification under mutated conversations: nothing throws, no cut of the bytes changes the answer, a verdict on which a
// gateway acts is never followed by another one, and no input takes long. A seeded run of some seconds; a classifier with a known
// fault has to be caught by it. What fails is printed as a line for corpus.txt.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Confidence, Identifier, identifyClient, identifyDatagram, identifyServer, type Identification } from '#codecs/identify/index.ts';
import { escapeBytes } from '#test/transcripts/http1/drive.ts';
import { Random } from '../http1/generate.ts';
import { readKept } from '../../peers/identify/recorder.ts';

interface Input { readonly side: 'client' | 'server'; readonly bytes: Buffer }
type Classifier = (input: Input, length: number) => Identification;

const shipped: Classifier = ({ side, bytes }, length) => side === 'client' ? identifyClient(bytes, length) : identifyServer(bytes, length);
const acts = ({ open, confidence }: Identification): boolean => !open && confidence >= Confidence.likely;

function corpus(): Input[] {
  const own = readFileSync(new URL('corpus.txt', import.meta.url), 'utf8').split('\n').filter((line) => /^[<>] /.test(line));
  const inputs: Input[] = own.map((line) => readKept(`## x\n\n\n${line}`)[0]!.said[0]!);
  for (const { said } of readKept(readFileSync(new URL('../../transcripts/identify/peers.txt', import.meta.url), 'utf8'))) {
    for (const side of ['client', 'server'] as const) {
      const bytes = Buffer.concat(said.filter((part) => part.side === side).map((part) => part.bytes)).subarray(0, 400);
      if (bytes.length > 0) inputs.push({ side, bytes });
    }
  }
  return inputs;
}

function mutated(inputs: readonly Input[], random: Random): Input {
  const below = (n: number): number => random.below(n);
  const { side, bytes } = inputs[below(inputs.length)]!;
  let text = Buffer.from(bytes);
  for (let times = below(4); times > 0; times--) {
    const at = below(text.length + 1);
    const other = inputs[below(inputs.length)]!.bytes;
    switch (below(6)) {
      case 0: if (at < text.length) text[at]! ^= 1 << below(8); break;
      case 1: text = Buffer.concat([text.subarray(0, at), Buffer.from([below(256)]), text.subarray(at)]); break;
      case 2: text = Buffer.concat([text.subarray(0, at), text.subarray(Math.min(text.length, at + 1 + below(4)))]); break;
      case 3: text = Buffer.concat([text.subarray(0, at), other.subarray(below(other.length))]); break;
      case 4: if (at < text.length) text[at] = [0, 13, 10, 32, 255, 5, 22, 3][below(8)]!; break;
      default: text = text.subarray(0, at);
    }
  }
  return { side: below(10) === 0 ? (side === 'client' ? 'server' : 'client') : side, bytes: text.subarray(0, 600) };
}

const shown = ({ side, bytes }: Input): string => `${side === 'client' ? '>' : '<'} ${escapeBytes(bytes.toString('latin1'))}`;

/** Why an input fails, or undefined. */
function faultOf(classify: Classifier, input: Input): string | undefined {
  const { bytes } = input;
  let first: Identification | undefined;
  for (let length = 1; length <= bytes.length; length++) {
    const found = classify(input, length);
    if (!acts(found)) continue;
    if (first !== undefined && first.protocol !== found.protocol) return `${first.protocol} (${first.evidence}), then ${found.protocol} (${found.evidence}) with ${length} bytes`;
    first ??= found;
  }
  return undefined;
}

function run(classify: Classifier, seed: number, inputs: number, deadlineMs: number): { failure: string | undefined; done: number } {
  const random = new Random(seed);
  const known = corpus();
  let done = 0;
  for (; done < inputs && performance.now() < deadlineMs; done++) {
    const input = mutated(known, random);
    const fault = faultOf(classify, input);
    if (fault !== undefined) return { failure: `${fault}\n${shown(input)}`, done };
  }
  return { failure: undefined, done };
}

describe('identification under mutated conversations', () => {
  const canaries: Record<string, Classifier> = {
    'decides by the verb': (input, length) => {
      const text = input.bytes.subarray(0, length).toString('latin1');
      return /^(?:OPTIONS|GET) /.test(text) ? { protocol: text.length > 20 && text.includes('SIP/') ? 'sip' : 'http', confidence: 90, evidence: 'verb',
        open: false } : shipped(input, length);
    },
    'takes two bytes for enough': (input, length) => {
      return length === 2 && input.bytes[0] === 5 ? { protocol: 'dns', confidence: 90, evidence: 'length', open: false } : shipped(input, length);
    },
  };
  for (const [name, canary] of Object.entries(canaries)) {
    it(`canary is caught: ${name}`, () => { assert.notEqual(run(canary, 7, 20_000, performance.now() + 20_000).failure, undefined); });
  }

  it('corpus', () => { for (const input of corpus()) assert.equal(faultOf(shipped, input), undefined, shown(input)); });

  it('holds', () => {
    const { failure, done } = run(shipped, 20_260_401, Infinity, performance.now() + Number(process.env.FUZZ_SECONDS ?? 3) * 1000);
    assert.equal(failure, undefined);
    assert.ok(done > 200, `${done} inputs only`);
  });

  it('no cut changes the answer of both sides together, and nothing throws', () => {
    const random = new Random(11);
    const known = corpus();
    for (let i = 0; i < 2000; i++) {
      const port = random.below(7000);
      const [whole, cut] = [new Identifier(port), new Identifier(port)];
      const inputs = [mutated(known, random), mutated(known, random)].filter(({ bytes }) => bytes.length > 0);
      for (const { side, bytes } of inputs) {
        whole[side](bytes, 0, bytes.length);
        for (let at = 0; at < bytes.length;) {
          const end = Math.min(bytes.length, at + 1 + random.below(40));
          cut[side](bytes, at, end);
          at = end;
        }
        identifyDatagram(bytes, bytes.length);
      }
      assert.deepEqual(cut.verdict(), whole.verdict(), inputs.map(shown).join('\n'));
    }
  });
});
