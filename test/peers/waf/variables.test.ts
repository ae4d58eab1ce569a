// Every variable of the request by itself: libmodsecurity and ours over the same generated requests, names and values compared. A rule a
// variable gathers what it holds in a transaction variable, hexadecimal, and a second rule logs that.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { formatFault, loadRuleSet } from '#inspection/waf/index.ts';
import { diskSource } from '../../waf/files.ts';
import { temporaryFolder } from '../peer.ts';
import { RequestMaker } from './generator.ts';
import { buildJudge, judgeData, needsJudge, type Exchange } from './judge.ts';
import { summaryOf } from './ours.ts';
import { engineText } from './rules.ts';

const seed = 11;
const requests = 500;
const names = [
  'REQUEST_BODY', 'ARGS', 'ARGS_NAMES', 'ARGS_GET', 'XML:/*', 'XML://@*', 'FILES', 'FILES_SIZES', 'REQBODY_PROCESSOR', 'REQUEST_COOKIES', 'REQUEST_COOKIES_NAMES',
  'REQUEST_LINE', 'REQUEST_URI', 'REQUEST_URI_RAW', 'REQUEST_FILENAME', 'REQUEST_BASENAME', 'QUERY_STRING', 'REQUEST_PROTOCOL', 'REQUEST_METHOD', 'REQUEST_HEADERS',
  'REQUEST_HEADERS_NAMES', 'RESPONSE_STATUS', 'RESPONSE_CONTENT_TYPE',
];

const hasType = (exchange: Exchange, type: RegExp): boolean => exchange.headers.some(([name, value]) => name === 'Content-Type' && type.test(value));
/** Requests that libmodsecurity reads otherwise by a fault or on purpose; docs/waf/differential.md says more of each. */
const odd: readonly { readonly when: (exchange: Exchange) => boolean; readonly why: string }[] = [
  { when: ({ target }) => target.includes('#'), why: 'a fragment is cut off; we show it to rules' },
  { when: (exchange) => hasType(exchange, /^multipart/), why: 'line ends inside of values are lost in 3.0.9, and files are keyed otherwise' },
  { when: ({ target, body }) => [target.slice(target.indexOf('?') + 1), body].some((text) => /^&|&&/.test(text)),
    why: 'an empty piece between two "&" is an argument without a name' },
  { when: (exchange) => /^[[{]/.test(exchange.body) && !hasType(exchange, /json/), why: 'JSON of another type is read as JSON' },
  { when: (exchange) => exchange.body.includes('=') && !hasType(exchange, /./), why: 'a body without a type is read as a form' },
  { when: ({ headers }) => headers.some(([name, value]) => name === 'Cookie' && /(?:^|;)\s*=/.test(value)), why: 'a cookie without a name is left out' },
];

/** Entries, sorted: collections of libmodsecurity have no order. */
function entries(data: string): string {
  return data.split('~~').filter((part) => part !== '').map((part) => part.replace(/:?~/, ' ')).sort().join('\n');
}

const folder = temporaryFolder();
after(() => { folder.remove(); });

test(`variables: libmodsecurity over ${requests} requests`, { skip: needsJudge() }, async () => {
  const file = join(folder.path, 'rules.conf');
  const rules = names.flatMap((name, i) => [
    `SecRule ${name} "@unconditionalMatch" "id:${1000 + i},phase:4,pass,nolog,t:none,t:hexEncode,setvar:tx.held${i}=%{tx.held${i}}%{MATCHED_VAR_NAME}~x%{MATCHED_VAR}~~"`,
    `SecRule TX:held${i} "@unconditionalMatch" "id:${1 + i},phase:4,pass,log,t:none,logdata:'%{MATCHED_VAR}'"`,
  ]);
  writeFileSync(file, `${engineText(folder.path)}\n${rules.join('\n')}\n`);
  const loaded = loadRuleSet({ parts: [{ file }], source: diskSource, mode: 'DetectionOnly' });
  if (!loaded.ok) throw new Error(loaded.errors.map(formatFault).join('\n'));
  const maker = new RequestMaker(seed, 10);
  const exchanges = Array.from({ length: requests }, () => maker.next());
  const answers = await judgeData(buildJudge(folder.path), [file], exchanges);
  const faults = new Map<string, string[]>();
  let compared = 0;
  exchanges.forEach((exchange, k) => {
    if (odd.some(({ when }) => when(exchange))) return;
    const { matches: ours, bodyError } = summaryOf(loaded.ruleSet, exchange);
    // Bodies that break their format are read as far as each can.
    if (bodyError !== '') return;
    compared++;
    names.forEach((name, i) => {
      const our = entries(ours.find((match) => match.ruleId === i + 1)?.logData ?? '');
      const their = entries(answers[k]!.find(({ id }) => id === i + 1)?.data ?? '');
      // A variable that is empty exists there, and is absent here.
      if (our === their || (our === '' && their === `${name} x`)) return;
      faults.set(name, [...faults.get(name) ?? [], `ours ${our.slice(0, 300)}, theirs ${their.slice(0, 300)}`]);
    });
  });
  assert.ok(compared > requests / 3, `${compared} requests compared`);
  const report = [...faults].map(([name, list]) => `${name}: ${list.length} of ${compared} differ\n  ${list.sort((a, b) => a.length - b.length).slice(0, 5).join('\n  ')}`);
  assert.deepEqual(report, [], report.join('\n'));
});
