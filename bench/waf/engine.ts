// CPU microseconds per transaction of the WAF engine in process, with the Core Rule Set at levels 1 and 4; load time and
// memory. Compare with libmodsecurity's figures in ../shared/design/waf.md (same requests in kind, not in bytes).
// Usage: node bench/waf/engine.ts [seconds per case]
import { loadSiteRules } from '#test/waf/crs.ts';
import { hasCrs } from '#test/waf/files.ts';
import type { RuleSet } from '#inspection/waf/index.ts';
import { benchCases, type BenchRequest } from './requests.ts';

const seconds = Number(process.argv[2] ?? 1);

export function transact(ruleSet: RuleSet, request: BenchRequest, n: number): number {
  const tx = ruleSet.begin({
    clientAddress: '203.0.113.9', clientPort: 40000, serverAddress: '192.0.2.1', serverPort: 443, uniqueId: `b${n}`, nowMs: n, reputation: null,
  });
  tx.requestLine(request.method, request.target, 'HTTP/1.1');
  for (const [name, value] of request.headers) tx.requestHeader(name, value);
  let blocked = tx.endRequestHeaders();
  if (!blocked && request.body !== '') blocked = tx.requestBody(Buffer.from(request.body, 'latin1'));
  blocked ??= tx.endRequestBody();
  if (!blocked) {
    tx.responseHead(200, 'HTTP/1.1');
    tx.responseHeader('Content-Type', 'application/octet-stream');
    tx.endResponseHeaders();
    tx.endResponseBody();
  }
  tx.finish(n);
  return blocked?.status ?? 0;
}

function measure(ruleSet: RuleSet, make: (n: number) => BenchRequest): { micros: number; status: number } {
  const requests = Array.from({ length: 4000 }, (_, n) => make(n));
  let status = 0;
  for (let n = 0; n < 1500; n++) status = transact(ruleSet, requests[n]!, n);
  let best = Infinity;
  const deadline = performance.now() + seconds * 1000;
  for (let from = 1500; performance.now() < deadline; from += 250) {
    const before = process.cpuUsage();
    for (let n = from; n < from + 250; n++) transact(ruleSet, requests[n % requests.length]!, n);
    const used = process.cpuUsage(before);
    best = Math.min(best, (used.user + used.system) / 250);
  }
  return { micros: best, status };
}

if (import.meta.main) {
  if (!hasCrs) { console.error('the Core Rule Set is not there'); process.exit(1); }
  for (const level of [1, 4]) {
    const heapBefore = process.memoryUsage().rss;
    const start = performance.now();
    const ruleSet = loadSiteRules(level);
    const loadMs = performance.now() - start;
    const memory = ((process.memoryUsage().rss - heapBefore) / 1048576).toFixed(0);
    const { rulesKept, rulesRead, automatonStates } = ruleSet.stats;
    console.log(`level ${level}: loaded in ${loadMs.toFixed(0)} ms, ${memory} MiB more, ${rulesKept} of ${rulesRead} rules to run, ${automatonStates} states`);
    for (const [name, make] of Object.entries(benchCases)) {
      const { micros, status } = measure(ruleSet, make);
      console.log(`  ${name.padEnd(40)} ${micros.toFixed(1).padStart(8)} us${status === 0 ? '' : `  (${status})`}`);
    }
  }
}
