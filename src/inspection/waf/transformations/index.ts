// The registry of transformations by their SecLang names (compared without case, as ModSecurity does).
// Adding one: a file beside this one, an entry here, vectors in testdata/.
import type { Transformation } from './contract.ts';
import { base64Decode, base64DecodeExt, base64Encode } from './base64.ts';
import { cmdLine } from './cmdLine.ts';
import { removeComments, removeCommentsChar, replaceComments } from './comments.ts';
import { cssDecode } from './cssDecode.ts';
import { length, md5, sha1 } from './digests.ts';
import { escapeSeqDecode } from './escapeSeqDecode.ts';
import { hexDecode, hexEncode, sqlHexDecode } from './hex.ts';
import { htmlEntityDecode } from './htmlEntityDecode.ts';
import { jsDecode } from './jsDecode.ts';
import { lowercase } from './lowercase.ts';
import { none } from './none.ts';
import { normalisePath, normalisePathWin, normalizePath, normalizePathWin } from './normalizePath.ts';
import { removeNulls, replaceNulls } from './nulls.ts';
import { parityEven7bit, parityOdd7bit, parityZero7bit } from './parity.ts';
import { trim, trimLeft, trimRight } from './trim.ts';
import { uppercase } from './uppercase.ts';
import { urlDecode } from './urlDecode.ts';
import { urlDecodeUni } from './urlDecodeUni.ts';
import { urlEncode } from './urlEncode.ts';
import { utf8toUnicode } from './utf8toUnicode.ts';
import { compressWhitespace, removeWhitespace } from './whitespace.ts';

export type { Transformation } from './contract.ts';

const all: readonly Transformation[] = [
  base64Decode, base64DecodeExt, base64Encode, cmdLine, compressWhitespace, cssDecode, escapeSeqDecode, hexDecode, hexEncode,
  htmlEntityDecode, jsDecode, length, lowercase, md5, none, normalisePath, normalisePathWin, normalizePath, normalizePathWin,
  parityEven7bit, parityOdd7bit, parityZero7bit, removeComments, removeCommentsChar, removeNulls, removeWhitespace,
  replaceComments, replaceNulls, sha1, sqlHexDecode, trim, trimLeft, trimRight, uppercase, urlDecode, urlDecodeUni, urlEncode,
  utf8toUnicode,
];

const byName = new Map(all.map((one) => [one.name.toLowerCase(), one]));

/** The transformation of that name, or undefined. */
export function findTransformation(name: string): Transformation | undefined {
  return byName.get(name.toLowerCase());
}

/** All names, for the reference pages. */
export function transformationNames(): string[] {
  return all.map((one) => one.name);
}
