// Seeded generator of HTTP/1 connections: well-formed ones from a small grammar, and mutations of those, of the
// transcripts and of the corpus. The same seed gives the same inputs for ever. No network, no clock.

/** mulberry32: small, fast, good enough to choose mutations. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer in [0, below). */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }
}

const methods = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'BREW'];
const targets = ['/', '/a', '/a/b?c=d', '/%61%2e%41', '/a//b', '/?q=%zz', '/a;b', '*', 'http://a/x', 'http://a:80', '/.x', '/..', '/%2e%2e/', '/a%2fb', '/|', '/a?b?c'];
const fields = [
  'Connection: close', 'Connection: keep-alive', 'Connection: x-one', 'X-One: 1', 'X-Two:2', 'X-Three:  3 ', 'Accept: */*', 'User-Agent: x', 'Cookie: a=b', 'Via: 1.1 x',
  'Expect: 100-continue', 'Upgrade: websocket', 'Connection: upgrade', 'TE: trailers', 'X_Under: 1', 'Content-Type: a/b', 'X-Empty:', 'X-Obs: \xe9', 'Trailer: X', 'Keep-Alive: 5',
];
const framings = [
  'Content-Length: 5', 'Content-Length: 0', 'Transfer-Encoding: chunked', 'Transfer-Encoding: Chunked', 'Content-Length: 5, 5', 'Transfer-Encoding: gzip',
  'Transfer-Encoding:\tchunked',
  'Content-Length : 5', 'Content-Length: 05', 'Content-Length: +5', 'Transfer-Encoding: chunked, identity', 'Transfer-Encoding : chunked',
];
const sizes = ['5', '05', '0x5', '5;a=b', '5 ', 'a', 'A', '0', '10', '5\n'];
const trailers = ['X-T: 1', 'Host: b', 'ETag: "x"', 'X : 1'];
/** What mutations put in. */
const splices = [
  '\r', '\n', '\r\n', '\0', ' ', '\t', ':', ',', ';', '%', '%00', '%2f', '..', '/', '\\', '\x7f', '\xff', '\x0b', '0', '5', '+', '-', '_', '\r\n ', '\r\n\t',
  '\r\n\r\n', '0\r\n\r\n',
  'Transfer-Encoding: chunked\r\n', 'Content-Length: 5\r\n', 'Host: evil\r\n', 'GET /x HTTP/1.1\r\nHost: b\r\n\r\n', 'HTTP/1.1', 'HTTP/1.0', 'chunked', '#', '@',
  '[::1]', '?', '"', '1'.repeat(30),
];

function chunkedBody(random: Random): string {
  let text = '';
  for (let n = random.below(3); n > 0; n--) {
    const size = random.pick(sizes);
    const length = Number.parseInt(size, 16);
    if (length === 0) continue;
    text += `${size}\r\n${'hello, chunks all'.slice(0, length)}\r\n`;
  }
  return `${text}0\r\n${random.below(4) === 0 ? `${random.pick(trailers)}\r\n` : ''}\r\n`;
}

function request(random: Random): string {
  const lines = [`${random.pick(methods)} ${random.pick(targets)} HTTP/1.${random.below(8) === 0 ? 0 : 1}`, 'Host: a'];
  for (let n = random.below(5); n > 0; n--) lines.push(random.pick(fields));
  const framing = random.below(2) === 0 ? '' : random.pick(framings.slice(0, random.below(2) === 0 ? 4 : framings.length));
  if (framing !== '') lines.splice(1 + random.below(lines.length), 0, framing);
  const head = `${lines.join('\r\n')}\r\n\r\n`;
  if (framing.startsWith('Content')) return `${head}${framing.endsWith(' 0') ? '' : 'hello'}`;
  return framing.startsWith('Transfer') ? head + chunkedBody(random) : head;
}

/** One to three requests on a connection, mostly well formed. */
export function generate(random: Random): string {
  let text = '';
  for (let n = 1 + random.below(3); n > 0; n--) text += request(random);
  return text;
}

/** Zero to three small changes. */
export function mutate(random: Random, text: string): string {
  let result = text;
  for (let n = random.below(4); n > 0; n--) {
    const at = random.below(result.length + 1);
    switch (random.below(6)) {
      case 0: result = result.slice(0, at) + random.pick(splices) + result.slice(at); break;
      case 1: result = result.slice(0, at) + result.slice(at + 1); break;
      case 2: result = result.slice(0, at) + String.fromCharCode(random.below(256)) + result.slice(at + 1); break;
      case 3: result = result.slice(0, at) + random.pick(splices) + result.slice(at + 1 + random.below(4)); break;
      case 4: {
        // Near a line end or a colon is where parsers differ.
        const spot = result.indexOf(random.pick(['\r\n', ':', '\r\n\r\n', ' ']), at);
        if (spot >= 0) result = result.slice(0, spot + random.below(3)) + random.pick(splices) + result.slice(spot + random.below(3));
        break;
      }
      default: {
        const from = random.below(result.length + 1);
        result = result.slice(0, at) + result.slice(from, from + random.below(20)) + result.slice(at);
      }
    }
  }
  return result.slice(0, 20_000);
}

export function randomCuts(random: Random, length: number): number[] {
  const cuts: number[] = [];
  if (length < 2) return cuts;
  for (let n = 1 + random.below(4); n > 0; n--) cuts.push(1 + random.below(length - 1));
  return cuts.sort((a, b) => a - b);
}
