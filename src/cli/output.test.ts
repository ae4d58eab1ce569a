// What commands print: aligned, in units for people, harmless to terminals, coloured only where wanted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explanationText } from './commands/explain.ts';
import { parseTime } from './commands/logs.ts';
import { coloursWanted, foldText, humanTime, jsonText, paintWith, table, type Output } from './output.ts';
import { quantile } from './quickstart/ticker.ts';

function output(colours: boolean, columns = 0): Output {
  return { json: false, colours, columns, terminal: false, write: () => { /* not used */ }, paint: paintWith(colours) };
}

const rows = [{ name: 'a', size: 5 }, { name: 'longer\u001b[2J', size: 12_345 }];
const columns = [
  { title: 'NAME', value: ({ name }: typeof rows[number]) => name }, { title: 'SIZE', value: ({ size }: typeof rows[number]) => String(size), right: true },
];

test('tables are aligned by what is visible, and nothing in them acts on a terminal', () => {
  assert.equal(table(output(false), columns, rows), 'NAME            SIZE\na                  5\nlonger\\x1b[2J  12345\n');
  assert.equal(table(output(true), columns, rows).replaceAll(/\u001b\[\d+m/g, ''), table(output(false), columns, rows));
});

test('nothing in JSON acts on a terminal, and it says the same', () => {
  const value = { name: 'a\u001b[2J\u009b2J\u202eb\u2066\u200b\u0085é', list: ['\u007f'] };
  for (const text of [jsonText(value), jsonText(value, 2)]) {
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u202e\u2066]/);
    assert.deepEqual(JSON.parse(text), value);
  }
});

test('tables are cut to the terminal', () => {
  for (const line of table(output(false, 12), columns, rows).trimEnd().split('\n')) assert.ok(line.length <= 12, line);
});

test('on a narrow terminal tables leave columns out, those with the highest number first', () => {
  const row = { id: 'x'.repeat(10), zone: 'office', bytes: '12KiB', why: 'z'.repeat(60) };
  const wide = [
    { title: 'ID', value: () => row.id }, { title: 'ZONE', drop: 1, value: () => row.zone },
    { title: 'BYTES', drop: 2, value: () => row.bytes }, { title: 'WHY', value: () => row.why },
  ];
  const titles = (columns: number): string => table(output(false, columns), wide, [row]).split('\n')[0]!.replaceAll(/ +/g, ' ');
  assert.equal(titles(0), 'ID ZONE BYTES WHY');
  // 10, 6 and 5 columns with two spaces behind each, and 32 for the last one.
  assert.deepEqual([59, 58, 52, 51, 12].map(titles), ['ID ZONE BYTES WHY', 'ID ZONE WHY', 'ID ZONE WHY', 'ID WHY', 'ID']);
  for (let columns = 1; columns < 120; columns++) {
    for (const line of table(output(false, columns), wide, [row]).split('\n')) assert.ok(line.length <= columns, `${columns}: ${line}`);
  }
});

test('text is folded at words, and a long word cut', () => {
  assert.deepEqual(foldText('one two three', 7), ['one two', 'three']);
  assert.deepEqual(foldText('abcdefgh i', 3), ['abc', 'def', 'gh', 'i']);
  assert.deepEqual(foldText('all of it', Infinity), ['all of it']);
  assert.deepEqual(foldText('', 5), ['']);
});

test('explanations stay within a narrow terminal, with nothing left out', () => {
  const steps = [
    { stage: 'rule', subject: 'no-admin', outcome: 'no-match', detail: 'path /a/rather/long/path is not under /admin/**, and so on and so forth' },
    { stage: 'rule', subject: 'open', outcome: 'matched', detail: `allow: ${'\u001b[2J'.repeat(8)}` },
    { stage: 'decision', subject: 'open', outcome: 'allowed', detail: 'forwarded to pool web' },
  ];
  const answer = { version: 'a'.repeat(64), tookMs: 1, steps, request: { verb: 'GET', url: 'http://x/', from: '127.0.0.1', listener: 'main' } };
  const bare = (text: string): string => text.replaceAll(/[\s│├└─]/g, '');
  const whole = explanationText(answer, false, output(false));
  assert.equal(whole.split('\n').length, 8);
  for (let columns = 40; columns < 140; columns++) {
    const text = explanationText(answer, false, output(false, columns));
    assert.equal(bare(text), bare(whole));
    for (const line of text.split('\n')) assert.ok(line.length <= columns, `${columns}: ${line}`);
  }
});

test('of a request that happened the explanation says where its time went', () => {
  const answer = { version: 'a'.repeat(64), tookMs: 1, steps: [], request: { verb: 'GET', url: 'http://x/', from: '127.0.0.1', listener: 'main' } };
  const record = { time: 0, kind: 'operation', outcome: 'allowed', ms: 12.3, connectMs: 0.25, firstByteMs: 11.9, attempts: 2 } as const;
  assert.match(explanationText({ ...answer, record }, false, output(false)),
    /\ntimings: connection to the server after 0\.3ms, first byte of its answer after 12ms, done after 12ms, 2 servers tried\n/);
  assert.doesNotMatch(explanationText(answer, false, output(false)), /timings/);
});

test('colours are for terminals, unless the environment says otherwise', () => {
  const terminal = { isTTY: true };
  assert.equal(coloursWanted(terminal, {}), true);
  assert.equal(coloursWanted({}, {}), false);
  assert.equal(coloursWanted(terminal, { NO_COLOR: '1' }), false);
  assert.equal(coloursWanted(terminal, { NO_COLOR: '' }), true);
  assert.equal(coloursWanted({}, { FORCE_COLOR: '1' }), true);
  assert.equal(coloursWanted(terminal, { FORCE_COLOR: '1', NO_COLOR: '1' }), false);
  assert.equal(coloursWanted(terminal, { TERM: 'dumb' }), false);
});

test('durations in two units at most', () => {
  const cases: [number, string][] = [[0.3, '0.3ms'], [420, '420ms'], [1500, '2s'], [65_000, '1m05s'], [3_600_000, '1h00m'], [7_500_000, '2h05m'], [200_000_000, '2d7h']];
  for (const [ms, text] of cases) assert.equal(humanTime(ms), text);
});

test('times are how long ago, or dates', () => {
  assert.equal(parseTime('10m', 1_000_000), 400_000);
  assert.equal(parseTime('1.5h', 6_000_000), 600_000);
  assert.equal(parseTime('2026-01-31T12:00:00Z', 0), Date.UTC(2026, 0, 31, 12));
  assert.throws(() => parseTime('soon', 0), /no time/);
});

test('quantiles are bounds of buckets', () => {
  assert.equal(quantile([], 0.5), '-');
  assert.equal(quantile([98, 1, 1], 0.5), '<1ms');
  assert.equal(quantile([98, 1, 1], 0.99), '<2.5ms');
  assert.equal(quantile([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3], 0.5), '>10000ms');
});
