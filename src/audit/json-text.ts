// The inside of JSON strings as records have it: printable ASCII only, everything else as \u escapes.
// Does not know records.

/** 1 for what may stand in a JSON string as it is, 0 for what must be escaped. */
export const plainCodes = new Uint8Array(65_536);
for (let code = 0x20; code < 0x7f; code++) plainCodes[code] = code === 0x22 || code === 0x5c ? 0 : 1;
/** In ready-made members quotes and backslashes are syntax. */
export const plainOrSyntax = new Uint8Array(plainCodes);
plainOrSyntax[0x22] = 1;
plainOrSyntax[0x5c] = 1;

export function escaped(text: string, table: Uint8Array): string {
  let result = '';
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (table[code] === 1) result += text[at];
    else if (code === 0x22) result += '\\"';
    else if (code === 0x5c) result += '\\\\';
    else result += `\\u${code.toString(16).padStart(4, '0')}`;
  }
  return result;
}

/** The inside of a JSON string, printable ASCII only. */
export function jsonText(text: string): string {
  return escaped(text, plainCodes);
}
