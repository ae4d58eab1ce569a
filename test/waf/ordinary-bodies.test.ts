// Bodies of every kind that programs in use send pass: with no rules but the gateway's own, with the baseline, and with the Core Rule
// Set at level 1 where the configuration allows their types, but for those that the rule set itself refuses. test/peers/waf/ordinary.test.ts compares with libmodsecurity.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { WebInspectionSettings } from '#contract/web-inspection.ts';
import { formatFault, loadRuleSet, type RuleSet, type Summary } from '#inspection/waf/index.ts';
import { rulePartsOf, type FoundRules } from '#inspection/web/rule-files.ts';
import { crsFolder, diskSource, hasCrs } from './files.ts';
import { ordinaryBodies, ordinaryTypes, type OrdinaryBody } from './ordinary-bodies.ts';
import { plainInspectionSettings } from './settings.ts';

function load(found: Partial<FoundRules>, more: Partial<WebInspectionSettings> = {}): RuleSet {
  const parts = rulePartsOf({ ...plainInspectionSettings(), ...more }, [{ setup: [], before: [], baseline: false, rules: [], after: [], ...found }]);
  const result = loadRuleSet({ parts, source: diskSource, mode: 'On' });
  if (!result.ok) throw new Error(result.errors.map(formatFault).join('\n'));
  return result.ruleSet;
}

function run(ruleSet: RuleSet, { method = 'POST', type, headers = [], body }: OrdinaryBody): Summary {
  const tx = ruleSet.begin({ clientAddress: '192.0.2.1', clientPort: 1, serverAddress: '192.0.2.9', serverPort: 80, uniqueId: 'u', nowMs: 0, reputation: null });
  tx.requestLine(method, '/api/items', 'HTTP/1.1');
  for (const [name, value] of [['Host', 'www.example.com'], ['User-Agent', 'okhttp/4.12.0'], ['Accept', '*/*'], ...headers] as const) tx.requestHeader(name, value);
  if (type !== undefined) tx.requestHeader('Content-Type', type);
  tx.requestHeader('Content-Length', String(body.length));
  tx.endRequestHeaders();
  // In two pieces, as networks deliver.
  const half = body.length >> 1;
  for (const piece of [body.slice(0, half), body.slice(half)]) if (piece !== '') tx.requestBody(Buffer.from(piece, 'latin1'));
  tx.endRequestBody();
  return tx.finish(0);
}

const said = ({ interruption, matches, bodyError }: Summary): unknown => ({
  status: interruption?.status ?? 0, rules: matches.filter(({ logged }) => logged).map(({ ruleId }) => ruleId), bodyError,
});
const silence = { status: 0, rules: [], bodyError: '' };

const gateway = load({});
const baseline = load({ baseline: true });
for (const one of ordinaryBodies) {
  test(`passes, and nothing is said: ${one.what}`, () => {
    assert.deepEqual(said(run(gateway, one)), silence);
    assert.deepEqual(said(run(baseline, one)), silence);
  });
}

test('each passes the Core Rule Set at level 1, unless the rule set itself refuses it', { skip: hasCrs ? false : 'SKIPPED: no Core Rule Set 4.28 beside the project' }, () => {
  const ruleSet = load({ setup: [join(crsFolder, 'crs-setup.conf.example')], rules: [join(crsFolder, 'rules', '*.conf')] }, {
    paranoia: 1, allowedContentTypes: ordinaryTypes, allowedMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'PROPFIND'],
  });
  const scoring = new Set([949110, 980170]);
  for (const one of ordinaryBodies) {
    const { interruption, matches } = run(ruleSet, one);
    const rules = interruption === null ? [] : matches.filter(({ logged, ruleId }) => logged && !scoring.has(ruleId)).map(({ ruleId }) => ruleId);
    assert.deepEqual(rules, one.refusedBy ?? [], one.what);
  }
});
