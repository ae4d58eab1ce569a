// @detectSQLi and @detectXSS against libinjection inside libmodsecurity, over generated strings: the fingerprints of all five readings, and
// the verdicts. The numbers of differences may only fall. What still differs: docs/waf/injection.md.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { detectSqli, detectXss } from '#inspection/waf/injection/index.ts';
import { fingerprintKey, fingerprintText, markHiddenComment } from '#inspection/waf/injection/sqli-fingerprints.ts';
import { SqliFolder } from '#inspection/waf/injection/sqli-fold.ts';
import { temporaryFolder } from '../peer.ts';
import { FragmentMaker, type Kind } from './fragments.ts';
import { framed, needsJudge } from './judge.ts';

const seed = 9;
const readings: readonly [quote: number, mysql: boolean][] = [[0, false], [0, true], [39, false], [39, true], [34, true]];

interface Run {
  readonly kind: Kind;
  readonly strings: number;
  /** Most readings, verdicts on SQL and verdicts on markup that may differ. */
  readonly readings: number;
  readonly sql: number;
  readonly markup: number;
}
const runs: readonly Run[] = [
  { kind: 'sql', strings: 60_000, readings: 0, sql: 22, markup: 0 },
  { kind: 'attack', strings: 60_000, readings: 0, sql: 0, markup: 0 },
  { kind: 'prose', strings: 60_000, readings: 0, sql: 0, markup: 0 },
  { kind: 'markup', strings: 60_000, readings: 0, sql: 0, markup: 1 },
];
const skip = needsJudge();
const folder = temporaryFolder();
after(() => { folder.remove(); });
const folderOf = new SqliFolder();

function reading(value: string, quote: number, mysql: boolean): string {
  folderOf.tokenizer.reset(value, quote, mysql);
  const count = folderOf.fold();
  markHiddenComment(folderOf.tokens, count);
  return fingerprintText(fingerprintKey(folderOf.tokens, count));
}

/** An attribute that begins with "on" and is no event: 3.0.9 takes any, later versions and ours know the names. */
const anyHandler = /on[^=]*=/i;

for (const run of runs) {
  test(`libinjection over ${run.strings} strings of ${run.kind}`, { skip }, () => {
    const program = join(folder.path, 'detectors');
    const source = join(dirname(fileURLToPath(import.meta.url)), 'detectors.cc');
    const built = spawnSync('g++', ['-O1', '-std=c++17', source, '-o', program, '-lmodsecurity'], { encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    const maker = new FragmentMaker(seed);
    const values = Array.from({ length: run.strings }, () => maker.next(run.kind)).filter((value) => value !== '');
    const answers = spawnSync(program, { input: framed(values), maxBuffer: 1 << 28 }).stdout.toString('latin1').split('\n');
    const differ = { readings: 0, sql: 0, markup: 0 };
    const examples = new Map<string, string>();
    const note = (what: keyof typeof differ, how: string, value: string): void => {
      differ[what]++;
      const known = examples.get(how);
      if (known === undefined || known.length > value.length) examples.set(how, value);
    };
    values.forEach((value, i) => {
      const [sqli, fingerprint, xss, ...theirs] = answers[i]!.split('\t');
      const ours = detectSqli(value);
      if (ours.match !== (sqli === '1')) note('sql', `SQL ${ours.match ? `+${ours.fingerprint}` : `-${fingerprint!}`}`, value);
      const markup = detectXss(value);
      if (markup !== (xss === '1') && (markup || !anyHandler.test(value))) note('markup', `markup ${markup ? '+' : '-'}`, value);
      readings.forEach(([quote, mysql], r) => {
        if (reading(value, quote, mysql) !== theirs[r]) note('readings', `reading ${theirs[r]!}`, value);
      });
    });
    const list = [...examples].slice(0, 20).map(([how, value]) => `${how} ${JSON.stringify(value.slice(0, 120))}`).join('\n  ');
    console.log(`${run.kind}: ${values.length} strings; readings ${differ.readings}, SQL ${differ.sql}, markup ${differ.markup} differ\n  ${list}`);
    assert.ok(differ.readings <= run.readings && differ.sql <= run.sql && differ.markup <= run.markup, JSON.stringify(differ));
  });
}
