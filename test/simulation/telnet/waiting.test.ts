// What waits for echo and what does not, for how long, and what becomes of it: approval, Telnet's own editing, lines in one piece,
// typing ahead, help keys, settings.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandControlSettings } from '#gateways/telnet/settings-watch.ts';
import { deaf, honest, LineHost, World, type HostStyle } from './world.ts';

const [terminal] = honest as [HostStyle];
const echoWait = 300;

function start(settings: object, style: HostStyle = terminal, history: string[] = []): World {
  const world = new World(commandControlSettings.parse(settings), new LineHost(style, history));
  world.deliver();
  world.advance(1000);
  return world;
}

const block = { rules: [{ id: 'no', commands: ['no'], then: 'block' }] };
const permit = { rules: [{ id: 'yes', commands: ['show *', 'ls'], then: 'allow' }], otherwise: 'block' };

describe('a line that typing tells', () => {
  it('does not wait for its echo, and is not judged by a part of it', () => {
    for (const shown of [0, 1, 4, 8]) {
      const world = start(permit);
      for (const key of 'show all') world.type(key);
      world.deliver(shown);
      world.type('\r');
      assert.deepEqual(world.host.received, ['show all'], `${shown} characters were shown`);
    }
    const world = start(block);
    for (const key of 'november') world.type(key);
    world.deliver(2);
    world.type('\r');
    assert.deepEqual(world.host.received, ['november'], '"no" was shown of it');
  });

  it('waits when the host shows something else, and is judged by both', () => {
    const capitals: HostStyle = { ...terminal, name: 'turns letters' };
    const world = start({ rules: [{ id: 'no', commands: ['reload'], then: 'block' }] }, capitals);
    world.type('load');
    world.host.pending = 'reload';
    world.deliver();
    world.type('\r');
    assert.deepEqual(world.host.received, []);
    world.advance(echoWait - 1);
    assert.equal(world.blocked, 0);
    world.advance(1);
    assert.equal(world.blocked, 1);
  });

  it('goes on as soon as the host shows it after all', () => {
    const world = start(block);
    world.type('ls');
    world.host.pending = 'x';
    world.deliver();
    world.type('\r');
    assert.deepEqual(world.host.received, []);
    world.host.pending = '\bls';
    world.deliver();
    world.advance(0);
    assert.deepEqual(world.host.received, ['ls']);
  });

  it('typed ahead of everything passes at once, whatever the host is showing', () => {
    const world = start(permit);
    world.type('ls\r');
    for (let line = 0; line < 3; line++) {
      world.host.pending = `output ${line} without an end`;
      world.deliver();
      for (const key of 'show x\r') world.type(key);
    }
    assert.deepEqual(world.host.received, ['ls', 'show x', 'show x', 'show x']);
    assert.equal(world.blocked, 0);
  });
});

describe('a line that only the echo tells', () => {
  it('is judged when the host has had its time since the last key, not earlier and not later', () => {
    const world = start(block, terminal, ['no 1']);
    world.type('\u001b[A');
    world.deliver(2);
    world.type('\r');
    world.advance(echoWait - 1);
    assert.deepEqual([world.blocked, world.host.received], [0, []]);
    world.deliver();
    world.advance(1);
    assert.deepEqual([world.blocked, world.host.received], [1, []]);
  });

  it('does not wait again when the time is over already', () => {
    const world = start(block, terminal, ['ls']);
    world.type('\u001b[A');
    world.deliver();
    world.advance(echoWait);
    world.type('\r');
    assert.deepEqual(world.host.received, ['ls']);
  });

  it('a question mark: devices take it out of the line again', () => {
    const world = start(block, { ...terminal, name: 'device with help', help: true });
    world.type('n?o\r');
    world.settle();
    assert.deepEqual([world.blocked, world.host.received], [1, []]);
    world.type('l?s\r');
    world.settle();
    assert.deepEqual(world.host.received, ['ls']);
  });

  it('where no prompt is, what is shown is at most the key itself: `unknown` decides', () => {
    for (const [unknown, received] of [['block', ['sleep']], ['alert', ['sleep', 'no 1']]] as const) {
      const world = start({ ...block, unknown }, terminal, ['no 1']);
      world.type('sleep\r');
      world.host.pending = 'sleep\r\n';
      world.deliver();
      world.advance(1000);
      world.type('\u001b[A\r');
      world.host.pending = '^[[A';
      world.settle();
      assert.deepEqual(world.host.received, received, unknown);
    }
  });

  it('not seen at all, it fits a permission for everything only, where what cannot be seen is blocked', () => {
    const unseen = { ...terminal, name: 'without echo', echo: false };
    const everything = { rules: [{ id: 'all', commands: ['*'], then: 'allow' }], otherwise: 'block', unknown: 'block' };
    for (const [settings, received] of [[{ ...permit, unknown: 'block' }, []], [everything, ['no 1']]] as const) {
      const world = start(settings, unseen, ['no 1']);
      world.type('ls\u001b[A\r');
      world.settle();
      assert.deepEqual(world.host.received, received);
    }
  });
});

describe('a line that was taken back', () => {
  it('nothing follows a clearing before the host has shown it, or its time is over', () => {
    for (const style of [terminal, deaf[1]!, { ...terminal, name: 'without echo', echo: false }]) {
      const world = start(block, style);
      world.type('no');
      world.type('\rls');
      world.advance(echoWait - 1);
      assert.equal(world.host.line, style === deaf[1] ? 'no' : '', style.name);
      assert.equal(world.said, '', 'the notice comes behind the erasure');
      world.advance(1);
      assert.match(world.said, /^\r\n\*\*\* blocked \(rule no\)\r\n\$ $/);
      assert.equal(world.host.line, style === deaf[1] ? 'nols' : 'ls', style.name);
    }
  });

  it('no byte of a refused line in one piece reaches the host, with keys that take back as well', () => {
    for (const line of ['no\r', 'xx\u007f\u007fno\r', 'yes\u0015no\r', 'no\u001b[D\r']) {
      const world = start(block);
      world.type(line);
      world.settle();
      assert.deepEqual([world.host.received, world.host.line, world.blocked, world.host.pending], [[], '', 1, ''], JSON.stringify(line));
    }
  });

  it('is believed without a look where only typing counts', () => {
    const world = start({ ...block, match: 'typed' });
    world.type('no');
    world.type('\r');
    world.type('ls\u007f\u007fok\r');
    assert.deepEqual(world.host.received, ['ok']);
  });

  it('an Enter behind a refused approval waits too, and what was typed ahead is gone', () => {
    const world = start({ rules: [{ id: 'two', commands: ['reload'], then: 'approve' }] });
    for (const key of 'reload') world.type(key);
    world.type('\rtyped ahead\r');
    world.settle();
    assert.ok(world.control.decide('a1', false, 'by anna'));
    world.type('ls\r');
    world.settle(1, 20);
    assert.deepEqual(world.host.received, ['ls']);
  });

  it('approved late, the line runs, and what was typed ahead of the answer', () => {
    const world = start({ rules: [{ id: 'two', commands: ['reload'], then: 'approve' }, ...block.rules] });
    world.type('reload\rok\rno\rls\r');
    world.advance(60_000);
    assert.ok(world.control.decide('a1', true, 'by anna'));
    world.settle();
    assert.deepEqual(world.host.received, ['reload', 'ok', 'ls']);
  });

  it('nothing follows an interrupt at once: a terminal may throw it away, and run the rest of the line', () => {
    for (const key of ['\u0003', '\u001a', '\u001c']) {
      const world = start(block);
      world.type(`${key}xno\r`);
      assert.equal(world.host.line, '');
      world.advance(49);
      assert.equal(world.host.line, '');
      world.advance(1);
      assert.equal(world.host.received.length, 1);
      world.type(key);
      for (let round = 0; round < 30; round++) {
        world.host.pending = '.';
        world.deliver();
        world.type('x');
        world.advance(10);
      }
      assert.equal(world.host.line, 'x'.repeat(30), 'while the host goes on showing something, for echoWait');
    }
  });

  it('a Telnet command that erases is a key that takes back', () => {
    for (const [style, received] of [[terminal, ['']], [deaf[1]!, []]] as const) {
      const world = start(block, style);
      world.type('no');
      world.control.edit(21);
      world.host.feed('\u0015');
      world.type('\r');
      world.settle();
      assert.deepEqual(world.host.received, received, style.name);
    }
  });
});
