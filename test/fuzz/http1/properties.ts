// What must hold for every input whatsoever. A target reads a connection's bytes; the real one is the codec, and the
// canaries are codecs with a known fault, which prove that the properties can fail.
import { defaultHttp1Limits, http1Settings, type Http1Settings } from '#codecs/http1/index.ts';
import { describeReading, readWhole, type Reading } from '#test/transcripts/http1/drive.ts';

export type Target = (text: string, settings: Http1Settings, requestMethod: string | undefined, cuts: readonly number[]) => Reading;

export const codec: Target = (text, settings, requestMethod, cuts) => readWhole(text, settings, defaultHttp1Limits, requestMethod, cuts);

/** As lenient as the settings go: more code is reached. */
export const lenientSettings: Http1Settings = http1Settings({
  contentLengthWithTransferEncoding: 'prefer-transfer-encoding', duplicateContentLength: 'collapse-identical', obsFold: 'replace-with-space', bareLf: 'accept-in-responses',
  spaceBeforeColon: 'strip-in-responses', underscoreInHeaderName: 'drop', duplicateSingletonHeader: 'pass', absoluteFormHostMismatch: 'use-target', fragmentInTarget: 'strip',
  encodedSlash: 'decode', dotSegments: 'resolve', encodedDotSegments: 'resolve', invalidPercentEncoding: 'keep', encodedControl: 'keep', backslashInPath: 'keep',
  nonAsciiInTarget: 'encode', forbiddenTrailerField: 'drop', getWithBody: 'pass', unknownExpectation: 'ignore', protectedConnectionOption: 'ignore',
  contentLengthWithoutContent: 'ignore',
});
export const strictSettings: Http1Settings = http1Settings();

/** Milliseconds that no input of at most 20,000 bytes may need; generous, because the machine is shared. */
const slowMs = 400;

function comparable(reading: Reading): string {
  return JSON.stringify([describeReading(reading), reading.fault, reading.messages.map((message) => [message.headers, message.trailers, message.forwarded])]);
}

/** A line of a head as it may leave us: nothing but CRLF ends it, no controls, one colon form. */
const cleanHead = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e]+ HTTP\/1\.1\r\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: (?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?\r\n)*\r\n/;

/** Sent on, the message must be read as the same one, alone, by the strictest reading. */
function checkForwarded(target: Target, reading: Reading): string | undefined {
  for (const message of reading.messages) {
    if (message.method === '' || message.method === 'CONNECT' || !message.forwarded.includes('\r\n\r\n')) continue;
    if (!cleanHead.test(message.forwarded)) return `forwarded head is not clean: ${JSON.stringify(message.forwarded)}`;
    const again = target(message.forwarded, { ...lenientSettings, contentLengthWithTransferEncoding: 'reject', duplicateContentLength: 'reject' }, undefined, []);
    const [other] = again.messages;
    if (again.fault !== undefined || again.unfinished || again.messages.length !== 1 || other === undefined) {
      return `forwarded message is not one message: ${JSON.stringify(message.forwarded)}: ${describeReading(again).join('; ')}`;
    }
    if (other.method !== message.method || other.target !== message.target || other.body !== message.body) {
      return `forwarded message reads differently: ${JSON.stringify(message.forwarded)}`;
    }
    if (other.forwarded !== message.forwarded) return `forwarding again changes it: ${JSON.stringify([message.forwarded, other.forwarded])}`;
  }
  return undefined;
}

/** The first property that does not hold, in words. */
export function faultOf(target: Target, text: string, requestMethod: string | undefined, settings: Http1Settings, cuts: readonly number[]): string | undefined {
  try {
    const before = performance.now();
    const whole = target(text, settings, requestMethod, []);
    const expected = comparable(whole);
    if (comparable(target(text, settings, requestMethod, cuts)) !== expected) return `cut at ${cuts.join()} reads differently`;
    const each = Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => i + 1);
    if (comparable(target(text, settings, requestMethod, each)) !== expected) return 'byte by byte reads differently';
    const took = performance.now() - before;
    if (took > slowMs) return `took ${took.toFixed(0)} ms`;
    return requestMethod === undefined ? checkForwarded(target, whole) : undefined;
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

/** Codecs with one fault each: a fuzz run that does not catch them is worth nothing. */
export const canaries: Record<string, { caughtBy: RegExp; target: Target }> = {
  'forgets a CR at the end of a piece': { caughtBy: /reads differently/, target: (text, settings, method, cuts) => {
    const cut = cuts.find((at) => text[at - 1] === '\r');
    return codec(cut === undefined ? text : text.slice(0, cut - 1) + text.slice(cut), settings, method, []);
  } },
  'strips blanks before the colon when whole': { caughtBy: /reads differently/, target: (text, settings, method, cuts) => {
    const reading = codec(text.replaceAll(/[ \t]+:/g, ':'), settings, method, []);
    return cuts.length === 0 ? reading : codec(text, settings, method, cuts);
  } },
  'copies Content-Length beside Transfer-Encoding': { caughtBy: /is not one message/, target: (text, settings, method, cuts) => {
    const reading = codec(text, settings, method, cuts);
    for (const message of reading.messages) message.forwarded = message.forwarded.replace('Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n');
    return reading;
  } },
  'throws on a byte above F0': { caughtBy: /threw RangeError: canary/, target: (text, settings, method, cuts) => {
    if (/[\xf1-\xff]/.test(text)) throw new RangeError('canary');
    return codec(text, settings, method, cuts);
  } },
  'forwards a value with a line break': { caughtBy: /is not clean/, target: (text, settings, method, cuts) => {
    const reading = codec(text, settings, method, cuts);
    for (const message of reading.messages) message.forwarded = message.forwarded.replace('X-Two: 2', 'X-Two: 2\nX-Evil: 1');
    return reading;
  } },
};
