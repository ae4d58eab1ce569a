// What a recording has, and a session that cannot be recorded, or not any more: it ends, unless somebody has written that it may
// go on. Who watches is told of.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startGateway } from '../../harness/gateway.ts';
import { RawClient, startRawServer } from '../../harness/raw.ts';
import { allowAll, configurationFor, startScene, waitFor, type TelnetScene } from './peers.ts';

async function recorded(settings: string): Promise<{ scene: TelnetScene; directory: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-cast-'));
  return { directory, scene: await startScene('', `recordings: { enabled: true, directory: "${directory}"${settings} }\n${allowAll}`) };
}

describe('a session that cannot be recorded', { timeout: 60_000 }, () => {
  it('ends before anything is shown', async () => {
    const { scene, directory } = await recorded('');
    rmSync(directory, { recursive: true });
    const client = scene.client();
    await scene.hostUntil(() => scene.host.connections.length > 0);
    scene.hostSend('top secret\r\n');
    assert.equal(await client.untilEnd(), '\r\n*** the session cannot be recorded and is closed\r\n');
    const record = await scene.gateway.record(({ verb }) => verb === 'RECORDING');
    assert.equal(record.outcome, 'failed');
    assert.match(record.reason!, /ENOENT/);
    const session = await scene.gateway.record(({ kind }) => kind === 'session');
    assert.equal(session.outcome, 'failed');
    assert.deepEqual(scene.gateway.bugs, []);
    await scene.stop();
  });

  it('ends when its recording is as long as it may be', async () => {
    const { scene, directory } = await recorded(', maxBytes: 1000');
    const client = scene.client();
    await scene.hostUntil(() => scene.host.connections.length > 0);
    scene.hostSend('first\r\n');
    await client.until((text) => text.includes('first'));
    scene.hostSend(`${'x'.repeat(1000)}\r\n`);
    assert.match(await client.untilEnd(), /\*\*\* the session cannot be recorded and is closed\r\n$/);
    const record = await scene.gateway.record(({ verb }) => verb === 'RECORDING');
    assert.equal(record.reason, 'recordings.maxBytes (1000) is reached');
    await scene.stop();
    assert.match(readFileSync(join(directory, readdirSync(directory)[0]!), 'utf8'), /first/);
    rmSync(directory, { recursive: true });
  });

  it('is no fault of its host: the pool keeps it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-cast-'));
    const host = await startRawServer((socket) => { socket.write('hello\r\n'); });
    const recordings = (maxBytes: number): string => `recordings: { enabled: true, directory: "${directory}", maxBytes: ${maxBytes} }\n${allowAll}`;
    const strict = (text: string): string => text.replace(`127.0.0.1:${host.port}] }`, `127.0.0.1:${host.port}], passive: { failures: 1, ejectLast: true, ejectFor: 1m } }`);
    const gateway = await startGateway(strict(configurationFor(host.port, '', recordings(1))));
    assert.match(await new RawClient(gateway.port()).untilEnd(), /cannot be recorded/);
    await gateway.record(({ kind }) => kind === 'session');
    await gateway.configure(strict(configurationFor(host.port, '', recordings(1_000_000))));
    assert.match(await new RawClient(gateway.port()).until((text) => text.includes('hello')), /^hello/);
    await gateway.stop();
    await host.close();
    rmSync(directory, { recursive: true });
  });

  it('goes on where that is configured, and one record says so', async () => {
    const { scene, directory } = await recorded(', maxBytes: 1000, required: false');
    const client = scene.client();
    await scene.hostUntil(() => scene.host.connections.length > 0);
    scene.hostSend(`${'x'.repeat(1000)}\r\n`);
    scene.hostSend('more\r\n');
    await client.until((text) => text.includes('more'));
    client.send('still here\r\n');
    await scene.hostUntil((text) => text.includes('still here'));
    scene.hostSend('and more\r\n');
    await client.until((text) => text.includes('and more'));
    await scene.gateway.flushed();
    assert.equal(scene.gateway.records.filter(({ verb }) => verb === 'RECORDING').length, 1);
    client.destroy();
    await scene.stop();
    rmSync(directory, { recursive: true });
  });
});

it('what the gateway itself says at a host is recorded: a message, the end', { timeout: 60_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-cast-'));
  const scene = await startScene('timeouts: { idle: 300ms }', `recordings: { enabled: true, directory: "${directory}" }\n${allowAll}`);
  const client = scene.client();
  await scene.hostUntil(() => scene.host.connections.length > 0);
  scene.hostSend('> ');
  await client.until((text) => text.endsWith('> '));
  const [session] = await scene.gateway.sessions();
  await scene.gateway.ask({ what: 'control', session: session!.id, command: 'message', argument: 'lunch' });
  const shown = await client.untilEnd();
  assert.match(shown, /\*\*\* lunch[^]*\*\*\* idle for too long/);
  await scene.stop();
  const text = await waitFor(() => readFileSync(join(directory, `${session!.id}.cast`), 'utf8'), (some) => some.includes('idle'));
  const events = text.trim().split('\n').slice(1).map((line) => JSON.parse(line) as [number, string, string]);
  assert.equal(events.map(([, , output]) => output).join(''), shown);
  rmSync(directory, { recursive: true });
});

it('the user is told of each who begins to watch, and each is recorded', { timeout: 60_000 }, async () => {
  const scene = await startScene('watch: { notice: true }');
  const client = scene.client();
  await scene.hostUntil(() => scene.host.connections.length > 0);
  const [session] = await scene.gateway.sessions();
  const watch = async (from: string): Promise<{ next: number }> => {
    const answer = await scene.gateway.ask({ what: 'control', session: session!.id, command: 'watch', argument: from });
    return JSON.parse(answer.what === 'control' ? answer.answer! : '') as { next: number };
  };
  const { next } = await watch('');
  await watch(String(next));
  await client.until((text) => text.split('being watched').length === 2);
  await watch('');
  await client.until((text) => text.split('being watched').length === 3);
  await scene.gateway.flushed();
  assert.equal(scene.gateway.records.filter(({ verb }) => verb === 'WATCH').length, 2);
  await scene.stop();
});
