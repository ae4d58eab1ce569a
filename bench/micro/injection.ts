// Micro benchmark of the injection detectors: nanoseconds a call for ordinary values, attacks and hostile long input.
// Usage: node bench/micro/injection.ts
import { detectSqli, detectXss } from '#inspection/waf/injection/index.ts';

const ordinary: Record<string, string> = {
  number: '1234567',
  word: 'electronics',
  'two words': 'blue shoes',
  email: 'jane.doe@example.com',
  path: '/catalogue/shoes/item-42.html',
  date: '2024-05-17T10:20:30.123Z',
  uuid: '7f1d2c3e-9a4b-4c1d-8e2f-0123456789ab',
  cookie: 'GA1.2.1234567890.1700000000',
  name: "Conan O'Brien",
  sentence: 'The quick brown fox jumps over the lazy dog and then goes home to sleep.',
  'user agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
  query: 'a=1&b=2&redirect=/home?x=y',
  json: '{"id":12,"name":"Jane","tags":["a","b"],"ok":true}',
  'union select': '1 UNION SELECT password FROM users',
  'or 1=1': "' OR '1'='1",
  script: '<script>alert(1)</script>',
};

const hostile: Record<string, string> = {
  'quotes 128 KiB': "'".repeat(131072),
  'letters 128 KiB': 'a'.repeat(131072),
  'words 128 KiB': 'a b '.repeat(32768),
  'sums 128 KiB': '1+'.repeat(65536),
  'lists 128 KiB': '1,'.repeat(65536),
  'minus 128 KiB': '-'.repeat(131072),
  'tags 128 KiB': '<a b=c>'.repeat(18724),
  'attributes 128 KiB': 'a="b" '.repeat(21845),
};

/** Best of several rounds, in nanoseconds a call. */
function measure(run: (value: string) => unknown, value: string, calls: number): number {
  let best = Infinity;
  for (let round = 0; round < 7; round++) {
    const from = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) run(value);
    best = Math.min(best, Number(process.hrtime.bigint() - from) / calls);
  }
  return best;
}

for (const value of Object.values(ordinary)) {
  measure(detectSqli, value, 3000);
  measure(detectXss, value, 3000);
}
console.log('value                     sqli ns    xss ns');
for (const [what, value] of Object.entries(ordinary)) {
  const sqli = measure(detectSqli, value, 20000).toFixed(0);
  console.log(what.padEnd(22), sqli.padStart(10), measure(detectXss, value, 20000).toFixed(0).padStart(9));
}
for (const [what, value] of Object.entries(hostile)) {
  const sqli = (measure(detectSqli, value, 3) / 1000).toFixed(0);
  console.log(what.padEnd(22), `${sqli} us`.padStart(10), `${(measure(detectXss, value, 3) / 1000).toFixed(0)} us`.padStart(9));
}
