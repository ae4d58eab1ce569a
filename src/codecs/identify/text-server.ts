// Signatures of text protocols in the first lines of a server: its greeting, all lines of it, and what it answers next where
// the greeting says too little. SMTP RFC 5321 section 4.2, FTP RFC 959 section 5.4, POP3 RFC 1939 section 4, IMAP RFC 9051
// section 7.1, NNTP RFC 3977 section 5.1, SSH RFC 4253 section 4.2, IRC RFC 2812, RFB RFC 6143.
import { answer, beginning, Confidence, type Identification } from './identification.ts';
import type { Lines } from './lines.ts';
import { ssh, status, statusLine } from './text-client.ts';

const ftpWords = new RegExp('\\bS?FTP(?:D|S)?\\b|\\bFTP[ -]?server|vsftpd|proftpd|filezilla|pure-?ftpd|\\bwu-\\d|serv-u|ws_ftp|wsftp|tnftpd|bftpd|'
  + 'ncftpd|glftpd|crushftp|cerberus|titan|gene6'
  + '|file transfer|anonymous (?:user|login|access)|jetdirect', 'i');
const smtpWords = new RegExp('\\bE?SMTPS?\\b|\\bL?MTP\\b|\\bmail(?:er| ?server|enable|guard|daemon|cleaner|store)?\\b|postfix|sendmail|\\bexim\\b|'
  + 'exchange|qmail|\\bspam|\\bUCE\\b|mdaemon|'
  + 'lotus domino|groupwise|opensmtpd|mimecast|proofpoint|ironport|haraka', 'i');
/** Others that greet with 220, or with the words of FTP and SMTP. */
const others = /VMware Authentication|\bdictd\b|\bSIEVE\b/i;
const nntpWords = /nntp|\bnews\b|posting|InterNetNews|\bINN\b|leafnode|diablo/i;
/** RFC 3463: enhanced status codes are mail's. */
const enhanced = /^\d{3}[ -][245]\.\d{1,3}\.\d{1,3}(?: |$)/;
const prompt = /(?:login|user ?name|username|password|passcode|user)\s?: ?$/i;

interface Greeting {
  readonly code: string;
  readonly text: string;
  /** Its last line has come. */
  readonly done: boolean;
  /** Lines of it. */
  readonly count: number;
}

/** A reply of one or more lines from the beginning. */
function greetingOf(whole: readonly string[], from: number): Greeting | undefined {
  const code = /^(\d{3})(?:[ -]|$)/.exec(whole[from] ?? '')?.[1];
  if (code === undefined) return undefined;
  let text = '';
  for (let at = from; at < whole.length; at++) {
    const line = whole[at]!;
    text += `${line}\n`;
    if (line.startsWith(code) && line[3] !== '-') return { code, text, done: true, count: at - from + 1 };
  }
  return { code, text, done: false, count: whole.length - from };
}

/** FTP and SMTP by the reply behind the greeting. */
function byNextReply(code: string, text: string): Identification | undefined {
  if (/^(?:331|332|230|234|215|211|227|229|257|226|150|125)$/.test(code)) return answer('ftp', 85, `${code} behind the greeting`);
  if (/^(?:250|354|334|235)$/.test(code)) return answer('smtp', 85, `${code} behind the greeting`);
  return enhanced.test(text) ? answer('smtp', 80, 'an enhanced status code') : undefined;
}

/** Greetings with a reply code: FTP, SMTP and NNTP. */
function coded(whole: readonly string[]): Identification | undefined {
  const greeting = greetingOf(whole, 0);
  if (greeting === undefined) return undefined;
  const { code, text, done } = greeting;
  if (code === '200' || code === '201') return nntpWords.test(text) ? answer('nntp', 85, 'an NNTP greeting') : undefined;
  const possible = /^(?:220|120|230|331|421|4[25][0-9]|5[0235][0-9])$/.test(code);
  if (!possible || others.test(text)) return undefined;
  const ftp = ftpWords.test(text);
  // The host's own name says nothing of its protocol: mail.example may have an FTP server.
  const smtp = smtpWords.test(text.replaceAll(/\b[\w-]{1,63}(?:\.[\w-]{1,63})+\b/g, ' ')) || enhanced.test(text);
  if (ftp !== smtp) return answer(ftp ? 'ftp' : 'smtp', 92, `${code} with a word of ${ftp ? 'FTP' : 'SMTP'}`);
  if (ftp) {
    // Both: ESMTP is said by nobody else, and the name of a program by nobody but the program.
    if (/\bE?SMTP\b/.test(text)) return answer('smtp', 75, `${code} with words of SMTP and FTP`);
    return answer('ftp', Confidence.likely, `${code} with words of FTP and mail`);
  }
  const next = done ? greetingOf(whole, greeting.count) : undefined;
  const told = next === undefined ? undefined : byNextReply(next.code, next.text);
  if (told !== undefined) return told;
  if (code === '120' || code === '230' || code === '530' || code === '331') return answer('ftp', 60, `${code}, which SMTP does not greet with`);
  if (code === '554' || code === '521' || code === '450' || code === '451' || code === '550') return answer('smtp', 60, `${code}, which FTP does not greet with`);
  // SMTP greets with its host name (RFC 5321 section 4.3.1); FTP with anything.
  const named = /^220[ -][A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?: |\n)/.test(text) && !/ready|welcome|server/i.test(text);
  // A host that is named for mail, unless a word said FTP.
  if (/^220[ -](?:smtp|mail|mx|mta|relay)[\w-]*\.[\w.-]+/i.test(text)) return { ...answer('smtp', 60, `${code} of a host that is named for mail`), open: !done };
  return { ...answer(named ? 'smtp' : 'ftp', Confidence.possible, `${code}: FTP or SMTP`), open: !done };
}

function waits(lines: Lines): boolean {
  const { whole, rest, cut } = lines;
  return !cut && whole.length === 0 && rest.length < 512 && /^(?:\d{0,3}|\d{3}[ -].*|[+*:-].*|[SRHN].{0,60})$/s.test(rest);
}

export function serverText(lines: Lines): Identification | undefined {
  const { whole, rest } = lines;
  const first = whole[0];
  const known = ssh(lines);
  if (known !== undefined) return known;
  if (first !== undefined) {
    const found = greeted(first, whole);
    if (found !== undefined) return found;
    // RFC 4253 section 4.2: a server may send other lines before its identification.
    for (let at = 1; at < whole.length; at++) if (/^SSH-(?:1\.\d{1,2}|2\.\d)-/.test(whole[at]!)) return answer('ssh', 92, 'SSH identification behind other lines');
  }
  if (prompt.test(rest)) return answer('telnet', Confidence.possible, 'a prompt without a line');
  if (waits(lines)) {
    if (statusLine.test(`${rest} `)) return status(`${rest} `);
    return /^\* (?:OK|PREAUTH|BYE) /i.test(rest) ? beginning('imap', 'an untagged greeting') : { protocol: '', confidence: Confidence.none,
      evidence: 'a line that has not ended', open: true };
  }
  return undefined;
}

function greeted(first: string, whole: readonly string[]): Identification | undefined {
  if (/^RFB \d{3}\.\d{3}$/.test(first)) return answer('rfb', 98, 'RFB version');
  const found = status(first);
  if (found !== undefined) return found;
  // Redis answers so as well.
  if (/^\+OK\s*$/i.test(first)) return answer('pop3', 60, '+OK without a word: POP3, or Redis');
  if (/^\+OK\b/i.test(first)) return answer('pop3', /dovecot|pop|mail|<[^>]+@[^>]+>|ready|server/i.test(first) ? 95 : 85, '+OK of POP3');
  if (/^-ERR\b/.test(first)) return answer('pop3', 60, '-ERR: POP3, or Redis');
  if (/^\* (?:OK|PREAUTH|BYE)\b/i.test(first)) return answer('imap', /imap|capability|dovecot|ready|cyrus|courier/i.test(first) ? 97 : 88, 'an untagged IMAP greeting');
  if (/^:\S+ (?:NOTICE|\d{3}|PING|CAP) /i.test(first) || /^NOTICE (?:AUTH|\*) :/i.test(first)) return answer('irc', 85, 'a message of an IRC server');
  return coded(whole);
}
