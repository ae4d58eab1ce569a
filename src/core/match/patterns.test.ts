// Tests of host, path and glob patterns: what they match, what they refuse to be, and that no input makes them slow.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Glob, HostPattern, PathPattern, hostPatternProblem, pathPatternProblem } from './index.ts';

const hosts: [string, string[], string[]][] = [
  ['shop.example', ['shop.example', 'shop.example.'], ['a.shop.example', 'shop.example.org', 'xshop.example', '']],
  ['Shop.Example', ['shop.example'], ['shop']],
  ['*.shop.example', ['a.shop.example', 'a.b.shop.example', 'a.shop.example.'], ['shop.example', '.shop.example', 'ashop.example', '']],
  ['*', ['anything', '', '10.0.0.1'], []],
  ['10.0.0.1', ['10.0.0.1'], ['10.0.0.10']],
  ['fd00::1', ['fd00::1', '[fd00::1]', 'fd00:0::1'], ['fd00::2']],
  ['[FD00:0::1]', ['fd00::1', '[fd00::1]'], ['fd00::2']],
];

test('host patterns', () => {
  for (const [text, yes, no] of hosts) {
    const pattern = new HostPattern(text);
    for (const host of yes) assert.equal(pattern.matches(host), true, `${text} and ${host}`);
    for (const host of no) assert.equal(pattern.matches(host), text === '*', `${text} and ${host}`);
  }
  for (const bad of ['', 'a.*.example', '*shop.example', 'shop.example:80', 'shop/x', '**', '*.', 'sh op', '.example']) {
    assert.notEqual(hostPatternProblem(bad), undefined, bad);
    assert.throws(() => new HostPattern(bad), bad);
  }
  const order = ['*', '*.example', '*.shop.example', 'shop.example'].map((text) => new HostPattern(text).specificity);
  assert.deepEqual(order, [...order].sort((a, b) => a - b));
});

const paths: [string, string[], string[]][] = [
  ['/a', ['/a'], ['/a/', '/', '', '/ab', '/a/b', 'a']],
  ['/', ['/'], ['', '/a']],
  ['/api/**', ['/api', '/api/', '/api/x', '/api/x/y/'], ['/apix', '/ap', '/', '', '/x/api']],
  ['/**', ['/', '/a', '/a/b'], ['', 'a']],
  ['**', ['', '/', 'a', '/a/b'], []],
  ['/u/*/edit', ['/u/1/edit'], ['/u//edit', '/u/edit', '/u/1/2/edit', '/u/1/edit/']],
  ['/u/*', ['/u/1'], ['/u/', '/u', '/u/1/']],
  ['/x/*.php', ['/x/a.php', '/x/.php', '/x/a.php.php'], ['/x/a.phpx', '/x/y/a.php', '/x/aphp']],
  ['/**/*.php', ['/a.php', '/x/a.php', '/x/y/z.php'], ['/x/a.php/y', '/a']],
  ['/a/**/b', ['/a/b', '/a/x/b', '/a/x/y/b', '/a/b/b', '/a//b'], ['/a', '/a/b/c', '/ab']],
  ['/a/**/b/**/c', ['/a/b/c', '/a/1/b/2/3/c', '/a/b/b/c'], ['/a/c/b', '/a/b', '/a/b/c/d']],
  ['/a/**/b/*/c', ['/a/b/1/c', '/a/b/b/1/c', '/a/x/b/1/c'], ['/a/b/c', '/a/b/1/2/c']],
  ['/**/', ['/', '/a/', '/a/b/'], ['/a', '']],
  ['/a/**/**', ['/a', '/a/b'], ['/b']],
  ['/v*-*/x', ['/v1-2/x', '/v-/x'], ['/v1/x', '/v1-2/y']],
  ['/lit\\*', ['/lit*'], ['/lita', '/lit\\*']],
  ['/back\\\\*', ['/back\\', '/back\\x'], ['/back']],
  ['*.iso', ['a.iso', '.iso'], ['/a.iso', 'a/b.iso']],
];

test('path patterns', () => {
  for (const [text, yes, no] of paths) {
    const pattern = new PathPattern(text);
    for (const path of yes) assert.equal(pattern.matches(path), true, `${text} and ${path}`);
    for (const path of no) assert.equal(pattern.matches(path), false, `${text} and ${path}`);
  }
  for (const bad of ['', '/a**', '/**b', '/a/***', '/a\\b', '/a\\', `/${'a'.repeat(2048)}`]) {
    assert.notEqual(pathPatternProblem(bad), undefined, bad);
    assert.throws(() => new PathPattern(bad), bad);
  }
  assert.equal(pathPatternProblem(`/${'a'.repeat(2047)}`), undefined);
  const order = ['**', '/**', '/a/**', '/*/b', '/api/**', '/api/v1/**', '/api/v1'].map((text) => new PathPattern(text).specificity);
  assert.deepEqual(order, [...order].sort((a, b) => a - b));
});

/** The obvious recursive definition, as judge. */
function judge(pattern: readonly string[], path: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return path.length === 0;
  if (head === '**') {
    for (let skip = 0; skip <= path.length; skip += 1) if (judge(rest, path.slice(skip))) return true;
    return false;
  }
  const segment = path[0];
  if (segment === undefined) return false;
  const holds = head === '*' ? segment !== '' : new RegExp(`^${head.replaceAll('*', '[^/]*')}$`).test(segment);
  return holds && judge(rest, path.slice(1));
}

test('path patterns mean what their definition says', () => {
  const segment = fc.constantFrom('**', '**', '*', 'a', 'b', 'a*', '*b', 'a*b*', '');
  const name = fc.constantFrom('a', 'b', 'ab', 'aab', 'abb', '');
  fc.assert(fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), fc.array(name, { minLength: 1, maxLength: 7 }), (pattern, path) => {
    const text = pattern.join('/');
    if (text === '') return;
    const subject = path.join('/');
    const bare = subject === '' && text !== '**';
    const collapsed = /^\*\*(\/\*\*)*$/.test(text);
    assert.equal(new PathPattern(text).matches(subject), collapsed || (!bare && judge(pattern, subject.split('/'))), `${text} and ${subject}`);
  }), { numRuns: 5000 });
});

test('no path makes a pattern slow', () => {
  const long = `/${'a/'.repeat(4000)}x`;
  const wide = `/${'a'.repeat(8000)}`;
  const started = process.cpuUsage();
  for (let round = 0; round < 20; round += 1) {
    assert.equal(new PathPattern('/**/a/**/a/**/a/**/a/**/b').matches(long), false);
    assert.equal(new PathPattern('/*a*a*a*a*a*a*a*b').matches(wide), false);
    assert.equal(new PathPattern('/**/a/a/a/a/a/a/b').matches(long), false);
  }
  const usedMs = process.cpuUsage(started).user / 1000;
  assert.ok(usedMs < 2000, `${usedMs} ms of CPU`);
});

test('globs cross slashes and are literal without a star', () => {
  assert.equal(new Glob('curl/*').matches('curl/8.1 (x/y)'), true);
  assert.equal(new Glob('curl').matches('curl/8'), false);
  assert.equal(new Glob('*bot*').matches('a robot here'), true);
  assert.equal(new Glob('a*a').matches('a'), false);
  assert.equal(new Glob('').matches(''), true);
  assert.equal(new Glob('a\\*').literal, 'a*');
  assert.equal(new Glob('a*').literal, undefined);
});
