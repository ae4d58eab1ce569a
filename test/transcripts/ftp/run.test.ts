// Runs each FTP transcript of this folder whole, split at each byte and byte by byte: outcome and offset of a fault may
// not depend on how the bytes were cut.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  CommandParser, commandLine, defaultFtpLimits, NEED_MORE, ReplyParser, serializeReply, VIOLATION, type FtpFault, type FtpLimits,
} from '#codecs/ftp/index.ts';

interface Transcript { file: string; name: string; kind: 'commands' | 'replies'; limits: FtpLimits; bytes: Buffer; expected: string[] }

function unescapeBytes(text: string): string {
  return text.replaceAll(/\\(r|n|t|\\|x[\da-fA-F]{2}|\{(\d+)\*(.)\})/g, (_, escape: string, times: string | undefined, what: string | undefined) => {
    if (times !== undefined) return (what as string).repeat(Number(times));
    if (escape === '\\') return '\\';
    return escape.startsWith('x') ? String.fromCharCode(Number.parseInt(escape.slice(1), 16)) : ({ r: '\r', n: '\n', t: '\t' } as Record<string, string>)[escape]!;
  });
}

function escapeBytes(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]|\\/g, (c) => ({ '\r': '\\r', '\n': '\\n', '\\': '\\\\' } as Record<string,
    string>)[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function load(): Transcript[] {
  const cases: Transcript[] = [];
  for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith('.md') && name !== 'README.md').sort()) {
    for (const section of readFileSync(join(import.meta.dirname, file), 'utf8').split(/^## /m).slice(1)) {
      const name = section.slice(0, section.indexOf('\n')).trim();
      const [bytes, expected] = [...section.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)];
      assert.ok(bytes !== undefined && expected?.[1] === 'expect', `${file}: ${name}`);
      const [kind, ...words] = bytes[1]!.split(' ');
      const limits: FtpLimits = { ...defaultFtpLimits };
      for (const word of words) {
        const [key, value] = word.split('=') as [keyof FtpLimits, string];
        assert.ok(key in limits, `${file}: ${name}: ${key}`);
        limits[key] = Number(value);
      }
      cases.push({
        file, name, kind: kind as Transcript['kind'], limits, bytes: Buffer.from(unescapeBytes(bytes[2]!.replaceAll('\n', '')), 'latin1'),
        expected: expected[2]!.split('\n').filter((line) => line !== ''),
      });
    }
  }
  return cases;
}

interface Reading { lines: string[]; fault: FtpFault | undefined }

function sentCommand(parser: CommandParser): string {
  const { verb, argument } = parser.command;
  if (verb === '') return '-';
  return argument.includes('\r') ? escapeBytes(`${verb} ${argument}`) : escapeBytes(commandLine(verb, argument).slice(0, -2));
}

/** A reply as it would be sent on, its lines joined. */
function sentReply(parser: ReplyParser): string {
  const lines = serializeReply(parser.reply).slice(0, -2).split('\r\n');
  const { code } = parser.reply;
  const texts = lines.map((line, i) => (i === 0 || i === lines.length - 1 ? line.slice(4) : line));
  return escapeBytes(`${code} ${texts.join('|')}`).trimEnd();
}

function read(transcript: Transcript, cuts: readonly number[]): Reading {
  const parser = transcript.kind === 'commands' ? new CommandParser(transcript.limits) : new ReplyParser(transcript.limits);
  const lines: string[] = [];
  let answers = '';
  let from = 0;
  for (const cut of [...cuts, transcript.bytes.length]) {
    const piece = Buffer.from(transcript.bytes.subarray(from, cut));
    from = cut;
    for (let at = 0; at < piece.length;) {
      const next = parser.push(piece, at, piece.length);
      answers += parser.takeAnswers();
      if (next < 0) {
        assert.ok(next === NEED_MORE || next === VIOLATION);
        break;
      }
      lines.push(parser instanceof CommandParser ? sentCommand(parser) : sentReply(parser));
      at = next;
    }
    piece.fill(0x7f);
  }
  if (answers !== '') lines.unshift(`answer ${escapeBytes(answers)}`);
  if (parser.fault !== undefined) lines.push(`refused ${parser.fault.code}`);
  else if (parser.pendingBytes > 0) lines.push('unfinished');
  return { lines, fault: parser.fault };
}

const transcripts = load();

test('there are enough transcripts, each with a name of its own', () => {
  assert.ok(transcripts.length >= 65, `${transcripts.length}`);
  assert.equal(new Set(transcripts.map(({ file, name }) => `${file} ${name}`)).size, transcripts.length);
});

for (const transcript of transcripts) {
  test(`${transcript.file}: ${transcript.name}`, () => {
    const whole = read(transcript, []);
    assert.deepEqual(whole.lines, transcript.expected.map((line) => (line.startsWith('refused') ? line : line.replace(/ $/, (space) => (transcript.kind === 'commands'
      ? space : '')))));
    const { length } = transcript.bytes;
    const stride = Math.max(1, Math.floor(length / 600));
    for (let cut = 1; cut < length; cut += stride) assert.deepEqual(read(transcript, [cut]), whole, `split at ${cut}`);
    assert.deepEqual(read(transcript, Array.from({ length }, (_, i) => i)), whole, 'byte by byte');
  });
}
