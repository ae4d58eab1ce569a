// Command control under random hosts, delays, splits and typing, from fixed seeds: no line that the rules forbid is ever received by
// the host where docs/protocols/telnet.md promises that, and none is refused that is innocent where it promises that.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CommandRules } from '#gateways/telnet/command-rules.ts';
import { commandControlSettings, type CommandControlSettings } from '#gateways/telnet/settings-watch.ts';
import { deaf, honest, LineHost, World, type HostStyle } from './world.ts';

/** Seeds of each test; more of them with TELNET_RUNS. */
const runs = Number(process.env['TELNET_RUNS'] ?? 1500);
/** Echo is never later than this unless a test says so: less than `echoWait`. */
const lagMs = 240;

/** xorshift32: the same numbers from the same seed. */
class Chance {
  #state: number;
  constructor(seed: number) { this.#state = Math.imul(seed + 1, 0x9e3779b1) | 1; }
  below(count: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % count;
  }

  of<T>(list: readonly T[]): T { return list[this.below(list.length)]!; }
}

const words = ['no', 'n', 'o', 'ok', 'ls', ' ', 'show', 'sh', 'x', 'reload', 're', 'load', 'now', ' -l', 'on'];
const history = ['show all', 'reload now', 'no shutdown', 'ok', 'n'];
const plain = ['\r', '\r', '\r'];
const backwards = ['\u007f', '\u007f\u007f', '\u0015', '\u0017', '\u0003', '\u007f\u007f\u007f\u007f\u007f\u007f\u007f'];
const doubtful = ['\u001b[A', '\t', '\u001b[A\u001b[A'];

interface Typing { readonly keys: readonly (readonly string[])[]; readonly pauseMs: number; readonly interjections?: boolean; readonly late?: boolean }

/** Delivers what a host shows, in pieces, each character at most `mostMs` late. */
class LateDelivery {
  readonly #world: World;
  readonly #chance: Chance;
  readonly #mostMs: number;
  /** When the characters came that are not delivered yet: how many, and since when. */
  readonly #since: { count: number; readonly ms: number }[] = [];
  #known = 0;

  constructor(world: World, chance: Chance, mostMs: number) {
    this.#world = world;
    this.#chance = chance;
    this.#mostMs = mostMs;
  }

  pass(ms: number): void {
    const { host } = this.#world;
    for (let left = ms; left > 0; left -= 5) {
      const nowMs = this.#world.nowMs();
      if (host.pending.length > this.#known) this.#since.push({ count: host.pending.length - this.#known, ms: nowMs });
      this.#known = host.pending.length;
      let due = 0;
      for (const { count, ms: sinceMs } of this.#since) if (nowMs - sinceMs >= this.#mostMs) due += count;
      if (this.#known > due && this.#chance.below(12) === 0) due += 1 + this.#chance.below(this.#known - due);
      this.#deliver(due);
      this.#world.advance(5);
    }
  }

  #deliver(count: number): void {
    this.#world.deliver(count);
    this.#known -= count;
    for (let gone = count; gone > 0;) {
      const first = this.#since[0]!;
      const part = Math.min(gone, first.count);
      gone -= part;
      first.count -= part;
      if (first.count === 0) this.#since.shift();
    }
  }
}

/** Types at random, in pieces of several keys or one, while what the host shows comes late. */
function play(chance: Chance, world: World, typing: Typing): string {
  world.deliver();
  world.advance(1000);
  const late = new LateDelivery(world, chance, typing.late === true ? 3000 : lagMs);
  let typed = '';
  for (let pieces = 6 + chance.below(30); pieces > 0; pieces--) {
    let piece = '';
    for (let keys = 1 + chance.below(chance.of([1, 1, 2, 5])); keys > 0; keys--) piece += chance.of(chance.of([words, words, words, ...typing.keys]));
    typed += piece;
    world.type(piece);
    if (typing.interjections === true && chance.below(10) === 0) world.host.interject('%LINK up');
    if (chance.below(3) > 0) late.pass(chance.below(typing.pauseMs));
  }
  late.pass(4000);
  world.type('\r');
  late.pass(4000);
  return `${typed}\r`;
}

/** What a host receives that is given the keys as they are, without the lines that are forbidden. */
function expected(keys: string, forbidden: (line: string) => boolean): string[] {
  const host = new LineHost(honest[0]!);
  for (const key of keys) {
    if (key === '\r' && forbidden(host.line)) host.feed('\u0015');
    else host.feed(key);
  }
  return host.received;
}

interface Rules { readonly name: string; readonly settings: CommandControlSettings; readonly forbidden: (line: string) => boolean }

function rulesOf(name: string, input: object): Rules {
  const settings = commandControlSettings.parse(input);
  const rules = new CommandRules(settings);
  const refuses = (line: string): boolean => line.trim() !== '' && rules.judge([line], undefined).action === 'block';
  // A key that means nothing to a host may be part of its line as a control character.
  return { name, settings, forbidden: (line) => refuses(line) && refuses(line.replaceAll(/[\u0000-\u001f\u007f]/g, '')) };
}

const prohibitions = { rules: [{ id: 'no', commands: ['no', 'rel[oad]', '/x.*n/'], then: 'block' }] };
const permissions = { rules: [{ id: 'yes', commands: ['ok *', 'ok', 'ls', 'sh[ow]', 'x*'], then: 'allow' }], otherwise: 'block' };
const all: readonly Rules[] = [rulesOf('prohibitions', prohibitions), rulesOf('permissions', permissions)];
const strict: readonly Rules[] = [rulesOf('prohibitions', { ...prohibitions, unknown: 'block' }), rulesOf('permissions', { ...permissions, unknown: 'block' })];

/** Over all seeds: how many lines were received and refused, so that a run in which nothing happens is no success. */
type Look = (world: World, typed: string, rules: Rules, said: string) => void;

function overSeeds(hosts: readonly HostStyle[], rules: readonly Rules[], typing: Typing, look: Look, least = runs): void {
  let received = 0;
  let refused = 0;
  for (let seed = 0; seed < runs; seed++) {
    const chance = new Chance(seed);
    const which = chance.of(rules);
    const style = { ...chance.of(hosts), prompt: chance.of(['$ ', 'router>', 'joe@host:~$ ']) };
    const world = new World(which.settings, new LineHost(style, history));
    const typed = play(chance, world, typing);
    received += world.host.received.length;
    refused += world.blocked;
    const said = `${JSON.stringify(typed)} was received as ${JSON.stringify(world.host.received)}\n${world.records.join('\n')}`;
    look(world, typed, which, `seed ${seed}, ${which.name}, ${style.name}: ${said}`);
  }
  assert.ok(received > least && refused > runs / 4, `${received} received, ${refused} refused`);
}

const secure = (world: World, _: string, { forbidden }: Rules, said: string): void => { assert.ok(!world.host.received.some(forbidden), said); };
const atOnce = honest.map((one) => ({ ...one, name: `${one.name}, shows where keys have led to`, atOnce: true }));
const silent = (hosts: readonly HostStyle[]): HostStyle[] => hosts.map((one) => ({ ...one, name: `${one.name}, without echo`, echo: false }));

describe('no forbidden line is received', { timeout: 300_000 }, () => {
  it('by hosts that echo in time, whatever they do with erase and kill', () => {
    overSeeds([...honest, ...deaf, ...atOnce], all, { keys: [plain, backwards], pauseMs: 120 }, secure);
  });
  it('the same with lines that are recalled and completed, when what cannot be seen is blocked', () => {
    overSeeds([...honest, ...deaf, ...atOnce], strict, { keys: [plain, backwards, doubtful], pauseMs: 120 }, secure);
  });
  it('the same, with messages in between', () => {
    overSeeds([...honest, ...deaf], all, { keys: [plain, backwards], pauseMs: 120, interjections: true }, secure);
  });
  it('by hosts without echo that do what erase and kill ask for', () => {
    overSeeds(silent(honest), all, { keys: [plain, backwards], pauseMs: 120 }, secure);
  });
  it('by hosts without echo, when what cannot be seen is blocked', () => {
    // Behind a blocked line nothing passes any more.
    overSeeds(silent([...honest, ...deaf]), strict, { keys: [plain, backwards, doubtful], pauseMs: 120 }, secure, runs / 4);
  });
  it('by hosts whose echo comes at any time, when what cannot be seen is blocked', () => {
    overSeeds([...honest, ...deaf], strict, { keys: [plain, backwards], pauseMs: 700, late: true }, secure);
  });
});

describe('no innocent line is refused', { timeout: 300_000 }, () => {
  // A terminal that cannot rub out begins a new row without a prompt: of short lines typed there at random, some are not found again.
  const plainly = honest.filter(({ kill }) => kill !== 'newline');
  const same = (world: World, typed: string, { forbidden }: Rules, said: string): void => { assert.deepEqual(world.host.received, expected(typed, forbidden), said); };
  it('by hosts that echo in time and do what erase and kill ask for', () => {
    overSeeds(plainly, all, { keys: [plain, backwards], pauseMs: 120 }, same);
  });
  it('in strict settings', () => {
    overSeeds(plainly, strict, { keys: [plain, backwards], pauseMs: 120 }, same);
  });
  it('where nothing is taken back, by any host', () => {
    overSeeds([...honest, ...atOnce], all, { keys: [plain], pauseMs: 120 }, same);
  });
  it('where lines are recalled and completed: what is refused is forbidden as typed or as it stood on the host, or what is left of it is not known', () => {
    let told = 0;
    let untold = 0;
    for (let seed = 0; seed < runs; seed++) {
      const chance = new Chance(seed);
      const { settings, forbidden } = chance.of(all);
      const world = new (class extends World {
        override commandEntered(...[line, verdict, outcome, detail]: Parameters<World['commandEntered']>): void {
          super.commandEntered(line, verdict, outcome, detail);
          if (detail !== 'blocked') return;
          if (forbidden(line.typed) || forbidden(this.host.line)) told++;
          else {
            untold++;
            const unknown = line.uncertain && (line.shown === '' || this.control.tracker.suffixes.length > 0);
            assert.ok(unknown || line.untaken.length > 0, `seed ${seed}: ${JSON.stringify([line, this.host.line])}\n${this.records.join('\n')}`);
          }
        }
      })(settings, new LineHost(chance.of(plainly), history));
      play(chance, world, { keys: [plain, backwards, doubtful], pauseMs: 120 });
    }
    assert.ok(told > runs && untold < told / 10, `${told} were refused rightly, ${untold} because they could not be seen`);
  });
});
