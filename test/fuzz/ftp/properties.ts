// What must hold of the FTP codec for any bytes of either side: it reads the same however the bytes are cut, never throws, and
// what it sends on is one command or one reply, read as the same by anybody. And canaries: codecs with one fault each.
import {
  canonicalPath, CommandParser, commandLine, defaultFtpLimits, parse227, parse229, parse257, parseEprt, parseFeatures, parsePort, ReplyParser, serializeReply, type FtpLimits,
} from '#codecs/ftp/index.ts';

export type Kind = 'commands' | 'replies';

export interface Message {
  verb: string;
  argument: string;
  code: number;
  lines: readonly string[];
  /** As it leaves us; '' for an empty line and for a command that gateways refuse (a CR in its argument). */
  forwarded: string;
}

export interface Reading { messages: Message[]; fault: string; unfinished: boolean; answers: string }

/** A codec under test: the whole input at once, or cut at the offsets given. */
export type Target = (kind: Kind, text: string, cuts: readonly number[]) => Reading;

/** Small, so that inputs of a fuzz run reach them. */
export const fuzzLimits: FtpLimits = { ...defaultFtpLimits, maxCommandBytes: 200, maxReplyLineBytes: 200, maxReplyLines: 12, maxReplyBytes: 600, maxTelnetCommands: 6,
  maxSubnegotiationBytes: 8 };
const slowMs = 400;
const paths = { maxPathBytes: 100, maxPathSegments: 8, backslash: 'refuse', names: 'exact' } as const;

function commandOf({ command: { verb, argument } }: CommandParser): Message {
  return { verb, argument, code: 0, lines: [], forwarded: verb === '' || argument.includes('\r') ? '' : commandLine(verb, argument) };
}

export const codec: Target = (kind, text, cuts) => {
  const parser = kind === 'commands' ? new CommandParser(fuzzLimits) : new ReplyParser(fuzzLimits);
  const reading: Reading = { messages: [], fault: '', unfinished: false, answers: '' };
  let from = 0;
  for (const cut of [...cuts, text.length]) {
    const piece = Buffer.from(text.slice(from, cut), 'latin1');
    from = cut;
    for (let at = 0; at < piece.length;) {
      const next = parser.push(piece, at, piece.length);
      reading.answers += parser.takeAnswers();
      if (next < 0) break;
      at = next;
      if (parser instanceof CommandParser) reading.messages.push(commandOf(parser));
      else reading.messages.push({ verb: '', argument: '', code: parser.reply.code, lines: parser.reply.lines, forwarded: serializeReply(parser.reply) });
    }
    // What was read may not lean on a buffer that is used again.
    piece.fill(0x2a);
  }
  if (parser.fault !== undefined) reading.fault = `${parser.fault.code} ${parser.fault.kind === 'violation' ? parser.fault.offset : ''}`;
  else reading.unfinished = parser.pendingBytes > 0;
  return reading;
};

/** What may be on the wire: no line end but CRLF at the end, no controls; 0xff only doubled (RFC 854). */
const cleanCommand = /^[A-Z][A-Z0-9]{0,7}(?: (?:[\x20-\x7e\x80-\xfe]|\xff\xff)+)?\r\n$/;
const text = String.raw`(?:[\x20-\x7e\x80-\xfe]|\xff\xff)*`;
const cleanReply = new RegExp(String.raw`^(\d{3})(?: ${text}|-${text}\r\n(?:(?!\d{3} )${text}\r\n)*\1 ${text})\r\n$`);

function checkForwarded(target: Target, kind: Kind, { messages }: Reading): string | undefined {
  for (const message of messages) {
    const { forwarded } = message;
    if (forwarded === '') continue;
    if (!(kind === 'commands' ? cleanCommand : cleanReply).test(forwarded)) return `what is sent on is not clean: ${JSON.stringify(forwarded)}`;
    // Padding may carry a reply that was just within the limits over them.
    if (forwarded.length > 190) continue;
    const again = target(kind, forwarded, []);
    const [other] = again.messages;
    if (again.fault !== '' || again.unfinished || again.messages.length !== 1 || other === undefined) return `what is sent on is not one message: ${JSON.stringify(forwarded)}`;
    if (other.verb !== message.verb || other.argument !== message.argument || other.code !== message.code) return `what is sent on reads differently: ${JSON.stringify(forwarded)}`;
    if (other.forwarded !== forwarded) return `sending it on again changes it: ${JSON.stringify([forwarded, other.forwarded])}`;
  }
  return undefined;
}

/** What is made of arguments: bounded numbers, names that stay what they are. */
function checkMeaning(kind: Kind, { messages }: Reading): string | undefined {
  for (const { argument, code, lines } of messages) {
    if (kind === 'replies') {
      for (const line of lines) {
        parse257(line);
        for (const found of [parse227(line), parse229(line)]) {
          const port = typeof found === 'number' ? found : found?.port ?? 1;
          if (!Number.isInteger(port) || port < 0 || port > 65_535) return `a port that is none: ${port}`;
        }
      }
      parseFeatures({ code, lines: [...lines] }, 10);
      continue;
    }
    for (const found of [parsePort(argument), parseEprt(argument)]) if (typeof found === 'object' && found.port > 65_535) return `a port that is none: ${found.port}`;
    const path = canonicalPath('/a/b', argument, paths);
    if (typeof path === 'string') continue;
    if (/(?:^|\/)\.\.?(?:\/|$)|\/\/|[\0-\x1f\x7f\\]/.test(path.wire) || !path.wire.startsWith('/')) return `a path that is not canonical: ${JSON.stringify(path.wire)}`;
    const again = canonicalPath('/', path.wire, paths);
    if (typeof again === 'string' || again.wire !== path.wire || again.path !== path.path) return `a path that is another one the second time: ${JSON.stringify(path.wire)}`;
  }
  return undefined;
}

/** The first property that does not hold, in words. */
export function faultOf(target: Target, kind: Kind, text: string, cuts: readonly number[]): string | undefined {
  try {
    const before = performance.now();
    const whole = target(kind, text, []);
    const expected = JSON.stringify(whole);
    if (JSON.stringify(target(kind, text, cuts)) !== expected) return `cut at ${cuts.join()} reads differently`;
    if (JSON.stringify(target(kind, text, Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => i + 1))) !== expected) return 'byte by byte reads differently';
    const took = performance.now() - before;
    if (took > slowMs) return `took ${took.toFixed(0)} ms`;
    return checkForwarded(target, kind, whole) ?? checkMeaning(kind, whole);
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

function changing(change: (message: Message) => void): Target {
  return (kind, text, cuts) => {
    const reading = codec(kind, text, cuts);
    reading.messages.forEach(change);
    return reading;
  };
}

/** Codecs with one fault each: a fuzz run that does not catch them is worth nothing. */
export const canaries: Record<string, { caughtBy: RegExp; target: Target }> = {
  'forgets a CR at the end of a piece': { caughtBy: /reads differently/, target: (kind, text, cuts) => {
    const cut = cuts.find((at) => text[at - 1] === '\r');
    return codec(kind, cut === undefined ? text : text.slice(0, cut - 1) + text.slice(cut), []);
  } },
  'takes a bare LF for a line end when whole': { caughtBy: /reads differently/, target: (kind, text, cuts) => (
    codec(kind, cuts.length === 0 ? text.replaceAll(/(?<!\r)\n/g, '\r\n') : text, cuts)) },
  'does not pad inner lines that look like an end': { caughtBy: /not clean|not one message/, target: changing((message) => {
    if (message.lines.length > 2) message.forwarded = message.forwarded.replaceAll(/^ (?=\d{3} )/gm, '');
  }) },
  'does not double 0xff': { caughtBy: /not clean/, target: changing((message) => { message.forwarded = message.forwarded.replaceAll('\xff\xff', '\xff'); }) },
  'sends an argument on with a line break': { caughtBy: /not clean/, target: changing((message) => {
    message.forwarded = message.forwarded.replace(/^RETR (.)/, 'RETR $1\r\nDELE $1');
  }) },
  'changes the case of arguments': { caughtBy: /reads differently|changes it/, target: changing((message) => {
    if (/[A-Z]/.test(message.argument)) message.forwarded = `${message.verb} ${message.argument.toLowerCase()}\r\n`;
  }) },
  'throws on a byte above F0': { caughtBy: /threw RangeError: canary/, target: (kind, text, cuts) => {
    if (/[\xf1-\xfe]/.test(text)) throw new RangeError('canary');
    return codec(kind, text, cuts);
  } },
};
