// Reads the transcript files of this folder: `## name`, prose, a fenced block of bytes, a fenced block of what is expected.
// The language of the bytes block is `request` or `response METHOD`, then setting=value and limit=number as wanted.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultHttp1Limits, http1Settings, http1SettingTable, type Http1Limits, type Http1Settings } from '#codecs/http1/index.ts';
import { unescapeBytes } from './drive.ts';

export interface Transcript {
  file: string;
  name: string;
  bytes: string;
  requestMethod: string | undefined;
  settings: Http1Settings;
  limits: Http1Limits;
  /** Whether settings and limits are the defaults. */
  isDefault: boolean;
  expected: string[];
  has: string[];
  lacks: string[];
}

function parseCase(file: string, section: string): Transcript {
  const name = section.slice(0, section.indexOf('\n')).trim();
  const blocks = [...section.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)];
  const [bytes, expected] = blocks;
  if (blocks.length !== 2 || bytes === undefined || expected === undefined || expected[1] !== 'expect') throw new Error(`${file}: "${name}" needs a bytes and an expect block`);
  const words = (bytes[1] as string).split(' ');
  const kind = words.shift();
  if (kind !== 'request' && kind !== 'response') throw new Error(`${file}: "${name}": ${kind}`);
  const requestMethod = kind === 'response' ? words.shift() : undefined;
  const settings: Record<string, string> = {};
  const limits: Http1Limits = { ...defaultHttp1Limits };
  for (const word of words) {
    const [key, value] = word.split('=') as [string, string];
    if (key in http1SettingTable) settings[key] = value;
    else if (key in limits) limits[key as keyof Http1Limits] = Number(value);
    else throw new Error(`${file}: "${name}": no setting or limit ${key}`);
  }
  const lines = (expected[2] as string).split('\n').filter((line) => line !== '');
  return {
    file, name, requestMethod, limits, settings: http1Settings(settings as Partial<Http1Settings>), isDefault: words.length === 0,
    bytes: unescapeBytes((bytes[2] as string).replaceAll('\n', '')),
    expected: lines.filter((line) => !/^(?:has|lacks) /.test(line)),
    has: lines.filter((line) => line.startsWith('has ')).map((line) => unescapeBytes(line.slice(4))),
    lacks: lines.filter((line) => line.startsWith('lacks ')).map((line) => line.slice(6).toLowerCase()),
  };
}

export function loadTranscripts(): Transcript[] {
  const cases: Transcript[] = [];
  for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith('.md') && name !== 'README.md').sort()) {
    const text = readFileSync(join(import.meta.dirname, file), 'utf8');
    for (const section of text.split(/^## /m).slice(1)) cases.push(parseCase(file, section));
  }
  return cases;
}
