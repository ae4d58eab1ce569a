// Recordings read and played without a terminal and without waiting.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCast, type Cast } from './cast.ts';
import { plainText, Player, type PlayerOptions } from './player.ts';

const header = '{"version":2,"width":100,"height":30,"timestamp":1700000000,"title":"core1","env":{"TERM":"xterm"}}';
const lines = (...events: unknown[]): string => [header, ...events.map((event) => JSON.stringify(event)), ''].join('\n');

async function played(text: string, options: Partial<PlayerOptions> = {}, columns = 120): Promise<{ shown: string; waits: number[]; player: Player }> {
  const cast = parseCast(text) as Cast;
  let shown = '';
  const waits: number[] = [];
  const player = new Player(cast, { write: (some) => { shown += some; }, columns, rows: 40 }, options, async (ms) => { waits.push(ms); });
  await player.play();
  return { shown, waits, player };
}

describe('reading a recording', () => {
  it('header and events', () => {
    const cast = parseCast(lines([0.5, 'o', 'a'], [1, 'r', '80x24'], [0.8, 'o', 'b'])) as Cast;
    assert.deepEqual([cast.columns, cast.rows, cast.title, cast.terminal, cast.startedWallMs, cast.durationMs, cast.cut], [100, 30, 'core1', 'xterm', 1_700_000_000_000, 1000,
      false]);
    assert.deepEqual(cast.events.map(({ atMs }) => atMs), [500, 1000, 1000]);
  });
  it('a cut last line is no fault, a broken one before it is', () => {
    assert.equal((parseCast(`${lines([0, 'o', 'a'])}[1,"o`) as Cast).cut, true);
    assert.match(parseCast(`${lines([0, 'o', 'a'])}x\n[1,"o","b"]\n`) as string, /line 3/);
  });
  for (const text of ['', 'x', '[]', '{"version":1}', '{"version":3}', 'null']) it(`refuses ${JSON.stringify(text)}`, () => { assert.equal(typeof parseCast(text), 'string'); });
});

describe('playing a recording', () => {
  it('keeps time, at a speed, with long pauses shortened', async () => {
    const text = lines([1, 'o', 'a'], [1.5, 'o', 'b'], [60, 'o', 'c']);
    assert.deepEqual((await played(text)).waits, [1000, 500, 2000]);
    assert.deepEqual((await played(text, { speed: 2, idleLimitMs: Infinity })).waits, [500, 250, 29_250]);
    assert.deepEqual((await played(text, { fromMs: 1500 })).waits, [2000]);
    assert.match((await played(text)).shown, /^abc/);
  });
  it('takes dangerous sequences out, also when they are cut between events', async () => {
    const { shown } = await played(lines([0, 'o', 'a\u001b]5'], [0, 'o', '2;c;eA==\u0007b\u001b[31m\u001b]0;title\u0007'], [0, 'o', '\u001bPx\u001b\\c\u0005']));
    assert.ok(shown.startsWith('ab\u001b[31mc\u001b[0m'), JSON.stringify(shown));
  });
  it('says when the terminal is too small, and leaves it in order', async () => {
    const { shown } = await played(lines([0, 'o', '\u001b[?1049h']), {}, 80);
    assert.match(shown, /^\*\*\* recorded on a terminal of 100x30, this one has 80x40/);
    assert.ok(shown.endsWith('\r\n') && shown.includes('\u001b[?1049l'));
  });
  it('shows typed lines when asked', async () => {
    assert.match((await played(lines([0, 'i', 'l\u001bs']), { showInput: true })).shown, /typed: l\^\[s/);
    assert.doesNotMatch((await played(lines([0, 'i', 'ls']))).shown, /typed/);
  });
  it('pauses, goes on and stops', async () => {
    const cast = parseCast(lines([1, 'o', 'a'], [2, 'o', 'b'], [3, 'o', 'c'])) as Cast;
    let shown = '';
    const player: Player = new Player(cast, { write: (some) => { shown += some; }, columns: 0, rows: 0 }, {}, async () => {
      if (shown === 'a') player.pause();
      if (shown === 'ab') player.stop();
    });
    const done = player.play();
    while (!player.paused) await new Promise((resolve) => { setImmediate(resolve); });
    assert.equal(shown, 'a');
    player.resume();
    await done;
    assert.match(shown, /^ab\u001b\[0m/);
  });
  it('as plain text without anything that acts, whatever the file says', () => {
    const evil = 'a\u001b]52;c;QQ==\u0007\u009b5nb\u001bP$q\u001b\\c\u0005\u009b2J\u202ed\u001b[31m';
    assert.equal(plainText(parseCast(lines([0, 'o', evil])) as Cast), 'abcd');
  });
  it('as plain text', () => { assert.equal(plainText(parseCast(lines([0, 'o', 'a\u001b[31mb\r\n'], [1, 'o', 'c\u0007'])) as Cast), 'ab\nc'); });
});
