// The transaction engine: phases, chains, skips, assignments, ctl, collections, interruptions, limits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFault, loadRuleSet, memorySource, MemoryStore, type Interruption, type RuleSet, type Summary } from '../index.ts';

function load(text: string, store: MemoryStore | null = null): RuleSet {
  const result = loadRuleSet({ parts: [{ name: 't', text: `SecRuleEngine On\nSecRequestBodyAccess On\nSecResponseBodyAccess On\n${text}` }], source: memorySource({}) });
  assert.ok(result.ok, result.ok ? '' : result.errors.map(formatFault).join('\n'));
  return result.ruleSet.withStore(store);
}

interface Input { target?: string; headers?: [string, string][]; body?: string; nowMs?: number; response?: string; address?: string }

function run(ruleSet: RuleSet, input: Input = {}): { stopped: Interruption | null; ids: number[]; summary: Summary } {
  const nowMs = input.nowMs ?? 0;
  const tx = ruleSet.begin({ clientAddress: input.address ?? '192.0.2.1', clientPort: 1, serverAddress: '192.0.2.9', serverPort: 80, uniqueId: 'u', nowMs, reputation: null });
  tx.requestLine(input.body === undefined ? 'GET' : 'POST', input.target ?? '/', 'HTTP/1.1');
  for (const [name, value] of input.headers ?? []) tx.requestHeader(name, value);
  let stopped = tx.endRequestHeaders();
  if (!stopped && input.body !== undefined) for (const byte of [input.body.slice(0, 3), input.body.slice(3)]) stopped = tx.requestBody(Buffer.from(byte, 'latin1'));
  stopped ??= tx.endRequestBody();
  if (!stopped && input.response !== undefined) {
    tx.responseHead(200, 'HTTP/1.1');
    tx.responseHeader('Content-Type', 'text/html; charset=utf-8');
    stopped = tx.endResponseHeaders();
    if (!stopped) { tx.responseBody(Buffer.from(input.response, 'latin1')); stopped = tx.endResponseBody(); }
  }
  const summary = tx.finish(nowMs + 5);
  return { stopped, ids: summary.matches.map((match) => match.ruleId), summary };
}

const form: [string, string][] = [['Content-Type', 'application/x-www-form-urlencoded']];

test('deny with status, and nothing after it runs', () => {
  const ruleSet = load('SecRule ARGS:q "@contains bad" "id:1,phase:1,deny,status:406,msg:\'no %{MATCHED_VAR}\'"\nSecRule ARGS "@rx ." "id:2,phase:1,pass"\n'
    + 'SecAction "id:3,phase:5,pass"');
  const { stopped, ids } = run(ruleSet, { target: '/?q=a+bad+one' });
  assert.deepEqual([stopped?.status, stopped?.ruleId, stopped?.message, stopped?.action], [406, 1, 'no a bad one', 'deny']);
  assert.deepEqual(ids, [1, 3]);
  assert.equal(run(ruleSet, { target: '/?q=fine' }).stopped, null);
});

test('detection only: matches are listed, nothing is stopped', () => {
  const { stopped, ids, summary } = run(load('SecRule ARGS "@rx x" "id:1,phase:1,deny"\nSecRuleEngine DetectionOnly'), { target: '/?a=x' });
  assert.equal(stopped, null);
  assert.deepEqual(ids, [1]);
  assert.equal(summary.matches[0]!.disruptive, true);
  assert.deepEqual(summary.matches[0]!.values, [{ variable: 'ARGS:a', value: 'x', part: 'x' }]);
});

test('redirect and drop', () => {
  const { stopped } = run(load('SecRule ARGS:a "@streq 1" "id:1,phase:1,redirect:https://example.com/%{ARGS.a},status:303"'), { target: '/?a=1' });
  assert.deepEqual([stopped?.action, stopped?.status, stopped?.location], ['redirect', 303, 'https://example.com/1']);
  assert.equal(run(load('SecAction "id:1,phase:1,drop"')).stopped?.action, 'drop');
});

test('chains: all links must match, assignments of a link happen when it matches', () => {
  const ruleSet = load(`SecRule ARGS:a "@rx ^(x+)" "id:1,phase:1,deny,capture,chain,setvar:tx.first=%{TX.1}"
SecRule ARGS:b "@streq %{TX.1}" "t:none,chain"
SecRule &ARGS "@eq 2"
SecRule TX:first "@streq xx" "id:2,phase:1,pass"`);
  assert.equal(run(ruleSet, { target: '/?a=xx&b=xx' }).stopped?.ruleId, 1);
  assert.deepEqual(run(ruleSet, { target: '/?a=xx&b=y' }).ids, [2]);
  assert.deepEqual(run(ruleSet, { target: '/?a=xx&b=xx&c=1' }).ids, [2]);
});

test('skip, skipAfter and markers', () => {
  const rules = ['SecRule ARGS:s "@eq 1" "id:1,phase:1,pass,nolog,skip:1"', 'SecAction "id:2,phase:1,pass"', 'SecRule ARGS:s "@eq 2" "id:3,phase:1,pass,nolog,skipAfter:END"',
    'SecAction "id:4,phase:1,pass"', 'SecMarker END', 'SecAction "id:5,phase:1,pass"'].join('\n');
  assert.deepEqual(run(load(rules)).ids, [2, 4, 5]);
  assert.deepEqual(run(load(rules), { target: '/?s=1' }).ids, [4, 5]);
  assert.deepEqual(run(load(rules), { target: '/?s=2' }).ids, [2, 5]);
});

test('conditions that are known at load are resolved there, with the same outcome', () => {
  const gated = load(`SecAction "id:1,phase:1,pass,nolog,setvar:tx.level=2"
SecRule TX:level "@lt 3" "id:2,phase:1,pass,nolog,skipAfter:END"
SecAction "id:3,phase:1,pass"
SecMarker END
SecRule TX:level "@eq 2" "id:4,phase:2,pass"
SecRule ARGS:n "@eq %{tx.level}" "id:5,phase:2,pass"`);
  assert.ok(gated.stats.rulesResolved >= 3);
  assert.deepEqual(run(gated, { target: '/?n=2' }).ids, [4, 5]);
  const late = load(`SecRule ARGS:l "@eq 1" "id:1,phase:1,pass,nolog,setvar:tx.level=5"
SecRule &TX:level "@eq 0" "id:2,phase:1,pass,nolog,setvar:tx.level=1"
SecRule TX:level "@ge 5" "id:3,phase:1,pass"`);
  assert.deepEqual(run(late, { target: '/?l=1' }).ids, [3]);
  assert.deepEqual(run(late).ids, []);
});

test('setvar: adding per matching value, unsetting, names with macros, score in the summary', () => {
  const { summary, ids } = run(load(`SecRule ARGS "@rx x" "id:1,phase:1,pass,nolog,setvar:tx.score=+3,setvar:tx.seen_%{MATCHED_VAR_NAME}=1"
SecRule TX:/^seen_/ "@eq 1" "id:2,phase:1,pass,setvar:!tx.other"
SecRule TX:score "@eq 6" "id:3,phase:1,pass"`), { target: '/?a=x&b=x&c=y' });
  assert.equal(summary.scores['score'], 6);
  assert.deepEqual(ids, [2, 3]);
  assert.equal(summary.matches[0]!.values.length, 2);
});

test('selectors, exclusions, counts: without regard to case', () => {
  const ruleSet = load(`SecRule ARGS|!ARGS:foo|!ARGS:/^x-/ "@streq 1" "id:1,phase:1,pass"
SecRule &REQUEST_HEADERS:host "@eq 0" "id:2,phase:1,pass"
SecRule REQUEST_HEADERS:/^x-/ "@rx ." "id:3,phase:1,pass"`);
  assert.deepEqual(run(ruleSet, { target: '/?FOO=1&X-a=1', headers: [['Host', 'h'], ['X-Y', 'z']] }).ids, [3]);
  assert.deepEqual(run(ruleSet, { target: '/?bar=1' }).ids, [1, 2]);
});

test('ctl: removals by id, tag and message, of targets, engine off, body processor', () => {
  const ruleSet = load(`SecRule ARGS:c "@streq id" "id:1,phase:1,pass,nolog,ctl:ruleRemoveById=10-11"
SecRule ARGS:c "@streq tag" "id:2,phase:1,pass,nolog,ctl:ruleRemoveByTag=^attack"
SecRule ARGS:c "@streq msg" "id:6,phase:1,pass,nolog,ctl:ruleRemoveByMsg=twelve"
SecRule ARGS:c "@streq target" "id:3,phase:1,pass,nolog,ctl:ruleRemoveTargetById=10;ARGS:a"
SecRule ARGS:c "@streq off" "id:4,phase:1,pass,nolog,ctl:ruleEngine=Off"
SecRule ARGS:c "@streq json" "id:5,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRule ARGS:a "@rx x" "id:10,phase:2,pass,tag:'attack-x'"
SecRule ARGS:a|REQUEST_URI "@rx x" "id:11,phase:2,pass"
SecRule ARGS:a "@rx x" "id:12,phase:2,pass,msg:'number twelve'"
SecRule ARGS:json.k "@rx ." "id:13,phase:2,pass"`);
  const ids = (c: string): number[] => run(ruleSet, { target: `/?a=x&c=${c}`, headers: form, body: '{"k":1}' }).ids;
  assert.deepEqual(ids('none'), [10, 11, 12]);
  assert.deepEqual(ids('id'), [12]);
  assert.deepEqual(ids('tag'), [11, 12]);
  assert.deepEqual(ids('msg'), [10, 11]);
  assert.deepEqual(ids('target'), [11, 12]);
  assert.deepEqual(ids('off'), []);
  assert.deepEqual(ids('json'), [10, 11, 12, 13]);
});

test('persistent collections: counters, expiry, one client apart from another', () => {
  const store = new MemoryStore(2);
  const ruleSet = load(`SecAction "id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR}"
SecAction "id:2,phase:1,pass,nolog,setvar:ip.count=+1,expirevar:ip.count=60"
SecRule IP:count "@gt 2" "id:3,phase:1,deny,status:429"`, store);
  const statuses = [0, 1000, 2000, 3000].map((nowMs) => run(ruleSet, { nowMs }).stopped?.status ?? 200);
  assert.deepEqual(statuses, [200, 200, 429, 429]);
  assert.equal(run(ruleSet, { nowMs: 3000, address: '192.0.2.7' }).stopped, null);
  assert.equal(run(ruleSet, { nowMs: 200_000 }).stopped, null);
  run(ruleSet, { nowMs: 200_000, address: '192.0.2.8' });
  run(ruleSet, { nowMs: 200_000, address: '192.0.2.10' });
  assert.equal(store.size, 2);
});

test('multiMatch looks at every step, other rules only at the last', () => {
  const ruleSet = load('SecRule ARGS:a "@rx %41" "id:1,phase:1,pass,t:none,t:urlDecode,multiMatch"\nSecRule ARGS:a "@rx %41" "id:2,phase:1,pass,t:none,t:urlDecode"');
  assert.deepEqual(run(ruleSet, { target: '/?a=%2541' }).ids, [1]);
});

test('MATCHED_VARS is what the link before matched', () => {
  const ruleSet = load('SecRule ARGS "@rx ^x" "id:1,phase:1,pass,chain"\nSecRule MATCHED_VARS "@rx 2$"\nSecRule MATCHED_VARS_NAMES "@contains ARGS:b" "id:2,phase:1,pass"');
  assert.deepEqual(run(ruleSet, { target: '/?a=x1&b=x2' }).ids, [1, 2]);
  assert.deepEqual(run(ruleSet, { target: '/?a=x1&b=y2' }).ids, []);
});

test('allow: the rest of the phase, of the request, of the transaction', () => {
  const rules = (kind: string): string => `SecRule ARGS:a "@eq 1" "id:1,phase:1,${kind},nolog"\nSecAction "id:2,phase:1,pass"\nSecAction "id:3,phase:2,pass"\n`
    + `SecAction "id:4,phase:3,pass"`;
  const ids = (kind: string): number[] => run(load(rules(kind)), { target: '/?a=1', response: '' }).ids.filter((id) => id > 1);
  assert.deepEqual(ids('allow:phase'), [3, 4]);
  assert.deepEqual(ids('allow:request'), [4]);
  assert.deepEqual(ids('allow'), []);
});

test('request body limits at N and N+1, rejecting and cutting', () => {
  const rejecting = load('SecRequestBodyNoFilesLimit 10');
  assert.equal(run(rejecting, { headers: form, body: 'a=12345678' }).stopped, null);
  assert.equal(run(rejecting, { headers: form, body: 'a=123456789' }).stopped?.status, 413);
  const cutting = load('SecRequestBodyNoFilesLimit 10\nSecRequestBodyLimitAction ProcessPartial\nSecRule INBOUND_DATA_ERROR "@eq 1" "id:1,phase:2,pass"\n'
    + 'SecRule ARGS:a "@streq 12345678" "id:2,phase:2,pass"');
  assert.deepEqual(run(cutting, { headers: form, body: 'a=123456789' }).ids, [1, 2]);
});

test('response: headers, body, limit', () => {
  const ruleSet = load('SecResponseBodyLimit 8\nSecRule RESPONSE_BODY "@contains secret" "id:1,phase:4,deny,status:502"\n'
    + 'SecRule RESPONSE_HEADERS:content-type "@beginsWith text/html" "id:2,phase:3,pass"');
  const { stopped, ids } = run(ruleSet, { response: 'a secret' });
  assert.deepEqual([stopped?.status, ids], [502, [2, 1]]);
  assert.deepEqual(run(ruleSet, { response: 'one secret' }).ids, [2]);
});

test('body errors are visible to rules', () => {
  const ruleSet = load('SecRule REQUEST_HEADERS:Content-Type "@contains json" "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"\n'
    + 'SecRule REQBODY_ERROR "@eq 1" "id:2,phase:2,deny,status:400,msg:\'%{REQBODY_ERROR_MSG}\'"');
  assert.match(run(ruleSet, { headers: [['Content-Type', 'application/json']], body: '{"a":' }).stopped!.message, /^JSON: value expected/);
});

test('the same value in different places gets each place\'s own verdict, remembered or not', () => {
  const ruleSet = load('SecRule ARGS:a "@rx evil" "id:1,phase:1,pass"\nSecRule ARGS:b "@rx evil" "id:2,phase:1,pass,t:lowercase"\n'
    + 'SecRule REQUEST_HEADERS:X "!@rx evil" "id:3,phase:1,pass"');
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(run(ruleSet, { target: '/?a=evil&c=evil' }).ids, [1]);
    assert.deepEqual(run(ruleSet, { target: '/?b=EVIL&a=EVIL' }).ids, [2]);
    assert.deepEqual(run(ruleSet, { headers: [['X', 'good']] }).ids, [3]);
    assert.deepEqual(run(ruleSet, { headers: [['X', 'evil']] }).ids, []);
  }
});

test('a broken rule set is not made, and every fault is told', () => {
  const result = loadRuleSet({ parts: [{ name: 'a', text: 'SecNope\nSecRule X "@rx a" "id:1"' }, { file: 'absent.conf' }], source: memorySource({}) });
  assert.equal(result.ok, false);
  assert.equal(result.ok ? 0 : result.errors.length, 3);
});
