// Canonical names: what is resolved, what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { below, canonicalPath, encodeUtf8, parse257, quotedPath, type PathRules } from './paths.ts';

const rules: PathRules = { maxPathBytes: 64, maxPathSegments: 4, backslash: 'refuse', names: 'exact' };

test('paths are resolved', () => {
  const rows: [base: string, argument: string, path: string][] = [
    ['/', 'a', '/a'], ['/', '/', '/'], ['/', '.', '/'], ['/a/b', 'c', '/a/b/c'], ['/a/b', '..', '/a'], ['/a/b', '/c', '/c'],
    ['/a/b', '../../../../etc/passwd', '/etc/passwd'], ['/', '..', '/'], ['/', '//a///b//', '/a/b'], ['/', 'a/./b/../c', '/a/c'],
    ['/', '...', '/...'], ['/', '~root', '/~root'], ['/a', ' b', '/a/ b'], ['/', '-rf', '/-rf'],
  ];
  for (const [base, argument, path] of rows) assert.deepEqual(canonicalPath(base, argument, rules), { path, wire: path }, `${base} + ${argument}`);
});

test('names are UTF-8; rules see the composed form, the server what the client wrote', () => {
  const decomposed = encodeUtf8('cafe\u0301');
  assert.deepEqual(canonicalPath('/', decomposed, rules), { path: '/caf\u00e9', wire: `/${decomposed}` });
});

test('what cannot be one name is refused', () => {
  const rows: [argument: string, refusal: string][] = [
    ['', 'empty'], ['\xff', 'utf-8'], ['\xc0\xaf', 'utf-8'], ['\xc0\xae\xc0\xae/', 'utf-8'], ['\xed\xa0\x80', 'utf-8'], ['a\xc3', 'utf-8'], ['a\rb', 'control'],
    [encodeUtf8('\u202eexe'), 'control'], [encodeUtf8('\u0085'), 'control'],
    [encodeUtf8('a\u200fb'), 'control'], [encodeUtf8('\u061c'), 'control'], ['..\\..', 'backslash'], ['a/b/c/d/e', 'too-deep'],
    ['a'.repeat(65), 'too-long'], ['a'.repeat(64), 'too-long'],
  ];
  for (const [argument, refusal] of rows) assert.equal(canonicalPath('/', argument, rules), refusal, JSON.stringify(argument));
  assert.equal(typeof canonicalPath('/', 'a/b/c/d', rules), 'object');
  assert.equal(typeof canonicalPath('/', 'a'.repeat(63), rules), 'object');
  assert.equal(typeof canonicalPath('/', 'a\\b', { ...rules, backslash: 'pass' }), 'object');
});

test('names on Windows: lower case for rules, and no second spelling of a file', () => {
  const windows: PathRules = { ...rules, names: 'windows' };
  assert.deepEqual(canonicalPath('/', 'Secret/../SECRET/Ünd'.replace('Ü', encodeUtf8('\u00dc')), windows), { path: '/secret/\u00fcnd', wire: `/SECRET/${encodeUtf8('\u00dc')}nd` });
  for (const name of ['a.exe.', 'a.exe ', '...', 'secret./x', 'a:b', 'a.txt::$DATA', 'C:', 'SECRET~1', 'con', 'NUL.txt', 'x/Com1', 'lpt9.']) {
    assert.equal(canonicalPath('/', name, windows), 'alias', name);
    assert.equal(typeof canonicalPath('/', name, rules), 'object', name);
  }
  for (const name of ['a~b', 'console', 'com10', '.hidden', 'a.b', 'x~', 'null']) assert.equal(typeof canonicalPath('/', name, windows), 'object', name);
});

test('below and quoting', () => {
  assert.equal(below('/', '/a/b'), 'a/b');
  assert.equal(below('/a', '/a/b'), 'b');
  assert.equal(below('/a', '/ab'), undefined);
  assert.equal(below('/a', '/a'), undefined);
  assert.equal(quotedPath('/a"b'), '"/a""b"');
  assert.equal(parse257('"/a""b" is here'), '/a"b');
  assert.equal(parse257('/a is here'), undefined);
});
