// Telnet for the compliance suite: a login at the gateway, then a host that answers line by line and never negotiates by itself.
import assert from 'node:assert/strict';
import { scryptSync } from 'node:crypto';
import type { ComplianceDriver, ComplianceServer, LimitTest } from '../driver.ts';
import { soon, turn, type Scene } from '../scene.ts';
import { startRawServer } from '../../harness/raw.ts';
import { dialTimesOf } from './dial-times.ts';
import { DO, DONT, IAC, option, SB, SE, WILL } from '../../scenarios/telnet/peers.ts';

const secret = 'S3cret-Xyzzy';
/** Cheap: the suite logs in hundreds of times. */
const hash = `scrypt:1024:8:1:${Buffer.from('salt').toString('base64')}:${scryptSync(secret, 'salt', 32, { N: 1024, r: 8, p: 1 }).toString('base64')}`;

export async function startTelnetHost(): Promise<ComplianceServer> {
  let mute = false;
  const server = await startRawServer((socket, _index, received) => {
    if (!mute) socket.write('$ ');
    let at = 0;
    socket.on('data', () => {
      const text = received();
      for (let end = text.indexOf('\r', at); end >= 0; end = text.indexOf('\r', at)) {
        const line = text.slice(at, end).replaceAll(/[^\u0020-\u007e]/g, '');
        at = end + 1;
        if (line.endsWith('agree')) socket.write(Buffer.from(`${DO}${option.NAWS}${DO}${option.TTYPE}`, 'latin1'));
        if (line.endsWith('ask')) socket.write(Buffer.from(`${SB}${option.TTYPE}\u0001${SE}`, 'latin1'));
        if (!mute) socket.write(`ran ${line}\r\n$ `);
      }
    });
    socket.on('end', () => { socket.end(); });
  });
  return { port: server.port, received: () => server.received.join(''), sockets: () => server.connections, mute: (on) => { mute = on; }, close: server.close };
}

const login = `joe\r\0${secret}\r\0`;
const size = (name: string, value: number, within: string, beyond: string, refused: RegExp): LimitTest => ({
  size: { set: `    limits: { ${name}: ${value} }`, within: `${login}${within}ls\r\0`, taken: /ran .*ls\r\n\$ $/, beyond: `${login}${beyond}BEYOND\r\0`, refused,
      canary: 'BEYOND' },
});
const time = (name: string, steps: number, reply: RegExp): LimitTest => ({ time: { set: `    timeouts: { ${name}: 7s }`, ms: 7000, steps, reply } });
/** DO for options that are refused at once: each is a negotiation. */
/** Suboptions of an option that nobody has agreed on. */
const faults = (count: number): string => `${SB}${option.LINEMODE}x${SE}`.repeat(count);
const negotiations = (count: number): string => `${DO}${option.LINEMODE}`.repeat(count);

/** The second wrong password ends it, the first does not. */
async function attempts({ visit, untilEmpty, server }: Scene): Promise<void> {
  const client = await visit().to(1);
  client.send('joe\r\0wrong\r\0');
  await client.expect(/Login incorrect\r\nlogin: $/);
  client.send('joe\r\0wrong\r\0');
  assert.match(await client.over(), /too many attempts/);
  client.gone();
  await untilEmpty();
  assert.equal(server.sockets().length, 0);
}

/** Two of a second pass, a third is left out, and the next second has room again. */
async function signals({ visit, server, pass }: Scene): Promise<void> {
  const client = await visit().to(3);
  const areYouThere = `${IAC}\u00f6`;
  const passed = (): number => server.received().split(areYouThere).length - 1;
  client.send(`${areYouThere.repeat(3)}a\r\0`);
  await client.expect(/ran .*\r\n/);
  assert.equal(passed(), 2);
  await pass(1001);
  client.send(`${areYouThere}b\r\0`);
  await client.expect(/ran .*\r\n/);
  assert.equal(passed(), 3);
}

/** The second wrong answer ends it, the first does not. */
async function choices({ visit, untilEmpty, server }: Scene): Promise<void> {
  const client = visit();
  await client.expect(/host: $/);
  client.send('b\r\0');
  await client.expect(/host: $/);
  client.send('c\r\0');
  await client.over();
  client.gone();
  await untilEmpty();
  assert.equal(server.sockets().length, 0);
}

/** A window size that the host has agreed to hear of. */
const windowOf = (columns: number): string => `${SB}${option.NAWS}\0${String.fromCharCode(columns)}\0\u0018${SE}`;

async function suboptions({ visit, server, pass }: Scene): Promise<void> {
  const client = await visit().to(3);
  client.send(`${WILL}${option.NAWS}agree\r\0`);
  await client.expect(new RegExp(`${DO}\\u001f.*ran .*\\$ $`, 's'));
  client.send(`${windowOf(81)}${windowOf(82)}${windowOf(83)}a\r\0`);
  await client.expect(/ran .*\r\n/);
  assert.ok(server.received().includes(windowOf(81)) && server.received().includes(windowOf(82)));
  assert.ok(!server.received().includes(windowOf(83)), 'the third of a second is left out');
  await pass(1001);
  client.send(`${windowOf(84)}b\r\0`);
  await client.expect(/ran .*\r\n/);
  assert.ok(server.received().includes(windowOf(84)));
}

/** The host asks once for each line `ask`. */
async function terminalTypes({ visit }: Scene): Promise<void> {
  const client = await visit().to(3);
  client.send(`${WILL}${option.TTYPE}agree\r\0`);
  await client.expect(new RegExp(`${DO}\\u0018.*ran .*\\$ $`, 's'));
  const asked = `${SB}${option.TTYPE}\u0001${SE}`;
  for (const reached of [true, true, false]) {
    client.send('ask\r\0');
    const text = await client.expect(/ran .*\$ $/s);
    assert.equal(text.includes(asked), reached);
  }
}

const approval = '    commands: { match: typed, rules: [{ id: two, commands: [reload], then: approve }] }\n';

/** What is typed while a line waits for a second person: kept up to the limit, then the client is not read from. Nothing is lost. */
async function heldInput({ visit, gateway, session, server }: Scene): Promise<void> {
  const client = await visit().to(3);
  const id = await session();
  const bytesIn = async (): Promise<number> => (await gateway.sessions())[0]!.bytesIn;
  client.send('reload\r\0');
  await soon('it waits', async () => (await gateway.sessions())[0]!.doing.includes('waits for approval'));
  const before = await bytesIn();
  // The Enter that waits counts as two bytes.
  for (const [typed, read] of [['12345', 5], ['6', 6], ['more', 6]] as const) {
    client.send(typed);
    if (typed === 'more') for (let count = 0; count < 20; count++) await turn();
    else await soon('it is read', async () => await bytesIn() === before + read);
    assert.equal(await bytesIn(), before + read, 'reading stops at the limit');
  }
  const waiting = / approval (\S+)/.exec((await gateway.sessions())[0]!.doing)![1]!;
  await gateway.ask({ what: 'control', session: id, command: 'approve', argument: `${waiting} proven tester` });
  await soon('all of it arrives', () => server.received().includes('123456more'));
}

const typed = (port: number): string => `    targets: { hosts: true, ports: [${port}] }\n    timeouts: { connect: 7s }`;

/** What is dialled has this time. */
async function connectTimeout({ visit, gateway, server, configure }: Scene): Promise<void> {
  await configure({ serviceInstead: typed(server.port) });
  const times = dialTimesOf(gateway);
  const client = visit();
  await client.expect(/host: $/);
  await client.send(`127.0.0.1:${server.port}\r\0`).expect(/\$ $/);
  assert.deepEqual(times, [7000]);
}

export const telnetDriver: ComplianceDriver = {
  protocol: 'telnet',
  service: '    pool: servers\n    login: { failureDelay: 0ms }',
  sections: `users: { joe: { password: "${hash}" } }`,
  startServer: startTelnetHost,
  steps: [
    { name: 'login prompt', expect: /login: $/ },
    { name: 'name', send: 'joe\r\0', expect: /Password: $/ },
    { name: 'password', send: `${secret}\r\0`, expect: /\$ $/ },
    { name: 'a line', send: 'ls\r\0', expect: /ran ls\r\n\$ $/ },
    { name: 'another line', send: 'id\r\0', expect: /ran id\r\n\$ $/ },
  ],
  user: 'joe', secret,
  stream: { before: `${login}ls\r\0`, after: 'id\r\0', done: /ran [^\r]*ls\r\n\$ .*ran [^\r]*id\r\n\$ $/s, operations: ['LOGIN /login', 'CONNECT /servers'] },
  forbidden: { rule: '{ actions: [OPTION], path: /TTYPE }', bytes: `${WILL}${option.TTYPE}`, reply: new RegExp(`${DONT}\\u0018`), verb: 'OPTION', path: '/TTYPE' },
  denied: { reply: /Password: .*not permitted/s, outcome: 'denied', rule: 'default', verb: 'CONNECT' },
  unit: {
    condition: '{ actions: [CONNECT] }', steps: 2, bytes: `${secret}\r\0`, verb: 'CONNECT', ok: /\$ $/, limited: /too many sessions/, held: `${secret}\r\0`,
      denied: /not permitted/,
  },
  places: [
    { name: 'a wrong password', condition: '{ actions: [LOGIN] }', steps: 1, bytes: 'joe\r\0wrong\r\0', over: /Login incorrect\r\n.*login: $/s },
    { name: 'a host that cannot be reached', condition: '{ actions: [CONNECT] }', steps: 0, ready: /host: $/, bytes: 'a\r\0', over: /cannot be reached.*host: $/s,
      options: { serviceInstead: '    targets: { menu: [{ name: a, pool: servers }] }', serverPort: 1 } },
  ],
  // What is typed behind a line that waits for a second person.
  unread: { options: { service: `${approval}    limits: { maxHeldBytes: 8 }` }, steps: 3, pieces: ['reload\r\0much more than is held'] },
  faults: {
    refused: { reply: /cannot be reached/, outcome: 'failed', verb: 'CONNECT' },
    reset: { reply: /connection to the host was lost/, outcome: 'failed', verb: 'CONNECT' },
    garbage: { reply: /\u0000/, verb: 'CONNECT' },
    silent: { reply: /idle for too long/, outcome: 'limited', verb: 'CONNECT' },
  },
  neverReached: ['client drained', 'client relayed', 'server drained', 'server relayed'],
  content: { because: 'has no files; lines that are typed go by rules, which policy covers' },
  limits: {
    'login.attempts': { own: { options: { serviceInstead: '    pool: servers\n    login: { failureDelay: 0ms, attempts: 2 }' }, run: attempts } },
    'targets.attempts': { own: { options: { serviceInstead: '    targets: { menu: [{ name: a, pool: servers }], attempts: 2 }' }, run: choices } },
    'limits.maxNegotiations': size('maxNegotiations', 16, negotiations(16), negotiations(17), /Password: /),
    'limits.negotiationsPerSecond': size('negotiationsPerSecond', 4, negotiations(4), negotiations(5), /Password: /),
    // Twice its bytes may be left out; which ones pass is shown in sessions.test.ts.
    'limits.maxSubnegotiationBytes': size('maxSubnegotiationBytes', 64, `${SB}${option.TTYPE}${'x'.repeat(128)}${SE}`, `${SB}${option.TTYPE}${'x'.repeat(129)}${SE}`, /Password: /),
    'limits.suboptionsPerSecond': { own: { options: { service: '    limits: { suboptionsPerSecond: 2 }' }, run: suboptions } },
    'limits.signalsPerSecond': { own: { options: { service: '    limits: { signalsPerSecond: 2 }' }, run: signals } },
    'limits.maxTerminalTypeRequests': { own: { options: { service: '    limits: { maxTerminalTypeRequests: 2 }' }, run: terminalTypes } },
    'limits.maxFaults': size('maxFaults', 2, faults(2), faults(3), /Password: /),
    'limits.maxHeldBytes': { own: { options: { service: `${approval}    limits: { maxHeldBytes: 8 }` }, run: heldInput } },
    'timeouts.login': time('login', 1, /time is up/),
    'timeouts.idle': time('idle', 3, /idle for too long/),
    'timeouts.session': time('session', 3, /longest time/),
    'timeouts.negotiation': {
      time: { set: '    timeouts: { negotiation: 7s }', ms: 7000, steps: 3, part: `${WILL}${option.TTYPE}`, reply: new RegExp(`^${DONT}\\u0018$`), stays: true },
    },
    'timeouts.connect': { own: { options: { serviceInstead: typed(23) }, run: connectTimeout } },
  },
};
