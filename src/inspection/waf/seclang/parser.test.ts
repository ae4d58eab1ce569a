// The parser: places of faults, nothing unknown in silence, updates and removals, includes, continuation and quoting.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SecLangParser } from './parser.ts';
import { formatFault } from './place.ts';
import { memorySource } from './source.ts';
import type { Rule } from './model.ts';

function parse(text: string, files: Record<string, string> = {}): SecLangParser {
  const parser = new SecLangParser(memorySource(files), null);
  parser.text('main.conf', text);
  return parser;
}

function errors(text: string): string[] {
  return parse(text).faults.errors.map(formatFault);
}

function rules(parser: SecLangParser): Rule[] {
  return parser.model.items.filter((item): item is Rule => item.kind !== 'marker');
}

test('what is unknown is an error with its place', () => {
  const cases: [string, RegExp][] = [
    ['\n  SecFoo On', /^main\.conf:2:3: unknown directive SecFoo$/],
    ['SecRule ARGS|NONSENSE "@rx a" "id:1"', /^main\.conf:1:14: unknown variable NONSENSE$/],
    ['SecRule ARGS "@foo a" "id:1"', /^main\.conf:1:15: unknown operator @foo$/],
    ['SecRule ARGS "@rx a" "id:1,\\\n  t:foo"', /^main\.conf:2:3: unknown transformation foo$/],
    ['SecRule ARGS "@rx a" "id:1,frob:2"', /^main\.conf:1:28: unknown action frob$/],
    ['SecRule ARGS "@rx a(" "id:1"', /^main\.conf:1:2\d: pattern: missing \)$/],
    ['SecRule ARGS "@rx a" "id:1,ctl:nothing=1"', /unknown ctl option nothing$/],
    ['SecRule ARGS "@rx %{NOPE.x}" "id:1"', /macro %\{NOPE\.x\}: no variable NOPE$/],
    ['SecRule ARGS "@validateSchema x.xsd" "id:1"', /@validateSchema is not supported: /],
    ['SecRule ARGS "@rx a"', /a rule needs an id$/],
    ['SecRule ARGS "@rx a" "id:1"\nSecRule ARGS "@rx b" "id:1"', /^main\.conf:2:1: rule 1 exists already, at main\.conf:1$/],
    ['SecRule ARGS "@rx a" "id:1,chain"', /the chain ends without a rule to follow$/],
    ['SecRule ARGS "@rx a', /unterminated " quote$/],
    ['SecRule ARGS "@rx a" "id:1,ctl:auditEngine=Perhaps"', /^main\.conf:1:28: ctl:auditEngine takes On, Off or RelevantOnly$/],
    ['SecRuleEngine Maybe', /SecRuleEngine takes On, Off or DetectionOnly$/],
    ['SecRequestBodyLimit many', /takes a number/],
    ['SecXmlExternalEntity On', /is not supported/],
    ['Include absent.conf', /no file absent\.conf$/],
    ['SecRule REQUEST_METHOD:x "@rx a" "id:1"', /takes no selector$/],
    ['SecRule XML://a/b "@rx a" "id:1"', /only XML:\/\* and XML:\/\/@\* are$/],
    ['SecRule ARGS "@validateByteRange 1-300" "id:1"', /not a byte range/],
    ['SecRule ARGS "@rx a" "id:1,phase:9"', /phase 9 is not/],
  ];
  for (const [text, expected] of cases) {
    const found = errors(text);
    assert.ok(found.some((message) => expected.test(message)), `${text}: ${found.join(' | ')}`);
  }
});

test('all faults are reported, not the first alone', () => {
  assert.equal(errors('SecFoo\nSecBar\nSecRule NOPE "@rx a" "id:1"').length, 3);
});

test('what is accepted without effect warns once', () => {
  const parser = parse('SecAuditLog /x\nSecAuditLog /y\nSecPcreMatchLimit 1000\nSecXmlExternalEntity Off');
  assert.deepEqual(parser.faults.errors, []);
  assert.equal(parser.faults.warnings.length, 2);
});

test('what has no effect in rules warns once, with its reason', () => {
  const parser = parse(`SecRule ARGS "@rx a" "id:1,pass,ctl:auditLogParts=+E,xmlns:a=urn:b"
SecRule ARGS "@rx a" "id:2,pass,ctl:auditLogParts=+E,ctl:debugLogLevel=9,ctl:hashEngine=On,ctl:hashEnforcement=Off,ctl:parseXmlIntoArgs=On,deprecatevar:tx.a=1/2,pause:5"
SecCookieFormat 1
SecCookieFormat 0`);
  assert.deepEqual(parser.faults.errors, []);
  assert.deepEqual(parser.faults.warnings.map(({ message }) => message.replace(/ has no effect.*/, '')), ['ctl:auditLogParts', 'xmlns', 'ctl:debugLogLevel', 'ctl:hashEngine',
    'ctl:hashEnforcement', 'ctl:parseXmlIntoArgs', 'deprecatevar', 'pause', 'SecCookieFormat 1']);
});

test('a code page that is no number is an error, not a pattern', () => {
  const parser = parse('SecUnicodeMapFile map ((', { map: '20127 (US-ASCII)\n00a0:20' });
  assert.match(formatFault(parser.faults.errors[0]!), /^main\.conf:1:23: SecUnicodeMapFile needs the number of a code page$/);
});

test('the map that is built in has one code page', () => {
  assert.deepEqual(parse('SecUnicodeMapFile builtin 20127').faults.errors, []);
  assert.match(formatFault(parse('SecUnicodeMapFile builtin 1252').faults.errors[0]!), /^main\.conf:1:27: the map that is built in has code page 20127 only$/);
  const [rule] = rules(parse('SecUnicodeMapFile builtin\nSecRule ARGS "@rx a" "id:1,phase:2,pass,t:none,t:urlDecodeUni"'));
  const decode = rule!.actions.transformations[0]!;
  assert.equal(decode.apply('%u2019%u00e9%uff1c%u0634%u4e2d'), "'e<4-");
});

test('continued lines, quotes, comments and module wrappers', () => {
  const parser = parse(`# a comment
<IfModule security2_module>
SecRule ARGS|!ARGS:/^x|y$/|REQUEST_HEADERS:'User-Agent' \\
  "@rx a\\"b|c" \\
  "id:1,\\
  phase:request,\\
  msg:'it\\'s, well',\\
  t:none,t:lowerCase"
</IfModule>`);
  assert.deepEqual(parser.faults.errors, []);
  const [rule] = rules(parser);
  assert.equal(rule!.operator!.argument.text, 'a"b|c');
  assert.equal(rule!.actions.msg!.text, "it's, well");
  assert.deepEqual(rule!.targets.map((target) => target.text), ['ARGS', '!ARGS:/^x|y$/', "REQUEST_HEADERS:'User-Agent'"]);
  assert.equal(rule!.targets[2]!.selector.key, 'user-agent');
  assert.equal(rule!.place.line, 3);
});

test('updates and removals', () => {
  const parser = parse(`SecRule ARGS "@rx a" "id:10,tag:'x/y',pass,msg:'one'"
SecRule ARGS "@rx b" "id:11,tag:'x/z',pass,chain"
SecRule REQUEST_URI "@rx c"
SecRule ARGS "@rx d" "id:12,msg:'gone'"
SecRuleUpdateTargetById 10 "!ARGS:foo"
SecRuleUpdateTargetByTag x/z "!ARGS:bar"
SecRuleUpdateTargetById 11:1 "REQUEST_HEADERS"
SecRuleUpdateActionById 10 "deny,status:404,t:lowercase"
SecRuleRemoveByMsg gone
SecRuleRemoveById 900-999`);
  assert.deepEqual(parser.faults.errors, []);
  const [first, second, third] = rules(parser);
  assert.equal(third, undefined);
  assert.equal(first!.targets[1]!.text, '!ARGS:foo');
  assert.equal(first!.actions.disruptive, 'deny');
  assert.equal(first!.actions.status, 404);
  assert.equal(first!.actions.msg!.text, 'one');
  assert.equal(second!.targets[1]!.text, '!ARGS:bar');
  assert.equal(second!.next!.targets[1]!.text, 'REQUEST_HEADERS');
  assert.equal(parser.faults.warnings.length, 1);
});

test('block takes the default action of its phase', () => {
  const parser = parse(`SecDefaultAction "phase:2,log,deny,status:406"
SecRule ARGS "@rx a" "id:1,phase:2,block"
SecRule ARGS "@rx a" "id:2,phase:1,block"`);
  const [first, second] = rules(parser);
  assert.deepEqual([first!.actions.disruptive, first!.actions.status, second!.actions.disruptive], ['deny', 406, 'pass']);
});

test('includes with patterns, relative to the file, and no endless recursion', () => {
  const parser = new SecLangParser(memorySource({
    'etc/main.conf': 'Include rules/*.conf\nIncludeOptional none.conf\n', 'etc/rules/a.conf': 'SecAction "id:1,pass"',
      'etc/rules/b.conf': 'SecRule ARGS "@pmFromFile b.data" "id:2"',
    'etc/rules/b.data': 'foo\n', 'loop.conf': 'Include loop.conf',
  }), null);
  assert.ok(parser.file('etc/main.conf'));
  assert.deepEqual(parser.faults.errors, []);
  assert.deepEqual(rules(parser).map((rule) => rule.actions.id), [1, 2]);
  parser.file('loop.conf');
  assert.equal(parser.faults.errors.length, 1);
});
