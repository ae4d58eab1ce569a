// Signatures of text protocols in the first lines of a client. Verbs are shared (OPTIONS by HTTP, RTSP and SIP; USER by FTP,
// POP3 and IRC): the version token decides where there is one, else the first verb that only one protocol has, and what is
// left is said with little confidence. HTTP RFC 9112, RTSP RFC 7826, SIP RFC 3261, SMTP RFC 5321, FTP RFC 959, POP3 RFC 1939,
// IMAP RFC 9051, SSH RFC 4253 section 4.2, NNTP RFC 3977, RFB RFC 6143, IRC RFC 2812.
import { answer, beginning, Confidence, either, type Identifiable, type Identification } from './identification.ts';
import type { Lines } from './lines.ts';

/** Written small by some; with numbers that do not exist by others. */
const versions: readonly (readonly [RegExp, Identifiable])[] = [[/^HTTP\/\d{1,2}(?:\.\d{1,2})?$/i, 'http'], [/^RTSP\/\d\.\d$/i, 'rtsp'], [/^SIP\/\d\.\d$/i, 'sip']];
/** RFC 9110 section 5.6.2: a token. */
const method = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/;
const knownMethod = /^(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PROPFIND|PROPPATCH|MKCOL|COPY|MOVE|LOCK|UNLOCK|REPORT|SEARCH|BITS_POST|RPC_(?:IN|OUT)_DATA)$/;
/** With the version and the code that there are, and as servers and scripts write it that nobody corrects. */
export const statusLine = /^(HTTP|RTSP|SIP)\/(\d\.\d) \d{3}(?: |\r|$)/i;
const oddStatusLine = /^(HTTP|RTSP|SIP)\/\d{1,2}(?:\.\d{1,2})?(?:[ \t]+\S.*)?$/i;

export function status(line: string): Identification | undefined {
  const found = statusLine.exec(line) ?? oddStatusLine.exec(line);
  if (found === null) return undefined;
  return answer(found[1]!.toLowerCase() as Identifiable, found[2] === undefined ? 80 : 97, `${found[1]!} status line`);
}

/** A line of a head: what stands behind a request of HTTP, and behind nothing that has one line. */
const headerLine = /^[A-Za-z][A-Za-z0-9-]{1,40}:[ \t]?\S/;

/** A whole `METHOD target VERSION`; `next` is the line behind it, if that has come. */
function requestLine(line: string, next: string | undefined): Identification | undefined {
  if (line.startsWith('PRI * HTTP/2.0')) return answer('http', 99, 'HTTP/2 preface');
  if (line.startsWith('BT-SEARCH * HTTP/1.1')) return answer('bittorrent', 95, 'BitTorrent local discovery');
  const space = line.search(/[ \t]/);
  if (space < 0) return undefined;
  const trimmed = line.trimEnd();
  const last = trimmed.slice(Math.max(trimmed.lastIndexOf(' '), trimmed.lastIndexOf('\t')) + 1);
  const version = versions.find(([pattern]) => pattern.test(last));
  const named = space > 0 && method.test(line.slice(0, space));
  if (version !== undefined) {
    if (named && trimmed.length - last.length > space + 1) return answer(version[1], 98, `${version[1].toUpperCase()} request line`);
    // No method, no target, or space before it: servers differ in what they make of it, but it is meant as a request.
    if (last !== trimmed && line.charCodeAt(0) < 0x7f) return answer(version[1], 75, `a line that ends with ${last.slice(0, 10)}`);
  }
  if (!named) return undefined;
  if (knownMethod.test(line.slice(0, space)) && /[ \t]HTTP\/1\.[01][ \t]/.test(line)) return answer('http', 75, 'a request with something behind its version');
  const target = trimmed.slice(space + 1).trimStart();
  // A version that nobody knows, or none: a server decides that by itself, and a head stands below all the same.
  const asks = knownMethod.test(line.slice(0, space)) && /^(?:\/|https?:)/i.test(target);
  if (asks && next !== undefined && headerLine.test(next)) return answer('http', 75, 'a request without a version that exists, before a head');
  // HTTP/0.9 has no version.
  if (/^GET \/\S*$/i.test(trimmed)) return answer('http', Confidence.possible, 'GET without a version: HTTP/0.9');
  // The next line will tell.
  return asks && next === undefined ? { protocol: '', confidence: Confidence.none, evidence: 'a request without a version that exists', open: true } : undefined;
}

/** A request line that has begun: how it ends will tell. */
function begunRequest(text: string): Identification | undefined {
  const words = /^(\S+) (\S*)/.exec(text);
  if (words === null || !method.test(words[1]!)) return undefined;
  const target = words[2]!;
  if (/^rtspu?:/i.test(target)) return { protocol: 'rtsp', confidence: 60, evidence: 'a request for rtsp:', open: true };
  if (/^(?:sips?|tel):/i.test(target)) return { protocol: 'sip', confidence: 60, evidence: 'a request for sip:', open: true };
  if (!knownMethod.test(words[1]!) || !/^(?:\/|https?:|\*)/i.test(target)) return method.test(words[1]!) && /^(?:\/|\*|[a-z]+:)/.test(target) ? beginning('http',
    'a request line') : undefined;
  // Nobody else asks so long for a path.
  return { protocol: 'http', confidence: text.length >= 1024 ? 80 : 50, evidence: 'the beginning of an HTTP request', open: true };
}

const smtpVerb = /^(?:(?:EHLO|HELO|LHLO)(?: |$)|MAIL FROM:|RCPT TO:|XCLIENT |XFORWARD |(?:VRFY|EXPN|ETRN) \S)/i;
/** Behind a tag (RFC 9051 section 9: no `+`); verbs of others are none, or AUTH LOGIN of POP3 and USER login would be IMAP. */
const imapCommand = new RegExp('^(?!(?:USER|PASS|AUTH|APOP|ACCT|SITE|HELP|STAT|LIST|XTND|GET|PUT|CWD|NICK|MODE) )[A-Za-z0-9.#$_!&/:;=?@~-]{1,20} (?:CAPABILITY|LOGIN'
  + '|STARTTLS|AUTHENTICATE|ID|NOOP|LOGOUT|NAMESPACE|SELECT|EXAMINE|LIST|LSUB|XLIST|ENABLE|COMPRESS|GETQUOTA)(?: |$)', 'i');
const ftpVerb = new RegExp('^(?:AUTH (?:TLS|SSL|TLS-C|TLS-P|GSSAPI|KERBEROS_V4)|ADAT .*|FEAT|HOST [A-Za-z0-9.:[\\]-]+|SYST|PBSZ \\d+|PROT [CSEP]|PASV|EPSV(?: \\S+)?|LPSV'
  + '|PORT \\d+(?:,\\d+){5}|EPRT \\|.*|(?:RETR|STOR|STOU|APPE|CWD|XCWD|SIZE|MDTM|MFMT|MLSD|MLST|RNFR|RNTO|NLST|SITE|REST|MKD|XMKD|RMD|XRMD|DELE|SMNT|ACCT|AVBL|HASH|XCRC|XMD5) .*'
  + '|LIST [^\\d\\s].*|MLSD|NLST|STOU|CDUP|XCUP|PWD|XPWD|REIN|ABOR|CCC|TYPE [AIEL](?: \\S)?'
  + '|MODE [SBCZ]|STRU [FRP]|ALLO \\d+|OPTS \\S.*|CLNT .*|USER (?:anonymous|ftp))$', 'i');
const pop3Verb = /^(?:CAPA|STLS|APOP \S+ [0-9a-f]{32}|UIDL(?: \d+)?|STAT|RETR \d+|DELE \d+|TOP \d+ \d+|XTND .*)$/i;
/** Known to SMTP, POP3 and IMAP, but not to FTP. */
const sasl = /^AUTH (?:PLAIN|LOGIN|CRAM-MD5|DIGEST-MD5|NTLM|XOAUTH2|OAUTHBEARER|SCRAM-SHA-\S+)(?: |$)/i;
/** Inline commands of Redis that are nobody else's, and some that are its alone with so many words. */
const redisInline = new RegExp('^(?:PING|DBSIZE|FLUSH(?:ALL|DB)|(?:INCR|DECR|LLEN|SCARD|SMEMBERS|HGETALL|TTL|EXISTS|[LRS]POP) \\S+|CONFIG GET \\S+|SET \\S+ \\S+'
  + '|(?:[LR]PUSH|SADD|SREM|ZADD|HSET|HGET|EXPIRE|LRANGE) \\S+ \\S.*)$', 'i');
const ircVerb = /^(?:NICK :?\S+|CAP (?:LS|REQ|END)(?: .*)?|USER \S+ \S+ \S+ \S.*|PROTOCTL .*|JOIN [#&].*)$/i;
const nntpVerb = /^(?:MODE READER|CAPABILITIES|GROUP \S+|ARTICLE .+|XOVER .+|NEWNEWS .+|IHAVE <.+>|AUTHINFO (?:USER|PASS|SASL) .+)$/i;

/** One line that only one protocol has. */
function telling(line: string): Identification | undefined {
  if (smtpVerb.test(line)) return answer('smtp', 90, `${line.slice(0, 4).toUpperCase()} from the client`);
  if (ircVerb.test(line)) return answer('irc', 75, 'an IRC registration');
  if (imapCommand.test(line)) return answer('imap', 88, 'a tagged IMAP command');
  // RETR 1 is POP3's, although a file may have that name.
  if (pop3Verb.test(line)) return answer('pop3', 80, 'a POP3 command');
  if (nntpVerb.test(line)) return answer('nntp', Confidence.likely, 'an NNTP command');
  if (ftpVerb.test(line)) return answer('ftp', 82, 'an FTP command');
  if (redisInline.test(line)) return answer('redis', 60, 'an inline command of Redis');
  return sasl.test(line) ? either('smtp', ['pop3'], Confidence.possible, 'AUTH: SMTP or POP3') : undefined;
}

const sshLine = /^SSH-(?:1\.\d{1,2}|2\.\d)-/;

export function ssh(lines: Lines): Identification | undefined {
  const { whole, rest } = lines;
  const first = whole[0] ?? rest;
  if (first.startsWith('SSH-')) return sshLine.test(first) ? answer('ssh', 99, 'SSH identification') : whole.length > 0 ? undefined : beginning('ssh', 'SSH-');
  return undefined;
}

/** What several protocols begin with: looked through. */
const shared = /^(?:USER|PASS|QUIT|NOOP|HELP|RSET|AUTH|STARTTLS|LIST|MODE)(?: |$)/i;

/** A request with bytes in its line that no text has: attacks have them, and servers differ in what they make of it. */
function rawRequest({ raw, ended, rest }: Lines): Identification | undefined {
  if (!ended) {
    // It is text as far as the first of them.
    const begun = begunRequest(rest);
    const known = begun !== undefined && begun.protocol !== '' && begun.confidence > Confidence.none && raw.length < 1024;
    return known ? beginning(begun.protocol as Identifiable, 'a request line with control bytes') : undefined;
  }
  const request = requestLine(raw, undefined);
  return request !== undefined && request.confidence >= Confidence.certain ? answer(request.protocol as Identifiable, 90, `${request.evidence} with control bytes`) : undefined;
}

export function clientText(lines: Lines): Identification | undefined {
  const { whole, rest, cut } = lines;
  const first = whole[0];
  const known = ssh(lines);
  if (known !== undefined) return known;
  if (first === undefined) {
    if (lines.raw !== '') return rawRequest(lines);
    if (cut && rest.length < 1024) return undefined;
    const begun = begunRequest(rest);
    if (begun !== undefined) return cut ? { ...begun, open: false } : begun;
    return !cut && rest.length < 512 && /^(?:[ -~][\t -~\x80-\xff]*\r?)?$/.test(rest) ? { protocol: '', confidence: Confidence.none, evidence: 'a line that has not ended',
      open: true } : undefined;
  }
  const request = requestLine(first, whole[1]) ?? status(first);
  if (request !== undefined) return request;
  if (/^RFB \d{3}\.\d{3}$/.test(first)) return answer('rfb', 95, 'RFB version');
  if (/^\*\d{1,4}$/.test(first) && (whole[1] === undefined ? /^(?:\$\d*\r?)?$/.test(rest) : /^\$\d{1,9}$/.test(whole[1]))) return answer('redis', Confidence.likely,
    'a RESP array');
  let found: Identification | undefined = undefined;
  for (let at = 0; at < whole.length && at < 12; at++) {
    const line = whole[at]!.trimEnd();
    const told = telling(line);
    if (told !== undefined && told.confidence > Confidence.possible) return told;
    found ??= told;
    if (!shared.test(line)) break;
    // FTP and POP3 both begin so: what follows, the port or the server has to tell.
    if (found === undefined && /^USER \S+$/i.test(line)) found = either('ftp', ['pop3'], Confidence.possible, 'USER: FTP or POP3');
    if (found === undefined && /^(?:QUIT|NOOP|HELP|RSET)$/i.test(line)) found = either('ftp', ['smtp', 'pop3'], Confidence.possible, 'a verb of FTP, SMTP and POP3');
    if (found === undefined && /^STARTTLS$/i.test(line)) found = answer('smtp', Confidence.possible, 'STARTTLS');
  }
  return found;
}
