// Echo that is late, in every interleaving with what is typed and in every split: no forbidden line is ever received by the host,
// and no innocent one is refused for what is still on the row of the one before.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandControlSettings } from '#gateways/telnet/settings-watch.ts';
import { deaf, everyWay, honest, LineHost, World, type HostStyle } from './world.ts';

/** What begins with `no` is forbidden. */
const rules = [{ id: 'no', commands: ['/^no/'], then: 'block' as const }];
const settings = commandControlSettings.parse({ rules });
const strict = commandControlSettings.parse({ rules, unknown: 'block' });
const UP = '\u001b[A';
const forbidden = (line: string): boolean => line.trim().startsWith('no');

interface Typing { readonly name: string; readonly pieces: readonly string[]; readonly runs: readonly string[]; readonly blocked: number; readonly history?: readonly string[] }

const typings: Typing[] = [
  { name: 'a line behind a blocked one', pieces: ['n', 'o', '\r', 'ok', '\r'], runs: ['ok'], blocked: 1 },
  { name: 'the same, key by key and in one piece with its Enter', pieces: ['no', '\r', 'o', 'k\r'], runs: ['ok'], blocked: 1 },
  { name: 'three lines behind it', pieces: ['no', '\rok', '\r', 'ab\r', 'cd\r'], runs: ['ok', 'ab', 'cd'], blocked: 1 },
  { name: 'two blocked lines', pieces: ['no', '\r', 'no', '\r', 'ok', '\r'], runs: ['ok'], blocked: 2 },
  { name: 'a bare Enter behind a blocked line', pieces: ['n', 'o', '\r', '\r', 'ok\r'], runs: ['', 'ok'], blocked: 1 },
  { name: 'a line before the blocked one, whose answer is late', pieces: ['a\r', 'no', '\r', 'ok', '\r'], runs: ['a', 'ok'], blocked: 1 },
  { name: 'killed by the user', pieces: ['no', '\u0015', 'ok', '\r'], runs: ['ok'], blocked: 0 },
  { name: 'killed by the user, in one piece', pieces: ['no\u0015ok\r', 'x\r'], runs: ['ok', 'x'], blocked: 0 },
  { name: 'killed and entered empty', pieces: ['no', '\u0015', '\r', 'ok\r'], runs: ['', 'ok'], blocked: 0 },
  { name: 'given up with ^C', pieces: ['no', '\u0003', 'ok', '\r'], runs: ['ok'], blocked: 0 },
  { name: 'erased key by key', pieces: ['no', '\u007f', '\u007f', 'ok', '\r'], runs: ['ok'], blocked: 0 },
  { name: 'erased to what the row has shown before', pieces: ['nox', '\u007f\u007f', 'k\r'], runs: ['nk'], blocked: 0 },
  { name: 'recalled', pieces: [UP, '\r', 'ok', '\r'], runs: ['ok'], blocked: 1, history: ['no1'] },
  { name: 'recalled, and typed on in one piece', pieces: [UP, 'o\r', 'ok\r'], runs: ['ok'], blocked: 1, history: ['n'] },
  { name: 'recalled twice', pieces: ['x', UP, UP, '\r'], runs: [], blocked: 1, history: ['ok', 'no1'] },
  { name: 'completed', pieces: ['n', '\t', '\r', 'ok\r'], runs: ['ok'], blocked: 1, history: ['nothing'] },
  { name: 'an innocent line, slowly and quickly', pieces: ['l', 's', '\r', 'ls\r', 'l', 's\r'], runs: ['ls', 'ls', 'ls'], blocked: 0 },
  { name: 'pasted lines', pieces: ['ab\rno\rcd\r', 'ef\r'], runs: ['ab', 'cd', 'ef'], blocked: 1 },
  { name: 'a pasted line cut within', pieces: ['ab\rno', 'x\rcd\r', 'ef\r'], runs: ['ab', 'cd', 'ef'], blocked: 1 },
];

/** Types the pieces, and before each one delivers as much of what is shown as `choose` says. The rest is soon there: all at once, byte by byte, or with a gap. */
function play(style: HostStyle, typing: Typing, choose: (count: number) => number, which = settings): World {
  const world = new World(which, new LineHost(style, typing.history));
  world.deliver();
  world.advance(1000);
  for (const piece of typing.pieces) {
    world.deliver(choose(world.host.pending.length + 1));
    world.type(piece);
  }
  const way = choose(3);
  if (way === 2) {
    world.deliver(world.host.pending.length >> 1);
    world.advance(120);
  }
  world.settle(way === 1 ? 1 : Infinity, way === 1 ? 5 : 25);
  return world;
}

describe('late echo', { timeout: 300_000 }, () => {
  for (const typing of typings) {
    for (const style of honest) {
      it(`${typing.name}: ${style.name}`, () => {
        const runs = everyWay((choose) => {
          const taken: number[] = [];
          const world = play(style, typing, (count) => {
            const chosen = choose(count);
            taken.push(chosen);
            return chosen;
          });
          const said = `${JSON.stringify(taken)} ${JSON.stringify(world.records)}`;
          assert.deepEqual(world.host.received, typing.runs, said);
          assert.equal(world.blocked, typing.blocked, said);
        });
        assert.ok(runs > 1);
      });
    }
    for (const style of deaf) {
      it(`${typing.name}: ${style.name}`, () => {
        everyWay((choose) => {
          const taken: number[] = [];
          const world = play(style, typing, (count) => {
            const chosen = choose(count);
            taken.push(chosen);
            return chosen;
          });
          assert.ok(!world.host.received.some(forbidden), `${JSON.stringify(taken)} ${JSON.stringify(world.host.received)} ${JSON.stringify(world.records)}`);
        });
      });
    }
  }
});

describe('echo that is later than it is waited for', { timeout: 300_000 }, () => {
  // Lines that only the echo tells are judged by what there is of it: of those, nothing is promised then.
  for (const typing of typings.filter(({ history }) => history === undefined)) {
    const silent = [honest[0]!, ...deaf.slice(1, 3)].map((one) => ({ ...one, name: `${one.name}, without echo`, echo: false }));
    for (const style of [...honest, ...deaf, ...silent]) {
      it(`${typing.name}: ${style.name}`, () => {
        everyWay((choose) => {
          const taken: number[] = [];
          const world = new World(strict, new LineHost(style, typing.history));
          world.deliver();
          world.advance(1000);
          for (const piece of typing.pieces) {
            const [count, late] = [choose(Math.min(world.host.pending.length + 1, 3)), choose(2)];
            taken.push(count, late);
            world.deliver(count);
            world.type(piece);
            if (late === 1) world.advance(400);
          }
          world.settle();
          assert.ok(!world.host.received.some(forbidden), `${JSON.stringify(taken)} ${JSON.stringify(world.host.received)} ${JSON.stringify(world.records)}`);
        });
      });
    }
  }
});
