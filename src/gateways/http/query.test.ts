// Query parameters and cookies: what is read, what is left alone, and the limits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { RequestCookies } from './cookies.ts';
import { QueryParameters, decodeComponent } from './query.ts';
import { encodeComponent, encodePath, hasDotSegment, hostCharacters } from './url-text.ts';

function pairs(query: string | undefined, maximum = 100): [string, string][] {
  const parameters = new QueryParameters(maximum);
  parameters.read(query);
  return parameters.names.map((name, i) => [name, parameters.values[i] as string]);
}

function cookies(...lines: string[]): [string, string][] {
  const read = new RequestCookies(100);
  read.clear();
  for (const line of lines) read.read(line);
  return read.names.map((name, i) => [name, read.values[i] as string]);
}

test('query parameters: separators, plus, escapes, order and duplicates', () => {
  assert.deepEqual(pairs(undefined), []);
  assert.deepEqual(pairs(''), []);
  assert.deepEqual(pairs('a=1&b=2&a=3'), [['a', '1'], ['b', '2'], ['a', '3']]);
  assert.deepEqual(pairs('&&a&=x&b=&'), [['a', ''], ['', 'x'], ['b', '']]);
  assert.deepEqual(pairs('a=b=c;d=e'), [['a', 'b=c;d=e']]);
  assert.deepEqual(pairs('q=a+b%20c%2B&%61=1'), [['q', 'a b c+'], ['a', '1']]);
  assert.deepEqual(pairs('a&b=1'), [['a', ''], ['b', '1']]);
});

test('broken escapes stay, UTF-8 is read as such, other bytes as Latin-1', () => {
  assert.equal(decodeComponent('100%'), '100%');
  assert.equal(decodeComponent('%4'), '%4');
  assert.equal(decodeComponent('%zz%41'), '%zzA');
  assert.equal(decodeComponent('%C3%A9%E4%B8%AD'), 'é中');
  assert.equal(decodeComponent('%E9'), 'é');
});

test('decoding agrees with the platform on well-formed text', () => {
  assert.equal(decodeComponent('%EF%BF%BD'), '\ufffd', 'the replacement character itself is well formed');
  fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (text) => {
    assert.equal(decodeComponent(encodeURIComponent(text)), text);
    assert.equal(decodeComponent(encodeComponent(text)), text);
  }), { numRuns: 300 });
});

test('query parameters beyond the maximum are an overflow: at N not, at N+1', () => {
  const parameters = new QueryParameters(3);
  parameters.read('a=1&b=2&c=3');
  assert.equal(parameters.overflow, false);
  parameters.read('a=1&b=2&c=3&');
  assert.equal(parameters.overflow, false);
  parameters.read('a=1&b=2&c=3&d=4');
  assert.equal(parameters.overflow, true);
  assert.deepEqual(parameters.names, ['a', 'b', 'c']);
  parameters.read('a=1');
  assert.equal(parameters.overflow, false);
});

test('cookies: white space, quotes, no decoding, several lines, nameless', () => {
  assert.deepEqual(cookies('a=1; b=2;c=3'), [['a', '1'], ['b', '2'], ['c', '3']]);
  assert.deepEqual(cookies(' a = 1 ;\tb="x y" '), [['a', '1'], ['b', '"x y"']]);
  assert.deepEqual(cookies('a=%41=b', 'a=2'), [['a', '%41=b'], ['a', '2']]);
  assert.deepEqual(cookies('bare; ;; =v; a='), [['', 'bare'], ['', 'v'], ['a', '']]);
});

test('cookies beyond the maximum are an overflow, also over several lines', () => {
  const read = new RequestCookies(2);
  read.clear();
  read.read('a=1');
  read.read('b=2; ');
  assert.equal(read.overflow, false);
  read.read('c=3');
  assert.equal(read.overflow, true);
});

test('encoding and host text', () => {
  assert.equal(encodeComponent('a b&c=é'), 'a%20b%26c%3D%C3%A9');
  assert.equal(encodePath('/a b?#%2F\r\n'), '/a%20b%3F%23%2F%0D%0A');
  assert.equal(hostCharacters('evil.example/x@y\r\n:80'), 'evil.examplexy:80');
});

test('dot segments in every disguise', () => {
  for (const path of ['/..', '/../a', '/a/.', '/a/./b', '/%2e%2E/a', '/.%2e/', '/a/..;x=1/b', '..', '/a\\..\\b']) assert.equal(hasDotSegment(path), true, path);
  for (const path of ['/a..b', '/..a', '/...', '/a/.b', '/.well-known/x', '/a../b']) assert.equal(hasDotSegment(path), false, path);
});
