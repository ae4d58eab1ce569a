// Hostile transactions never throw, and how the bytes of a body are cut into pieces never changes the outcome.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baselineParts } from '#inspection/waf/baseline/index.ts';
import { loadRuleSet, memorySource, type RuleSet } from '#inspection/waf/index.ts';
import { loadTestRules } from './crs.ts';
import { crsFolder, hasCrs } from './files.ts';
import { Random } from './pattern-samples.ts';

const pieces = [
  '%', '%u', '%00', '%0a', '&', '=', '+', ';', '[', ']', '..', '/', '\\', '<', '>', '"', "'", '(', ')', '{', '}', '$', '`', '|', '\0', '\r\n', '\n', ' ', '\xff',
    '\xc3\xa9', 'a', '1', 'select', 'script',
  'onload=', '--', '/*', '*/', '#', '--b', '--b--', 'Content-Disposition: form-data; name="a"', '; filename="', '{"a":', '[1,', 'null', '<a>', '</a>', '<![CDATA[',
    '&lt;', '<!DOCTYPE a [', 'jndi:',
];
const types = ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=b', 'multipart/form-data; boundary="b', 'application/json', 'text/xml',
  'text/plain', '', 'multipart/form-data', '\xff;;=,"'];
const methods = ['GET', 'POST', '', 'G\0T', 'PROPFIND', 'x'.repeat(300)];

function text(random: Random, most: number): string {
  let out = '';
  for (let i = random.below(most); i > 0; i--) out += pieces[random.below(pieces.length)]!;
  return out;
}

interface Hostile { method: string; target: string; protocol: string; headers: [string, string][]; body: string; status: number; response: string }

function hostile(random: Random): Hostile {
  const headers: [string, string][] = [['Host', text(random, 4)], ['Content-Type', types[random.below(types.length)]!], ['Cookie', text(random, 20)],
    ['Content-Length', text(random, 3)]];
  for (let i = random.below(5); i > 0; i--) headers.push([text(random, 4), text(random, 12)]);
  return {
    method: methods[random.below(methods.length)]!, target: `${random.below(3) === 0 ? '' : '/'}${text(random, 20)}?${text(random, 25)}`, protocol: ['HTTP/1.1',
      'HTTP/9', ''][random.below(3)]!,
    headers, body: text(random, 60), status: [0, 200, 500, 999][random.below(4)]!, response: text(random, 40),
  };
}

function run(ruleSet: RuleSet, input: Hostile, step: number): string {
  const tx = ruleSet.begin({ clientAddress: '192.0.2.1', clientPort: 1, serverAddress: '', serverPort: 0, uniqueId: '', nowMs: 0, reputation: null });
  tx.requestLine(input.method, input.target, input.protocol);
  for (const [name, value] of input.headers) tx.requestHeader(name, value);
  tx.endRequestHeaders();
  const body = Buffer.from(input.body, 'latin1');
  const piece = Buffer.alloc(step);
  // The engine must not keep the caller's memory: the same piece is used again and again.
  for (let at = 0; at < body.length; at += step) tx.requestBody(piece.subarray(0, body.copy(piece, 0, at, at + step)));
  tx.endRequestBody();
  tx.responseHead(input.status, 'HTTP/1.1');
  tx.responseHeader('Content-Type', 'text/html');
  tx.endResponseHeaders();
  tx.responseBody(Buffer.from(input.response, 'latin1'));
  tx.endResponseBody();
  const { matches, interruption, scores, bodyError } = tx.finish(1);
  return JSON.stringify([matches, interruption, scores, bodyError]);
}

function fuzz(ruleSet: RuleSet, rounds: number): void {
  const random = new Random(99);
  for (let i = 0; i < rounds; i++) {
    const input = hostile(random);
    const whole = run(ruleSet, input, 100_000);
    assert.equal(run(ruleSet, input, 1), whole);
    assert.equal(run(ruleSet, input, 7), whole);
  }
}

test('baseline rules', () => {
  const result = loadRuleSet({ parts: baselineParts(), source: memorySource({}) });
  assert.ok(result.ok);
  fuzz(result.ruleSet, 600);
});

test('Core Rule Set at level 4', { skip: hasCrs ? false : `SKIPPED: no rule set at ${crsFolder}` }, () => {
  fuzz(loadTestRules(), 300);
});
