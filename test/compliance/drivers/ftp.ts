// FTP for the compliance suite: a login, a directory, a passive download and a deletion, in front of a scripted server.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ComplianceDriver, ComplianceServer, LimitTest } from '../driver.ts';
import { RawClient } from '../../harness/raw.ts';
import { soon, turn, type Scene } from '../scene.ts';
import { ftpEdges } from './ftp-edges.ts';
import { startScriptedServer, type ScriptedServer } from '../../scenarios/ftp/peers.ts';

const secret = 'S3cret-Xyzzy';

export type FtpComplianceServer = ComplianceServer & Pick<ScriptedServer, 'answers' | 'sessions' | 'files'>;

export async function startFtpServer(): Promise<FtpComplianceServer> {
  const server = await startScriptedServer();
  server.answers['DELE'] = (session, argument) => { if (argument !== '/held') session.say('250 gone\r\n'); };
  const behaviour = { ...server.answers };
  return {
    port: server.port, answers: server.answers, sessions: server.sessions, files: server.files,
    received: () => server.sessions.map(({ raw }) => Buffer.concat(raw).toString('latin1')).join(''),
    sockets: () => server.sessions.map(({ socket }) => socket),
    mute: (on) => {
      const verbs = [...Object.keys(behaviour), 'RETR', 'LIST', 'NLST', 'STOR'];
      for (const verb of verbs) {
        if (on) server.answers[verb] = () => { /* says nothing */ };
        else if (behaviour[verb] === undefined) delete server.answers[verb];
        else server.answers[verb] = behaviour[verb];
      }
    },
    close: server.close,
  };
}

/** Connects to the port that a 227 named. */
async function connectData(_client: RawClient, text: string): Promise<readonly RawClient[]> {
  const [, high, low] = /(\d+),(\d+)\)/.exec(text)!;
  const data = new RawClient(Number(high) * 256 + Number(low));
  await once(data.socket, 'connect');
  data.socket.on('end', () => { data.end(); });
  return [data];
}

/** A reply of the server that fits passes; one that is larger ends the session, and nothing of it passes. */
const reply = (limit: string, within: string, beyond: string): LimitTest => ({
  own: {
    options: { service: `    limits: { ${limit} }` },
    run: async ({ visit, server, record }) => {
      const { answers } = server as FtpComplianceServer;
      answers['DELE'] = within;
      const client = await visit().to(3);
      client.send('DELE /a\r\n');
      await client.expect(/^250 .*\r\n$|^250-[^]*\r\n250 .*\r\n$/);
      answers['DELE'] = beyond;
      client.send('DELE /b\r\n');
      assert.match(await client.over(), /^421 .*\r\n$/);
      assert.notEqual((await record(({ kind, outcome }) => kind !== 'session' && outcome !== 'allowed')).rule, '');
    },
  },
});

/** Two commands may wait behind one that is under way; then nothing more is taken from the client. None is lost. */
async function pipelined({ visit, gateway, server }: Scene): Promise<void> {
  const { answers } = server as FtpComplianceServer;
  const waiting: (() => void)[] = [];
  answers['DELE'] = (session) => { waiting.push(() => { session.say('250 gone\r\n'); }); };
  const client = await visit().to(3);
  const read = async (): Promise<number> => (await gateway.sessions())[0]!.bytesIn;
  const before = await read();
  const command = (name: string): string => `DELE /${name}\r\n`;
  client.send(command('1'));
  await soon('it is under way', () => waiting.length === 1);
  // What comes when it is full is put aside unread, and is the last.
  for (const [name, expected] of [['2', 2], ['3', 3], ['4', 4], ['5', 4]] as const) {
    client.client.send(command(name));
    if (name === '5') for (let count = 0; count < 20; count++) await turn();
    else await soon('it is read', async () => await read() === before + expected * command('1').length);
    assert.equal(await read(), before + expected * command('1').length, 'reading stops at the limit');
  }
  assert.equal(waiting.length, 1);
  for (let done = 1; done <= 5; done++) {
    await soon('the next is asked', () => waiting.length === done);
    waiting[done - 1]!();
  }
  await client.expect(/^(?:250 .*\r\n){5}$/);
}

/** So many commands of a second are answered at once; the next one when the second is over. */
async function commandsPerSecond({ visit, pass }: Scene): Promise<void> {
  const client = await visit().to(3);
  await pass(1001);
  client.send('NOOP\r\n'.repeat(8));
  await client.expect(/^(?:200 .*\r\n){8}$/);
  client.send('NOOP\r\n');
  for (let count = 0; count < 20; count++) await turn();
  assert.equal(client.fresh, '', 'it waits');
  await pass(1001);
  await client.expect(/^200 .*\r\n$/);
}

/** The second login that fails ends it, the first does not. */
async function attempts({ visit, server, pass, untilEmpty }: Scene): Promise<void> {
  (server as FtpComplianceServer).answers['PASS'] = '530 no';
  const client = await visit().to(2);
  client.send('PASS wrong\r\n');
  await turn();
  for (let count = 0; count < 50 && client.fresh === ''; count++) await pass(100);
  await client.expect(/^530 .*\r\n$/);
  client.send('USER alice\r\n');
  await client.expect(/^331 .*\r\n$/);
  client.send('PASS wrong\r\n');
  for (let count = 0; count < 50 && client.fresh === ''; count++) await pass(100);
  assert.match(await client.over(), /^(?:530 .*\r\n)?421 .*\r\n$/);
  await untilEmpty();
}

/** The second line of a server's list is looked at, a third is not. */
async function features({ visit, server }: Scene): Promise<void> {
  (server as FtpComplianceServer).answers['FEAT'] = '211-Features:\r\n MDTM\r\n SIZE\r\n MFMT\r\n211 End';
  const client = await visit().to(3);
  client.send('FEAT\r\n');
  const text = await client.expect(/\r\n211 /);
  assert.match(text, / SIZE\r\n/);
  assert.doesNotMatch(text, / MFMT\r\n/);
}

const login = `USER alice\r\nPASS ${secret}\r\n`;
const time = (name: string, steps: number, part: string, mute: boolean, reply: RegExp): LimitTest => ({
  time: { set: `    timeouts: { ${name}: 7s }`, ms: 7000, steps, part, mute, reply },
});
const size = (name: string, value: number, within: string, taken: RegExp, beyond: string, refused: RegExp, before = login): LimitTest => ({
  size: { set: `    limits: { ${name}: ${value} }`, within: `${before}${within}\r\n`, taken, beyond: `${before}${beyond}\r\n`, refused, canary: 'BEYOND' },
});
export const ftpDriver: ComplianceDriver = {
  protocol: 'ftp',
  service: '    pool: servers\n    login: { failureDelay: 10ms }',
  startServer: startFtpServer,
  steps: [
    { name: 'greeting', expect: /^220 .*\r\n$/ },
    { name: 'USER', send: 'USER alice\r\n', expect: /^331 .*\r\n$/ },
    { name: 'PASS', send: `PASS ${secret}\r\n`, expect: /^230 .*\r\n$/ },
    { name: 'CWD', send: 'CWD sub\r\n', expect: /^250 .*\r\n$/ },
    { name: 'PASV', send: 'PASV\r\n', expect: /^227 .*\r\n$/, run: connectData },
    { name: 'RETR', send: 'RETR /file\r\n', expect: /^150 .*\r\n226 .*\r\n$/s },
    { name: 'DELE', send: 'DELE /old\r\n', expect: /^250 .*\r\n$/ },
  ],
  user: 'alice', secret,
  stream: {
    before: `${login}CWD sub\r\n`, after: 'DELE /last\r\n', done: /\r\n250 .*\r\n250 [^\r]*\r\n$/s, operations: ['USER ', 'PASS ', 'CWD /sub', 'DELE /last'],
  },
  forbidden: { rule: '{ path: /forbidden/** }', bytes: 'DELE /forbidden/x\r\n', reply: /\r\n550 /, verb: 'DELE', path: '/forbidden/x' },
  denied: { reply: /^220 .*\r\n530 /s, outcome: 'denied', rule: 'default', verb: 'USER' },
  unit: {
    condition: '{ commands: [DELE] }', steps: 3, bytes: 'DELE /unit\r\n', verb: 'DELE', ok: /^250 .*\r\n$/, limited: /^450 .*\r\n$/, held: 'DELE /held\r\n', denied: /^550 .*\r\n$/,
  },
  places: [
    { name: 'answered', condition: '{ commands: [DELE] }', steps: 3, bytes: 'DELE /unit\r\n', over: /^250 .*\r\n$/ },
    { name: 'answered with a path', condition: '{ commands: [MKD] }', steps: 3, bytes: 'MKD /unit\r\n', over: /^257 .*\r\n$/ },
    { name: 'without a data connection', condition: '{ commands: [RETR] }', steps: 3, bytes: 'RETR /file\r\n', over: /^425 .*\r\n$/ },
    { name: 'answered by the gateway', condition: '{ commands: [PASV] }', steps: 3, bytes: 'PASV\r\n', over: /^227 .*\r\n$/ },
  ],
  // Commands that wait behind one that is not answered.
  unread: { options: { service: '    limits: { maxPipelinedCommands: 2 }' }, steps: 3, pieces: ['DELE /held\r\nDELE /1\r\nDELE /2\r\nDELE /3\r\n'] },
  faults: {
    refused: { reply: /\r\n421 /, outcome: 'failed', verb: 'PASS' },
    reset: { reply: /\r\n421 /, outcome: 'failed', verb: 'PASS' },
    garbage: { reply: /\r\n421 /, outcome: 'refused', verb: 'PASS' },
    silent: { reply: /\r\n421 /, outcome: 'failed', verb: 'PASS' },
  },
  neverReached: ['client drained', 'client relayed', 'server drained', 'server relayed'],
  content: {
    service: '',
    install: ({ worker }, fault) => {
      const told = { looked: false };
      (worker.plan as { inspectors: unknown }).inspectors = {
        open: () => ({
          holdsBytes: 1000, needsSha256: false,
          feed() {
            told.looked = true;
            if (fault === 'throws') throw new Error('put in by the compliance suite');
            return undefined;
          },
          finish() { /* never answers */ }, abandon() { /* nothing to give up */ },
        }),
      };
      return told;
    },
    steps: 5, bytes: 'RETR /file\r\n', canary: 'hello', bugs: { throws: 1, never: 0 },
  },
  limits: {
    'timeouts.login': time('login', 2, '', false, /^421 /),
    'timeouts.idle': time('idle', 4, '', false, /^421 /),
    'timeouts.serverGreeting': time('serverGreeting', 2, `PASS ${secret}\r\n`, true, /^421 /),
    'timeouts.serverReply': time('serverReply', 4, 'DELE /x\r\n', true, /^421 /),
    'limits.maxCommandBytes': size('maxCommandBytes', 24, `DELE ${'x'.repeat(19)}`, /250 /, `DELE BEYOND${'x'.repeat(14)}`, /500 /),
    'limits.maxUserBytes': size('maxUserBytes', 8, `USER ${'a'.repeat(8)}\r\nPASS x`, /230 /, 'USER BEYONDabc', /501 /, ''),
    'limits.maxPasswordBytes': size('maxPasswordBytes', 8, `USER a\r\nPASS ${'x'.repeat(8)}`, /230 /, 'USER a\r\nPASS BEYONDabc', /501 /, ''),
    'limits.maxPathBytes': size('maxPathBytes', 16, `DELE /${'x'.repeat(15)}`, /250 /, `DELE /BEYOND${'x'.repeat(10)}`, /501 /),
    'limits.maxPathSegments': size('maxPathSegments', 2, 'DELE /a/b', /250 /, 'DELE /a/b/BEYOND', /501 /),
    'limits.maxWildcards': size('maxWildcards', 1, 'NLST a*', /425 /, 'NLST BEYOND**', /501 /),
    'limits.maxUnknownCommands': size('maxUnknownCommands', 1, 'BEYOND\r\nDELE /x', /500 .*250 /s, 'BEYOND\r\nBEYOND\r\nDELE /BEYOND', /500 .*421 /s),
    'limits.maxTelnetCommands': size('maxTelnetCommands', 2, '\u00ff\u00f1\u00ff\u00f1DELE /x', /250 /, '\u00ff\u00f1\u00ff\u00f1\u00ff\u00f1DELE /BEYOND', /500 /),
    'limits.maxSubnegotiationBytes': size('maxSubnegotiationBytes', 4, '\u00ff\u00faabcd\u00ff\u00f0DELE /x', /250 /, '\u00ff\u00faabcde\u00ff\u00f0DELE /BEYOND', /500 /),
    'limits.maxReplyLineBytes': reply('maxReplyLineBytes: 40', `250 ${'x'.repeat(36)}`, `250 ${'x'.repeat(37)}`),
    'limits.maxReplyLines': reply('maxReplyLines: 3', '250-a\r\n250-b\r\n250 c', '250-a\r\n250-b\r\n250-c\r\n250 d'),
    'limits.maxReplyBytes': reply('maxReplyBytes: 64', `250-${'x'.repeat(28)}\r\n250 ${'x'.repeat(24)}`, `250-${'x'.repeat(28)}\r\n250 ${'x'.repeat(60)}`),
    'limits.maxPipelinedCommands': { own: { options: { service: '    limits: { maxPipelinedCommands: 2 }' }, run: pipelined } },
    'limits.maxCommandsPerSecond': { own: { options: { service: '    limits: { maxCommandsPerSecond: 8 }' }, run: commandsPerSecond } },
    'limits.maxFeatures': { own: { options: { service: '    limits: { maxFeatures: 2 }' }, run: features } },
    ...ftpEdges,
    'login.maxAttempts': { own: { options: { serviceInstead: '    pool: servers\n    login: { failureDelay: 0ms, maxAttempts: 2 }' }, run: attempts } },
  },
};
