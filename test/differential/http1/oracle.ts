// The question of the differential tests: is a request that we accepted read as the same request by the server behind
// us? Builds the inputs, what we would send on, and compares with what a judge saw. A judge may refuse; it may not
// see another method, target or body, nor more requests, nor fewer without refusing.
import { defaultHttp1Limits, type Http1Settings } from '#codecs/http1/index.ts';
import { generate, mutate, Random } from '#test/fuzz/http1/generate.ts';
import { lenientSettings, strictSettings } from '#test/fuzz/http1/properties.ts';
import { readWhole } from '#test/transcripts/http1/drive.ts';
import { loadTranscripts } from '#test/transcripts/http1/load.ts';
import type { Judgement, SeenRequest } from './judges.ts';

export interface Case {
  name: string;
  /** What the client sent. */
  raw: string;
  /** What we would send on, closing request included; every head carries X-Case: name. */
  forwarded: string;
  /** What a judge must see of `forwarded`. */
  expected: SeenRequest[];
  /** What a judge must see of `raw`, with a closing request behind it; undefined when we did not accept it to its end. */
  expectedRaw: SeenRequest[] | undefined;
  /** How many of those there are when the judge ends the connection where we do. */
  endsAfter: number;
}

export const closing = { method: 'GET', target: '/the-end', body: '' };

function closingRequest(name: string): string {
  return `GET /the-end HTTP/1.1\r\nHost: end\r\nConnection: close\r\n${name === '' ? '' : `X-Case: ${name}\r\n`}\r\n`;
}

export function rawWithClosing(raw: string): string {
  return raw + closingRequest('');
}

/** Undefined when nothing of the input was accepted as a whole message. */
export function makeCase(name: string, raw: string, settings: Http1Settings): Case | undefined {
  const reading = readWhole(raw, settings, defaultHttp1Limits);
  const complete = reading.messages.filter((message) => message.forwarded.includes('\r\n\r\n') && message.method !== 'CONNECT');
  if (complete.length === 0 || complete.length < reading.messages.length - 1) return undefined;
  let forwarded = '';
  for (const message of complete) forwarded += message.forwarded.replace('\r\n\r\n', `\r\nX-Case: ${name}\r\n\r\n`);
  const seen = complete.map(({ method, target, body }) => ({ method, target, body }));
  // Behind an upgrade that Node grants, bytes are no longer HTTP: a gateway must not read on before the answer either.
  const upgrades = /^upgrade:/im.test(raw);
  const wholly = reading.fault === undefined && !upgrades && !reading.unfinished && reading.tunnel === undefined && complete.length === reading.messages.length;
  // A judge may stop behind a message that ends the connection, or hold it open (`close` and `keep-alive` together):
  // both are harmless, as long as it reads the same messages.
  const stop = reading.messages.findIndex((message) => / close\b/.test(message.line));
  const asSent = complete.map(({ method, received, body }) => ({ method, target: received, body }));
  return {
    name, raw, forwarded: forwarded + closingRequest(name), expected: [...seen, closing],
    expectedRaw: wholly ? [...asSent, closing] : undefined, endsAfter: stop < 0 ? asSent.length + 1 : stop + 1,
  };
}

/** All request transcripts and `mutations` seeded ones, those that we accept at least one message of. */
export function makeCases(seed: number, mutations: number): Case[] {
  const cases: Case[] = [];
  const transcripts = loadTranscripts().filter((transcript) => transcript.requestMethod === undefined && transcript.bytes.length < 4000);
  const add = (raw: string, settings: Http1Settings): void => {
    const made = makeCase(`c${cases.length}`, raw, settings);
    if (made !== undefined) cases.push(made);
  };
  for (const transcript of transcripts) add(transcript.bytes, transcript.settings);
  const random = new Random(seed);
  for (let i = 0; i < mutations; i++) {
    const base = random.below(3) > 0 ? generate(random) : random.pick(transcripts).bytes;
    add(mutate(random, base), random.below(3) > 0 ? strictSettings : lenientSettings);
  }
  return cases;
}

const same = (a: SeenRequest, b: SeenRequest): boolean => a.method === b.method && a.body === b.body && a.target === b.target;

/** Undefined when the judge read the same requests, those aside that it refused; otherwise the difference in words. */
export function differenceOf(expected: readonly SeenRequest[], judgement: Judgement): string | undefined {
  const { seen, statuses, hung } = judgement;
  if (hung) return `the judge waits for more; it saw ${JSON.stringify(seen)}`;
  if (statuses.length > expected.length) return `${statuses.length} answers to ${expected.length} requests; the judge saw ${JSON.stringify(seen)}`;
  let next = 0;
  for (const [i, request] of expected.entries()) {
    const other = seen[next];
    if (other !== undefined && same(request, other)) { next++; continue; }
    const status = statuses[i] ?? (wasRefused(judgement) ? 400 : 0);
    if (status < 400) return `request ${i}: we ${JSON.stringify(request)}, the judge ${JSON.stringify(other)}, answered ${statuses[i]}`;
  }
  return next < seen.length ? `the judge saw a request that we did not: ${JSON.stringify(seen[next])}` : undefined;
}

/** The same for a connection as it was sent. */
export function differenceAsSent(one: Case, judgement: Judgement): string | undefined {
  const expected = one.expectedRaw ?? [];
  return differenceOf(expected.slice(0, one.endsAfter), judgement) === undefined ? undefined : differenceOf(expected, judgement);
}

export function wasRefused(judgement: Judgement): boolean {
  return (judgement.statuses.at(-1) ?? 0) >= 400;
}
