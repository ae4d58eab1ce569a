// Signatures of text protocols in the first line of a connection. Verbs are shared (OPTIONS by HTTP, RTSP and SIP; USER by
// FTP, POP3 and IRC; 220 by FTP and SMTP): the version token decides where there is one, else words, and what is left is
// said with little confidence. HTTP RFC 9112, RTSP RFC 7826, SIP RFC 3261, SMTP RFC 5321, FTP RFC 959, POP3 RFC 1939,
// IMAP RFC 9051, SSH RFC 4253 section 4.2, NNTP RFC 3977, RFB RFC 6143, IRC RFC 2812.
import { answer, beginning, Confidence, type Identifiable, type Identification } from './identification.ts';

/** Longest first line that is waited for. */
const maxLine = 2048;

export interface FirstLine {
  readonly text: string;
  /** The line has its end. */
  readonly whole: boolean;
}

/** The first line as latin1 text; undefined when it has bytes that no text protocol sends there. */
export function firstLine(bytes: Uint8Array, length: number): FirstLine | undefined {
  let text = '';
  let at = 0;
  // Clients may send empty lines first (RFC 9112 section 2.2, SIP keep-alives).
  while (at < length && at < 4 && (bytes[at] === 13 || bytes[at] === 10)) at++;
  for (; at < length && text.length < maxLine; at++) {
    const byte = bytes[at]!;
    if (byte === 10) return { text: text.endsWith('\r') ? text.slice(0, -1) : text, whole: true };
    if ((byte < 32 && byte !== 9 && byte !== 13) || byte === 127) return undefined;
    text += String.fromCharCode(byte);
  }
  return { text, whole: false };
}

const versions: readonly (readonly [RegExp, Identifiable])[] = [[/^HTTP\/\d\.\d$/, 'http'], [/^RTSP\/[12]\.\d$/, 'rtsp'], [/^SIP\/2\.0$/, 'sip']];
const requestMethod = /^[A-Z][A-Z_-]{1,31}$/;

/** `METHOD target VERSION`, or `VERSION status reason`. */
function versioned(line: FirstLine): Identification | undefined {
  const words = line.text.split(' ');
  const status = /^(HTTP|RTSP|SIP)\/(\d\.\d) \d{3}(?: |$)/.exec(line.text);
  if (status !== null) return answer(status[1]!.toLowerCase() as Identifiable, 97, `${status[1]!} status line`);
  if (/^(?:HTTP|RTSP|SIP)\/\d/.test(line.text) && !line.whole && line.text.length < 16) return beginning('http', 'a version');
  if (!requestMethod.test(words[0]!)) return undefined;
  if (line.whole) {
    if (line.text === 'PRI * HTTP/2.0') return answer('http', 99, 'HTTP/2 preface');
    const version = versions.find(([pattern]) => pattern.test(words.at(-1)!));
    return version !== undefined && words.length >= 3 ? answer(version[1], 98, `${version[1].toUpperCase()} request line`) : undefined;
  }
  // A target that has begun: what it is will be told by the end of the line.
  if (words.length >= 2 && /^(?:\/|\*|[a-z]+:)/.test(words[1]!)) return beginning(/^rtsps?:/.test(words[1]!) ? 'rtsp' : /^sips?:/.test(words[1]!) ? 'sip' : 'http',
    'a request line');
  return undefined;
}

const smtpVerbs = /^(?:EHLO|HELO|LHLO)(?: |$)/i;
const imapCommand = /^[A-Za-z0-9.#$-]{1,20} (?:CAPABILITY|LOGIN|STARTTLS|AUTHENTICATE|ID|NOOP|LOGOUT|NAMESPACE|SELECT|EXAMINE|LIST|XLIST|ENABLE)(?: |$)/i;
const ftpVerbs = /^(?:AUTH (?:TLS|SSL|TLS-C|TLS-P|GSSAPI|ADAT)|FEAT|HOST \S+|SYST|PBSZ \d+|PASV|EPSV|PORT [\d,]+|RETR |STOR |CWD |PWD|XPWD|TYPE [AIEL]|OPTS UTF8)/i;
const pop3Verbs = /^(?:CAPA|STLS|APOP \S+ [0-9a-f]{32}|UIDL|STAT|AUTH (?:PLAIN|LOGIN|CRAM-MD5|NTLM|XOAUTH2|GSSAPI|SCRAM-SHA-1)|XTND )/i;
const ircLine = /^(?:NICK \S+|CAP LS|USER \S+ \S+ \S+ :)/i;

export function clientText(line: FirstLine): Identification | undefined {
  const { text, whole } = line;
  if (text.startsWith('SSH-')) return /^SSH-(?:1\.\d|2\.0|1\.99)-/.test(text) ? answer('ssh', 99, 'SSH identification') : beginning('ssh', 'SSH-');
  const request = versioned(line);
  if (request !== undefined) return request;
  if (!whole) return text.length < 512 && /^[!-~][ -~]*\r?$/.test(text) ? { protocol: '', confidence: Confidence.none, evidence: 'a line that has not ended',
    open: true } : undefined;
  if (/^\*\d{1,4}$/.test(text)) return answer('redis', Confidence.likely, 'a RESP array');
  if (smtpVerbs.test(text)) return answer('smtp', 90, `${text.slice(0, 4).toUpperCase()} from the client`);
  if (imapCommand.test(text)) return answer('imap', 88, 'a tagged IMAP command');
  if (ircLine.test(text)) return answer('irc', 75, 'an IRC registration');
  if (ftpVerbs.test(text)) return answer('ftp', 80, 'an FTP command');
  if (pop3Verbs.test(text)) return answer('pop3', 80, 'a POP3 command');
  // FTP and POP3 both begin so: the port or the server has to tell.
  if (/^USER \S+/i.test(text)) return answer('ftp', Confidence.possible, 'USER: FTP or POP3');
  if (/^(?:MODE READER|CAPABILITIES|GROUP \S+)$/i.test(text)) return answer('nntp', Confidence.likely, 'an NNTP command');
  return undefined;
}

const ftpWords = /\bS?FTPD?\b|\bFTP|vsftpd|proftpd|filezilla|pure-?ftpd|wu-|serv-u|wsftp|tnftpd|file transfer/i;
const smtpWords = /\bE?SMTPS?\b|\bL?MTP\b|\bmail(?:er|server)?\b|postfix|sendmail|exim|exchange|qmail|spam|UCE/i;

/** Greetings with a reply code: FTP, SMTP and NNTP. */
function greeting(text: string, code: string): Identification | undefined {
  const ftp = ftpWords.test(text);
  const smtp = smtpWords.test(text);
  if (code === '200' || code === '201') return /nntp|news|posting|InterNetNews|INN\b/i.test(text) ? answer('nntp', 85, 'an NNTP greeting') : undefined;
  if (ftp && !smtp) return answer('ftp', 92, `${code} with a word of FTP`);
  if (smtp && !ftp) return answer('smtp', 92, `${code} with a word of SMTP`);
  if (code === '120' || code === '230' || code === '530' || code === '331') return answer('ftp', 60, `${code}, which SMTP does not greet with`);
  if (code === '554' || code === '521' || code === '450' || code === '451') return answer('smtp', 60, `${code}, which FTP does not greet with`);
  // SMTP greets with its host name (RFC 5321 section 4.3.1); FTP with anything.
  const named = /^220[ -][A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+ /.test(text) && !/ready|welcome|server/i.test(text);
  return answer(named ? 'smtp' : 'ftp', Confidence.possible, `${code}: FTP or SMTP`);
}

export function serverText(line: FirstLine): Identification | undefined {
  const { text, whole } = line;
  if (text.startsWith('SSH-')) return /^SSH-(?:1\.\d|2\.0|1\.99)-/.test(text) ? answer('ssh', 99, 'SSH identification') : beginning('ssh', 'SSH-');
  if (/^RFB \d{3}\.\d{3}$/.test(text)) return answer('rfb', 98, 'RFB version');
  const status = versioned(line);
  if (status !== undefined && /^(?:HTTP|RTSP|SIP)/.test(text)) return status;
  if (text.startsWith('+OK')) return /dovecot|pop|mail|<[^>]+@[^>]+>|ready/i.test(text) ? answer('pop3', 95, '+OK of POP3') : answer('pop3', 85, '+OK');
  if (text.startsWith('-ERR ')) return answer('pop3', Confidence.likely, '-ERR: POP3, or Redis');
  if (/^\* (?:OK|PREAUTH|BYE)\b/i.test(text)) return answer('imap', /imap|capability|dovecot|ready|cyrus|courier/i.test(text) ? 97 : 88, 'an untagged IMAP greeting');
  if (/^:\S+ (?:NOTICE|\d{3}|PING) /i.test(text) || /^NOTICE (?:AUTH|\*) :/i.test(text)) return answer('irc', 85, 'a message of an IRC server');
  const code = /^(\d{3})[ -]/.exec(text)?.[1];
  if (code !== undefined && whole) return greeting(text, code);
  if (/^(?:\S+ )?(?:login|username|user name|password): ?$/i.test(text)) return answer('telnet', Confidence.possible, 'a prompt without a line');
  if (!whole && /^(?:\d{0,3}|\d{3}[ -].*|\+|\*.*|S|SS|SSH|R|RF|RFB.*|H|HT.*)$/.test(text) && text.length < 512) {
    return { protocol: '', confidence: Confidence.none, evidence: 'a line that has not ended', open: true };
  }
  return undefined;
}
