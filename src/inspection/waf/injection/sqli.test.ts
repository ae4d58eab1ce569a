// Tokens, folds and verdicts of the SQL detector on inputs written for the rule that they show.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SqliTokenizer } from './sqli-tokenizer.ts';
import { KIND_LETTERS, Token } from './sqli-tokens.ts';
import { detectSqli, fingerprintsOf } from './sqli.ts';

function kinds(value: string, quote = 0, mysql = false): string {
  const tokenizer = new SqliTokenizer();
  const token = new Token();
  tokenizer.reset(value, quote, mysql);
  let letters = '';
  while (tokenizer.next(token)) letters += KIND_LETTERS.charAt(token.kind);
  return letters;
}

const tokenCases: [value: string, letters: string][] = [
  ['', ''], [' \t\n\x0b\xa0\0', ''],
  ['1', '1'], ['1.5', '1'], ['.5', '1'], ['.', '.'], ['1e5', '1'], ['1e', 'n'], ['1e+', 'n'], ['0x1F', '1'], ['0x', 'n'], ['0b01', '1'], ['1f ',
  '1'], ['1from', '1k'], ['1fUNION', '1U'],
  ["'a'", 's'], ["'a''b'", 's'], ["'a\\'b'", 's'], ["'a\\\\'b", 'sn'], ["'a", 's'], ['"a"1', 's1'], ["e'a'", 's'], ["n'a'", 's'], ["u&'a'", 's'],
  ["x'1f'", '1'], ["b'01'", '1'],
  ["b'2'", 'ns'], ["q'[it's]'1", 's1'], ["nq'!a!'", 's'], ["q'", 'ns'],
  ['$1,000.00', '1'], ['$$a$$1', 's1'], ['$x$a$x$1', 's1'], ['$', 'n'], ['$x', 'nn'], ['$$a', 's'],
  ['foo', 'n'], ['SELECT', 'E'], ['sElEcT', 'E'], ['select.1', 'E1'], ['select.a', 'E.n'], ['foo.bar', 'n'], ['select`a`', 'En'], ['[select]', 'n'],
  ['[a', 'n'], ['`a`', 'n'], ['`version`', 'f'],
  ['@a', 'v'], ['@@a', 'v'], ["@'a b'", 'v'], ['@@`a`', 'v'], ['@', 'v'],
  ['<=>', 'o'], ['<>', 'o'], ['&&', '&'], ['||', '&'], ['|', 'o'], [':', 'o'], [':a', ':n'], ['==', 'oo'], ['::', 'o'], ['0x\0', '1'], ['@a\0b', 'vn'], [':=', 'o'],
    ['=', 'o'], ['+', 'o'],
  ['--', 'c'], ['-- a\n1', 'c1'], ['--a', 'c'], ['-1', 'o1'], ['/* a */1', 'c1'], ['/* a', 'c'], ['/*!1*/', 'X'], ['/* /* */', 'X'], ['/', 'o'],
  ['#a', 'on'],
  ['\\N', '1'], ['\\', '\\'], ['(){},;?]', '(){},;??'],
];

test('the scanner reads every kind of token', () => {
  for (const [value, letters] of tokenCases) assert.equal(kinds(value), letters, JSON.stringify(value));
});

test('MySQL reads # and -- its own way', () => {
  assert.equal(kinds('1#a', 0, true), '1c');
  assert.equal(kinds('1--a', 0, true), '1oon');
  assert.equal(kinds('1-- a', 0, true), '1c');
});

test('a value may begin inside a string', () => {
  assert.equal(kinds("a' or 1", 39), 's&1');
  assert.equal(kinds("a\\' or 1", 39), 's');
  assert.equal(kinds('a" or 1', 34), 's&1');
});

/** Fingerprint of the value as it is. */
function folded(value: string): string {
  return fingerprintsOf(value)[0]?.fingerprint ?? '';
}

const foldCases: [value: string, fingerprint: string][] = [
  ['1+1', '1'], ['1 , 2 , 3', '1'], ['-1', '1'], ["'a' 'b'", 's'], ['1;;', '1;'], ['1 = -2', '1'], ['1 and not 2', '1&1'], ['select - 1', 'E1'],
  ['select -(1', 'E(1'],
  ['group by 1', 'B1'], ['1 is not null', '1ov'], ['(((1', '1'], ['1)))', '1)'], ['a.b.c', 'n'], ['1 in (1', '1o(1'], ['1 in a', '1nn'], ['like (1',
  'f(1'], ['user(1)', 'n(1)'], ['user()', 'f()'],
  ['1::int', '1'], ['int 1', '1'], ['1 collate a_b', '1At'], ['\\1', '1'], ['{a 1}', '1'], ['1 /* a */', '1c'], ['/*!1*/ 1', 'X'],
  ['1 union all select 2', '1UE1'], ['1;if 1', '1;T1'],
  ['1+(1)+(2)', '1'], ['1,-1', '1'], ['1,-sin(1', '1,f(1'], ['1 a b c d e f', '1nnnn'], ['select 1 ` `', 'E1n'], ['select 1 `', 'E1c'], ['{`` 1',
  'X'],
];

test('what SQL does not care about is folded away', () => {
  for (const [value, fingerprint] of foldCases) assert.equal(folded(value), fingerprint, JSON.stringify(value));
});

test('attacks of every family match', () => {
  const attacks = [
    '1 union select 1,2', "1' union all select a from b-- ", "' or '1'='1", "' or 1=1-- ", '" or ""="', "admin'--", '1;drop table users',
    "1'; exec xp_cmdshell('dir')--", '1 and sleep(5)',
    "1' and (select count(*) from t)>0-- ", '1 or 1=1#', "1/*!union*/select 2", "x' and 1=convert(int,@@version)-- ", '1) or (1=1',
    '-1 order by 1--', "' having 1=1-- ", '1 procedure analyse() union select 1',
    "1' waitfor delay '0:0:5'-- ", "';waitfor delay '0:0:5'-- ", "1 and extractvalue(1,concat(0x7e,version()))", "a' into outfile '/tmp/x'-- ",
    "1' rlike sleep(5)-- ",
  ];
  for (const attack of attacks) assert.equal(detectSqli(attack).match, true, attack);
});

test('prose and ordinary values do not match', () => {
  const values = [
    '', 'select a size', "it's 5 and a half", 'union of two', '1 union', 'sexy and 17', 'foo -- bar', 'rock & roll', 'drop me a line',
    "Conan O'Brien", '12 or more', 'text/*', 'C#',
    'a;b;c', '10-20', 'update on the group order by Monday',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0', '{"a":"b","c":[1,2]}', 'foo "bar" and baz',
  ];
  for (const value of values) assert.equal(detectSqli(value).match, false, value);
});
