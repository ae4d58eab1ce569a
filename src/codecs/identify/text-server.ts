// Signatures of text protocols in the first lines of a server: its greeting, all lines of it, and what it answers next where
// the greeting says too little. SMTP RFC 5321 section 4.2, FTP RFC 959 section 5.4, POP3 RFC 1939 section 4, IMAP RFC 9051
// section 7.1, NNTP RFC 3977 section 5.1, SSH RFC 4253 section 4.2, IRC RFC 2812, RFB RFC 6143.
import { answer, beginning, Confidence, either, type Identification } from './identification.ts';
import type { Lines } from './lines.ts';
import { ssh, status, statusLine } from './text-client.ts';

/** FTP in any word but TFTP, as programs are named; what RFC 959 and login need and mail has no use for; names without the word. */
const ftpWords = new RegExp('(?<!\\bt)ftp|filezilla|\\bwu-\\d|serv-u|cerberus|titan|gene6|file (?:transfer|service)|anonymous (?:user|login|access)|jetdirect|for new user'
  + '|control connection|\\bsite help\\b|\\buploads?\\b|log ?ins? (?:please|to|now|with)|user(?:@host| ?name)|enter (?:your )?(?:\\w{1,12} )?name\\b'
  + '|seconds of inactivity|minutes of inactivity', 'i');
/** The same of mail, with what RFC 5321 and 3463 let a server say. */
const smtpWords = new RegExp('[sld]mtp|postfix|\\bexim\\b|(?:microsoft|\\bms) exchange|exchange (?:smtp|internet|server)|\\bspam|\\bUCE\\b|transmission channel'
  + '|grey-?list|blocked using|\\bRBL\\b|\\b(?:black|block) ?list|reputation|\\b(?:HELO|EHLO)\\b|lotus domino|groupwise|mimecast|proofpoint|ironport|haraka|\\bMTA\\b', 'i');
/** On the first line alone: below it, a server of files may give an address to write to. */
const mailWord = /mail|mdaemon/i;
/** Others that greet with 220, or with the words of FTP and SMTP. */
const others = /VMware Authentication|\bdictd\b|\bSIEVE\b/i;
const nntpWords = /nntp|nnrp|\bnews\b|newsgroup|posting|you (?:can|may) (?:not )?post|InterNetNews|\bINN\b|leafnode|diablo|newscache/i;
/** RFC 3463: enhanced status codes are mail's. */
const enhanced = /(?:^\d{3}[ -]|\(#)[245]\.\d{1,3}\.\d{1,3}(?: |$|\))/;
/** With what a terminal may have behind it. */
// oxlint-disable-next-line no-control-regex
const prompt = /(?:log[io]n|user ?(?:name|id)?|password|passcode)\s?[:>] ?(?:\x1b\[[0-9;?]*[A-Za-z])*$/i;

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
  // HELP lists the verbs of its protocol.
  if (code === '211' || code === '214') {
    const [mail, files] = [/\b(?:HELO|EHLO|RCPT)\b/i.test(text), /\b(?:PASV|PORT|RETR|CWD|FTP)\b/i.test(text)];
    if (mail !== files) return answer(mail ? 'smtp' : 'ftp', 85, `verbs of ${mail ? 'SMTP' : 'FTP'} in its help`);
  }
  if (/^(?:331|332|230|234|215|211|227|229|257|226|150|125)$/.test(code)) return answer('ftp', 85, `${code} behind the greeting`);
  if (/^(?:250|354|334|235)$/.test(code)) return answer('smtp', 85, `${code} behind the greeting`);
  if (code === '530' && /log(?: ?in|ged)|USER/i.test(text)) return answer('ftp', 75, '530 behind the greeting, which asks for a login');
  return enhanced.test(text) ? answer('smtp', 80, 'an enhanced status code') : undefined;
}

/** What only one of FTP and SMTP greets with, without a word of either: whatever comes next. */
function byGreetingAlone(code: string, text: string): Identification | undefined {
  if (code === '120' || code === '230' || code === '530' || code === '331') return answer('ftp', Confidence.likely, `${code}, which SMTP does not greet with`);
  // RFC 5321 section 3.1, RFC 7504.
  if (code === '554' || code === '521') return answer('smtp', Confidence.likely, `${code}, which FTP does not greet with`);
  if (code === '500' && text.startsWith('500 OOPS:')) return answer('ftp', 75, 'an error of vsftpd');
  // Firewalls of Cisco overwrite the greeting of SMTP, all but what they take for a number.
  if (/^220[ -][*02 ]{8,}\n/.test(text) && text.includes('***')) return answer('smtp', 75, `${code} behind asterisks, as firewalls put them before SMTP`);
  return undefined;
}

/** By the first line of a greeting that has a word of either: what stands below it does not change it. */
function byWords(code: string, whole: readonly string[], count: number): Identification | undefined {
  for (let at = 0; at < count; at++) {
    const line = whole[at]!;
    const ftp = ftpWords.test(line);
    // The host's own name says nothing of its protocol: mail.example may have an FTP server.
    const plain = !line.includes('.') ? line : line.replaceAll(/\b[\w-]{1,63}(?:\.[\w-]{1,63})+\b/g, ' ');
    const smtp = smtpWords.test(plain) || enhanced.test(line) || (at === 0 && mailWord.test(plain));
    if (ftp !== smtp) return answer(ftp ? 'ftp' : 'smtp', 92, `${code} with a word of ${ftp ? 'FTP' : 'SMTP'}`);
    if (!ftp) continue;
    // Both: ESMTP is said by nobody else, and the name of a program by nobody but the program.
    if (/\bE?SMTP\b/.test(line)) return answer('smtp', 75, `${code} with words of SMTP and FTP`);
    return answer('ftp', Confidence.likely, `${code} with words of FTP and mail`);
  }
  return undefined;
}

/** Greetings with a reply code: FTP, SMTP and NNTP. */
function coded(whole: readonly string[]): Identification | undefined {
  const greeting = greetingOf(whole, 0);
  if (greeting === undefined) return undefined;
  const { code, text, done } = greeting;
  if (code === '200' || code === '201' || ((code === '400' || code === '502') && nntpWords.test(text))) return nntpWords.test(text) ? answer('nntp', 85,
    'an NNTP greeting') : undefined;
  const possible = /^(?:220|120|230|331|421|4[25][0-9]|5[0235][0-9])$/.test(code);
  if (!possible || others.test(text)) return undefined;
  const worded = byWords(code, whole, greeting.count);
  if (worded !== undefined) return worded;
  const next = done ? greetingOf(whole, greeting.count) : undefined;
  const told = next === undefined ? undefined : byNextReply(next.code, next.text);
  const own = byGreetingAlone(code, text);
  if (own !== undefined) return told?.protocol === own.protocol ? told : own;
  if (told !== undefined) return told;
  if (code === '450' || code === '451' || code === '550') return either('smtp', ['ftp'], 60, `${code}, which FTP seldom greets with`);
  // SMTP greets with its host name (RFC 5321 section 4.3.1); FTP with anything.
  const named = /^220[ -][A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?: |\n)/.test(text) && !/ready|welcome|server/i.test(text);
  // A host that is named for mail, unless a word said FTP.
  if (/^220[ -](?:smtp|mail|mx|mta|relay)[\w-]*\.[\w.-]+/i.test(text)) return { ...either('smtp', ['ftp'], 60, `${code} of a host that is named for mail`), open: !done };
  // RFC 821 appendix E: `220 <domain> Service ready`, with nothing behind it.
  if (/^220 [A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+ Service ready\.?\n$/i.test(text)) return either('smtp', ['ftp'], 60, `${code} as RFC 821 has it`);
  return { ...either(named ? 'smtp' : 'ftp', named ? ['ftp'] : ['smtp', 'nntp'], Confidence.possible, `${code}: FTP or SMTP`), open: !done };
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
  const terminal = atTerminal(whole, rest);
  if (terminal !== undefined) return terminal;
  if (waits(lines)) {
    if (statusLine.test(`${rest} `)) return status(`${rest} `);
    return /^\* (?:OK|PREAUTH|BYE) /i.test(rest) ? beginning('imap', 'an untagged greeting') : { protocol: '', confidence: Confidence.none,
      evidence: 'a line that has not ended', open: true };
  }
  return mayFollow(lines) ? beforeOthers : undefined;
}

/** An identification of SSH (RFC 4253 section 4.2) and a negotiation of Telnet may stand behind lines of any text. */
const beforeOthers: Identification = Object.freeze({ protocol: '', confidence: Confidence.none, evidence: 'lines before something else', open: true });

function mayFollow({ whole, rest, cut }: Lines): boolean {
  if (cut || whole.length > 16) return false;
  let length = rest.length;
  for (let at = 0; at < whole.length; at++) length += whole[at]!.length;
  return length < 1024;
}

/** What a host of Telnet shows that negotiates nothing: a prompt, more surely behind a word or the sequences of a screen. */
function atTerminal(whole: readonly string[], rest: string): Identification | undefined {
  const asks = prompt.test(rest);
  const said = `${whole.join('\n')}\n${rest}`;
  if (/\btelnetd?\b|User Access Verification/i.test(said) && (asks || whole.length > 0)) {
    // A prompt or a negotiation may follow.
    return asks ? answer('telnet', 75, 'a word of Telnet') : { protocol: 'telnet', confidence: 60, evidence: 'a word of Telnet', open: true };
  }
  if (!asks) return undefined;
  return answer('telnet', said.includes('\u001b[') ? 60 : Confidence.possible, 'a prompt without a line');
}

function greeted(first: string, whole: readonly string[]): Identification | undefined {
  if (/^RFB \d{3}\.\d{3}$/.test(first)) return answer('rfb', 98, 'RFB version');
  const found = status(first);
  if (found !== undefined) return found;
  // Redis answers so as well.
  if (/^\+OK\s*$/i.test(first)) return either('pop3', ['redis'], 60, '+OK without a word: POP3, or Redis');
  if (/^\+OK\b/i.test(first)) return answer('pop3', /dovecot|pop|mail|<[^>]+@[^>]+>|ready|server/i.test(first) ? 95 : 85, '+OK of POP3');
  if (/^-ERR\b/.test(first)) {
    if (/^-ERR (?:max number of clients|unknown command|wrong number of arguments|operation not permitted|Protocol error)/i.test(first)) return answer('redis', 75,
      'an error of Redis');
    return either('pop3', ['redis'], /\bPOP3?\b|mail/i.test(first) ? 85 : 65, '-ERR: POP3, or Redis');
  }
  if (first === '+PONG') return answer('redis', 75, 'PONG of Redis');
  if (/^-(?:DENIED|NOAUTH|WRONGPASS|LOADING) /.test(first)) return answer('redis', 75, 'an error of Redis');
  if (/^\* (?:OK|PREAUTH|BYE)\b/i.test(first)) return answer('imap', /imap|capability|dovecot|ready|cyrus|courier/i.test(first) ? 97 : 88, 'an untagged IMAP greeting');
  if (/^:\S+ (?:NOTICE|\d{3}|PING|CAP) /i.test(first) || /^NOTICE (?:AUTH|\*) :/i.test(first)) return answer('irc', 85, 'a message of an IRC server');
  if (first.startsWith('ERROR :')) return answer('irc', 70, 'an error of an IRC server');
  if (/^(?:<!DOCTYPE HTML|<html|<head|<title)\b/i.test(first)) return answer('http', 30, 'HTML without a head: HTTP/0.9');
  return coded(whole);
}
