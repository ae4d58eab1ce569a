// Rule files that libmodsecurity and our engine both read: the engine's settings with a code point map (which 3.0.9 wants as a file), and
// the Core Rule Set, 4.28 or Debian's 3.3, at a level. Compares the ids that both log.
import { existsSync, globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatFault, loadRuleSet, type RuleSet } from '#inspection/waf/index.ts';
import { bestFitAscii } from '#inspection/waf/transformations/best-fit.ts';
import { engineConfiguration, testSettings } from '../../waf/crs.ts';
import { crsFolder, diskSource } from '../../waf/files.ts';
import { unpackedPackages } from '../packages.ts';
import type { Exchange } from './judge.ts';
import { summaryOf } from './ours.ts';

/** Rules of phase 5 that report scores (their "noauditlog" keeps them from the log there), and 922110, which 3.0.9 alone logs. */
const unjudged = new Set([980130, 980170, 922110]);

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0');

/** Writes the code point map that is built in, in ModSecurity's format; for its `SecUnicodeMapFile`. */
export function unicodeMapFile(folder: string): string {
  const file = join(folder, 'unicode.mapping');
  writeFileSync(file, `20127 (US-ASCII)\n${[...bestFitAscii].map(([code, byte]) => `${hex(code, 4)}:${hex(byte, 2)}`).join(' ')}\n`);
  return file;
}

/** The engine's settings for either engine. */
export function engineText(folder: string): string {
  return engineConfiguration.replace('SecUnicodeMapFile builtin', `SecUnicodeMapFile ${unicodeMapFile(folder)}`);
}

/** The files of a rule set in the order of loading; null when it cannot be had. `asTested`: the settings of its own test suite. */
export function ruleFiles(folder: string, version: '4.28' | '3.3', level: number, asTested: boolean): string[] | null {
  const debian = version === '3.3' ? unpackedPackages(['modsecurity-crs'])?.root : undefined;
  const rules = version === '4.28' ? join(crsFolder, 'rules') : join(debian ?? '/absent', 'usr/share/modsecurity-crs/rules');
  const setup = version === '4.28' ? join(crsFolder, 'crs-setup.conf.example') : join(debian ?? '/absent', 'etc/modsecurity/crs/crs-setup.conf');
  if (!existsSync(rules) || !existsSync(setup)) return null;
  const engine = join(folder, 'engine.conf');
  const settings = join(folder, `settings-${version}-${level}.conf`);
  writeFileSync(engine, engineText(folder));
  const variable = version === '4.28' ? 'blocking_paranoia_level' : 'paranoia_level';
  writeFileSync(settings, asTested ? testSettings : `SecAction "id:900000,phase:1,pass,t:none,nolog,setvar:tx.${variable}=${level}"\n`);
  return [engine, setup, settings, ...globSync(join(rules, '*.conf')).sort()];
}

export function loaded(files: readonly string[]): RuleSet {
  const result = loadRuleSet({ parts: files.map((file) => ({ file })), source: diskSource, mode: 'DetectionOnly' });
  if (!result.ok) throw new Error(result.errors.map(formatFault).join('\n'));
  return result.ruleSet;
}

/** In what way a body is read that libmodsecurity does not know, or ''. */
export function extraReading({ headers, body }: Exchange): string {
  const type = headers.find(([name]) => name === 'Content-Type')?.[1] ?? '';
  if (type.startsWith('multipart')) return /name="[^"\r\n]*\\/.test(body) ? 'escapes in the names of parts' : '';
  if (/[/+]json|xml|urlencoded/.test(type)) return '';
  if (/^[[{]/.test(body)) {
    // Of several texts, one a line, the first says what they are.
    try { JSON.parse(body.split('\n')[0]!); return 'JSON of another type'; } catch { return ''; }
  }
  return type === '' && body.includes('=') ? 'a form without a type' : '';
}

export interface Comparison {
  readonly same: number;
  /** How many had more ids with us, by the reading that libmodsecurity does not have. */
  readonly further: ReadonlyMap<string, number>;
  /** How often a rule was logged by us alone (`+id`) or by the other alone (`-id`), most frequent first. */
  readonly worst: readonly (readonly [rule: string, count: number])[];
}

/** Our ids for each exchange against those that libmodsecurity logged. `furtherReading`: in what way we read more of a request, or ''. */
export function compared(
  ruleSet: RuleSet, exchanges: readonly Exchange[], theirs: readonly (readonly number[])[], furtherReading: (exchange: Exchange) => string = () => '',
): Comparison {
  const byRule = new Map<string, number>();
  const further = new Map<string, number>();
  let same = 0;
  exchanges.forEach((exchange, i) => {
    const ours = new Set(summaryOf(ruleSet, exchange).matches.filter((match) => match.logged).map((match) => match.ruleId));
    const others = new Set(theirs[i]);
    const more = [...ours].filter((id) => !others.has(id) && !unjudged.has(id));
    const less = [...others].filter((id) => !ours.has(id) && !unjudged.has(id));
    const reading = furtherReading(exchange);
    if (more.length > 0 && less.length === 0 && reading !== '') { further.set(reading, (further.get(reading) ?? 0) + 1); return; }
    for (const rule of [...more.map((id) => `+${id}`), ...less.map((id) => `-${id}`)]) byRule.set(rule, (byRule.get(rule) ?? 0) + 1);
    if (more.length + less.length === 0) same++;
  });
  return { same, further, worst: [...byRule].sort((a, b) => b[1] - a[1]) };
}
