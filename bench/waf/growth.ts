// How the cost of each pattern grows on hostile text: 1 kB, 10 kB and 100 kB of runs of one character, of the pattern's own
// literals, and of near misses; then whole requests with the worst texts. Writes docs/waf/growth.md.
// Usage: node bench/waf/growth.ts [--quick]
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Pattern } from '#inspection/waf/regex/pattern.ts';
import { loadSiteRules } from '#test/waf/crs.ts';
import { crsPatterns, hasCrs } from '#test/waf/files.ts';
import { transact } from './engine.ts';

const sizes = [1_000, 10_000, 100_000];
const quick = process.argv.includes('--quick');

/** Hostile texts for a pattern: what made quadratic patterns slow in other engines. */
export function hostileTexts(pattern: Pattern, length: number): Map<string, string> {
  const texts = new Map<string, string>();
  const fill = (piece: string): string => piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
  for (const char of ['a', '0', ' ', '"', "'", '(', '\\', '/', '-', '$', '<', '=', ';', '`']) texts.set(`run of ${JSON.stringify(char)}`, fill(char));
  const literals = pattern.gates().flatMap((gate) => gate.literals.slice(0, 2));
  for (const literal of literals.slice(0, 3)) {
    texts.set(`literal ${JSON.stringify(literal)}`, fill(literal));
    texts.set(`near misses of ${JSON.stringify(literal)}`, fill(`${literal}a${literal.slice(0, -1)} `));
    texts.set(`literal ${JSON.stringify(literal)} and letters`, literal + fill('a').slice(literal.length));
    texts.set(`letters and literal ${JSON.stringify(literal)}`, fill('a').slice(literal.length) + literal);
  }
  const pair = literals.slice(0, 4).join(' ');
  if (pair !== '') texts.set('its literals in turn', fill(`${pair} x`));
  return texts;
}

/** The best of some runs, so that a busy machine counts as little as it can. */
function timed(run: () => void, runs: number): number {
  let best = Infinity;
  for (let i = 0; i < (quick ? 1 : runs) && best > 0.02; i++) {
    const before = performance.now();
    run();
    best = Math.min(best, performance.now() - before);
  }
  return best;
}

interface Growth { readonly id: number; readonly worst: string; readonly millis: readonly number[]; readonly exponent: number }

/** Slope of the logarithm between 10 kB and 100 kB: 1 is linear. */
function exponentOf(millis: readonly number[]): number {
  return millis[2]! < 0.2 ? 0 : Math.log10(millis[2]! / Math.max(millis[1]!, 0.001));
}

function growthOf(id: number, pattern: Pattern): Growth {
  let worst: Growth | null = null;
  for (const name of hostileTexts(pattern, 1000).keys()) {
    const millis = sizes.map((size) => {
      const text = hostileTexts(pattern, size).get(name)!;
      pattern.test(text.slice(0, 600));
      return timed(() => { pattern.test(text); }, 4);
    });
    const growth = { id, worst: name, millis, exponent: exponentOf(millis) };
    if (worst === null || millis[2]! > worst.millis[2]!) worst = growth;
  }
  return worst!;
}

function wholeRequests(level: number): { argument: string[]; body: string[] } {
  const ruleSet = loadSiteRules(level, 'DetectionOnly');
  const texts = new Map<string, string>();
  for (const { pattern } of crsPatterns().filter((_, i) => i % (quick ? 20 : 4) === 0)) {
    for (const [name, text] of hostileTexts(pattern, 128 * 1024)) if (texts.size < 600) texts.set(name, text);
  }
  const rows = (length: number, request: (text: string) => Parameters<typeof transact>[1]): string[] => {
    const results = [...texts].map(([name, text]) => {
      const cut = text.slice(0, length);
      return { name, millis: timed(() => { transact(ruleSet, request(cut), 1); }, 8) };
    }).sort((a, b) => b.millis - a.millis);
    return results.slice(0, 12).map(({ name, millis }) => `| ${name.replaceAll('|', '\\|')} | ${millis.toFixed(2)} |`);
  };
  const post = (body: string): Parameters<typeof transact>[1] => ({
    method: 'POST', target: '/x', headers: [['Host', 'example.com'], ['Content-Type', 'application/x-www-form-urlencoded'], ['Content-Length', String(body.length)]], body,
  });
  return { argument: rows(10_000, (text) => post(`a=${encodeURIComponent(text).slice(0, 30_000)}`)), body: rows(128 * 1024 - 2, (text) => post(`a=${text}`)) };
}

if (import.meta.main) {
  if (!hasCrs) { console.error('the Core Rule Set is not there'); process.exit(1); }
  const started = performance.now();
  const all = crsPatterns().map(({ id, text }) => growthOf(id, new Pattern(text))).sort((a, b) => b.millis[2]! - a.millis[2]!);
  const superlinear = all.filter((growth) => growth.exponent > 1.35);
  console.log(`${all.length} patterns, ${superlinear.length} above linear, ${((performance.now() - started) / 1000).toFixed(0)} s`);
  const figures = (millis: readonly number[]): string => millis.map((one) => one.toFixed(3)).join(' | ');
  const lines = all.map(({ id, worst, millis, exponent }) => `| ${id} | ${worst.replaceAll('|', '\\|')} | ${figures(millis)} | ${exponent.toFixed(2)} |`);
  const requests = [1, 4].map((level) => ({ level, ...wholeRequests(level) }));
  const sections = requests.map(({ level, argument, body }) => [
    `### Level ${level}: one argument of 10 kB`, '', '| text | ms |', '|---|---|', ...argument, '',
    `### Level ${level}: a body of 128 KiB`, '', '| text | ms |', '|---|---|', ...body, '',
  ].join('\n'));
  const report = [
    '# Growth of cost on hostile text', '',
    'Written by `node bench/waf/growth.ts`. Every pattern of the Core Rule Set 4.28 runs over 1 kB, 10 kB and 100 kB of runs of',
    'one character, of its own literals and of near misses; the worst text of each is shown. The exponent is the slope between',
    '10 kB and 100 kB: 1 is linear, 2 quadratic (0: too fast to tell). Above 200 bytes a pattern with loops is decided by the',
    'linear matcher (`src/inspection/waf/regex/linear.ts`), so no pattern can grow faster than its text.', '',
    `Patterns: ${all.length}; exponent above 1.35: ${superlinear.length}${superlinear.length > 0 ? ` (${superlinear.map(({ id }) => id).join(', ')})` : ''}.`, '',
    '## Whole requests', '', 'Milliseconds for a whole transaction, all rules on, best of eight runs, the worst texts first.', '', ...sections,
    '## Patterns', '', '| rule | worst text | 1 kB ms | 10 kB ms | 100 kB ms | exponent |', '|---|---|---|---|---|---|', ...lines, '',
  ].join('\n');
  writeFileSync(join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs', 'waf', 'growth.md'), report);
}
