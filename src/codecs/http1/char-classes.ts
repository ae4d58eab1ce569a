// Byte classes as 256-entry tables. RFC 9110 s5.6.2 (token), s5.5 (field value), RFC 3986 s2 (URI). No logic.

function classOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)] = 1;
  return table;
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const digits = '0123456789';

export const HT = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const SLASH = 0x2f;

/** RFC 9110 s5.6.2 tchar. */
export const tokenClass: Uint8Array = classOf(`!#$%&'*+-.^_\`|~${digits}${letters}`);

/** Bytes of a field value: HTAB, SP, VCHAR; with obs-text. */
export const valueClass: Uint8Array = new Uint8Array(256);
/** The same without obs-text. */
export const asciiValueClass: Uint8Array = new Uint8Array(256);
/** Bytes of a request target as far as the scanner cares: VCHAR, and obs-text for the normaliser to judge. */
export const targetClass: Uint8Array = new Uint8Array(256);
/** A reason phrase: as a value. */
for (let byte = 0; byte < 256; byte++) {
  const visible = byte > 0x20 && byte < 0x7f;
  if (visible || byte === SP || byte === HT || byte >= 0x80) valueClass[byte] = 1;
  if (visible || byte === SP || byte === HT) asciiValueClass[byte] = 1;
  if (visible || byte >= 0x80) targetClass[byte] = 1;
}

/** Value of a hexadecimal digit, 255 for every other byte. */
export const hexValue: Uint8Array = new Uint8Array(256).fill(255);
for (let i = 0; i < 16; i++) {
  hexValue['0123456789abcdef'.charCodeAt(i)] = i;
  hexValue['0123456789ABCDEF'.charCodeAt(i)] = i;
}

/** RFC 3986 s2.3 unreserved. */
export const unreservedClass: Uint8Array = classOf(`-._~${digits}${letters}`);

/** Bits of pathClass and queryClass. */
export const URI_PERCENT = 1;
export const URI_BACKSLASH = 2;
export const URI_SEMICOLON = 4;
export const URI_FRAGMENT = 8;
export const URI_UNWISE = 16;
export const URI_BAD = 32;
export const URI_NON_ASCII = 64;

function uriClass(plain: string, unwise: string, backslash: number, semicolon: number): Uint8Array {
  const table = new Uint8Array(256).fill(URI_BAD, 0, 0x80).fill(URI_NON_ASCII, 0x80);
  for (let i = 0; i < plain.length; i++) table[plain.charCodeAt(i)] = 0;
  for (let i = 0; i < unwise.length; i++) table[unwise.charCodeAt(i)] = URI_UNWISE;
  table[0x25] = URI_PERCENT;
  table[0x23] = URI_FRAGMENT;
  table[0x5c] = backslash;
  table[SEMICOLON] = semicolon;
  return table;
}

const plain = `-._~!$&'()*+,=:@/${digits}${letters}`;
/** 0 for bytes of a path that need no thought, otherwise a bit that says which. */
export const pathClass: Uint8Array = uriClass(plain, '|^[]', URI_BACKSLASH, URI_SEMICOLON);
/** The same for a query. */
export const queryClass: Uint8Array = uriClass(`${plain}?`, '|^[]{}`', URI_UNWISE, 0);
