// Bodies that parsers read in different ways (ambiguities/*.json). For each: what readings there are, and either the value that
// each of them gives, which rules must see, or that the gateway's own settings refuse the body, with any rule set.
// What the files say: `type` or `headers`; the body as `text`, as `body` (lines, joined by CRLF) or as `repeat`; `seen` or `refused`
// (a part of the error's text; '' when a flag of its own is enough), `shown`: what rules see of a refused one all the same.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { closingDirectives, engineDirectives } from '#inspection/web/directives.ts';
import { baselineParts } from '#inspection/waf/baseline/index.ts';
import { formatFault, loadRuleSet, memorySource, type RulePart, type RuleSet, type Summary } from '#inspection/waf/index.ts';
import { plainInspectionSettings } from './settings.ts';

type Sight = readonly [variable: string, value: string, how?: 'decoded'];

interface Case {
  readonly case: string;
  readonly readings: string;
  readonly type?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly text?: string;
  readonly body?: readonly string[];
  readonly repeat?: readonly [string, number, string, string];
  readonly seen?: readonly Sight[];
  readonly refused?: string;
  readonly shown?: readonly Sight[];
}

const plainProbe = 1;
const decodedProbe = 2;
const targets = 'ARGS|ARGS_NAMES|FILES|XML:/*|XML://@*';
const probes: RulePart = { name: 'probes', text: `SecRule ${targets} "@unconditionalMatch" "id:${plainProbe},phase:2,pass,log,t:none"
SecRule ${targets} "@unconditionalMatch" "id:${decodedProbe},phase:2,pass,log,t:none,t:utf8toUnicode,t:urlDecodeUni,t:removeNulls"
` };

function load(parts: readonly RulePart[]): RuleSet {
  const result = loadRuleSet({ parts, source: memorySource({}), mode: 'On' });
  assert.ok(result.ok, result.ok ? '' : result.errors.map(formatFault).join('\n'));
  return result.ruleSet;
}

const settings = plainInspectionSettings();
/** As the gateway loads any rule set; and the baseline as the package exports it. */
const byGateway = load([{ name: 'engine', text: engineDirectives(settings) }, probes, { name: 'closing', text: closingDirectives(settings) }]);
const byBaseline = load(baselineParts());

function bodyOf(one: Case): string {
  if (one.body) return one.body.join('\r\n');
  if (!one.repeat) return one.text ?? '';
  const [open, count, inner, close] = one.repeat;
  return open.repeat(count) + inner + close.repeat(count);
}

function run(ruleSet: RuleSet, one: Case): Summary {
  const tx = ruleSet.begin({ clientAddress: '192.0.2.1', clientPort: 1, serverAddress: '192.0.2.9', serverPort: 80, uniqueId: 'u', nowMs: 0, reputation: null });
  tx.requestLine('POST', '/', 'HTTP/1.1');
  for (const [name, value] of one.headers ?? (one.type === undefined ? [] : [['Content-Type', one.type] as const])) tx.requestHeader(name, value);
  assert.equal(tx.endRequestHeaders(), null);
  const body = Buffer.from(bodyOf(one), 'latin1');
  if (body.length > 0) tx.requestBody(body);
  tx.endRequestBody();
  return tx.finish(0);
}

function assertSights(summary: Summary, sights: readonly Sight[], name: string): void {
  for (const [variable, value, how] of sights) {
    const match = summary.matches.find(({ ruleId }) => ruleId === (how === 'decoded' ? decodedProbe : plainProbe));
    const found = match?.values ?? [];
    assert.ok(found.some((one) => one.variable === variable && one.value === value), `${name}: ${JSON.stringify([variable, value])} is not in ${JSON.stringify(found)}`);
  }
}

const folder = new URL('ambiguities/', import.meta.url);
for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  for (const one of JSON.parse(readFileSync(new URL(file, folder), 'latin1')) as Case[]) {
    test(`${file.slice(0, -5)}: ${one.case}`, () => {
      assert.notEqual(one.readings, '');
      assert.equal((one.seen === undefined) !== (one.refused === undefined), true, 'either seen or refused');
      const summary = run(byGateway, one);
      if (one.seen !== undefined) {
        assert.equal(summary.interruption, null, summary.bodyError);
        assertSights(summary, one.seen, one.case);
        return;
      }
      assert.equal(summary.interruption?.status, 400, JSON.stringify(summary.matches.map(({ values }) => values)));
      assert.ok(summary.bodyError.includes(one.refused!), `${summary.bodyError} instead of ${one.refused}`);
      assert.equal(run(byBaseline, one).interruption?.status, 400, 'the baseline lets it pass');
      assertSights(summary, one.shown ?? [], one.case);
    });
  }
}
