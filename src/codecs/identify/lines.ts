// The first lines of a connection as text, for signatures of text protocols. Bounded; stops where bytes come that no text
// protocol sends. Knows no protocol.

/** Of what a side has said, this much is looked at. */
export const maxTextBytes = 2048;
/** Whole lines that are looked at: a greeting of several lines, or the first commands. */
export const maxLines = 32;

export interface Lines {
  /** Whole lines, without their ends. */
  readonly whole: readonly string[];
  /** What stands behind the last end of line. */
  readonly rest: string;
  /** There is more than was looked at, or bytes that are no text. */
  readonly cut: boolean;
  /** The first line as it stands, where it has bytes that are no text: whole if `ended`. '' otherwise. */
  readonly raw: string;
  readonly ended: boolean;
}

/** Control bytes that banners for terminals may have: BEL, BS, TAB, LF, FF, CR, ESC. */
// oxlint-disable-next-line no-control-regex
const noText = /[\0-\x06\x0b\x0e-\x1a\x1c-\x1f\x7f]/;

/** Undefined when there is no text at all: nothing yet but ends of lines has `rest` ''. */
export function linesOf(bytes: Uint8Array, length: number): Lines | undefined {
  let from = 0;
  // Clients may send empty lines first (RFC 9112 section 2.2, SIP keep-alives), and terminals do.
  while (from < length && from < 8 && (bytes[from] === 13 || bytes[from] === 10)) from++;
  const end = Math.min(length, from + maxTextBytes);
  let text = Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from).toString('latin1');
  const binary = text.search(noText);
  if (binary === 0) return undefined;
  let raw = '';
  let ended = false;
  if (binary > 0) {
    const feed = text.indexOf('\n');
    if (feed < 0 || feed > binary) {
      ended = feed >= 0;
      raw = ended ? text.slice(0, feed) : text;
    }
    text = text.slice(0, binary);
  }
  const whole: string[] = [];
  let at = 0;
  for (let next = text.indexOf('\n'); next >= 0 && whole.length < maxLines; next = text.indexOf('\n', at)) {
    whole.push(text.slice(at, next > at && text.charCodeAt(next - 1) === 13 ? next - 1 : next));
    at = next + 1;
  }
  return { whole, rest: text.slice(at), cut: binary > 0 || end < length, raw, ended };
}
