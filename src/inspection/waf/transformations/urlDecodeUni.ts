// t:urlDecodeUni: as urlDecode, and %uHHHH: the low byte, full-width ASCII (FF01-FF5E) folded to its plain form,
// other code points through SecUnicodeMapFile when one is loaded.
import { charClass, hexValue, outputOf, spacesForPlus, transformation, type Transformation } from './contract.ts';

export type UnicodeMap = ReadonlyMap<number, number>;

function unicodeByte(bytes: Uint8Array, i: number, map: UnicodeMap | null): number {
  const a = hexValue(bytes[i + 2]!);
  const b = hexValue(bytes[i + 3]!);
  const c = hexValue(bytes[i + 4]!);
  const d = hexValue(bytes[i + 5]!);
  if (a < 0 || b < 0 || c < 0 || d < 0) return -1;
  const low = c * 16 + d;
  const mapped = map?.get(a * 4096 + b * 256 + low);
  if (mapped !== undefined) return mapped;
  return a === 15 && b === 15 && low > 0 && low < 0x5f ? low + 0x20 : low;
}

export function decodeUrlUnicode(value: string, map: UnicodeMap | null): string {
  const first = value.indexOf('%');
  if (first < 0 && !value.includes('+')) return value;
  const { length } = value;
  const out = outputOf(value);
  if (first !== 0) spacesForPlus(out, first < 0 ? length : first);
  if (first < 0) return out.toString('latin1', 0, length);
  // In place: what is written never overtakes what is read.
  let o = first;
  for (let i = first; i < length; i++) {
    const code = out[i]!;
    if (code === 43) { out[o++] = 32; continue; }
    if (code !== 37) { out[o++] = code; continue; }
    const next = i + 1 < length ? out[i + 1]! : 0;
    if ((next | 32) === 117 && i + 5 < length) {
      const byte = unicodeByte(out, i, map);
      if (byte >= 0) { out[o++] = byte; i += 5; } else out[o++] = 37;
    } else if (i + 2 < length) {
      const high = hexValue(next);
      const low = hexValue(out[i + 2]!);
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
