// The disk of the audit store is full: by default traffic goes on and the loss is counted and told; with `onStoreFailure:
// refuse` nothing passes unrecorded; and both recover by themselves when there is room again. Needs root, for a small
// file system of its own.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RawClient } from '../../harness/raw.ts';
import { answer, freePort, startCluster, type Cluster } from '../../harness/cluster.ts';
import { eventually, get, startScriptedServer, statusesIn } from '../../harness/site.ts';

/** Mounts a file system of one megabyte, or says why not. */
function smallDisk(): { path: string; fill(): void; free(): void; remove(): void } | string {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path], { stdio: 'pipe' });
  } catch (error) {
    rmSync(path, { recursive: true });
    return `mount -t tmpfs -o size=2m tmpfs ${path}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
  }
  const filler = join(path, 'filler');
  return {
    path,
    fill: () => {
      for (let size = 2 * 1024 * 1024; size >= 512; size = Math.floor(size / 2)) {
        try { writeFileSync(filler, Buffer.alloc(size), { flag: 'a' }); } catch { /* so much did not fit: less may */ }
      }
    },
    free: () => { rmSync(filler); },
    remove: () => {
      execFileSync('umount', ['-l', path]);
      rmSync(path, { recursive: true });
    },
  };
}

async function statusOf(cluster: Cluster): Promise<string> {
  const client = new RawClient(cluster.port()).send(get('/load'));
  try {
    const text = await client.until((received) => statusesIn(received).length === 1 && received.includes('\r\n\r\n'));
    return statusesIn(text)[0]!;
  } catch {
    return 'reset';
  } finally { client.abort(); }
}

for (const onStoreFailure of ['continue', 'refuse'] as const) {
  test(`a full disk under the audit store, onStoreFailure: ${onStoreFailure}`, { timeout: 60_000 }, async (context) => {
    const disk = smallDisk();
    if (typeof disk === 'string') {
      context.skip(disk);
      return;
    }
    context.after(() => { disk.remove(); });
    const server = await startScriptedServer(({ reply }) => { reply(answer); });
    const directory = join(disk.path, 'audit');
    mkdirSync(directory);
    const cluster = await startCluster(`
listeners: { plain: { bind: "127.0.0.1:${await freePort()}", service: site } }
services: { site: { protocol: http, pool: web } }
pools: { web: { servers: ["127.0.0.1:${server.port}"] } }
policy: [{ id: open, then: allow }]
audit: { directory: "${directory}", onStoreFailure: ${onStoreFailure}, store: { maxSize: 1GiB } }
`);
    assert.equal(await statusOf(cluster), '200');
    disk.fill();
    await eventually('the store fails', async () => {
      await statusOf(cluster);
      return cluster.notices.some(({ severity, message }) => severity === 'error' && /disk|full|ENOSPC/i.test(message));
    }, 20_000);
    const wanted = onStoreFailure === 'refuse' ? /^(503|reset)$/ : /^200$/;
    await eventually('as configured', async () => wanted.test(await statusOf(cluster)));
    const atServer = server.received.join('').split('/load').length;
    for (let count = 0; count < 10; count++) assert.match(await statusOf(cluster), wanted);
    if (onStoreFailure === 'refuse') assert.equal(server.received.join('').split('/load').length, atServer, 'nothing passes unrecorded');
    disk.free();
    const told = (): boolean => cluster.notices.some(({ severity, message }) => severity === 'info' && /again|recover/i.test(message));
    await eventually('recovered', async () => await statusOf(cluster) === '200' && told(), 20_000);
    await cluster.stop();
    await server.close();
  });
}
