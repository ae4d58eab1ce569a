// The request that curl's arguments stand for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestOfCurl } from './waf-test.ts';

test('curl: method, fields, data in every spelling', () => {
  assert.deepEqual(requestOfCurl(['curl', 'http://a/x?y=1']), { method: 'GET', url: 'http://a/x?y=1', headers: [['User-Agent', 'curl/8.0'], ['Accept', '*/*']], body: '' });
  const form = requestOfCurl(['-d', 'a=1', '--data=b=2', '--data-urlencode', 'c=x y', '-H', 'X-A: b: c', '-A', 'me', 'http://a/']);
  assert.equal(form.method, 'POST');
  assert.equal(form.body, 'a=1&b=2&c=x%20y');
  assert.deepEqual(form.headers, [['X-A', 'b: c'], ['User-Agent', 'me'], ['Accept', '*/*'], ['Content-Type', 'application/x-www-form-urlencoded']]);
  const json = requestOfCurl(['-XPUT', '--json', '{"a":1}', '-b', 's=1', '--url', 'http://a/']);
  assert.deepEqual([json.method, json.url, json.headers.at(-1)], ['PUT', 'http://a/', ['Content-Type', 'application/json']]);
  assert.throws(() => requestOfCurl(['-X', 'POST']), /no address/);
});
