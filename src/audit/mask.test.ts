// Tests of mask.ts: the quick look never overlooks what the careful one would mask.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { SecretNames } from './mask.ts';

const secrets = new SecretNames(['password', 'api_key', 'cookie', 'X-Auth-Token']);
const parametersClean = (text: string): boolean => secrets.parametersAreClean(Buffer.from(text, 'latin1'), 0, text.length);
const membersClean = (text: string): boolean => secrets.membersAreClean(Buffer.from(text, 'latin1'), 0, text.length);

for (const [given, wanted] of [
  ['password=x', 'password=***'], ['a=1&PASSWORD=x&b=2', 'a=1&PASSWORD=***&b=2'], ['apikey=1;Api-Key=2', 'apikey=***;Api-Key=***'],
  ['user[password]=x', 'user[password]=***'], ['pass%77ord=x', 'pass%77ord=***'], ['xauthtoken=', 'xauthtoken=***'],
  ['password', 'password'], ['q=password', 'q=password'], ['passwords=1', 'passwords=1'], ['a=password=1', 'a=password=1'],
] as const) {
  test(`parameters ${given}`, () => assert.equal(secrets.maskParameters(given), wanted));
}

test('the quick look finds everything that masking would change', () => {
  const piece = fc.constantFrom('password', 'Api_Key', 'q', 'x', '=', '&', ';', '1', '[', ']', '%70', '.', 'pass', 'word', '-', '"');
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const text = pieces.join('');
    if (parametersClean(text)) {
      assert.equal(secrets.maskParameters(text), text);
      assert.doesNotMatch(text, /["\\]/);
    }
  }), { numRuns: 3000 });
});

test('nothing to hide is seen at once', () => {
  assert.equal(parametersClean('page=3&sort=asc&q=shoe'), true);
  assert.equal(membersClean('"agent":"Mozilla/5.0 (X11)","type":"text/html"'), true);
});

test('members by name and by the URL in their value', () => {
  assert.equal(membersClean('"cookie":"a"'), false);
  assert.equal(secrets.maskMembers('"header:cookie":"a=b","n":1'), '"header:cookie":"***","n":1');
  assert.equal(secrets.maskMembers('"referer":"/x?password=1#f"'), '"referer":"/x?password=***"');
  assert.equal(secrets.maskMembers('"deep":{"cookie":{"a":"b"}}'), '"deep":{"cookie":"***"}');
  assert.equal(membersClean('"\\u0063ookie":"a"'), false);
});

test('no names: nothing is masked', () => {
  assert.equal(new SecretNames([]).maskParameters('password=1'), 'password=1');
});
