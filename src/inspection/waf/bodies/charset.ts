// Character sets by what they mean for rules, which look at bytes as if they were ASCII. In a superset of ASCII every ASCII text
// has the same bytes, so that rules see it; in UTF-16, UTF-7 or EBCDIC an attack has other bytes, which a server may undo.
// Such a charset is a fault of the body.

/** Every byte below 0x80 that stands alone is the ASCII character. */
const asciiSupersets = new RegExp(String.raw`^(?:utf-?8|us-ascii|ascii|binary|iso-?8859-\d{1,2}(?:-[ei])?|latin-?[1-9]|windows-(?:125[0-8]|874)|cp125[0-8]|koi8-[ru]|tis-620|`
  + String.raw`euc-(?:jp|kr|tw)|ks_c_5601-1987|gb2312|gbk|gb18030|big5(?:-hkscs)?|shift_jis|sjis|windows-31j|macintosh)$`, 'i');

/** True when ASCII text has the bytes of ASCII in it, so that rules can read it as it stands. */
export function readsAsAscii(charset: string): boolean {
  return asciiSupersets.test(charset);
}

/** The charset parameters of a Content-Type value, unquoted. */
function charsetsOf(contentType: string): string[] {
  return Array.from(contentType.matchAll(/charset\*?\s*=\s*(?:"([^"]*)"?|([^\s;,]*))/gi), (match) => (match[1] ?? match[2]!).trim().replace(/^'([^']*)'$/, '$1'));
}

/** The charset of a Content-Type value, or ''. */
export function charsetOf(contentType: string): string {
  return /charset/i.test(contentType) ? charsetsOf(contentType)[0] ?? '' : '';
}

/** What is wrong with the charset of a Content-Type value, or ''. */
export function charsetFault(contentType: string): string {
  if (!/charset/i.test(contentType)) return '';
  const charsets = charsetsOf(contentType);
  if (charsets.length > 1) return 'more than one charset';
  const [charset] = charsets;
  if (charset === undefined || charset === '' || readsAsAscii(charset)) return '';
  return `charset ${charset} cannot be looked into`;
}

/** A media type that nothing but a guess could complete: two values, two types in one, a charset that hides the text. */
export function contentTypeFault(values: readonly string[]): string {
  if (values.length > 1) return 'more than one Content-Type';
  const [value = ''] = values;
  if (value.replaceAll(/"(?:[^"\\]|\\[^])*"/g, '').includes(',')) return 'more than one media type in Content-Type';
  return charsetFault(value);
}

const utf8Characters = new RegExp(String.raw`(?:[\x00-\x7f]+|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|`
  + String.raw`\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})`, 'y');

/** Offset of the first byte that is not UTF-8 (RFC 3629: shortest form, no surrogates), or -1. */
export function notUtf8At(text: string): number {
  const first = text.search(/[\x80-\xff]/);
  if (first < 0) return -1;
  let at = first;
  while (at < text.length) {
    utf8Characters.lastIndex = at;
    if (!utf8Characters.test(text)) return at;
    at = utf8Characters.lastIndex;
  }
  return -1;
}
