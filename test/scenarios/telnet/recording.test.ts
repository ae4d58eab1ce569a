// A session that cannot be recorded, or not any more: it ends, unless somebody has written that it may go on.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { allowAll, startScene, type TelnetScene } from './peers.ts';

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
