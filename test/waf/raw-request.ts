// Reads a raw request leniently, as a WAF's test harness must: the rules, not this reader, judge what is malformed.
// Also says, strictly, what an HTTP/1 server refuses before any rule sees it (RFC 9112).

export interface RawRequest {
  readonly line: string;
  readonly method: string;
  readonly target: string;
  readonly protocol: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  /** Why an HTTP/1 server answers 400, or null. */
  readonly refusal: string | null;
}

function dechunk(body: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = body.indexOf('\r\n', at);
    if (end < 0) break;
    const size = Number.parseInt(body.toString('latin1', at, end), 16);
    if (!Number.isFinite(size) || size === 0) break;
    pieces.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return Buffer.concat(pieces);
}

function refusalOf(line: string, method: string, target: string, protocol: string, headers: readonly (readonly [string, string])[], malformed: boolean): string | null {
  if (malformed) return 'malformed header field';
  if (!/^[!#$%&'*+.^_`|~\dA-Za-z-]+ [^\x00-\x20\x7f]+ HTTP\/\d\.\d$/.test(line)) return 'malformed request line';
  const form = target.startsWith('/') || /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(target) || (target === '*' && method === 'OPTIONS') || (method === 'CONNECT' && /:\d+$/.test(target));
  if (!form) return 'malformed request target';
  if (target.includes('#') || /[^\x21-\x7e]/.test(target)) return 'characters that a target must not hold';
  if (!/^HTTP\/1\.[01]$/.test(protocol)) return 'unsupported version';
  const all = (name: string): string[] => headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  if (protocol === 'HTTP/1.1' && all('host').length !== 1) return 'not exactly one Host';
  if (all('host').some((value) => value === '' || /[\s@,/%]/.test(value))) return 'malformed Host';
  if (all('content-length').some((value) => !/^\d+$/.test(value))) return 'malformed Content-Length';
  if (headers.some(([, value]) => /[\x00\r\n]/.test(value))) return 'control characters in a header field';
  return null;
}

export function readRequest(raw: Buffer): RawRequest {
  const text = raw.toString('latin1');
  let headEnd = text.indexOf('\r\n\r\n');
  let bodyStart = headEnd + 4;
  if (headEnd < 0) {
    headEnd = text.indexOf('\n\n');
    bodyStart = headEnd + 2;
  }
  if (headEnd < 0) { headEnd = text.length; bodyStart = text.length; }
  const [line = '', ...rest] = text.slice(0, headEnd).split(/\r?\n/);
  const first = line.indexOf(' ');
  const last = line.lastIndexOf(' ');
  const hasProtocol = last > first && /^HTTP/i.test(line.slice(last + 1));
  const method = first < 0 ? line : line.slice(0, first);
  const target = first < 0 ? '' : line.slice(first + 1, hasProtocol ? last : undefined);
  const protocol = hasProtocol ? line.slice(last + 1) : '';
  const headers: [string, string][] = [];
  let malformed = false;
  for (const field of rest) {
    const colon = field.indexOf(':');
    if (/^[ \t]/.test(field) && headers.length > 0) {
      headers[headers.length - 1]![1] += ` ${field.trim()}`;
      malformed = true;
    } else if (colon > 0) {
      headers.push([field.slice(0, colon), field.slice(colon + 1).replaceAll(/^[ \t]+|[ \t]+$/g, '')]);
      if (!/^[!#$%&'*+.^_`|~\dA-Za-z-]+$/.test(field.slice(0, colon))) malformed = true;
    } else if (field !== '') malformed = true;
  }
  let body = raw.subarray(bodyStart);
  const header = (name: string): string | undefined => headers.find(([key]) => key.toLowerCase() === name)?.[1];
  const length = header('content-length');
  if (/chunked/i.test(header('transfer-encoding') ?? '')) body = dechunk(body);
  else if (length !== undefined && /^\d+$/.test(length)) body = body.subarray(0, Number(length));
  // Neither length nor chunks: there is no body (RFC 9112, 6.3).
  else if (length === undefined) body = body.subarray(0, 0);
  return { line, method, target, protocol, headers, body, refusal: refusalOf(line, method, target, protocol, headers, malformed) };
}
