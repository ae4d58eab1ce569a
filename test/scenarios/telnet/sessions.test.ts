// Whole Telnet sessions through a real gateway: negotiation, data, ends, limits. Each says what crosses and what does not.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DO, DONT, IAC, option, SB, SE, shown, startScene, WILL, WONT } from './peers.ts';

describe('Telnet sessions', { timeout: 120_000 }, () => {
  it('a host that never negotiates works, byte by byte and at once', async () => {
    const scene = await startScene('', undefined, 'switch>');
    const client = scene.client();
    await client.until((text) => text.includes('switch>'));
    client.send('show ver\r');
    await scene.hostUntil((text) => text === 'show ver\r');
    scene.hostSend('Version 1\r\nswitch>');
    await client.until((text) => text.endsWith('Version 1\r\nswitch>'));
    assert.equal(scene.host.received[0], 'show ver\r');
    assert.equal(client.received, 'switch>Version 1\r\nswitch>');
    client.destroy();
    const record = await scene.gateway.record(({ verb }) => verb === 'CONNECT');
    assert.equal(record.outcome, 'allowed');
    assert.deepEqual(scene.gateway.bugs, []);
    await scene.stop();
  });

  it('a session that an administrator ends says so, to its user and in its records', async () => {
    const scene = await startScene('', undefined, 'switch>');
    const client = scene.client();
    await client.until((text) => text.includes('switch>'));
    const { id } = (await scene.gateway.sessions())[0]!;
    scene.gateway.worker.receive({ type: 'kill', session: id, reason: 'ended by root: not today' });
    assert.equal(await client.untilEnd(), 'switch>\r\n*** the session was ended\r\n');
    const record = await scene.gateway.record(({ verb }) => verb === 'CONNECT');
    assert.deepEqual([record.outcome, record.reason], ['aborted', 'ended by root: not today']);
    assert.deepEqual(scene.gateway.bugs, []);
    await scene.stop();
  });

  it('options go through when both sides want them and policy permits', async () => {
    const scene = await startScene();
    const client = scene.client();
    await scene.hostUntil(() => scene.host.connections.length === 1);
    scene.hostSend(`${DO}${option.NAWS}${WILL}${option.ECHO}${WILL}${option.SGA}`);
    await client.until((text) => text.length === 9);
    assert.equal(client.received, `${DO}${option.NAWS}${WILL}${option.ECHO}${WILL}${option.SGA}`);
    client.send(`${WILL}${option.NAWS}${SB}${option.NAWS}\0P\0\u0018${SE}${DO}${option.ECHO}${DONT}${option.SGA}`);
    await scene.hostUntil((text) => text.length === 18);
    assert.equal(scene.host.received[0], `${WILL}${option.NAWS}${SB}${option.NAWS}\0P\0\u0018${SE}${DO}${option.ECHO}${DONT}${option.SGA}`);
    client.destroy();
    await scene.stop();
  });

  it('what is refused is answered at once and never crosses', async () => {
    const scene = await startScene();
    const client = scene.client();
    await scene.hostUntil(() => scene.host.connections.length === 1);
    // The first bytes of Debian's telnetd, and what it may ask besides.
    const bad = [option.XDISPLOC, option.OLDENV, option.LINEMODE, option.STATUS, '\u0099'];
    scene.hostSend(`${WILL}${option.AUTH}${WILL}${option.ENCRYPT}${bad.map((one) => DO + one).join('')}${DO}${option.TTYPE}login: `);
    await client.until((text) => text.includes('login: '));
    assert.equal(client.received, `${DO}${option.TTYPE}login: `);
    await scene.hostUntil((text) => text.length === 21);
    assert.equal(scene.host.received[0], `${DONT}${option.AUTH}${DONT}${option.ENCRYPT}${bad.map((one) => WONT + one).join('')}`);
    client.send(`${WILL}${option.AUTH}${DO}${option.ENCRYPT}x`);
    await scene.hostUntil((text) => text.endsWith('x'));
    assert.equal(scene.host.received[0]!.slice(21), 'x');
    await client.until((text) => text.endsWith(`${DONT}${option.AUTH}${WONT}${option.ENCRYPT}`));
    client.destroy();
    await scene.stop();
  });

  it('policy decides on options', async () => {
    const scene = await startScene('', 'policy:\n  - { id: no-window, then: deny, operation: { actions: OPTION, path: /NAWS } }\n  - { id: rest, then: allow }\n');
    const client = scene.client();
    client.send(`${WILL}${option.NAWS}`);
    await client.until((text) => text === `${DONT}${option.NAWS}`);
    const record = await scene.gateway.record(({ verb }) => verb === 'OPTION');
    assert.deepEqual([record.path, record.outcome, record.rule], ['/NAWS', 'denied', 'no-window']);
    client.destroy();
    await scene.stop();
  });

  it('without a rule nobody gets through, and the host sees nothing', async () => {
    const scene = await startScene('', 'policy: []\n');
    const client = scene.client();
    const text = await client.untilEnd();
    assert.match(text, /^\r\n\*\*\* not permitted \(incident \w+\)\r\n$/);
    assert.equal(scene.host.connections.length, 0);
    client.end();
    const record = await scene.gateway.record(({ kind }) => kind === 'session');
    assert.equal(record.outcome, 'denied');
    await scene.stop();
  });

  it('a host that cannot be reached is told in words', async () => {
    const scene = await startScene();
    await scene.host.close();
    const client = scene.client();
    assert.match(await client.untilEnd(), /the host cannot be reached \(incident/);
    client.end();
    assert.equal((await scene.gateway.record(({ kind }) => kind === 'session')).outcome, 'failed');
    await scene.gateway.stop();
  });

  it('timing marks are asked and answered each time', async () => {
    const scene = await startScene('', undefined, '>');
    const client = scene.client();
    await client.until((text) => text === '>');
    client.send(`${WILL}${option.TM}${DO}${option.TM}${DO}${option.TM}`);
    await scene.hostUntil((text) => text === `${DO}${option.TM}${DO}${option.TM}`);
    scene.hostSend(`${WILL}${option.TM}${WILL}${option.TM}${WILL}${option.TM}.`);
    await client.until((text) => text.endsWith('.'));
    assert.equal(client.received, `>${WILL}${option.TM}${WILL}${option.TM}.`);
    client.destroy();
    await scene.stop();
  });

  it('commands pass one by one, at a bounded rate; EC and EL only where the host echoes', async () => {
    const scene = await startScene('limits: { signalsPerSecond: 3 }', undefined, '>');
    const client = scene.client();
    await client.until((text) => text === '>');
    client.send(`${IAC}\u00f7${IAC}\u00f8${`${IAC}\u00f6`.repeat(50)}${IAC}\u00f1z`);
    await scene.hostUntil((text) => text.endsWith('z'));
    // A second may turn while they are counted.
    assert.match(scene.host.received[0]!, /^(?:\u00ff\u00f6){3,6}\u00ff\u00f1z$/);
    client.destroy();
    await scene.stop();
  });

  it('a Synch whose urgent byte is gone leaves no rubbish', async () => {
    const scene = await startScene();
    const client = scene.client();
    await scene.hostUntil(() => scene.host.connections.length === 1);
    client.send(`${IAC}\u00f4${IAC}`);
    await scene.hostUntil((text) => text.length === 2);
    client.send('ABOR\r\n');
    await scene.hostUntil((text) => text.endsWith('\r\n'));
    assert.equal(scene.host.received[0], `${IAC}\u00f4ABOR\r\n`);
    client.destroy();
    await scene.stop();
  });

  it('an interrupt before the host is reached is for the host, and gives up what was typed before it', async () => {
    const scene = await startScene('', undefined, '>');
    const client = scene.client();
    client.send(`rm x${IAC}\u00f4after\r\0`);
    await scene.hostUntil((text) => text.endsWith('\r\0'));
    assert.match(shown(scene.host.received[0]!), /^(?:rm x)?<ff><f4>after<0d><00>$/);
    // What has not been read yet would make a reset of the end.
    await client.until((text) => text.includes('>'));
    client.destroy();
    assert.equal((await scene.gateway.record(({ verb }) => verb === 'CONNECT')).outcome, 'allowed');
    await scene.stop();
  });

  it('a host that has not negotiated sees no offers, where that is configured', async () => {
    const scene = await startScene('offerFirst: false', undefined, '>');
    const client = scene.client();
    client.send(`${WILL}${option.NAWS}${DO}${option.SGA}x`);
    await scene.hostUntil((text) => text === 'x');
    scene.hostSend(`${DO}${option.TTYPE}`);
    await scene.hostUntil((text) => text === `x${DO}${option.SGA}${WILL}${option.NAWS}`);
    client.destroy();
    await scene.stop();
  });

  it('the Synch of a host that was interrupted leaves no rubbish either', async () => {
    const scene = await startScene('', undefined, '>');
    const client = scene.client();
    await client.until((text) => text === '>');
    client.send('\u0003');
    await scene.hostUntil((text) => text === '\u0003');
    scene.hostSend('\u00f2^C');
    assert.equal(await client.until((text) => text.endsWith('^C')), '>^C');
    // The same with the mark on the DM, as RFC 854 has it: what it takes is the DM, and the IAC ends what was read before.
    client.send('\u0003');
    await scene.hostUntil((text) => text === '\u0003\u0003');
    scene.hostSend('^C\u00ff');
    await client.until((text) => text.endsWith('^C^C'));
    scene.hostSend('\r\n>');
    assert.equal(await client.until((text) => text.endsWith('\n>')), '>^C^C\r\n>');
    client.destroy();
    await scene.stop();
  });

  it('what a host sends before it closes arrives', async () => {
    const scene = await startScene();
    const client = scene.client();
    await scene.hostUntil(() => scene.host.connections.length === 1);
    scene.host.connections[0]!.end(Buffer.alloc(300_000, 'x'));
    assert.equal((await client.untilEnd()).length, 300_000);
    client.end();
    assert.equal((await scene.gateway.record(({ kind }) => kind === 'session')).outcome, 'allowed');
    await scene.stop();
  });

  it('a client that has finished sending still gets the answer', async () => {
    const scene = await startScene();
    scene.behaviour.staysOpen = true;
    const client = scene.client();
    client.send('uptime\r\n').end();
    await scene.hostUntil((text) => text === 'uptime\r\n');
    scene.host.connections[0]!.end('5 days\r\n');
    assert.equal(await client.untilEnd(), '5 days\r\n');
    await scene.stop();
  });

  it('floods of negotiation end the session', async () => {
    for (const flood of [`${WILL}${option.NAWS}${WONT}${option.NAWS}`, `${WILL}\u0099`, `${DO}\u0098`]) {
      const scene = await startScene('limits: { negotiationsPerSecond: 20 }');
      const client = scene.client();
      client.send(flood.repeat(500));
      await client.untilEnd();
      const record = await scene.gateway.record(({ kind }) => kind === 'session');
      assert.equal(record.outcome, 'limited');
      client.destroy();
      await scene.stop();
    }
  });

  it('a suboption without end ends the session, and is one record', async () => {
    const scene = await startScene('', undefined, '>');
    const client = scene.client();
    await client.until((text) => text === '>');
    client.send(`${SB}${option.TTYPE}${'x'.repeat(5000)}`);
    await client.untilEnd();
    assert.equal((await scene.gateway.record(({ kind }) => kind === 'session')).outcome, 'limited');
    await scene.gateway.flushed();
    const said = scene.gateway.records.filter(({ verb }) => verb === 'TELNET').map(({ outcome, rule, reason }) => `${outcome} ${rule} ${reason}`);
    assert.deepEqual(said, ['limited telnet.subnegotiation-endless a suboption does not end (maxAbandonedBytes 1024) from the client']);
    client.destroy();
    await scene.stop();
  });

  it('a suboption that is too long is left out: one byte less passes, and what is behind it goes on', async () => {
    const scene = await startScene('limits: { maxSubnegotiationBytes: 64 }, options: { CHARSET: allow }', undefined, '>');
    const client = scene.client();
    await client.until((text) => text === '>');
    scene.hostSend(`${DO}${option.CHARSET}`);
    await client.until((text) => text.endsWith(`${DO}${option.CHARSET}`));
    // REQUEST, a separator before each name: 64 bytes, then 65.
    const request = (bytes: number): string => `${SB}${option.CHARSET}\u0001;${'a'.repeat(30)};${'b'.repeat(bytes - 33)}${SE}`;
    client.send(`${WILL}${option.CHARSET}${request(64)}${request(65)}${request(128)}x`);
    await scene.hostUntil((text) => text.endsWith('x'));
    assert.equal(scene.host.received[0], `${WILL}${option.CHARSET}${request(64)}x`);
    await scene.gateway.flushed();
    assert.equal(scene.gateway.records.filter(({ rule }) => rule === 'telnet.subnegotiation-length').length, 2);
    client.destroy();
    await scene.stop();
  });

  it('dangerous sequences of a host do not reach the terminal', async () => {
    const scene = await startScene();
    const client = scene.client();
    await scene.hostUntil(() => scene.host.connections.length === 1);
    scene.hostSend('a\u001b]52;c;cm0gLXJmIC8=\u0007b\u001bP$q"p\u001b\\c\u0005d\u001b[21te\u001b[31mf');
    await client.until((text) => text.endsWith('f'));
    assert.equal(client.received, 'abcde\u001b[31mf');
    client.destroy();
    assert.equal((await scene.gateway.record(({ verb }) => verb === 'CONNECT')).facts?.['removedSequences'], 4);
    await scene.stop();
  });
});
