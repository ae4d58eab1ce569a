// Settings of the configuration as rules: they load, and mean what they say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WebExclusion, WebInspectionSettings } from '#contract/web-inspection.ts';
import { memorySource } from '../waf/index.ts';
import { Pattern } from '../waf/regex/pattern.ts';
import { closingDirectives, conditionalExclusions, pathOperator, variableDirectives } from './directives.ts';
import { compileInspector } from './inspector.ts';
import { rulePartsOf } from './rule-files.ts';
import { decodeContent } from './content-coding.ts';
import { gzipSync, deflateRawSync, deflateSync, brotliCompressSync } from 'node:zlib';

const plain: WebInspectionSettings = {
  ruleset: ['x'], path: '', setup: '', plugins: '', geoDatabase: '', askBlockLists: false, blockListServers: [], blockListTimeoutMs: 300, mode: 'block', paranoia: 0,
  inboundThreshold: 0, outboundThreshold: 0, allowedMethods: [], allowedContentTypes: [],
  allowedVersions: [], exclusions: [], logOnlyRules: [], logOnlyTags: [], inspectRequestBody: true, requestBodyLimit: -1, requestBodyNoFilesLimit: -1, requestBodyOnLimit: 'reject',
  inspectResponseBody: false, responseBodyLimit: -1, responseBodyTypes: ['text/html'], responseBodyOnLimit: 'process-partial', onEngineError: 'block',
    keepRequests: 'no', keepBodyBytes: 0,
};
const exclusion = (one: Partial<WebExclusion>): WebExclusion => ({ rule: '', tag: '', targets: [], path: '', methods: [], ...one });

test('what is not set leaves the rule set alone; what is becomes its variables', () => {
  assert.equal(variableDirectives(plain), '');
  const text = variableDirectives({ ...plain, paranoia: 2, inboundThreshold: 10, allowedMethods: ['GET', 'PUT'], allowedContentTypes: ['text/xml'],
    allowedVersions: ['HTTP/1.1'] });
  for (const part of ["tx.blocking_paranoia_level=2'", "tx.paranoia_level=2'", "tx.inbound_anomaly_score_threshold=10'", "tx.allowed_methods=GET PUT'",
    "|text/xml|'", "tx.allowed_http_versions=HTTP/1.1'"]) {
    assert.ok(text.includes(part), part);
  }
});

test('paths as operators', () => {
  assert.equal(pathOperator('/a.b'), '@streq /a.b');
  const below = new Pattern(pathOperator('/a.b/**').slice(4));
  assert.deepEqual(['/a.b', '/a.b/c', '/a.bc', '/axb/c'].map((path) => below.test(path)), [true, true, false, false]);
  const one = new Pattern(pathOperator('/u/*/x').slice(4));
  assert.deepEqual(['/u/7/x', '/u/7/8/x', '/u/7/x/'].map((path) => one.test(path)), [true, false, false]);
  // A line of a path is not the path.
  assert.deepEqual(['/other\n/a.b/c', '/other\n/a.b', '/a.b\n'].map((path) => below.test(path)), [false, false, false]);
  assert.deepEqual(['/other\n/u/7/x', '/u/7/x\n/other'].map((path) => one.test(path)), [false, false]);
  assert.equal(pathOperator('/**'), '@unconditionalMatch');
  // A macro must not be expanded.
  assert.ok(pathOperator('/%{tx.a}').startsWith('@rx '));
});

test('every kind of exclusion loads', () => {
  const exclusions = [
    exclusion({ rule: '1' }), exclusion({ rule: '1-9', targets: ['ARGS:a', 'REQUEST_COOKIES:/^wp-/'] }), exclusion({ tag: 'own/attack', targets: ['ARGS:b'] }),
      exclusion({ tag: 'other' }),
    exclusion({ rule: '1', path: '/x/**', methods: ['GET', 'POST'] }), exclusion({ tag: 'own/attack', targets: ['ARGS:c'], path: '/y' }), exclusion({ rule: '1',
      methods: ['PUT'] }),
  ];
  assert.equal(conditionalExclusions(exclusions).split('\n').filter((line) => line !== '').length, 4);
  assert.equal(closingDirectives({ ...plain, exclusions, requestBodyLimit: 5 }).match(/^SecRule(?:Remove|Update)/gm)?.length, 4);
  const source = memorySource({ 'own.conf': 'SecRule ARGS "@rx a" "id:5,phase:2,deny,log,tag:\'own/attack\'"\n' });
  const parts = rulePartsOf({ ...plain, exclusions }, [{ setup: [], before: [], baseline: false, rules: ['own.conf'], after: [] }]);
  const compiled = compileInspector({ ...plain, exclusions }, parts, '', { ...source, bytes: () => null }, () => 0);
  assert.ok(compiled.ok, compiled.ok ? '' : JSON.stringify(compiled.errors));
});

test('content codings are undone within the limit; unknown and broken ones are said to be', () => {
  const body = Buffer.from('a'.repeat(1000));
  for (const [coding, packed] of [['gzip', gzipSync(body)], ['deflate', deflateSync(body)], ['deflate', deflateRawSync(body)], ['br', brotliCompressSync(body)]] as const) {
    const decoded = decodeContent(packed, [coding], 1000);
    assert.ok(decoded.ok && decoded.bytes.equals(body) && !decoded.truncated, coding);
    assert.deepEqual(decodeContent(packed, [coding], 999), { ok: true, bytes: Buffer.alloc(0), truncated: true });
  }
  const twice = decodeContent(gzipSync(gzipSync(body)), ['gzip', 'gzip'], 2000);
  assert.ok(twice.ok && twice.bytes.equals(body));
  assert.equal(decodeContent(body, ['gzip'], 1000).ok, false);
  assert.equal(decodeContent(body, ['compress'], 1000).ok, false);
  assert.equal(decodeContent(body, ['gzip', 'gzip', 'gzip'], 1000).ok, false);
});
