// Responses that readers are known to frame in different ways, those of the transcripts, and seeded mutations of both. The
// same seed gives the same cases for ever.
import { mutate, Random } from '#test/fuzz/http1/generate.ts';
import { loadTranscripts } from '#test/transcripts/http1/load.ts';
import type { ResponseCase } from './response-judges.ts';

const smuggled = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled';
const chunks = '5\r\nhello\r\n0\r\n\r\n';

/** Head lines behind the status line, and what follows the head. */
const oddities: readonly (readonly [lines: readonly string[], body: string])[] = [
  [['Content-Length: 5'], 'hello'],
  [['Transfer-Encoding: chunked'], chunks],
  [['Content-Length: 5', 'Transfer-Encoding: chunked'], chunks],
  [['Transfer-Encoding: chunked', 'Content-Length: 3'], chunks],
  [['Content-Length: 5', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`],
  [['Content-Length: 5', 'Content-Length: 5'], 'hello'],
  [['Content-Length: 5', 'Content-Length: 0'], 'hello'],
  [['Content-Length: 0', 'Content-Length: 5'], 'hello'],
  [['Content-Length: 5, 5'], 'hello'], [['Content-Length: 5, 6'], 'hello!'], [['Content-Length: +5'], 'hello'], [['Content-Length: -5'], 'hello'],
  [['Content-Length: 0x5'], 'hello'],
  [['Content-Length: 5 5'], 'hello'], [['Content-Length:'], 'hello'], [['Content-Length: 05'], 'hello'], [['Content-Length: 5.0'], 'hello'],
  [['Content-Length: 18446744073709551621'], 'hello'], [['Content-Length: 5;'], 'hello'],
  [['Content-Length : 5'], 'hello'], [['Content-Length\t: 5'], 'hello'], [[' Content-Length: 5'], 'hello'], [['X: a', ' Content-Length: 5'], 'hello'],
  [['X: a', '\tb', 'Content-Length: 5'], 'hello'],
  [['Content-Length:\v5'], 'hello'], [['Content-Length: 5\r'], 'hello'], [['Content-Length: 5\0'], 'hello'], [['X: a\rContent-Length: 5'], 'hello'],
  [['X: a\nContent-Length: 5'], 'hello'],
  [['Transfer-Encoding: Chunked'], chunks], [['Transfer-Encoding: xchunked'], chunks], [['Transfer-Encoding: chunked, identity'], chunks],
  [['Transfer-Encoding: identity'], 'hello'],
  [['Transfer-Encoding: identity', 'Content-Length: 5'], 'hello'], [['Transfer-Encoding: gzip, chunked'], chunks],
  [['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], chunks],
  [['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], chunks], [['Transfer-Encoding: chunked, chunked'], chunks], [['Transfer-Encoding:\tchunked\t'], chunks],
  [['Transfer-Encoding: "chunked"'], chunks], [['Transfer-Encoding: chunked;x=y'], chunks], [['Transfer-Encoding:'], 'hello'], [['Transfer-Encoding : chunked'], chunks],
  [['Transfer-Encoding: chunked\0'], chunks], [['Transfer_Encoding: chunked'], chunks],
  ...[
    '5;a=b\r\nhello\r\n0\r\n\r\n', '5;\r\nhello\r\n0\r\n\r\n', '5 \r\nhello\r\n0\r\n\r\n', '05\r\nhello\r\n0\r\n\r\n', '0x5\r\nhello\r\n0\r\n\r\n', '5\nhello\n0\n\n',
    '5\rhello\r\n0\r\n\r\n',
    '5\r\nhelloX\r\n0\r\n\r\n', '5\r\nhello0\r\n\r\n', '5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n', '5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n', '5\r\nhello\r\n00\r\n\r\n',
    '-5\r\nhello\r\n0\r\n\r\n',
    '5\r\nhello\r\n', '5\r\nhel', '5\r\nhello\r\n0\r\n', 'g\r\nhello\r\n0\r\n\r\n', '\r\n5\r\nhello\r\n0\r\n\r\n', `${'0'.repeat(20)}5\r\nhello\r\n0\r\n\r\n`,
    'ffffffffffffffff5\r\nhello\r\n0\r\n\r\n',
    '5;a="\r\n"\r\nhello\r\n0\r\n\r\n', '5;\nhello\r\n0\r\n\r\n', '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n', `0\r\n\r\n${smuggled}`, `${chunks}${smuggled}`,
    '5\r\nhello\r\n0\r\nX : 1\r\n\r\n',
  ].map((body) => [['Transfer-Encoding: chunked'], body] as const),
  [[], 'hello'], [[], ''], [['Connection: keep-alive'], 'hello'], [['Connection: close'], 'hello'], [['Content-Length: 5', 'Connection: close'], 'hello'],
  [['Content-Length: 10'], 'hello'], [['Content-Length: 5'], `hello${smuggled}`], [['Content-Length: 0'], smuggled], [['Content-Length: 5'], 'hello\r\n'],
  [['Content-Length: 5'], 'hello, world'],
  [['X: \xff', 'Content-Length: 5'], 'hello'], [['X:'], 'hello'], [['X'], 'hello'], [[': x'], 'hello'], [['X Y: 1', 'Content-Length: 5'], 'hello'],
  [['Content-Length: 5', 'Trailer: X'], 'hello'],
];

const statusLines = [
  'HTTP/1.1 200 OK', 'HTTP/1.0 200 OK', 'HTTP/1.1 204 No Content', 'HTTP/1.1 304 Not Modified', 'HTTP/1.1 205 Reset Content', 'HTTP/1.1 404 Not Found', 'HTTP/1.1 200 ',
  'HTTP/1.1 200',
];
const oddStatusLines = [
  'HTTP/1.2 200 OK', 'HTTP/2.0 200 OK', 'HTTP/0.9 200 OK', 'http/1.1 200 OK', 'HTTP/1.1  200 OK', 'HTTP/1.1 2000 OK', 'HTTP/1.1 20 OK', 'HTTP/1.1 099 OK',
  'HTTP/1.1 600 OK', 'HTTP/1.1 +20 OK',
  'HTTP/1.1\t200\tOK', 'HTTP/1.1 200\tOK', 'HTTP/1.1 200 O\rK', 'HTTP/1.1 200 O\0K', ' HTTP/1.1 200 OK', '\r\nHTTP/1.1 200 OK', 'ICY 200 OK', 'HTTP/1.10 200 OK',
  'HTTP/01.1 200 OK', 'HTTP/1.1 200 \xe9',
];

const interim = [
  'HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', 'HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n',
  'HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 102 Processing\r\nTransfer-Encoding: chunked\r\n\r\n', 'HTTP/1.0 100 Continue\r\n\r\n', 'HTTP/1.1 199 What\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
];

function written(): [string, number][] {
  const all: [string, number][] = [];
  for (const [lines, body] of oddities) {
    const head = lines.map((line) => `${line}\r\n`).join('');
    for (const status of statusLines) all.push([`${status}\r\n${head}\r\n${body}`, all.length]);
  }
  for (const status of oddStatusLines) all.push([`${status}\r\nContent-Length: 5\r\n\r\nhello`, all.length]);
  for (const before of interim) all.push([`${before}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello`, all.length]);
  for (const status of [200, 204, 304]) all.push([`HTTP/1.1 ${status} X\nContent-Length: 5\n\nhello`, all.length]);
  return all;
}

export function makeResponseCases(seed: number, mutations: number): ResponseCase[] {
  const random = new Random(seed);
  const cases: ResponseCase[] = [];
  const add = (bytes: string, method: 'GET' | 'HEAD', close: boolean): void => { cases.push({ name: `r${cases.length}`, method, bytes, close }); };
  for (const [bytes, index] of written()) {
    add(bytes, index % 5 === 4 ? 'HEAD' : 'GET', index % 3 === 0);
  }
  const transcripts = loadTranscripts().filter(({ requestMethod, bytes }) => (requestMethod === 'GET' || requestMethod === 'HEAD') && bytes.length < 4000);
  for (const { bytes, requestMethod } of transcripts) for (const close of [true, false]) add(bytes, requestMethod as 'GET', close);
  const bases = [...written().map(([bytes]) => bytes), ...transcripts.map(({ bytes }) => bytes)];
  for (let i = 0; i < mutations; i++) add(mutate(random, random.pick(bases)), random.below(6) === 0 ? 'HEAD' : 'GET', random.below(2) === 0);
  return cases;
}
