// Our engine and libmodsecurity over the same generated requests, with the same rules (Core Rule Set 4.28 at level 4): how many come
// out with the same ids. The number may only rise. Classes of what differs: docs/waf/differential.md.
import assert from 'node:assert/strict';
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { RuleSet } from '#inspection/waf/index.ts';
import { engineConfiguration, loadTestRules, testSettings } from '../../waf/crs.ts';
import { crsFolder, hasCrs } from '../../waf/files.ts';
import { temporaryFolder } from '../peer.ts';
import { RequestMaker } from './generator.ts';
import { buildJudge, judge, needsJudge, type Exchange } from './judge.ts';

const reportingRule = 980170;
const seed = 2;
const requests = 1000;
/** Of a hundred values; and how many of the requests must come out the same. */
const runs = [{ hostility: 0, same: 890 }, { hostility: 10, same: 870 }] as const;
const skip = hasCrs ? needsJudge() : `SKIPPED: no rule set at ${crsFolder}`;
const folder = temporaryFolder();
after(() => { folder.remove(); });

function ourIds(ruleSet: RuleSet, exchange: Exchange): number[] {
  const tx = ruleSet.begin({
    clientAddress: '127.0.0.1', clientPort: 50000, serverAddress: '127.0.0.1', serverPort: 80, uniqueId: 'differential', nowMs: 0, reputation: null,
  });
  tx.requestLine(exchange.method, exchange.target, `HTTP/${exchange.version}`);
  for (const [name, value] of exchange.headers) tx.requestHeader(name, value);
  tx.endRequestHeaders();
  if (exchange.body !== '') tx.requestBody(Buffer.from(exchange.body, 'latin1'));
  tx.endRequestBody();
  tx.responseHead(exchange.response.status, 'HTTP/1.1');
  for (const [name, value] of exchange.response.headers) tx.responseHeader(name, value);
  tx.endResponseHeaders();
  tx.endResponseBody();
  return [...new Set(tx.finish(0).matches.filter((match) => match.logged).map((match) => match.ruleId))];
}

for (const { hostility, same: expected } of runs) {
  test(`libmodsecurity over ${requests} requests, ${hostility} % hostile values`, { skip }, async () => {
    const program = buildJudge(folder.path);
    const engine = join(folder.path, 'engine.conf');
    const settings = join(folder.path, 'settings.conf');
    writeFileSync(engine, engineConfiguration);
    writeFileSync(settings, testSettings);
    const files = [engine, join(crsFolder, 'crs-setup.conf.example'), settings, ...globSync(join(crsFolder, 'rules', '*.conf')).sort()];
    const maker = new RequestMaker(seed, hostility);
    const exchanges = Array.from({ length: requests }, () => maker.next());
    const theirs = await judge(program, files, exchanges);
    const ruleSet = loadTestRules();
    const byRule = new Map<string, number>();
    let same = 0;
    exchanges.forEach((exchange, i) => {
      const ours = ourIds(ruleSet, exchange);
      const differences = [
        ...ours.filter((id) => !theirs[i]!.includes(id)).map((id) => ({ id, sign: '+' })), ...theirs[i]!.filter((id) => !ours.includes(id)).map((id) => ({ id, sign: '-' })),
      ].filter(({ id }) => id !== reportingRule);
      for (const { id, sign } of differences) byRule.set(`${sign}${id}`, (byRule.get(`${sign}${id}`) ?? 0) + 1);
      if (differences.length === 0) same++;
    });
    const worst = [...byRule].sort((a, b) => b[1] - a[1]).slice(0, 20).map(([rule, count]) => `${rule} ${count}`).join(', ');
    console.log(`same ids: ${same} of ${requests}; rules that differ: ${worst}`);
    assert.ok(same >= expected, `${same} of ${requests} requests come out the same`);
  });
}
