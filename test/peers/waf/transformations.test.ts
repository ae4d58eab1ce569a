// Every transformation by itself: libmodsecurity and ours over the same seeded values, results compared byte for byte.
// Where libmodsecurity differs on purpose or by a fault, `odd` says for which values and why.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findTransformation } from '#inspection/waf/transformations/index.ts';
import { Random } from '../../waf/pattern-samples.ts';
import { temporaryFolder } from '../peer.ts';
import { buildJudge, judgeData, needsJudge, type Exchange, plainResponse } from './judge.ts';

const seed = 5;
const values = 3000;
const names = [
  'base64Decode', 'base64DecodeExt', 'base64Encode', 'cmdLine', 'compressWhitespace', 'cssDecode', 'escapeSeqDecode', 'hexDecode', 'hexEncode', 'htmlEntityDecode',
  'jsDecode', 'length', 'lowercase', 'md5', 'normalizePath', 'normalizePathWin', 'parityEven7bit', 'parityOdd7bit', 'parityZero7bit', 'removeComments',
  'removeCommentsChar', 'removeNulls', 'removeWhitespace', 'replaceComments', 'replaceNulls', 'sha1', 'sqlHexDecode', 'trim', 'trimLeft', 'trimRight', 'uppercase',
  'urlDecode', 'urlDecodeUni', 'urlEncode', 'utf8toUnicode',
];
const pieces = [
  'a', 'b', 'F', 'Z', '0', '1', '7', '8', '9', ' ', ' ', '  ', '\t', '\n', '\r\n', '\v', '\f', '\0', '\xa0', '\x80', '\xff', '\xc3\xa9',
  '\xe2\x80\x99', '\xf0\x9f\x98\x80', '\xc0\xaf',
  '\xed\xa0\x80', '\xf5\x80\x80\x80', '\xe0\x80\xaf', '\xf4\x90\x80\x80', '\xc3', '\xe2\x80', '/', '//', '/./', '/../', '..', '.', './', '../',
  '\\', '\\\\', '..\\', '%', '%41', '%4', '%zz', '%u0041',
  '%uFF1c', '%u00e9', '%U0041', '%u12', '%25', '+', '&', '&lt;', '&lt', '&amp;', '&#65;', '&#x41;', '&#x', '&#', '&#0', '&nbsp;', '&quot', '&copy;', '&#300;', '&#x1F600;', '&GT;',
  '\\u0041', '\\uFF1C', '\\x41', '\\x4', '\\101', '\\8', '\\377', '\\400', '\\0', '\\n', '\\a', '\\v', '\\e', '\\?', "\\'", '\\"', '\\u00', '\\41 ',
  '\\000041', '\\00ff1c', '\\4', '\\12ff5e', '\\\n', '\\z',
  '/*', '*/', '/*x*/', '--', '#', '<!--', '-->', '/*!50000', '-', '*', '<', '>', ';', ',', '^', '"', "'", '(', ')', '=', 'QUJD', 'YWJj', 'YQ==',
  'YQ=', '0x41', '0x4142', '0x4', '0X41', 'x4142', '4a4b4C', 'select',
];

/** A result that is not ours on purpose. */
interface Odd { readonly when: (value: string) => boolean; readonly why: string }
const odd: Readonly<Record<string, Odd>> = {
  base64Decode: { when: (value) => value.length % 4 !== 0 || !/^[A-Za-z\d+/]*={0,2}$/.test(value),
    why: 'it gives nothing at all for a text that breaks the format; we give what stands before the fault' },
  base64DecodeExt: { when: (value) => /=|[^=]$/.test(value), why: 'it gives nothing or drops the last byte when the padding is not where it should be' },
  cssDecode: { when: (value) => /\\[\da-f]*0|\0/i.test(value), why: 'a NUL ends the result in 3.0.9' },
  hexDecode: { when: (value) => value.length % 2 !== 0 || /[^\da-f]/i.test(value), why: 'it computes with characters that are no digits' },
  htmlEntityDecode: { when: (value) => /&#x?[\da-f]{9}/i.test(value), why: 'numbers beyond 32 bits' },
  normalizePathWin: { when: (value) => /[/\\.]\\/.test(value), why: 'it leaves the last backslash of a run as it stands' },
  parityEven7bit: { when: () => true, why: 'even and odd are exchanged' },
  parityOdd7bit: { when: () => true, why: 'even and odd are exchanged' },
  removeComments: { when: (value) => /\*\/|-->/.test(value), why: 'what follows an end mark is copied unread, and either mark ends either comment' },
  sqlHexDecode: { when: () => true, why: 'it loses the last byte of every value' },
};

function valuesOf(random: Random): string[] {
  return Array.from({ length: values }, (_, i) => {
    // Half of them from a few pieces only, so that these meet.
    const few = Array.from({ length: 2 + random.below(4) }, () => pieces[random.below(pieces.length)]!);
    const from = i % 2 === 0 ? pieces : few;
    return Array.from({ length: 1 + random.below(9) }, () => from[random.below(from.length)]!).join('');
  });
}

const folder = temporaryFolder();
after(() => { folder.remove(); });

test(`transformations: libmodsecurity over ${values} values`, { skip: needsJudge() }, async () => {
  const rules = join(folder.path, 'rules.conf');
  const all = names.map((name, i) => `SecRule REQUEST_BODY "@unconditionalMatch" "id:${i + 1},phase:2,pass,log,t:none,t:${name},t:hexEncode,logdata:'%{MATCHED_VAR}'"`);
  writeFileSync(rules, ['SecRuleEngine On', 'SecRequestBodyAccess On', ...all, ''].join('\n'));
  const inputs = valuesOf(new Random(seed));
  const exchanges = inputs.map((body): Exchange => ({
    method: 'POST', target: '/', version: '1.1',
    headers: [['Host', 'a'], ['Content-Type', 'application/octet-stream'], ['Content-Length', String(body.length)]],
    body, response: plainResponse,
  }));
  const answers = await judgeData(buildJudge(folder.path), [rules], exchanges);
  const faults = new Map<string, string[]>();
  inputs.forEach((value, k) => {
    const theirs = new Map(answers[k]!.map(({ id, data }) => [id, Buffer.from(data, 'hex').toString('latin1')]));
    names.forEach((name, i) => {
      const ours = findTransformation(name)!.apply(value);
      if (ours === theirs.get(i + 1) || odd[name]?.when(value) === true) return;
      faults.set(name, [...faults.get(name) ?? [], `${JSON.stringify(value)}: ours ${JSON.stringify(ours)}, theirs ${JSON.stringify(theirs.get(i + 1))}`]);
    });
  });
  const report = [...faults].map(([name, list]) => `${name}: ${list.length} differ\n  ${list.sort((a, b) => a.length - b.length).slice(0, 8).join('\n  ')}`);
  assert.deepEqual(report, [], report.join('\n'));
});
