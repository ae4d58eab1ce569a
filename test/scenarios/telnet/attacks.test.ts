// Published attacks on Telnet servers and clients, each as bytes from the attacker and the bytes that reach the other side.
// The hosts here agree to everything, as a vulnerable one would.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allowAll, DO, DONT, IAC, option, SB, SE, shown, startScene, WILL, WONT, type TelnetScene } from './peers.ts';
import type { RawClient } from '../../harness/raw.ts';

interface Attack {
  readonly name: string;
  /** Said by the host first, and what the client then answers before it attacks. */
  readonly hostSays?: string;
  readonly clientSends: string;
  /** What the host receives, in readable form. */
  readonly hostSees: string;
  readonly service?: string;
  /** Code of a record that tells of it. */
  readonly record?: string;
}

const env = (...parts: string[]): string => `${SB}${option.NEWENV}\0${parts.join('')}${SE}`;
const variable = (name: string, value: string): string => `\0${name}\u0001${value}`;
const userVariable = (name: string, value: string): string => `\u0003${name}\u0001${value}`;
const agreed = (text: string): string => shown(`${WILL}${option.NEWENV}${text}`);
const newEnviron = { hostSays: `${DO}${option.NEWENV}${SB}${option.NEWENV}\u0001${SE}` };

const attacks: Attack[] = [
  {
    name: 'CVE-2026-24061: USER="-f root" as login\'s option', ...newEnviron, service: 'environment: { user: allow }',
    clientSends: `${WILL}${option.NEWENV}${env(variable('USER', '-f root'))}`, hostSees: agreed(env()), record: 'telnet.environment',
  },
  {
    name: 'CVE-2026-24061: -froot, and the same as USERVAR', ...newEnviron, service: 'environment: { user: allow }',
    clientSends: `${WILL}${option.NEWENV}${env(variable('USER', '-froot'), userVariable('USER', '-f root'))}`, hostSees: agreed(env()),
  },
  { name: 'a decent USER passes only where it is allowed', ...newEnviron, clientSends: `${WILL}${option.NEWENV}${env(variable('USER', 'joe'))}`, hostSees: agreed(env()) },
  {
    name: 'a decent USER, allowed', ...newEnviron, service: 'environment: { user: allow }',
    clientSends: `${WILL}${option.NEWENV}${env(variable('USER', 'joe'))}`, hostSees: agreed(env(variable('USER', 'joe'))),
  },
  {
    name: 'CVE-2026-28372: CREDENTIALS_DIRECTORY', ...newEnviron,
    clientSends: `${WILL}${option.NEWENV}${env(userVariable('CREDENTIALS_DIRECTORY', '/tmp/x'), userVariable('LANG', 'C'))}`, hostSees: agreed(env(userVariable('LANG', 'C'))),
  },
  {
    name: 'CVE-1999-0073: LD_PRELOAD and LD_LIBRARY_PATH', ...newEnviron,
    clientSends: `${WILL}${option.NEWENV}${env(userVariable('LD_PRELOAD', '/tmp/x.so'), variable('LD_LIBRARY_PATH', '/tmp'))}`, hostSees: agreed(env()),
  },
  {
    name: 'the name hidden behind escapes', ...newEnviron,
    clientSends: `${WILL}${option.NEWENV}${env('\u0003L\u0002D_PRELOAD\u0001/tmp/x.so', '\u0003LANG\u0001C\u0002\u0003LD_PRELOAD\u0002\u0001x')}`, hostSees: agreed(env()),
  },
  {
    name: 'CVE-2026-32746: SLC overflow, 40 triplets with functions above 18', hostSays: `${DO}${option.LINEMODE}`,
    clientSends: `${WILL}${option.LINEMODE}${SB}${option.LINEMODE}\u0003${'\u0020\u0002x'.repeat(40)}${SE}`, hostSees: shown(`${WONT}${option.LINEMODE}`),
  },
  {
    name: 'CVE-2026-32746: the same where LINEMODE is allowed', service: 'options: { LINEMODE: client }', hostSays: `${DO}${option.LINEMODE}`,
    clientSends: `${WILL}${option.LINEMODE}${SB}${option.LINEMODE}\u0003${'\u0020\u0002x'.repeat(40)}${SE}`, hostSees: shown(`${WILL}${option.LINEMODE}`),
    record: 'telnet.suboption-invalid',
  },
  {
    name: 'CVE-2011-4862: key id of ENCRYPT', hostSays: `${WILL}${option.ENCRYPT}${DO}${option.ENCRYPT}`,
    clientSends: `${WILL}${option.ENCRYPT}${SB}${option.ENCRYPT}\u0007${'A'.repeat(200)}${SE}`, hostSees: shown(`${DONT}${option.ENCRYPT}${WONT}${option.ENCRYPT}`),
    record: 'telnet.suboption-not-agreed',
  },
  {
    name: 'CVE-2007-0882, CVE-1999-0113: USER="-fbin"', ...newEnviron, service: 'environment: { user: allow }',
    clientSends: `${WILL}${option.NEWENV}${env(variable('USER', '-fbin'), variable('USER', 'joe'))}`, hostSees: agreed(env(variable('USER', 'joe'))),
  },
  {
    name: 'CVE-2001-0554, CVE-2020-10188: a flood of AYT, whose answers overflow the host', service: 'limits: { signalsPerSecond: 5 }',
    clientSends: `${IAC}\u00f6`.repeat(300), hostSees: shown(`${IAC}\u00f6`.repeat(5)),
  },
  {
    name: 'CVE-2020-10188: a suboption that is begun and never ended, cut and begun again', hostSays: `${DO}${option.NAWS}`,
    clientSends: `${WILL}${option.NAWS}${SB}${option.NAWS}\0P${SB}${option.NAWS}\0P\0\u0018${SE}`, hostSees: shown(`${WILL}${option.NAWS}${SB}${option.NAWS}\0P\0\u0018${SE}`),
  },
  { name: 'CVE-2022-39028: EC and EL first thing', clientSends: `${IAC}\u00f7${IAC}\u00f8`, hostSees: '', record: 'telnet.command-refused' },
  {
    name: 'a suboption that ends in another command', hostSays: `${DO}${option.TTYPE}`,
    clientSends: `${WILL}${option.TTYPE}${SB}${option.TTYPE}\0xterm${IAC}\u00f6${SB}${option.TTYPE}\0vt100${SE}`,
    hostSees: shown(`${WILL}${option.TTYPE}${IAC}\u00f6${SB}${option.TTYPE}\0vt100${SE}`),
  },
  {
    name: 'a terminal type that is a path or an option', hostSays: `${DO}${option.TTYPE}`,
    clientSends: `${WILL}${option.TTYPE}${SB}${option.TTYPE}\0../../etc/x${SE}${SB}${option.TTYPE}\0-f${SE}${SB}${option.TTYPE}\0x;id${SE}`,
      hostSees: shown(`${WILL}${option.TTYPE}`),
  },
  {
    name: 'a display to connect back to', hostSays: `${DO}${option.XDISPLOC}`,
    clientSends: `${WILL}${option.XDISPLOC}${SB}${option.XDISPLOC}\0evil:0${SE}`, hostSees: shown(`${WONT}${option.XDISPLOC}`),
  },
  {
    name: 'a suboption from the wrong side', hostSays: `${DO}${option.NAWS}`,
    clientSends: `${WILL}${option.NAWS}${SB}${option.TTYPE}\u0001${SE}`, hostSees: shown(`${WILL}${option.NAWS}`), record: 'telnet.suboption-not-agreed',
  },
  { name: 'NUL, bare CR and high bytes in data stay data', clientSends: `a\0b\rc\u00ff\u00ffd${IAC}\u00f1`, hostSees: shown(`a\0b\rc\u00ff\u00ffd${IAC}\u00f1`) },
];

async function run(scene: TelnetScene, attack: Attack): Promise<RawClient> {
  const client = scene.client();
  await client.until((text) => text.startsWith('>'));
  if (attack.hostSays !== undefined) {
    scene.hostSend(attack.hostSays);
    await scene.hostUntil((text) => text.length >= 0 && (client.received.length > 1 || text.length > 0));
  }
  client.send(attack.clientSends);
  client.send('END');
  await scene.hostUntil((text) => text.endsWith('END'));
  return client;
}

describe('Telnet attacks: from client to host', { timeout: 120_000 }, () => {
  for (const attack of attacks) {
    it(attack.name, async () => {
      const scene = await startScene(attack.service ?? '', allowAll, '>');
      const client = await run(scene, attack);
      assert.equal(shown(scene.host.received[0]!.slice(0, -3)), attack.hostSees);
      if (attack.record !== undefined) await scene.gateway.record(({ rule }) => rule === attack.record);
      assert.deepEqual(scene.gateway.bugs, []);
      client.destroy();
      await scene.stop();
    });
  }
});

describe('Telnet attacks that take time', { timeout: 120_000 }, () => {
  it('a suboption without an end, from either side, ends the session; one that ends in time does not', async () => {
    for (const side of ['client', 'host']) {
      const scene = await startScene('timeouts: { negotiation: 300ms }', allowAll, '>');
      const client = scene.client();
      await client.until((text) => text === '>');
      const send = (text: string): void => { if (side === 'client') client.send(text); else scene.hostSend(text); };
      send(`${SB}${option.TTYPE}\0x${SE}${SB}${option.NAWS}\0`);
      await client.untilEnd();
      const record = await scene.gateway.record(({ rule }) => rule === 'telnet.subnegotiation-endless');
      assert.match(`${record.outcome} ${record.reason}`, /^limited a suboption that has not ended within 300 ms from the (?:client|server)$/);
      await scene.stop();
    }
  });
});

describe('Telnet attacks: from host to client', { timeout: 120_000 }, () => {
  const cases: [name: string, hostSays: string, clientSees: string, clientAnswers: string, hostSees: string][] = [
    ['CVE-2026-32772, CVE-2005-0488: asks for what was never exported', `${DO}${option.NEWENV}`, `${DO}${option.NEWENV}`, `${WILL}${option.NEWENV}`, `${WILL}${option.NEWENV}`],
    ['asks to become X, to encrypt, to authenticate', `${DO}${option.XDISPLOC}${WILL}${option.ENCRYPT}${DO}${option.AUTH}`, '', '',
      `${WONT}${option.XDISPLOC}${DONT}${option.ENCRYPT}${WONT}${option.AUTH}`],
    ['CVE-2005-0469: SLC from the host', `${SB}${option.LINEMODE}\u0003${'\u0003\u0002x'.repeat(100)}${SE}`, '', '', ''],
    ['interrupts and erasures from a host', `${IAC}\u00f4${IAC}\u00f5${IAC}\u00f7${IAC}\u00f8${IAC}\u00f3`, '', '', ''],
    ['turns the client\'s echo off as if the client performed it', `${DO}${option.ECHO}`, '', '', `${WONT}${option.ECHO}`],
  ];
  for (const [name, hostSays, clientSees, clientAnswers, hostSees] of cases) {
    it(name, async () => {
      const scene = await startScene('', allowAll, '>');
      const client = scene.client();
      await client.until((text) => text === '>');
      scene.hostSend(`${hostSays}.`);
      await client.until((text) => text.endsWith('.'));
      assert.equal(shown(client.received.slice(1, -1)), shown(clientSees));
      client.send(`${clientAnswers}.`);
      await scene.hostUntil((text) => text.endsWith('.'));
      assert.equal(shown(scene.host.received[0]!.slice(0, -1)), shown(hostSees));
      client.destroy();
      await scene.stop();
    });
  }

  it('a host that asks for variables by name gets an empty answer, the client is not asked', async () => {
    const scene = await startScene('', allowAll, '>');
    const client = scene.client();
    await client.until((text) => text === '>');
    scene.hostSend(`${DO}${option.NEWENV}`);
    await client.until((text) => text.endsWith(`${DO}${option.NEWENV}`));
    client.send(`${WILL}${option.NEWENV}`);
    await scene.hostUntil((text) => text === `${WILL}${option.NEWENV}`);
    scene.hostSend(`${SB}${option.NEWENV}\u0001\u0003AWS_SECRET_ACCESS_KEY\u0003SSH_AUTH_SOCK\0USER${SE}.`);
    await client.until((text) => text.endsWith('.'));
    assert.equal(shown(client.received), shown(`>${DO}${option.NEWENV}.`));
    await scene.hostUntil((text) => text.endsWith(SE));
    assert.equal(shown(scene.host.received[0]!), shown(`${WILL}${option.NEWENV}${SB}${option.NEWENV}\0${SE}`));
    // Everything is asked for by name, and only what is on the list.
    scene.hostSend(`${SB}${option.NEWENV}\u0001${SE}!`);
    const asked = (await client.until((text) => text.endsWith('!'))).slice(5);
    assert.match(asked, /LANG/);
    assert.doesNotMatch(asked, /USER|DISPLAY|\u0003\u00ff\u00f0/);
    client.destroy();
    await scene.stop();
  });
});
