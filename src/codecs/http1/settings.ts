// Every choice that this codec makes where peers are known to disagree, as a named setting with a strict default. A
// setting with a single value is a fixed rule that is listed all the same, because people look for it. Holds names,
// values and reasons; the effects are in the parsers.

export interface SettingEntry {
  readonly values: readonly [string, ...string[]];
  readonly default: string;
  readonly applies: 'requests' | 'responses' | 'both';
  /** What the values mean and why the default is what it is. */
  readonly about: string;
}

export const http1SettingTable = {
  contentLengthWithTransferEncoding: {
    values: ['reject', 'prefer-transfer-encoding'], default: 'reject', applies: 'both',
    about: 'Both framing fields in one message is the classic smuggling vector (RFC 9112 s6.1). `prefer-transfer-encoding` reads the chunked body, '
      + 'drops Content-Length and closes the connection afterwards.',
  },
  duplicateContentLength: {
    values: ['reject', 'collapse-identical'], default: 'reject', applies: 'both',
    about: 'Several Content-Length lines or a list (`5, 5`). `collapse-identical` takes them as one when all are the same digits (RFC 9112 s6.3).',
  },
  unknownTransferCoding: {
    values: ['reject'], default: 'reject', applies: 'both',
    about: 'Any Transfer-Encoding other than exactly `chunked`. Fixed: a coding that is not understood leaves the end of the body unknown.',
  },
  transferEncodingHttp10: {
    values: ['reject'], default: 'reject', applies: 'both',
    about: 'Transfer-Encoding in an HTTP/1.0 message. Fixed: RFC 9112 s6.1 calls such framing faulty, and 1.0 recipients ignore the field.',
  },
  obsFold: {
    values: ['reject', 'replace-with-space'], default: 'reject', applies: 'responses',
    about: 'A field line continued on the next line (RFC 9112 s5.2). Requests are always refused; `replace-with-space` unfolds responses.',
  },
  bareLf: {
    values: ['reject', 'accept-in-responses'], default: 'reject', applies: 'responses',
    about: 'A line that ends in LF without CR (RFC 9112 s2.2). Requests and chunked framing are always refused; `accept-in-responses` helps old CGI '
      + 'programs, and what is sent on has CRLF.',
  },
  spaceBeforeColon: {
    values: ['reject', 'strip-in-responses'], default: 'reject', applies: 'responses',
    about: 'White space between field name and colon (RFC 9112 s5.1). Requests are always refused, as the RFC demands.',
  },
  underscoreInHeaderName: {
    values: ['reject', 'drop', 'pass'], default: 'reject', applies: 'requests',
    about: 'CGI, WSGI and PHP map `X_Forwarded_For` and `X-Forwarded-For` to one variable. Refusing is visible; `drop` is what nginx does silently. '
      + '`pass` still refuses a name that is a well-known one but for underscores. Responses pass.',
  },
  duplicateSingletonHeader: {
    values: ['reject', 'pass'], default: 'reject', applies: 'requests',
    about: 'A field that is defined to occur once (Content-Type, Authorization, Range, Origin, ...) occurs again: recipients differ on which one counts '
      + '(RFC 9110 s5.3). A second Host is always refused.',
  },
  duplicateSingletonInResponse: {
    values: ['collapse-identical', 'reject', 'pass'], default: 'collapse-identical', applies: 'responses',
    about: 'Content-Type or Location twice. Real servers repeat identical lines; those become one, differing ones are refused.',
  },
  missingHost: {
    values: ['allow-http10', 'reject'], default: 'allow-http10', applies: 'requests',
    about: 'HTTP/1.1 without Host is always refused (RFC 9112 s3.2). HTTP/1.0 did not have the field: such a request has an empty host, which only a '
      + 'route without a host matches. `reject` refuses it too.',
  },
  absoluteFormHostMismatch: {
    values: ['reject', 'use-target'], default: 'reject', applies: 'requests',
    about: 'The authority in the target and Host name different hosts. RFC 9112 s3.2.2 lets the target win (`use-target`); no honest client sends it.',
  },
  fragmentInTarget: {
    values: ['reject', 'strip'], default: 'reject', applies: 'requests',
    about: '`#` in the target. Never sent by browsers; servers differ on whether it ends the path (RFC 9112 s3.2).',
  },
  userinfoInAuthority: {
    values: ['reject'], default: 'reject', applies: 'requests',
    about: '`user@` in Host or in the target. Fixed: RFC 9110 s4.2.4 asks to treat it as an error.',
  },
  encodedSlash: {
    values: ['reject', 'keep', 'decode'], default: 'reject', applies: 'requests',
    about: '`%2F` in the path: one segment to some servers, two to others. `keep` forwards and matches it as it is (registries of packages and some '
      + 'APIs need that); `decode` forwards and matches a slash.',
  },
  dotSegments: {
    values: ['reject', 'resolve'], default: 'reject', applies: 'requests',
    about: '`/./` and `/../` in the path, also with a parameter (`/..;a/`). Browsers and curl resolve them before sending, so what arrives is a mistake '
      + 'or an attack. `resolve` matches and forwards the resolved path; above the root is always refused.',
  },
  encodedDotSegments: {
    values: ['reject', 'resolve'], default: 'reject', applies: 'requests',
    about: 'The same with `%2e`. Nobody sends this by accident.',
  },
  invalidPercentEncoding: {
    values: ['reject', 'keep'], default: 'reject', applies: 'requests',
    about: '`%` without two hexadecimal digits in the path (RFC 3986 s2.1).',
  },
  invalidPercentEncodingInQuery: {
    values: ['keep', 'reject'], default: 'keep', applies: 'requests',
    about: 'The same in the query, where people and scripts really write `?q=100%`. The gateway decides nothing on a decoded query.',
  },
  encodedNul: {
    values: ['reject'], default: 'reject', applies: 'requests',
    about: '`%00` in the path. Fixed: it cuts strings short in C programs. Allowed in the query, where binary arguments are usual.',
  },
  encodedControl: {
    values: ['reject', 'keep'], default: 'reject', applies: 'requests',
    about: '`%01` to `%1F` and `%7F` in the path: a line break decoded into a redirect splits the response. Allowed in the query (form text has breaks).',
  },
  backslashInPath: {
    values: ['reject', 'keep'], default: 'reject', applies: 'requests',
    about: '`\\` or `%5C` in the path: a separator on Windows servers. With `keep` a dot segment behind one is still refused.',
  },
  doubleSlash: {
    values: ['keep', 'merge', 'reject'], default: 'keep', applies: 'requests',
    about: '`//` in the path. Forwarded as it is by default, since object stores tell the two apart; but the path that rules match is always merged, '
      + 'because many servers merge and a rule for `/admin` must not be passed by `//admin`.',
  },
  pathParameters: {
    values: ['keep', 'reject'], default: 'keep', applies: 'requests',
    about: '`;` in the path. Java servers cut `;x` off each segment before they match; `reject` is for a gateway in front of those. A dot segment with a '
      + 'parameter falls under dotSegments in any case.',
  },
  nonAsciiInTarget: {
    values: ['reject', 'encode'], default: 'reject', applies: 'requests',
    about: 'Bytes above 7F in the target; `encode` forwards them percent-encoded.',
  },
  unwiseTargetCharacters: {
    values: ['as-browsers', 'reject'], default: 'as-browsers', applies: 'requests',
    about: 'RFC 3986 excludes `| ^ [ ]` from paths, and `{ } \\ `` ` `` too from queries, but browsers send them unencoded (WHATWG URL). `reject` follows the RFC. '
      + 'Double quote, `<` and `>` (and braces and back-quote in the path) fall under invalidTargetCharacters.',
  },
  invalidTargetCharacters: {
    values: ['reject', 'encode'], default: 'reject', applies: 'requests',
    about: 'Double quote, `<` and `>` in the target, braces and back-quote in the path: no URI may hold them and browsers encode them, scripts and scanners do not. '
      + '`encode` forwards and matches them percent-encoded; the firewall sees them as they came.',
  },
  chunkExtensions: {
    values: ['strip', 'reject'], default: 'strip', applies: 'both',
    about: 'Extensions behind a chunk size are legal, unused, and never sent on (RFC 9112 s7.1.1). Even to be stripped they must be free of controls.',
  },
  forbiddenTrailerField: {
    values: ['reject', 'drop'], default: 'reject', applies: 'both',
    about: 'A trailer that would change framing, routing, authentication or the reading of the body (RFC 9110 s6.5.1).',
  },
  http09: {
    values: ['reject'], default: 'reject', applies: 'requests',
    about: 'A request line without a version. Fixed.',
  },
  leadingCrlf: {
    values: ['ignore', 'reject'], default: 'ignore', applies: 'requests',
    about: 'Empty lines before a request line, at most maxLeadingCrlf (RFC 9112 s2.2).',
  },
  nonAsciiInHeaderValue: {
    values: ['pass', 'reject'], default: 'pass', applies: 'both',
    about: 'obs-text in a field value: opaque bytes to RFC 9110 s5.5, sent by browsers in cookies and by servers in file names. Other controls than HTAB '
      + 'are always refused.',
  },
  getWithBody: {
    values: ['reject', 'pass'], default: 'reject', applies: 'requests',
    about: 'GET or HEAD with content: no defined meaning, and a smuggling vector where a server ignores it (RFC 9110 s9.3.1). `Content-Length: 0` is '
      + 'fine. Search engines with an HTTP API may need `pass`. TRACE and CONNECT with content are always refused.',
  },
  unknownExpectation: {
    values: ['reject', 'ignore'], default: 'reject', applies: 'requests',
    about: 'Expect with anything but 100-continue (RFC 9110 s10.1.1: 417).',
  },
  protectedConnectionOption: {
    values: ['reject', 'ignore'], default: 'reject', applies: 'requests',
    about: 'Connection names a field that is meant for the server (`Connection: X-Forwarded-For`, `Cookie`, `Host`), to have a proxy remove it '
      + '(RFC 9110 s7.6.1). `ignore` leaves that field where it is. In responses always ignored.',
  },
  missingReasonSpace: {
    values: ['accept', 'reject'], default: 'accept', applies: 'responses',
    about: '`HTTP/1.1 200` without the space that RFC 9112 s4 wants even before an empty reason. Many servers leave it out; nothing hangs on it.',
  },
  contentLengthWithoutContent: {
    values: ['reject', 'ignore'], default: 'reject', applies: 'responses',
    about: 'Content-Length above 0 in a 1xx or 204 (RFC 9110 s8.6): the server may be about to send a body that would be read as the next response.',
  },
} as const satisfies Record<string, SettingEntry>;

export type Http1SettingName = keyof typeof http1SettingTable;
export type Http1Settings = { [Name in Http1SettingName]: (typeof http1SettingTable)[Name]['values'][number] };

export const defaultHttp1Settings: Readonly<Http1Settings> = Object.freeze(Object.fromEntries(
  Object.entries(http1SettingTable).map(([name, entry]) => [name, entry.default]),
) as unknown as Http1Settings);

/** Default settings with some changed. For set-up code: values must have been checked by the configuration schema. */
export function http1Settings(changed: Partial<Http1Settings> = {}): Http1Settings {
  return { ...defaultHttp1Settings, ...changed };
}
