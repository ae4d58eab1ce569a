// Nanoseconds per head of the HTTP/1 codec: parse alone, and parse with what a gateway reads from every head. One
// process, one core; the figure to compare is the best of several rounds. Not a benchmark of the gateway (bench/run.ts).
import { HeaderId, RequestParser, ResponseParser } from '#codecs/http1/index.ts';
import { copyFieldLines, hopByHopFields } from '#codecs/http1/index.ts';

const small = 'GET /index.html HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n';
const browser = [
  'GET /catalogue/shoes/running?page=2&sort=price&colour=blue HTTP/1.1', 'Host: shop.example', 'Connection: keep-alive',
  'sec-ch-ua: "Chromium";v="126", "Not.A/Brand";v="24"', 'sec-ch-ua-mobile: ?0', 'sec-ch-ua-platform: "Linux"', 'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8', 'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document', 'Referer: https://shop.example/catalogue', 'Accept-Encoding: gzip, deflate, br',
  'Accept-Language: en-GB,en;q=0.9', 'Cookie: session=8f14e45fceea167a5a36dedd4bea2543; cart=3', '', '',
].join('\r\n');
const answer = [
  'HTTP/1.1 200 OK', 'Server: nginx/1.22.1', 'Date: Mon, 01 Jan 2024 00:00:00 GMT', 'Content-Type: text/html; charset=utf-8', 'Content-Length: 1024',
  'Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT', 'Connection: keep-alive', 'ETag: "65920080-400"', 'Accept-Ranges: bytes', '', '',
].join('\r\n');

const rounds = 7;
const iterations = 200_000;

function best(run: () => number): number {
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const before = process.hrtime.bigint();
    if (run() === -Infinity) throw new Error('unreachable');
    least = Math.min(least, Number(process.hrtime.bigint() - before) / iterations);
  }
  return least;
}

function report(name: string, text: string, push: (bytes: Buffer) => number, use: () => number): void {
  const bytes = Buffer.from(text, 'latin1');
  if (push(bytes) !== bytes.length) throw new Error(`${name}: not accepted`);
  const parse = best(() => {
    let sum = 0;
    for (let i = 0; i < iterations; i++) sum += push(bytes);
    return sum;
  });
  const both = best(() => {
    let sum = 0;
    for (let i = 0; i < iterations; i++) { push(bytes); sum += use(); }
    return sum;
  });
  console.log(`${name.padEnd(28)} ${String(bytes.length).padStart(5)} bytes  parse ${parse.toFixed(0).padStart(5)} ns  with copy ${both.toFixed(0).padStart(5)} ns`);
}

const requests = new RequestParser();
const responses = new ResponseParser();
responses.expect('GET');
const useRequest = (): number => {
  const head = requests.head;
  const out = `${head.method} ${head.rawPath} HTTP/1.1\r\n${copyFieldLines(head.headers, hopByHopFields)}X-Forwarded-For: 192.0.2.1\r\n\r\n`;
  return out.length + head.host.length + (head.headers.has(HeaderId.Via) ? 1 : 0);
};
const useResponse = (): number => {
  const head = responses.head;
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${copyFieldLines(head.headers, hopByHopFields)}\r\n`.length;
};
report('request, curl', small, (bytes) => requests.push(bytes, 0, bytes.length), useRequest);
report('request, browser', browser, (bytes) => requests.push(bytes, 0, bytes.length), useRequest);
report('response, nginx', answer, (bytes) => responses.push(bytes, 0, bytes.length), useResponse);
