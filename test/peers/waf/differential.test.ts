// Our engine and libmodsecurity over the same generated requests, with the same rules (Core Rule Set 4.28 at level 4, and Debian's 3.3 at
// levels 1 and 4): how many come out with the same ids. The numbers may only rise. Classes of what differs: docs/waf/differential.md.
// Where we read a body in more ways than libmodsecurity does, we may log more, never less; such requests are told apart by what they are.
import assert from 'node:assert/strict';
import { existsSync, globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { formatFault, loadRuleSet, type RuleSet } from '#inspection/waf/index.ts';
import { engineConfiguration, testSettings } from '../../waf/crs.ts';
import { crsFolder, diskSource } from '../../waf/files.ts';
import { unpackedPackages } from '../packages.ts';
import { temporaryFolder } from '../peer.ts';
import { RequestMaker } from './generator.ts';
import { buildJudge, judge, needsJudge, type Exchange } from './judge.ts';
import { summaryOf } from './ours.ts';

/** Rules of phase 5 that report scores (their "noauditlog" keeps them from the log there), and 922110, which 3.0.9 alone logs. */
const unjudged = new Set([980130, 980170, 922110]);
const seed = 2;

interface Run {
  readonly rules: '4.28' | '3.3';
  readonly level: number;
  readonly requests: number;
  /** Of a hundred values, how many are attacks. */
  readonly hostility: number;
  /** How many of the requests must come out the same, or with more ids where more was read. */
  readonly same: number;
}
const runs: readonly Run[] = [
  { rules: '4.28', level: 4, requests: 1000, hostility: 0, same: 968 }, { rules: '4.28', level: 4, requests: 1000, hostility: 10, same: 945 },
  { rules: '3.3', level: 1, requests: 500, hostility: 10, same: 478 }, { rules: '3.3', level: 4, requests: 500, hostility: 10, same: 472 },
];
/** In what way a body is read that libmodsecurity does not know, or ''. */
function extraReading({ headers, body }: Exchange): string {
  const type = headers.find(([name]) => name === 'Content-Type')?.[1] ?? '';
  if (type.startsWith('multipart')) return /name="[^"\r\n]*\\/.test(body) ? 'escapes in the names of parts' : '';
  if (/json|xml|urlencoded/.test(type)) return '';
  if (/^[[{]/.test(body)) {
    try { JSON.parse(body); return 'JSON of another type'; } catch { return ''; }
  }
  return type === '' && body.includes('=') ? 'a form without a type' : '';
}

const skip = needsJudge();
const folder = temporaryFolder();
after(() => { folder.remove(); });

/** The files of a rule set in the order of loading; null when it cannot be had. */
function ruleFiles(run: Run): string[] | null {
  const debian = run.rules === '3.3' ? unpackedPackages(['modsecurity-crs'])?.root : undefined;
  const rules = run.rules === '4.28' ? join(crsFolder, 'rules') : join(debian ?? '/absent', 'usr/share/modsecurity-crs/rules');
  const setup = run.rules === '4.28' ? join(crsFolder, 'crs-setup.conf.example') : join(debian ?? '/absent', 'etc/modsecurity/crs/crs-setup.conf');
  if (!existsSync(rules) || !existsSync(setup)) return null;
  const engine = join(folder.path, 'engine.conf');
  const settings = join(folder.path, `settings-${run.rules}-${run.level}.conf`);
  writeFileSync(engine, engineConfiguration);
  const level = `SecAction "id:900000,phase:1,pass,t:none,nolog,setvar:tx.paranoia_level=${run.level}"\n`;
  writeFileSync(settings, run.rules === '4.28' ? testSettings : level);
  return [engine, setup, settings, ...globSync(join(rules, '*.conf')).sort()];
}

function loaded(files: readonly string[]): RuleSet {
  const result = loadRuleSet({ parts: files.map((file) => ({ file })), source: diskSource, mode: 'DetectionOnly' });
  if (!result.ok) throw new Error(result.errors.map(formatFault).join('\n'));
  return result.ruleSet;
}

for (const run of runs) {
  const { rules, level, requests, hostility } = run;
  test(`libmodsecurity over ${requests} requests, ${hostility} % hostile values, rule set ${rules}, level ${level}`, { skip }, async (context) => {
    const files = ruleFiles(run);
    if (files === null) { context.skip(`SKIPPED: no rule set ${rules}`); return; }
    const maker = new RequestMaker(seed, hostility);
    const exchanges = Array.from({ length: requests }, () => maker.next());
    const theirs = await judge(buildJudge(folder.path), files, exchanges);
    const ruleSet = loaded(files);
    const byRule = new Map<string, number>();
    let same = 0;
    const more = new Map<string, number>();
    exchanges.forEach((exchange, i) => {
      const ours = [...new Set(summaryOf(ruleSet, exchange).matches.filter((match) => match.logged).map((match) => match.ruleId))];
      const differences = [
        ...ours.filter((id) => !theirs[i]!.includes(id)).map((id) => ({ id, sign: '+' })), ...theirs[i]!.filter((id) => !ours.includes(id)).map((id) => ({ id, sign: '-' })),
      ].filter(({ id }) => !unjudged.has(id));
      const reading = extraReading(exchange);
      if (reading !== '' && differences.length > 0 && differences.every(({ sign }) => sign === '+')) {
        more.set(reading, (more.get(reading) ?? 0) + 1);
        return;
      }
      for (const { id, sign } of differences) byRule.set(`${sign}${id}`, (byRule.get(`${sign}${id}`) ?? 0) + 1);
      if (differences.length === 0) same++;
    });
    const worst = [...byRule].sort((a, b) => b[1] - a[1]).slice(0, 20).map(([rule, count]) => `${rule} ${count}`).join(', ');
    const further = [...more.values()].reduce((sum, count) => sum + count, 0);
    const readings = [...more].map(([reading, count]) => `, more ids: ${count} (${reading})`).join('');
    console.log(`rule set ${rules}, level ${level}: same ids: ${same} of ${requests}${readings}; rules that differ: ${worst}`);
    assert.ok(same + further >= run.same, `${same} of ${requests} requests come out the same, ${further} with more ids`);
    assert.ok(further <= requests / 50, `${further} of ${requests} requests log more because more was read`);
  });
}
