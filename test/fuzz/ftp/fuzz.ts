// Fuzzing of the FTP codec, both sides. As a program: node test/fuzz/ftp/fuzz.ts --seconds 60 --seed 1 (prints what fails, as a
// line for corpus.txt). As a module: fuzzTarget() for the bounded test.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { escapeBytes, unescapeBytes } from '#test/transcripts/http1/drive.ts';
import { Random, randomCuts } from '../http1/generate.ts';
import { generate, mutate } from './generate.ts';
import { codec, faultOf, type Kind, type Target } from './properties.ts';

export interface FuzzInput { readonly kind: Kind; readonly text: string }
export interface FuzzFailure extends FuzzInput { readonly iteration: number; readonly why: string }

/** Inputs that once failed or are worth keeping: the kind and the bytes, escaped, one a line; # begins a comment. */
export function loadCorpus(): FuzzInput[] {
  return readFileSync(join(import.meta.dirname, 'corpus.txt'), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
    const [kind, escaped] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)];
    if (kind !== 'commands' && kind !== 'replies') throw new Error(`corpus.txt: ${line}`);
    return { kind, text: unescapeBytes(escaped) };
  });
}

/** Runs until an input fails, `iterations` are done or `untilMs` (performance.now) has passed. */
export function fuzzTarget(target: Target, seed: number, iterations: number, untilMs: number): { failure: FuzzFailure | undefined; done: number } {
  const random = new Random(seed);
  const corpus = loadCorpus();
  for (let iteration = 0; iteration < iterations; iteration++) {
    if (performance.now() > untilMs) return { failure: undefined, done: iteration };
    const kind: Kind = random.below(2) === 0 ? 'commands' : 'replies';
    const kept = random.below(3) === 0 ? random.pick(corpus) : undefined;
    const text = mutate(random, kept?.text ?? generate(random, kind));
    const input = { kind: kept?.kind ?? kind, text };
    const why = faultOf(target, input.kind, text, randomCuts(random, text.length));
    if (why !== undefined) return { failure: { ...input, iteration, why }, done: iteration };
  }
  return { failure: undefined, done: iterations };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } } });
  const { failure, done } = fuzzTarget(codec, Number(values.seed), Infinity, performance.now() + Number(values.seconds) * 1000);
  console.log(`${done} inputs, seed ${values.seed}`);
  if (failure !== undefined) {
    console.error(`iteration ${failure.iteration}: ${failure.why}\n${failure.kind} ${escapeBytes(failure.text)}`);
    process.exitCode = 1;
  }
}
