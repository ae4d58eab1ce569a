// Well-known field names as small integers, so that the hot path compares numbers and never strings. Holds the names
// and the lookup from bytes to id; does not judge what a field means. RFC 9110 s5.1: field names are case-insensitive.

/** 0 is "not a well-known name". The numbers are internal to one build: never store them. */
export const HeaderId = {
  Unknown: 0,
  Host: 1,
  Connection: 2,
  ContentLength: 3,
  TransferEncoding: 4,
  TE: 5,
  Trailer: 6,
  Upgrade: 7,
  Expect: 8,
  KeepAlive: 9,
  ProxyConnection: 10,
  Via: 11,
  Forwarded: 12,
  XForwardedFor: 13,
  XForwardedProto: 14,
  XForwardedHost: 15,
  XForwardedPort: 16,
  Cookie: 17,
  SetCookie: 18,
  Location: 19,
  ContentLocation: 20,
  ContentType: 21,
  ContentEncoding: 22,
  UserAgent: 23,
  Referer: 24,
  Accept: 25,
  AcceptEncoding: 26,
  AcceptLanguage: 27,
  Authorization: 28,
  ProxyAuthorization: 29,
  ProxyAuthenticate: 30,
  WWWAuthenticate: 31,
  Server: 32,
  Date: 33,
  Range: 34,
  IfMatch: 35,
  IfNoneMatch: 36,
  IfModifiedSince: 37,
  IfUnmodifiedSince: 38,
  IfRange: 39,
  ETag: 40,
  LastModified: 41,
  CacheControl: 42,
  Origin: 43,
  RetryAfter: 44,
  SecWebSocketKey: 45,
  SecWebSocketVersion: 46,
  SecWebSocketProtocol: 47,
  SecWebSocketExtensions: 48,
  SecWebSocketAccept: 49,
  HTTP2Settings: 50,
  XRequestId: 51,
  Link: 52,
  Vary: 53,
  Age: 54,
  Refresh: 55,
  Pragma: 56,
  Expires: 57,
  ContentRange: 58,
  AcceptRanges: 59,
  ContentDisposition: 60,
  ContentLanguage: 61,
  Allow: 62,
  MaxForwards: 63,
  From: 64,
  UpgradeInsecureRequests: 65,
  SecFetchSite: 66,
  SecFetchMode: 67,
  SecFetchUser: 68,
  SecFetchDest: 69,
  SecChUa: 70,
  SecChUaMobile: 71,
  SecChUaPlatform: 72,
  DNT: 73,
  Priority: 74,
  XForwardedServer: 75,
  XForwardedPrefix: 76,
  XRealIp: 77,
  XRequestedWith: 78,
  XMethodOverride: 79,
  XHttpMethodOverride: 80,
  XOriginalUrl: 81,
  XRewriteUrl: 82,
  StrictTransportSecurity: 83,
  ContentSecurityPolicy: 84,
  XFrameOptions: 85,
  XContentTypeOptions: 86,
  AltSvc: 87,
  XPoweredBy: 88,
  AccessControlAllowOrigin: 89,
  AccessControlRequestMethod: 90,
  AccessControlRequestHeaders: 91,
  ProxyAuthenticationInfo: 92,
  AuthenticationInfo: 93,
  Warning: 94,
  TraceParent: 95,
  TraceState: 96,
  RateLimit: 97,
  XRateLimitLimit: 98,
  XAccelRedirect: 99,
  XSendfile: 100,
  Prefer: 101,
  SecPurpose: 102,
  TrueClientIp: 103,
  CFConnectingIp: 104,
  XClientIp: 105,
  Digest: 106,
  ContentDigest: 107,
  Signature: 108,
  ServerTiming: 109,
  TimingAllowOrigin: 110,
  XXssProtection: 111,
} as const;

export type HeaderIdValue = (typeof HeaderId)[keyof typeof HeaderId];

const names: Record<number, string> = {};
const special: Record<string, string> = {
  TE: 'TE', WWWAuthenticate: 'WWW-Authenticate', ETag: 'ETag', HTTP2Settings: 'HTTP2-Settings', DNT: 'DNT', TraceParent: 'traceparent',
  TraceState: 'tracestate', SecWebSocketKey: 'Sec-WebSocket-Key', SecWebSocketVersion: 'Sec-WebSocket-Version',
  SecWebSocketProtocol: 'Sec-WebSocket-Protocol', SecWebSocketExtensions: 'Sec-WebSocket-Extensions',
  SecWebSocketAccept: 'Sec-WebSocket-Accept', SecChUa: 'Sec-CH-UA', SecChUaMobile: 'Sec-CH-UA-Mobile',
  SecChUaPlatform: 'Sec-CH-UA-Platform', RateLimit: 'RateLimit', XRateLimitLimit: 'X-RateLimit-Limit', XSendfile: 'X-Sendfile',
  CFConnectingIp: 'CF-Connecting-IP', TrueClientIp: 'True-Client-IP', XClientIp: 'X-Client-IP', XRealIp: 'X-Real-IP',
  XOriginalUrl: 'X-Original-URL', XRewriteUrl: 'X-Rewrite-URL', XHttpMethodOverride: 'X-HTTP-Method-Override', XRequestId: 'X-Request-ID',
  XXssProtection: 'X-XSS-Protection',
};
for (const [key, id] of Object.entries(HeaderId)) {
  if (id !== 0) names[id] = special[key] ?? key.replaceAll(/(?<=.)([A-Z])/g, '-$1');
}

/** How many ids there are, 0 included. */
export const headerIdCount = Math.max(...Object.values(HeaderId)) + 1;
/** Index is the id: the usual spelling (`Content-Length`), '' for 0. */
export const headerNames: readonly string[] = Array.from({ length: headerIdCount }, (_, id) => names[id] ?? '');
/** Index is the id: the lower-case, interned spelling, '' for 0. */
export const lowerHeaderNames: readonly string[] = headerNames.map((name) => name.toLowerCase());

// Lookup by bytes: open addressing on a hash of length, first, middle and last byte; each hit is verified byte by byte.
const tableBits = 10;
const tableMask = (1 << tableBits) - 1;
const table = new Uint8Array(1 << tableBits);
const nameOffsets = new Int32Array(headerIdCount + 1);
const nameBytes = new Uint8Array(lowerHeaderNames.reduce((sum, name) => sum + name.length, 0));

function slotOf(length: number, first: number, middle: number, last: number): number {
  return (length * 157 + (first | 0x20) * 61 + (middle | 0x20) * 407 + (last | 0x20) * 29) & tableMask;
}

let fill = 0;
for (let id = 1; id < headerIdCount; id++) {
  const name = lowerHeaderNames[id] as string;
  nameOffsets[id] = fill;
  for (let i = 0; i < name.length; i++) nameBytes[fill++] = name.charCodeAt(i);
  nameOffsets[id + 1] = fill;
  const length = name.length;
  let slot = slotOf(length, name.charCodeAt(0), name.charCodeAt(length >> 1), name.charCodeAt(length - 1));
  while (table[slot] !== 0) slot = (slot + 1) & tableMask;
  table[slot] = id;
}

/**
 * The id of the field name in bytes[start, end), 0 when it is not well known. The bytes must be a token already
 * (lower-casing by `| 0x20` is exact for tokens: no other token byte lands on a letter, digit or hyphen).
 */
export function headerIdOfBytes(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  let slot = slotOf(length, bytes[start] as number, bytes[start + (length >> 1)] as number, bytes[end - 1] as number);
  for (;;) {
    const id = table[slot] as number;
    if (id === 0) return 0;
    let at = nameOffsets[id] as number;
    if ((nameOffsets[id + 1] as number) - at === length) {
      let i = start;
      while (i < end && ((bytes[i] as number) | 0x20) === nameBytes[at]) { i++; at++; }
      if (i === end) return id;
    }
    slot = (slot + 1) & tableMask;
  }
}

const byLowerName = new Map<string, number>();
for (let id = 1; id < headerIdCount; id++) byLowerName.set(lowerHeaderNames[id] as string, id);

/** The id of a name in any case, 0 when it is not well known. For set-up code; the parser uses `headerIdOfBytes`. */
export function headerIdOf(name: string): number {
  return byLowerName.get(name.toLowerCase()) ?? 0;
}
