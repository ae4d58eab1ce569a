// Writes src/inspection/waf/injection/tables.ts: words and fingerprints of the SQL detector, names of the XSS detector.
// Usage: node tools/injection/generate.ts --samples FILE [--two-thirds] [--rules-only]
// Fingerprints are those that fingerprint-rules.ts calls attacks, with those that the samples show as attacks, their variants with
// another kind of literal, and without those that the samples show as harmless. `--two-thirds` leaves a third of the samples unread.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { attackShapes, ruleAlphabet } from './fingerprint-rules.ts';
import * as html from './html-facts.ts';
import { operatorPairs, sqlWords } from './sql-words.ts';

const target = new URL('../../src/inspection/waf/injection/tables.ts', import.meta.url);

interface Sample { input: string; sqli: boolean; fingerprint: string | null; xss: boolean }
interface Evidence { attacks: Set<string>; harmless: Set<string> }

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

/** All fingerprints up to five letters that a rule calls an attack. */
export function fingerprintsByRule(): Set<string> {
  const found = new Set<string>();
  const all = new RegExp(attackShapes.map(({ shape }) => shape.source).join('|'));
  const letters = [...ruleAlphabet];
  let level = [''];
  for (let length = 1; length <= 5; length++) {
    const next: string[] = [];
    for (const head of level) {
      for (const letter of letters) {
        const fingerprint = head + letter;
        if (all.test(fingerprint)) found.add(fingerprint);
        if (length < 5) next.push(fingerprint);
      }
    }
    level = next;
  }
  if (all.test('X')) found.add('X');
  return found;
}

/** The same attack with another kind of literal in one place. */
export function variantsOf(fingerprint: string): string[] {
  const variants: string[] = [];
  // Shorter ones are too common in prose and code to be varied; the rules speak for them.
  if (fingerprint.length < 5) return variants;
  for (let i = 0; i < fingerprint.length; i++) {
    if (!'1sv'.includes(fingerprint.charAt(i))) continue;
    for (const letter of '1sv') variants.push(fingerprint.slice(0, i) + letter + fingerprint.slice(i + 1));
  }
  // What is left must still have something that only SQL has (sqli-gate.ts relies on it).
  return variants.filter((variant) => /[UEBT&c()sX]/.test(variant));
}

/** What the samples say: fingerprints that decided a verdict, and those that were read and passed over. */
async function evidenceOf(file: string, twoThirds: boolean): Promise<Evidence> {
  const { fingerprintsOf } = await import('../../src/inspection/waf/injection/sqli.ts');
  const evidence: Evidence = { attacks: new Set(), harmless: new Set() };
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    if (line === '') continue;
    const sample = JSON.parse(line) as Sample;
    if (twoThirds && isHeldOut(sample.input)) continue;
    for (const { fingerprint, credible } of fingerprintsOf(Buffer.from(sample.input, 'base64').toString('latin1'))) {
      if (sample.sqli && fingerprint === sample.fingerprint) {
        evidence.attacks.add(fingerprint);
        break;
      }
      if (credible) evidence.harmless.add(fingerprint);
    }
  }
  return evidence;
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
    listing('EVENT_ATTRIBUTES', html.eventAttributes, 'Event handlers.'),
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
  const fingerprints = fingerprintsByRule();
  const byRule = fingerprints.size;
  // The words come first: the samples are read with them.
  writeFileSync(target, render(fingerprints));
  const { attacks, harmless } = await evidenceOf(file, process.argv.includes('--two-thirds'));
  const ruledOut = [...harmless].filter((fingerprint) => fingerprints.delete(fingerprint));
  if (!process.argv.includes('--rules-only')) {
    for (const attack of attacks) {
      fingerprints.add(attack);
      for (const variant of variantsOf(attack)) if (!harmless.has(variant)) fingerprints.add(variant);
    }
  }
  writeFileSync(target, render(fingerprints));
  console.log(`fingerprints: ${byRule} by rule, ${fingerprints.size} in all; seen as attacks ${attacks.size}; rules overruled: ${ruledOut.join(' ')}`);
}

if (import.meta.main) await main();
