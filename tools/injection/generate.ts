// Writes src/inspection/waf/injection/tables.ts: words and fingerprints of the SQL detector, names of the XSS detector.
// Usage: node tools/injection/generate.ts --samples FILE [--two-thirds] [--rules-only]
// Fingerprints are those that fingerprint-rules.ts calls attacks, with those that the samples show as attacks, and without those that
// the samples show as harmless. `--two-thirds` leaves a third of the samples unread, `--rules-only` takes no attacks from them.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { attackShapes, foldedAway, seenHarmless, telling } from './fingerprint-rules.ts';
import * as html from './html-facts.ts';
import { operatorPairs, sqlWords } from './sql-words.ts';

const target = new URL('../../src/inspection/waf/injection/tables.ts', import.meta.url);

export interface Sample {
  /** Base64. */
  readonly input: string;
  readonly text: string;
  readonly sqli: boolean;
  readonly fingerprint: string | null;
  readonly xss: boolean;
  /** What the scanner reads in it, attack or not. */
  readonly readings: readonly { readonly fingerprint: string; readonly credible: boolean }[];
}
interface Evidence { readonly attacks: Set<string>; readonly harmless: Set<string> }

/** The third that is not read with `--two-thirds`: by the hash of the input, so it is the same in every run. */
export function isHeldOut(input: string): boolean {
  return createHash('sha256').update(input).digest()[0]! % 3 === 0;
}

/** Words by letter, each word once: the first list that names it wins. */
export function packWords(): Record<string, string> {
  const seen = new Set<string>();
  const packed: Record<string, string> = {};
  for (const [letter, list] of Object.entries(sqlWords)) {
    const fresh = list.filter((word) => word.length < 32 && !seen.has(word) && seen.add(word));
    if (fresh.length > 0) packed[letter] = fresh.sort().join('|');
  }
  return packed;
}

/** The fingerprints that a text of rules stands for (its notation: fingerprint-rules.ts). */
export function expandShapes(text: string): Set<string> {
  const found = new Set<string>();
  for (const rule of text.trim().split(/\n {6}(?! )/)) {
    // The first colon with a space behind it: a colon is also a letter of fingerprints.
    const [, heads = rule, tails = ''] = /^(.+?): ([^]*)$/.exec(rule) ?? [];
    for (const head of heads.split(' ')) {
      for (const tail of tails.trim().split(/\s+/)) {
        for (const fingerprint of alternatives(head + tail)) if (telling.test(fingerprint) && !foldedAway.test(fingerprint)) found.add(fingerprint);
      }
    }
  }
  return found;
}

/** Every way to read `[1s]&V`. */
function alternatives(shape: string): string[] {
  let found = [''];
  for (const [part] of shape.matchAll(/\[[^\]]+\]|[^]/g)) {
    const letters = part === 'V' ? '1svn' : part === 'L' ? '1sv' : part.replace(/^\[(.+)\]$/, '$1');
    found = found.flatMap((head) => [...letters].map((letter) => head + letter));
  }
  return found;
}

/** All fingerprints that a rule calls an attack. */
export function fingerprintsByRule(): Set<string> {
  const found = new Set(attackShapes.flatMap(({ shapes }) => [...expandShapes(shapes)]));
  for (const fingerprint of seenHarmless.trim().split(/\s+/)) found.delete(fingerprint);
  return found;
}

/** Reads the samples with the words that tables.ts holds now. */
export async function readSamples(file: string): Promise<Sample[]> {
  const { fingerprintsOf } = await import('../../src/inspection/waf/injection/sqli.ts');
  return readFileSync(file, 'latin1').split('\n').filter((line) => line !== '').map((line) => {
    const sample = JSON.parse(line) as Omit<Sample, 'text' | 'readings'>;
    const text = Buffer.from(sample.input, 'base64').toString('latin1');
    return { ...sample, text, readings: fingerprintsOf(text) };
  });
}

/** What samples say: fingerprints that decided a verdict, and those that were read and passed over. */
function evidenceOf(samples: readonly Sample[]): Evidence {
  const evidence: Evidence = { attacks: new Set(), harmless: new Set() };
  for (const { sqli, fingerprint, readings } of samples) {
    for (const reading of readings) {
      if (sqli && reading.fingerprint === fingerprint) { evidence.attacks.add(fingerprint); break; }
      if (reading.credible) evidence.harmless.add(reading.fingerprint);
    }
  }
  return evidence;
}

/** As it stands in the table, where a statement stands for a type too. */
export function inTable(fingerprint: string): string {
  return fingerprint.replaceAll('t', 'T');
}

/** The table that the rules and some samples make. */
export function fingerprintsFrom(samples: readonly Sample[], rulesOnly = false): Set<string> {
  const fingerprints = fingerprintsByRule();
  const { attacks, harmless } = evidenceOf(samples);
  for (const fingerprint of harmless) fingerprints.delete(inTable(fingerprint));
  if (!rulesOnly) for (const fingerprint of attacks) fingerprints.add(inTable(fingerprint));
  return fingerprints;
}

/** Fingerprints with the same beginning share it: `31UE1(,` stands for the three 1UE1, 1UE( and `1UE,`. */
function packFingerprints(fingerprints: Set<string>): string {
  const byHead = new Map<string, string[]>();
  for (const fingerprint of [...fingerprints].sort()) {
    const head = fingerprint.slice(0, -1);
    byHead.set(head, [...(byHead.get(head) ?? []), fingerprint.slice(-1)]);
  }
  return [...byHead].map(([head, tails]) => `${tails.length.toString(36)}${head}${tails.join('')}`).join(' ');
}

function listing(name: string, value: string, comment: string): string {
  const lines = value.match(/.{1,150}/g) ?? [];
  return `\n/** ${comment} */\nexport const ${name} =\n  ${lines.map((line) => JSON.stringify(line)).join(' +\n  ')};\n`;
}

function render(fingerprints: Set<string>): string {
  const words = Object.entries(packWords()).map(([letter, list]) => {
    const lines = list.match(/.{1,150}/g) ?? [];
    return `  ${JSON.stringify(letter)}:\n    ${lines.map((line) => JSON.stringify(line)).join(' +\n    ')},\n`;
  });
  return [
    '// Generated by tools/injection/generate.ts; change the facts and rules there, not this file.\n',
    `// Words of SQL, fingerprints of injected SQL (${fingerprints.size}), and names that are dangerous in markup.\n`,
    '\n/** Words and phrases by the letter of their kind, separated by bars. */\n',
    `export const WORDS: Record<string, string> = {\n${words.join('')}};\n`,
    listing('OPERATOR_PAIRS', operatorPairs.join(' '), 'Operators of two characters.'),
    listing('FINGERPRINTS', packFingerprints(fingerprints), 'Attacks: groups of a count (base 36), a common beginning and that many last letters.'),
    listing('DANGEROUS_TAGS', html.dangerousTags, 'Elements that run or load code.'),
    listing('DANGEROUS_TAG_PREFIXES', html.dangerousTagPrefixes, 'Beginnings of element names, three letters each.'),
    listing('EVENT_BEGINNINGS', html.eventBeginnings, 'Beginnings of event names.'),
    listing('DANGEROUS_ATTRIBUTES', html.dangerousAttributes, 'Attributes that bind markup to outside content.'),
    listing('STYLE_ATTRIBUTES', html.styleAttributes, 'Attributes that hold style.'),
    listing('URL_ATTRIBUTES', html.urlAttributes, 'Attributes that hold an address.'),
    listing('INDIRECT_ATTRIBUTES', html.indirectAttributes, 'Attributes that hold the name of another.'),
    listing('SCRIPT_SCHEMES', html.scriptSchemes, 'Beginnings of addresses that run code.'),
  ].join('');
}

async function main(): Promise<void> {
  const at = process.argv.indexOf('--samples');
  const file = process.argv[at + 1];
  if (at < 0 || file === undefined) throw new Error('usage: generate.ts --samples FILE [--two-thirds] [--rules-only]');
  // The words come first: the samples are read with them.
  writeFileSync(target, render(fingerprintsByRule()));
  const samples = (await readSamples(file)).filter(({ input }) => !process.argv.includes('--two-thirds') || !isHeldOut(input));
  const fingerprints = fingerprintsFrom(samples, process.argv.includes('--rules-only'));
  writeFileSync(target, render(fingerprints));
  console.log(`fingerprints: ${fingerprintsByRule().size} by rule, ${fingerprints.size} in all`);
}

if (import.meta.main) await main();
