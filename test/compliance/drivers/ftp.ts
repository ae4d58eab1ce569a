// FTP for the compliance suite: a login, a directory, a passive download and a deletion, in front of a scripted server.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ComplianceDriver, ComplianceServer, LimitTest } from '../driver.ts';
import { RawClient } from '../../harness/raw.ts';
import type { Scene } from '../scene.ts';
import { startScriptedServer, type ScriptedServer } from '../../scenarios/ftp/peers.ts';

const secret = 'S3cret-Xyzzy';

type FtpComplianceServer = ComplianceServer & Pick<ScriptedServer, 'answers'>;

export async function startFtpServer(): Promise<FtpComplianceServer> {
  const server = await startScriptedServer();
  server.answers['DELE'] = (session, argument) => { if (argument !== '/held') session.say('250 gone\r\n'); };
  const behaviour = { ...server.answers };
  return {
    port: server.port, answers: server.answers,
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
const limits = 'test/scenarios/ftp/limits.test.ts';
const timers = 'test/scenarios/ftp/timers.test.ts';
const elsewhere = (file: string, test: string): LimitTest => ({ file, test });
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
    'timeouts.dataConnect': elsewhere(timers, 'dataConnect: a client that does not come'),
    'timeouts.dataStall': elsewhere(timers, 'dataStall: no byte at all, and no byte after one'),
    'timeouts.transferEnd': elsewhere(timers, 'transferEnd: the server does not say how it went'),
    'timeouts.heldReply': elsewhere(timers, 'heldReply: a client that fetches a held file is told in time that it is coming'),
    'limits.maxCommandBytes': size('maxCommandBytes', 24, `DELE ${'x'.repeat(19)}`, /250 /, `DELE BEYOND${'x'.repeat(14)}`, /500 /),
    'limits.maxUserBytes': size('maxUserBytes', 8, `USER ${'a'.repeat(8)}\r\nPASS x`, /230 /, 'USER BEYONDabc', /501 /, ''),
    'limits.maxPasswordBytes': size('maxPasswordBytes', 8, `USER a\r\nPASS ${'x'.repeat(8)}`, /230 /, 'USER a\r\nPASS BEYONDabc', /501 /, ''),
    'limits.maxPathBytes': size('maxPathBytes', 16, `DELE /${'x'.repeat(15)}`, /250 /, `DELE /BEYOND${'x'.repeat(10)}`, /501 /),
    'limits.maxPathSegments': size('maxPathSegments', 2, 'DELE /a/b', /250 /, 'DELE /a/b/BEYOND', /501 /),
    'limits.maxWildcards': size('maxWildcards', 1, 'NLST a*', /425 /, 'NLST BEYOND**', /501 /),
    'limits.maxUnknownCommands': size('maxUnknownCommands', 1, 'BEYOND\r\nDELE /x', /500 .*250 /s, 'BEYOND\r\nBEYOND\r\nDELE /BEYOND', /500 .*421 /s),
    'limits.maxTelnetCommands': size('maxTelnetCommands', 2, '\u00ff\u00f1\u00ff\u00f1DELE /x', /250 /, '\u00ff\u00f1\u00ff\u00f1\u00ff\u00f1DELE /BEYOND', /500 /),
    'limits.maxSubnegotiationBytes': size('maxSubnegotiationBytes', 4, '\u00ff\u00faabcd\u00ff\u00f0DELE /x', /250 /, '\u00ff\u00faabcde\u00ff\u00f0DELE /BEYOND', /500 /),
    'limits.maxReplyLineBytes': elsewhere('test/transcripts/ftp/replies.md', 'maxReplyLineBytes'),
    'limits.maxReplyLines': elsewhere('test/transcripts/ftp/replies.md', 'maxReplyLines'),
    'limits.maxReplyBytes': elsewhere('test/transcripts/ftp/replies.md', 'maxReplyBytes'),
    'limits.maxPipelinedCommands': elsewhere('test/scenarios/ftp/commands.test.ts', 'more commands than may wait are not lost'),
    'limits.maxCommandsPerSecond': elsewhere(timers, 'maxCommandsPerSecond: the one too many waits for the next second'),
    'limits.maxFeatures': { own: { options: { service: '    limits: { maxFeatures: 2 }' }, run: features } },
    'limits.maxUploadBytes': elsewhere('test/scenarios/ftp/edges.test.ts', 'uploads: sizes to the byte'),
    'limits.maxDownloadBytes': elsewhere(limits, 'a download limit is to the byte'),
    'login.maxAttempts': elsewhere('test/scenarios/ftp/commands.test.ts', 'failed logins look alike, and the third ends the session'),
    'proxy.connectTimeout': elsewhere('src/runtime/channels.test.ts', 'a dial that nobody answers fails when its time is over'),
  },
};
