// Tests of rules: what they mean, how they are explained, and that live traffic and explanation cannot part.
/* oxlint-disable unicorn/no-thenable -- `then` is the word that rules use */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import * as fc from 'fast-check';
import { StepList, operation, vocabularies } from './fixtures.ts';
import type { TestOperation } from './fixtures.ts';
import { compilePolicy } from './policy.ts';
import type { Policy, WallClock } from './policy.ts';
import { buildRuleSettings, zonesSettings } from './settings.ts';
import { compileZones } from './zones.ts';

const zones = compileZones(zonesSettings().parse({ office: { networks: ['10.0.0.0/8'] }, lab: { networks: ['10.1.0.0/16'] }, partners: { networks: ['198.51.100.0/24'] } }));

function policyOf(rules: unknown, clock?: WallClock): Policy {
  return compilePolicy(buildRuleSettings(vocabularies).parse(rules), zones, vocabularies, clock);
}

const from = (address: string, user?: string, groups: readonly string[] = []) => ({ subject: { address, zones: zones.zonesOf(address), user, groups } });

/** The rule that decides, asked live and with a trace. */
function ruleFor(policy: Policy, one: TestOperation): string {
  const live = policy.decide(one);
  assert.equal(policy.decide(one, new StepList()), live);
  return live.rule;
}

test('the rules of the first configuration', () => {
  const policy = policyOf([
    { id: 'admin-from-office-only', service: 'shop', operation: { path: '/admin/**' }, unless: { from: 'office' }, then: 'deny' },
    { id: 'shop-open', service: 'shop', operation: { methods: ['GET', 'HEAD', 'POST'] }, then: 'allow' },
  ]);
  assert.equal(ruleFor(policy, operation({ path: '/admin/users' })), 'admin-from-office-only');
  assert.equal(ruleFor(policy, operation({ path: '/admin/users', ...from('10.1.2.3') })), 'shop-open');
  assert.equal(ruleFor(policy, operation({ path: '/' })), 'shop-open');
  assert.equal(ruleFor(policy, operation({ verb: 'PUT' })), 'default');
  assert.equal(ruleFor(policy, operation({ service: 'other' })), 'default');
  assert.equal(ruleFor(policy, operation({ protocol: 'files', verb: 'GET' })), 'default', 'methods are those of web');
});

test('every rule says why it did or did not match', () => {
  const policy = policyOf([
    { id: 'off', enabled: false, then: 'allow' },
    { id: 'admin', service: 'shop', operation: { path: '/admin/**' }, unless: [{ user: 'root' }, { from: 'office', operation: { methods: 'GET' } }], then: 'deny' },
    { id: 'agents', operation: { header: { 'User-Agent': 'curl/*', 'X-Key': { present: true } } }, then: 'drop' },
    { id: 'open', operation: { methods: ['GET'] }, then: 'allow' },
    { id: 'last', then: 'close' },
  ]);
  const trace = new StepList();
  policy.decide(operation({ path: '/admin/x', ...from('10.1.2.3'), attributes: { 'header:user-agent': 'wget' } }), trace);
  assert.deepEqual(trace.steps, [
    'off disabled: the rule is switched off',
    'admin excepted: protocol is web and verb is GET and client 10.1.2.3 is in zone office',
    'agents no-match: header user-agent is present but does not match curl/*; header x-key is absent, wanted present',
    'open matched: allow: protocol is web, verb is GET',
    'last not-reached: open decided before',
  ]);
  const other = new StepList();
  policy.decide(operation({ path: '/x', verb: 'PUT', ...from('192.0.2.1') }), other);
  assert.equal(other.steps[1], 'admin no-match: path /x is not under /admin/**');
  assert.equal(other.steps[4], 'last matched: close: it has no conditions');
  const nothing = new StepList();
  policyOf([]).decide(operation(), nothing);
  assert.deepEqual(nothing.steps, ['default matched: deny: no rule matched']);
});

test('values of attributes stay out of explanations', () => {
  const trace = new StepList();
  policyOf([{ id: 'a', operation: { header: { authorization: 'Basic x' } }, then: 'allow' }]).decide(operation({ attributes: { 'header:authorization': 'Bearer s3cret' } }), trace);
  assert.ok(!trace.steps.join('\n').includes('s3cret'));
});

const conditions: [Record<string, unknown>, Parameters<typeof operation>[0][], Parameters<typeof operation>[0][]][] = [
  [{ from: ['lab', '192.0.2.0/24'] }, [from('10.1.0.1'), from('192.0.2.7')], [from('10.2.0.1'), from('192.0.3.7')]],
  [{ from: 'any' }, [from('192.0.2.7'), { subject: { address: '', zones: [] } }], []],
  [{ user: 'ann' }, [from('192.0.2.1', 'ann')], [from('192.0.2.1', 'bob'), from('192.0.2.1')]],
  [{ user: { absent: true } }, [from('192.0.2.1')], [from('192.0.2.1', 'ann')]],
  [{ group: 'adm*' }, [from('192.0.2.1', 'ann', ['users', 'admins'])], [from('192.0.2.1', 'ann', ['users']), from('192.0.2.1')]],
  [{ group: { absent: true } }, [from('192.0.2.1')], [from('192.0.2.1', 'ann', ['users'])]],
  [{ protocol: 'files' }, [{ protocol: 'files' }], [{}]],
  [{ listener: ['tls'] }, [{ listener: 'tls' }], [{}]],
  [{ operation: { verbs: ['GET', 'RETR'] } }, [{}, { protocol: 'files', verb: 'RETR' }], [{ verb: 'PUT' }]],
  [{ operation: { commands: 'RETR' } }, [{ protocol: 'files', verb: 'RETR' }], [{ verb: 'RETR' }]],
  [{ operation: { verbs: ['GET', 'PUT'], methods: 'GET' } }, [{}], [{ verb: 'PUT' }]],
  [{ operation: { class: 'read' } }, [{}], [{ verbClass: 'write' }]],
  [{ operation: { host: ['*.shop.example', 'a.example'] } }, [{ host: 'x.shop.example' }, { host: 'a.example' }], [{}]],
  [{ operation: { path: ['/a', '/b/**'] } }, [{ path: '/a' }, { path: '/b/c' }], [{ path: '/a/b' }]],
  [{ operation: { pathRegex: '\\.(php|cgi)$' } }, [{ path: '/x.php' }], [{ path: '/x.phps' }]],
  [{ operation: { path: '/a/**', pathRegex: '[0-9]$' } }, [{ path: '/a/1' }], [{ path: '/a/b' }, { path: '/b/1' }]],
  [{ operation: { header: { 'X-Debug': { absent: true } } } }, [{}], [{ attributes: { 'header:x-debug': '' } }, { protocol: 'files' }]],
  [{ operation: { query: { Id: '/^[0-9]+$/' } } }, [{ attributes: { 'query:Id': '17' } }], [{ attributes: { 'query:id': '17' } }, { attributes: { 'query:Id': 'x' } }]],
  [{ unless: { from: 'office' } }, [{}], [from('10.0.0.1')]],
  [{ unless: { from: 'office', user: 'ann' } }, [{}, from('10.0.0.1', 'bob')], [from('10.0.0.1', 'ann')]],
];

test('each kind of condition', () => {
  for (const [condition, yes, no] of conditions) {
    const policy = policyOf([{ id: 'it', ...condition, then: 'allow' }]);
    for (const facts of yes) assert.equal(ruleFor(policy, operation(facts)), 'it', JSON.stringify([condition, facts]));
    for (const facts of no) assert.equal(ruleFor(policy, operation(facts)), 'default', JSON.stringify([condition, facts]));
  }
});

test('rules with a time window ask the clock', () => {
  let nowMs = Date.parse('2026-11-23T09:00:00Z');
  const policy = policyOf([{ id: 'work', when: { hours: '08:00-18:00' }, then: 'allow' }], { wallMs: () => nowMs });
  assert.equal(ruleFor(policy, operation()), 'work');
  nowMs = Date.parse('2026-11-23T18:00:00Z');
  assert.equal(ruleFor(policy, operation()), 'default');
});

test('decisions are made once and frozen', () => {
  const policy = policyOf([
    { id: 'tea', operation: { path: '/tea' }, then: { deny: { status: 418, message: 'short and stout' } }, description: 'no coffee', audit: false },
    { id: 'quiet', then: 'allow', audit: false },
  ]);
  const denial = policy.decide(operation({ path: '/tea' }));
  assert.deepEqual(denial, { effect: 'deny', rule: 'tea', reason: 'no coffee', status: 418, message: 'short and stout', delayMs: 0, audit: true });
  assert.ok(Object.isFrozen(denial));
  assert.equal(policy.decide(operation({ path: '/tea' })), denial);
  assert.equal(policy.decide(operation()).audit, false);
  assert.equal(policyOf([]).decide(operation()).effect, 'deny');
});

test('hits are counted for live traffic only, and the observed attributes are known', () => {
  const policy = policyOf([
    { id: 'off', enabled: false, then: 'deny', operation: { query: { never: 'x' } } },
    { id: 'a', operation: { header: { 'X-A': 'y' }, query: { B: 'z' } }, unless: { operation: { header: { 'x-a': 'n', 'x-c': 'q' } } }, then: 'deny' },
    { id: 'b', then: 'allow' },
  ]);
  policy.decide(operation());
  policy.decide(operation(), new StepList());
  policy.decide(operation({ attributes: { 'header:x-a': 'y', 'query:B': 'z' } }));
  policy.decide(operation());
  assert.deepEqual(policy.hits(), [{ rule: 'a', hits: 1 }, { rule: 'b', hits: 2 }, { rule: 'default', hits: 0 }]);
  assert.deepEqual(policy.rules.map((rule) => [rule.id, rule.enabled, rule.hits]), [['off', false, 0], ['a', true, 1], ['b', true, 2], ['default', true, 0]]);
  assert.deepEqual(policy.observed, [{ kind: 'header', key: 'x-a' }, { kind: 'query', key: 'B' }, { kind: 'header', key: 'x-c' }]);
});

const one = <Value>(...values: Value[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 2 });
const some = <Value>(...values: Value[]) => fc.option(fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 2 });
const operationSettings = fc.record({
  methods: some('GET', 'POST'), verbs: some('GET', 'RETR'), commands: one('RETR'), class: one('read', 'write'),
  host: some('a.example', '*.example', '*.a.example', '*'),
  path: some('/a', '/a/**', '/*/b', '/a/*.php', '**', '/a/**/c'), pathRegex: one('b$', '^/a'),
  header: fc.option(fc.record({ 'X-Key': fc.constantFrom<unknown>('k', 'k*', { absent: true }, { present: true }, '/k/i') }), { nil: undefined, freq: 2 }),
}, { requiredKeys: [] });
const who = {
  from: some('office', 'lab', 'any', '198.51.100.0/24'), user: one<unknown>('ann', { absent: true }), group: one<unknown>('adm*', { present: true }), operation: operationSettings,
};
const rule = fc.record({
  service: some('shop', 'files'), listener: one('plain', 'tls'), protocol: one('web'), ...who,
  unless: fc.option(
    fc.record({ from: fc.constantFrom('office', 'lab', '198.51.100.7'), user: one('ann'), operation: operationSettings }, { requiredKeys: ['from'] }),
    { nil: undefined, freq: 2 },
  ),
  enabled: fc.boolean(), then: fc.constantFrom('allow', 'deny', 'drop', 'close'),
}, { requiredKeys: ['enabled', 'then'] });
const randomOperation = fc.record({
  protocol: fc.constantFrom('web', 'files'), service: fc.constantFrom('shop', 'files', 'x'), listener: fc.constantFrom('plain', 'tls'),
  verb: fc.constantFrom('GET', 'POST', 'RETR'),
  verbClass: fc.constantFrom('read', 'write', ''),
  host: fc.constantFrom('a.example', 'b.a.example', 'b.example', ''),
  path: fc.constantFrom('/a', '/a/b', '/a/x.php', '/x/b', '/', '', '/a/b/c'),
  address: fc.constantFrom('10.1.2.3', '10.9.9.9', '198.51.100.7', '192.0.2.1', 'fd00::1'),
  user: fc.constantFrom(undefined, 'ann', 'bob'), groups: fc.constantFrom([], ['admins'], ['users']),
  key: fc.constantFrom(undefined, 'k', 'K2', 'other'),
});

test('live traffic and explanation take the same rule, whatever the rules', () => {
  const schema = buildRuleSettings(vocabularies);
  fc.assert(fc.property(fc.array(rule, { maxLength: 50 }), fc.array(randomOperation, { minLength: 1, maxLength: 20 }), (rules, facts) => {
    const policy = compilePolicy(schema.parse(rules.map((settings, index) => ({ id: `r${index}`, ...settings }))), zones, vocabularies);
    for (const { address, user, groups, key, ...rest } of facts) {
      const subject = operation({ ...rest, ...from(address, user, groups), attributes: key === undefined ? {} : { 'header:x-key': key } });
      const trace = new StepList();
      // decide() itself throws when the walk of the trace ends elsewhere; the step in the trace is a second witness.
      const decision = policy.decide(subject, trace);
      assert.equal(policy.decide(subject), decision);
      assert.deepEqual(trace.steps.filter((step) => step.includes(' matched: ')).map((step) => step.split(' ')[0]), [decision.rule]);
    }
  }), { numRuns: 250 });
});

test('the schema refuses what cannot be meant, with its place', () => {
  const problem = (rules: unknown): string => {
    const parsed = buildRuleSettings(vocabularies).safeParse(rules);
    assert.equal(parsed.success, false, JSON.stringify(rules));
    return parsed.error!.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n');
  };
  assert.match(problem([{ id: 'a', then: 'allow' }, { id: 'a', then: 'deny' }]), /^1\.id: .*twice/);
  assert.match(problem([{ id: 'default', then: 'allow' }]), /^0\.id: /);
  assert.match(problem([{ id: 'a' }]), /then/);
  assert.match(problem([{ id: 'a', then: 'permit' }]), /then/);
  assert.match(problem([{ id: 'a', then: 'allow', operation: { cookies: { a: 'b' } } }]), /cookies/);
  assert.match(problem([{ id: 'a', then: 'allow', operation: { path: '/a**' } }]), /0\.operation\.path/);
  assert.match(problem([{ id: 'a', then: 'allow', operation: { pathRegex: '(' } }]), /0\.operation\.pathRegex: not a regular/);
  assert.match(problem([{ id: 'a', then: 'allow', unless: {} }]), /unless/);
  assert.match(problem([{ id: 'a', then: { deny: { status: 42 } } }]), /status|then/);
});

test('vocabularies that clash are a fault of the program', () => {
  const attribute = (kind: string) => [{ protocol: 'p', verbsKey: 'verbs', attributes: [{ kind, description: '', caseInsensitiveKey: false }] }];
  assert.throws(() => buildRuleSettings(attribute('path')), /taken/);
  assert.throws(() => buildRuleSettings([{ protocol: 'p', verbsKey: 'host', attributes: [] }]), /taken/);
  assert.throws(() => compilePolicy([{ id: 'a', then: 'allow', operation: { nonsense: 'x' } }], zones, vocabularies), /nonsense/);
  assert.throws(() => compilePolicy([{ id: 'a', then: 'allow', unless: { from: ['office', 'moon'] } }], zones, vocabularies), /moon/);
});

test('the schema can be exported for editors', () => {
  const exported = JSON.stringify(z.toJSONSchema(buildRuleSettings(vocabularies), { io: 'input' }));
  for (const word of ['methods', 'commands', 'header', 'query', 'option', 'pathRegex']) assert.ok(exported.includes(`"${word}"`), word);
});
