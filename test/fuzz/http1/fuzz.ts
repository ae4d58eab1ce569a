// Fuzzing of the HTTP/1 codec. As a program: node test/fuzz/http1/fuzz.ts --seconds 60 --seed 1 (prints what fails, as
// an escaped line for corpus.txt). As a module: fuzzTarget() for the bounded test.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { escapeBytes, unescapeBytes } from '#test/transcripts/http1/drive.ts';
import { loadTranscripts } from '#test/transcripts/http1/load.ts';
import { generate, mutate, Random, randomCuts } from './generate.ts';
import { codec, faultOf, lenientSettings, strictSettings, type Target } from './properties.ts';

export interface FuzzFailure { input: string; seed: number; iteration: number; why: string }

/** Inputs that once failed or are worth keeping: one a line, escaped; lines with # are comments. */
export function loadCorpus(): string[] {
  return readFileSync(join(import.meta.dirname, 'corpus.txt'), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => unescapeBytes(line));
}

const responseMethods = ['GET', 'HEAD', 'CONNECT'];

/** Runs until an input fails, `iterations` are done or `untilMs` (performance.now) has passed. */
export function fuzzTarget(target: Target, seed: number, iterations: number, untilMs: number): { failure: FuzzFailure | undefined; done: number } {
  const random = new Random(seed);
  const transcripts = loadTranscripts().filter((transcript) => transcript.bytes.length < 2000);
  const requests = [...loadCorpus(), ...transcripts.filter((transcript) => transcript.requestMethod === undefined).map((transcript) => transcript.bytes)];
  const responses = transcripts.filter((transcript) => transcript.requestMethod !== undefined).map((transcript) => transcript.bytes);
  for (let iteration = 0; iteration < iterations; iteration++) {
    if (performance.now() > untilMs) return { failure: undefined, done: iteration };
    const isResponse = random.below(5) === 0;
    const base = isResponse ? random.pick(responses) : random.below(2) === 0 ? generate(random) : random.pick(requests);
    const input = mutate(random, base);
    const method = isResponse ? random.pick(responseMethods) : undefined;
    const settings = random.below(2) === 0 ? strictSettings : lenientSettings;
    const why = faultOf(target, input, method, settings, randomCuts(random, input.length));
    if (why !== undefined) return { failure: { input, seed, iteration, why }, done: iteration };
  }
  return { failure: undefined, done: iterations };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } } });
  const { failure, done } = fuzzTarget(codec, Number(values.seed), Infinity, performance.now() + Number(values.seconds) * 1000);
  console.log(`${done} inputs, seed ${values.seed}`);
  if (failure !== undefined) {
    console.error(`iteration ${failure.iteration}: ${failure.why}\n${escapeBytes(failure.input)}`);
    process.exitCode = 1;
  }
}
