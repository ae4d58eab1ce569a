// Runs each Telnet transcript whole, split at each byte, and byte by byte.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, test } from 'node:test';
import { Command, commandName, Option, optionName, readSuboption, TelnetParser, type TelnetEvents } from '#codecs/telnet/index.ts';
import { escapeBytes, unescapeBytes } from '../http1/drive.ts';

interface Transcript { readonly file: string; readonly name: string; readonly bytes: string; readonly expected: readonly string[] }

const names = new Map<string, number>([...Object.entries(Command), ...Object.entries(Option)]);

function unescapeTelnet(text: string): string {
  const plain = text.replaceAll(/<([A-Z0-9-]+)>/g, (_, name: string) => {
    const code = names.get(name);
    if (code === undefined) throw new Error(`no ${name}`);
    return `\\x${code.toString(16).padStart(2, '0')}`;
  });
  return unescapeBytes(plain.replaceAll('\\0', '\\x00'));
}

function load(): Transcript[] {
  const cases: Transcript[] = [];
  for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith('.md') && name !== 'README.md').sort()) {
    for (const section of readFileSync(join(import.meta.dirname, file), 'utf8').split(/^## /m).slice(1)) {
      const name = section.slice(0, section.indexOf('\n')).trim();
      const [bytes, expected] = [...section.matchAll(/^```[^\n]*\n([\s\S]*?)^```$/gm)].map((match) => match[1]!);
      if (bytes === undefined || expected === undefined) throw new Error(`${file}: "${name}" needs a bytes and an expect block`);
      cases.push({ file, name, bytes: unescapeTelnet(bytes.replaceAll(/ *\n/g, '')), expected: expected.split('\n').filter((line) => line !== '') });
    }
  }
  return cases;
}

class Told implements TelnetEvents {
  readonly #lines: string[] = [];
  #data = '';

  data(bytes: Buffer, start: number, end: number): void { this.#data += bytes.toString('latin1', start, end); }
  command(code: number): void { this.#line(`command ${commandName(code)}`); }
  negotiation(verb: number, option: number): void { this.#line(`${commandName(verb)} ${optionName(option)}`); }
  fault({ code }: { code: string }): void { this.#line(`fault ${code}`); }

  subnegotiation(option: number, bytes: Buffer, length: number): void {
    const understood = readSuboption(option, bytes, length);
    if (understood === undefined) this.#line(`sb ${optionName(option)}: invalid`);
    else {
      const { kind, ...rest } = understood;
      this.#line(`sb ${optionName(option)}: ${kind} ${JSON.stringify(rest)}`);
    }
  }

  #line(line: string): void {
    if (this.#data !== '') this.#lines.push(`data ${escapeBytes(this.#data)}`);
    this.#data = '';
    if (line !== '') this.#lines.push(line);
  }

  finish(): string[] {
    this.#line('');
    return this.#lines;
  }
}

function read(text: string, cuts: readonly number[] = []): string[] {
  const parser = new TelnetParser('client');
  const told = new Told();
  const bytes = Buffer.from(text, 'latin1');
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    parser.push(bytes, from, cut, told);
    from = cut;
  }
  return told.finish();
}

const transcripts = load();

test('there are enough Telnet transcripts, each with a name of its own', () => {
  assert.ok(transcripts.length >= 30, `${transcripts.length}`);
  assert.equal(new Set(transcripts.map(({ name }) => name)).size, transcripts.length);
});

describe('Telnet transcripts', () => {
  for (const { file, name, bytes, expected } of transcripts) {
    it(`${file}: ${name}`, () => {
      assert.deepEqual(read(bytes), expected);
      const stride = Math.max(1, Math.floor(bytes.length / 300));
      for (let cut = 1; cut < bytes.length; cut += stride) assert.deepEqual(read(bytes, [cut]), expected, `split at ${cut}`);
      assert.deepEqual(read(bytes, Array.from({ length: bytes.length }, (_, i) => i)), expected, 'byte by byte');
    });
  }
});
