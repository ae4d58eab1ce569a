// The Telnet codec under mutated streams: nothing throws; no cut changes what is read; what is read, written anew and read
// again, is the same, and no byte of it can be taken for anything else. Codecs with a known fault have to be caught. A
// seeded run of two seconds (FUZZ_SECONDS for more); what fails is printed as a line for corpus.txt.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { commandText, DataEncoder, negotiationText, suboptionText, TelnetParser, type TelnetEvents } from '#codecs/telnet/index.ts';
import { escapeBytes, unescapeBytes } from '#test/transcripts/http1/drive.ts';
import { Random } from '../http1/generate.ts';

type Event = readonly [kind: 'data' | 'command' | 'negotiation' | 'suboption' | 'fault', ...what: (string | number)[]];

interface Codec {
  read(chunks: readonly string[]): Event[];
  write(events: readonly Event[]): string;
}

class Events implements TelnetEvents {
  readonly list: Event[] = [];
  data(bytes: Buffer, start: number, end: number): void {
    const text = bytes.toString('latin1', start, end);
    const last = this.list.at(-1);
    if (last?.[0] === 'data') this.list[this.list.length - 1] = ['data', `${last[1]!}${text}`];
    else this.list.push(['data', text]);
  }

  command(code: number): void { this.list.push(['command', code]); }
  negotiation(verb: number, option: number): void { this.list.push(['negotiation', verb, option]); }
  subnegotiation(option: number, bytes: Buffer, length: number): void { this.list.push(['suboption', option, bytes.toString('latin1', 0, length)]); }
  fault({ code }: { code: string }): void { this.list.push(['fault', code]); }
}

function written(event: Event, encoder: DataEncoder): string {
  const [kind, first, second] = event;
  switch (kind) {
    case 'data': {
      let out = '';
      const bytes = Buffer.from(first as string, 'latin1');
      encoder.encode(bytes, 0, bytes.length, { send: (piece, start, end) => { out += Buffer.from(piece).toString('latin1', start, end); } });
      return out;
    }
    case 'command': return commandText(first as number);
    case 'negotiation': return negotiationText(first as number, second as number);
    case 'suboption': return suboptionText(first as number, second as string);
    default: return '';
  }
}

const shipped: Codec = {
  read: (chunks) => {
    const parser = new TelnetParser('client');
    const events = new Events();
    for (const chunk of chunks) parser.push(Buffer.from(chunk, 'latin1'), 0, chunk.length, events);
    return events.list;
  },
  write: (events) => {
    const encoder = new DataEncoder();
    // CR is left as it is: its form is looked at in the unit tests.
    encoder.fromBinary = true;
    encoder.toBinary = true;
    return events.map((event) => written(event, encoder)).join('');
  },
};

/** IP, AO, AYT and BRK: what is left of a Synch behind them is told by where a chunk ends. */
const interrupts = /\u00ff[\u00f3-\u00f6]/;

function faultOf(codec: Codec, input: string, cuts: readonly number[]): string | undefined {
  const whole = codec.read([input]);
  if (!interrupts.test(input)) {
    const chunks = [...cuts, input.length].map((cut, index) => input.slice(index === 0 ? 0 : cuts[index - 1], cut));
    if (JSON.stringify(codec.read(chunks)) !== JSON.stringify(whole)) return `read differently when cut at ${cuts.join(', ')}`;
  }
  // Without what was left out; data on both sides of it is one then.
  const sound = new Events();
  for (const event of whole) {
    if (event[0] === 'data') sound.data(Buffer.from(event[1] as string, 'latin1'), 0, (event[1] as string).length);
    else if (event[0] !== 'fault') sound.list.push(event);
  }
  // Data that begins with 0xF2 behind an interrupt is taken for what is left of a Synch.
  const ambiguous = sound.list.some(([kind, code], at) => kind === 'command' && (code as number) >= 243 && (code as number) <= 246
    && sound.list[at + 1]?.[0] === 'data' && (sound.list[at + 1]![1] as string).startsWith('\u00f2'));
  if (ambiguous) return undefined;
  const anew = codec.write(sound.list);
  const again = codec.read([anew]);
  if (JSON.stringify(again) !== JSON.stringify(sound.list)) return `written anew it is read as ${JSON.stringify(again)}, not as ${JSON.stringify(sound.list)}`;
  return codec.write(again) === anew ? undefined : 'written twice it changes';
}

const corpus = readFileSync(new URL('corpus.txt', import.meta.url), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#')).map(unescapeBytes);
const pieces = ['\u00ff', '\u00ff\u00ff', '\u00ff\u00fa', '\u00ff\u00f0', '\u00ff\u00fb', '\u00ff\u00fd\u0001', '\u0018', '\r', '\n', '\0', 'abc', '\u00f2', '\u00ff\u00f1',
  '\u00ff\u00f6'];

function mutated(random: Random): string {
  let text = random.pick(corpus);
  for (let times = random.below(5); times > 0; times--) {
    const at = random.below(text.length + 1);
    const piece = random.below(4) === 0 ? random.pick(corpus) : random.below(3) === 0 ? String.fromCharCode(random.below(256)) : random.pick(pieces);
    text = text.slice(0, at) + piece + text.slice(at + random.below(4));
  }
  return text;
}

function run(codec: Codec, seed: number, inputs: number, deadlineMs: number): { failure: string | undefined; done: number } {
  const random = new Random(seed);
  for (let done = 0; ; done++) {
    if (done >= inputs || performance.now() > deadlineMs) return { failure: undefined, done };
    const input = mutated(random);
    const cuts = [...new Set([random.below(input.length + 1), random.below(input.length + 1)])].sort((a, b) => a - b);
    const fault = faultOf(codec, input, cuts);
    if (fault !== undefined) return { failure: `${fault}\n${escapeBytes(input)}`, done };
  }
}

const canaries: Record<string, Codec> = {
  'IAC in a suboption is not doubled': { ...shipped, write: (events) => shipped.write(events).replaceAll('\u00ff\u00ff', '\u00ff') },
  'forgets its state with each chunk': { ...shipped, read: (chunks) => {
    const events = new Events();
    for (const list of chunks.map((chunk) => shipped.read([chunk]))) for (const event of list) events.list.push(event);
    return events.list;
  } },
  'takes any byte behind IAC for data': { ...shipped, read: (chunks) => shipped.read(chunks.map((chunk) => chunk.replaceAll(/\u00ff([^\u00f0-\u00ff])/g, '$1'))) },
};

describe('Telnet codec under mutated streams', () => {
  for (const [name, canary] of Object.entries(canaries)) {
    it(`canary is caught: ${name}`, () => { assert.notEqual(run(canary, 7, 20_000, performance.now() + 20_000).failure, undefined); });
  }

  it('corpus, cut at every byte', () => {
    for (const input of corpus) for (let cut = 1; cut < input.length; cut++) assert.equal(faultOf(shipped, input, [cut]), undefined, escapeBytes(input));
  });

  it('holds', () => {
    const { failure, done } = run(shipped, 20_260_220, Infinity, performance.now() + Number(process.env.FUZZ_SECONDS ?? 2) * 1000);
    assert.equal(failure, undefined);
    assert.ok(done > 1000, `${done} inputs only`);
  });
});
