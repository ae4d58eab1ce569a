// Undoes the content coding of a body that was held (RFC 9110 section 8.4.1), within a limit: what a server would unpack,
// rules have to see unpacked. Does no I/O.
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';

export type Decoded =
  | { readonly ok: true; readonly bytes: Buffer; readonly truncated: boolean }
  | { readonly ok: false; readonly reason: string };

/** The codings of a Content-Encoding value in the order in which they were applied; `identity` left out. */
export function contentCodings(value: string): string[] {
  return value.split(',').map((coding) => coding.trim().toLowerCase()).filter((coding) => coding !== '' && coding !== 'identity');
}

/** More than two layers are nobody's honest request. */
const maxCodings = 2;

/** `limit`: most bytes that come out; what is longer is reported as truncated and not given out. */
export function decodeContent(body: Buffer, codings: readonly string[], limit: number): Decoded {
  if (codings.length > maxCodings) return { ok: false, reason: `${codings.length} content codings` };
  let bytes = body;
  for (const coding of codings.toReversed()) {
    try {
      bytes = decodeOne(bytes, coding, limit);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ERR_BUFFER_TOO_LARGE') return { ok: true, bytes: Buffer.alloc(0), truncated: true };
      return { ok: false, reason: code === undefined ? (error as Error).message : `content coding ${coding}: ${code}` };
    }
  }
  return { ok: true, bytes, truncated: false };
}

function decodeOne(bytes: Buffer, coding: string, limit: number): Buffer {
  const options = { maxOutputLength: Math.max(1, limit) };
  switch (coding) {
    case 'gzip': case 'x-gzip': return gunzipSync(bytes, options);
    // Some peers send the raw form under this name.
    case 'deflate': return (bytes[0]! & 0x0f) === 8 ? inflateSync(bytes, options) : inflateRawSync(bytes, options);
    case 'br': return brotliDecompressSync(bytes, options);
    case 'zstd': return zstdDecompressSync(bytes, options);
    default: throw new Error(`unknown content coding ${coding}`);
  }
}
