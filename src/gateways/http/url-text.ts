// Text for URLs: percent-encoding of values that are put into a path or query, what may stand in a host, and dot segments.
// RFC 3986 sections 2.1, 3.2.2, 3.3 and 5.2.4. Does not parse URLs.

function encodeBytes(text: string, allowed: RegExp): string {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const letter = String.fromCharCode(byte);
    encoded += allowed.test(letter) ? letter : `%${byte < 16 ? '0' : ''}${byte.toString(16).toUpperCase()}`;
  }
  return encoded;
}

/** Percent-encodes a value so that it stays one query parameter: only unreserved characters stay. */
export function encodeComponent(text: string): string {
  return /^[A-Za-z0-9._~-]*$/.test(text) ? text : encodeBytes(text, /[A-Za-z0-9._~-]/);
}

/** Percent-encodes what cannot stand in a path; escapes and slashes that are there stay. */
export function encodePath(text: string): string {
  return /^[A-Za-z0-9._~!$&'()*+,;=:@/%-]*$/.test(text) ? text : encodeBytes(text, /[A-Za-z0-9._~!$&'()*+,;=:@/%-]/);
}

/** Leaves out what cannot stand in a host with a port. */
export function hostCharacters(value: string): string {
  return value.replaceAll(/[^A-Za-z0-9._:[\]-]/g, '');
}

/** Whether a path has a segment `.` or `..`, also percent-encoded or with a parameter (`..;a`). */
export function hasDotSegment(path: string): boolean {
  return /(?:^|[/\\])(?:\.|%2e){1,2}(?:;[^/]*)?(?:[/\\]|$)/i.test(path);
}
