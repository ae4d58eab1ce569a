// t:urlDecodeUni: as urlDecode, and %uHHHH: the low byte, full-width ASCII (FF01-FF5E) folded to its plain form,
// other code points through SecUnicodeMapFile when one is loaded.
import { charClass, hexValue, output, transformation, type Transformation } from './contract.ts';

export type UnicodeMap = ReadonlyMap<number, number>;

function unicodeByte(value: string, i: number, map: UnicodeMap | null): number {
  const a = hexValue(value.charCodeAt(i + 2));
  const b = hexValue(value.charCodeAt(i + 3));
  const c = hexValue(value.charCodeAt(i + 4));
  const d = hexValue(value.charCodeAt(i + 5));
  if (a < 0 || b < 0 || c < 0 || d < 0) return -1;
  const low = c * 16 + d;
  const mapped = map?.get(a * 4096 + b * 256 + low);
  if (mapped !== undefined) return mapped;
  return a === 15 && b === 15 && low > 0 && low < 0x5f ? low + 0x20 : low;
}

export function decodeUrlUnicode(value: string, map: UnicodeMap | null): string {
  if (!value.includes('%') && !value.includes('+')) return value;
  const length = value.length;
  const out = output(length);
  let o = 0;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (code === 43) { out[o++] = 32; continue; }
    if (code !== 37) { out[o++] = code; continue; }
    const next = i + 1 < length ? value.charCodeAt(i + 1) : 0;
    if ((next | 32) === 117 && i + 5 < length) {
      const byte = unicodeByte(value, i, map);
      if (byte >= 0) { out[o++] = byte; i += 5; } else out[o++] = 37;
    } else if (i + 2 < length) {
      const high = hexValue(next);
      const low = hexValue(value.charCodeAt(i + 2));
      if (high >= 0 && low >= 0) { out[o++] = high * 16 + low; i += 2; } else out[o++] = 37;
    } else out[o++] = 37;
  }
  return out.toString('latin1', 0, o);
}

const triggers = charClass.percent | charClass.plus;

export const urlDecodeUni = transformation('urlDecodeUni', triggers, (value) => decodeUrlUnicode(value, null));

/** The same transformation with a code point map of SecUnicodeMapFile. */
export function urlDecodeUniWith(map: UnicodeMap): Transformation {
  return transformation('urlDecodeUni', triggers, (value) => decodeUrlUnicode(value, map));
}
