// Bodies of every kind that programs in use send: with the gateway's own settings and the Core Rule Set 4.28, no rule is logged that
// libmodsecurity does not log with its recommended settings.
import assert from 'node:assert/strict';
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { formatFault, loadRuleSet } from '#inspection/waf/index.ts';
import { variableDirectives } from '#inspection/web/directives.ts';
import { rulePartsOf } from '#inspection/web/rule-files.ts';
import { crsFolder, diskSource, hasCrs } from '../../waf/files.ts';
import { ordinaryBodies, ordinaryTypes, type OrdinaryBody } from '../../waf/ordinary-bodies.ts';
import { plainInspectionSettings } from '../../waf/settings.ts';
import { temporaryFolder } from '../peer.ts';
import { buildJudge, judge, needsJudge, plainResponse, type Exchange } from './judge.ts';
import { summaryOf } from './ours.ts';
import { engineText } from './rules.ts';

const paranoia = 1;
/** Rules that only report scores. */
const reporting = new Set([980130, 980170]);
const skip = hasCrs ? needsJudge() : 'SKIPPED: no Core Rule Set 4.28 beside the project';
const folder = temporaryFolder();
after(() => { folder.remove(); });

function exchangeOf({ method = 'POST', type, headers = [], body }: OrdinaryBody): Exchange {
  const all: (readonly [string, string])[] = [['Host', 'www.example.com'], ['User-Agent', 'okhttp/4.12.0'], ['Accept', '*/*'], ...headers];
  if (type !== undefined) all.push(['Content-Type', type]);
  all.push(['Content-Length', String(body.length)]);
  return { method, target: '/api/items', version: '1.1', headers: all, body, response: plainResponse };
}

test(`ordinary bodies, Core Rule Set 4.28 at level ${paranoia}: nothing that libmodsecurity does not log`, { skip }, async () => {
  const settings = { ...plainInspectionSettings(), mode: 'detect' as const, paranoia, allowedContentTypes: ordinaryTypes,
    allowedMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'PROPFIND'] };
  const setup = join(crsFolder, 'crs-setup.conf.example');
  const rules = globSync(join(crsFolder, 'rules', '*.conf')).sort();
  const engine = join(folder.path, 'engine.conf');
  const variables = join(folder.path, 'variables.conf');
  writeFileSync(engine, engineText(folder.path));
  writeFileSync(variables, variableDirectives(settings));
  const loaded = loadRuleSet({ parts: rulePartsOf(settings, [{ setup: [setup], before: [], baseline: false, rules, after: [] }]), source: diskSource, mode: 'DetectionOnly' });
  if (!loaded.ok) throw new Error(loaded.errors.map(formatFault).join('\n'));
  const exchanges = ordinaryBodies.map(exchangeOf);
  const theirs = await judge(buildJudge(folder.path), [engine, setup, variables, ...rules], exchanges);
  const more = ordinaryBodies.flatMap(({ what }, i) => {
    const { matches, bodyError } = summaryOf(loaded.ruleSet, exchanges[i]!);
    const ids = new Set(matches.filter((match) => match.logged && !reporting.has(match.ruleId)).map((match) => match.ruleId));
    for (const id of theirs[i]!) ids.delete(id);
    return ids.size === 0 && bodyError === '' ? [] : [{ what, ids: [...ids], bodyError }];
  });
  assert.deepEqual(more, []);
});
