// Limits of FTP that are about data connections and transfers, each at its edge.
import assert from 'node:assert/strict';
import type { LimitTest } from '../driver.ts';
import { soon, turn, type Scene, type Visit } from '../scene.ts';
import type { ScriptedServer, ScriptedSession } from '../../scenarios/ftp/peers.ts';
import { dialTimesOf } from './dial-times.ts';
import type { FtpComplianceServer } from './ftp.ts';

const ms = 7000;
/** Whether bytes moved is looked at four times in that time. */
const atLatestMs = ms * 1.25 + 100;
const steps = { loggedIn: 3, before: 4, withData: 5 };

const scripted = ({ server }: Scene): Pick<ScriptedServer, 'answers' | 'sessions' | 'files'> => server as FtpComplianceServer;
/** What is sent from the last command on. */
const heard = (client: Visit): string => client.fresh;

/** RETR is answered with 150; the data is for the test to send. `tells`: the server says so when its data connection is cut. */
async function asked(scene: Scene, client: Visit, tells = false): Promise<{ data: Awaited<NonNullable<ScriptedSession['dataReady']>>; say(text: string): void }> {
  const { answers, sessions } = scripted(scene);
  answers['RETR'] = '150 coming';
  client.send('RETR /x\r\n');
  const session = sessions.at(-1)!;
  await soon('the server is asked', () => session.commands.at(-1) === 'RETR /x');
  const data = await session.dataReady!;
  data.resume();
  if (tells) data.once('close', () => { session.say('426 cut\r\n'); });
  return { data, say: (text) => { session.say(text); } };
}

/** The client does not come to the port that it asked for. */
async function dataConnect(scene: Scene): Promise<void> {
  const client = await scene.visit().to(steps.before);
  client.send('PASV\r\n');
  await client.expect(/^227 .*\r\n$/);
  await asked(scene, client, true);
  await client.expect(/^150 .*\r\n$/);
  await scene.toEdge(ms);
  assert.match(heard(client), /^150 .*\r\n$/, 'nothing yet');
  await scene.pass(1);
  await client.expect(/\r\n425 .*\r\n$/);
}

/** No byte moves; one that does begins the time anew. */
async function dataStall(scene: Scene): Promise<void> {
  const client = await scene.visit().to(steps.withData);
  const { data } = await asked(scene, client, true);
  await client.expect(/^150 .*\r\n$/);
  await scene.toEdge(ms);
  data.write('x');
  await soon('it passes', () => client.beside[0]!.received === 'x');
  await scene.toEdge(ms);
  assert.match(heard(client), /^150 .*\r\n$/, 'nothing yet');
  for (let late = ms; late < atLatestMs && !heard(client).includes('426'); late += 100) await scene.pass(100);
  await client.expect(/\r\n426 No data.*\r\n$/);
}

/** The server does not say how a transfer went. */
async function transferEnd(scene: Scene): Promise<void> {
  const client = await scene.visit().to(steps.withData);
  const { data } = await asked(scene, client);
  data.end('x');
  await soon('the data has come', () => client.beside[0]!.ended && client.beside[0]!.received === 'x');
  await turn();
  await scene.toEdge(ms);
  assert.match(heard(client), /^150 .*\r\n$/, 'nothing yet');
  await scene.pass(1);
  assert.match(await client.over(), /\r\n421 .*\r\n$/);
}

/** A file is held for an inspector; the client hears in time that it is coming. */
async function heldReply(scene: Scene): Promise<void> {
  (scene.gateway.worker.plan as { inspectors: unknown }).inspectors = {
    open: () => ({
      holdsBytes: 1000, needsSha256: false, feed: () => undefined, abandon() { /* nothing was kept */ },
      finish(done: (verdict: object) => void) { done({ inspector: 'held', action: 'pass', code: '', evidence: '' }); },
    }),
  };
  const client = await scene.visit().to(steps.withData);
  const { data, say } = await asked(scene, client);
  data.write('h');
  await soon('it is held', async () => (await scene.gateway.sessions())[0]!.doing.endsWith(', 1 bytes'));
  await scene.toEdge(ms);
  assert.equal(heard(client), '', 'nothing yet');
  await scene.pass(1);
  await client.expect(/^150 .*\r\n$/);
  data.end('eld');
  say('226 done\r\n');
  await client.expect(/\r\n226 .*\r\n$/);
}

async function upload(scene: Scene): Promise<void> {
  for (const [bytes, reply, end] of [[2000, /\r\n226 .*\r\n$/, 'fin'], [2001, /\r\n552 .*\r\n$/, 'reset']] as const) {
    const client = await scene.visit().to(steps.withData);
    client.send('STOR /up\r\n');
    await client.expect(/^150 /);
    client.beside[0]!.send('x'.repeat(bytes)).end();
    await client.expect(reply);
    const session = scripted(scene).sessions.at(-1)!;
    await soon('the server knows', () => session.stored !== undefined);
    assert.equal(session.storedEnd, end);
    client.gone();
  }
}

async function download(scene: Scene): Promise<void> {
  scripted(scene).files['/six'] = Buffer.from('sixsix');
  for (const [name, reply] of [['/file', /\r\n226 .*\r\n$/], ['/six', /\r\n451 .*\r\n$/]] as const) {
    const client = await scene.visit().to(steps.withData);
    client.send(`RETR ${name}\r\n`);
    await client.expect(reply);
    client.gone();
  }
}

/** What is dialled has this time. */
async function connectTimeout({ visit, gateway, server, configure }: Scene): Promise<void> {
  await configure({ serviceInstead: proxy(server.port) });
  const times = dialTimesOf(gateway);
  const client = await visit().to(1);
  client.send(`USER alice@127.0.0.1:${server.port}\r\n`);
  await client.expect(/^331 .*\r\n$/);
  await client.send('PASS x\r\n').expect(/^230 .*\r\n$/);
  assert.deepEqual(times, [ms]);
}

const own = (set: string, run: (scene: Scene) => Promise<void>): LimitTest => ({ own: { options: { service: `    ${set}` }, run } });
const proxy = (port: number): string => `    proxy: { ports: [${port}], denyNetworks: ["192.0.2.0/24"], connectTimeout: ${ms}ms }`;

/** By the path of the limit. */
export const ftpEdges: Readonly<Record<string, LimitTest>> = {
  'timeouts.dataConnect': own('timeouts: { dataConnect: 7s }', dataConnect),
  'timeouts.dataStall': own('timeouts: { dataStall: 7s }', dataStall),
  'timeouts.transferEnd': own('timeouts: { transferEnd: 7s }', transferEnd),
  'timeouts.heldReply': own('timeouts: { heldReply: 7s }', heldReply),
  'limits.maxUploadBytes': own('limits: { maxUploadBytes: 2000 }', upload),
  'limits.maxDownloadBytes': own('limits: { maxDownloadBytes: 5 }', download),
  'proxy.connectTimeout': { own: { options: { serviceInstead: proxy(21) }, run: connectTimeout } },
};
