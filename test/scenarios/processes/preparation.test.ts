// Configurations are read in a thread: what comes back is what reading here gives, the supervisor goes on meanwhile, and a
// thread that dies costs what waited for it and nothing else.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepareHere, type Prepared } from '#control/configuration/preparation.ts';
import { ThreadPreparer } from '#control/preparation-thread.ts';
import { runConfigurationOf } from '#control/run-configuration.ts';
import { gateways } from '../../../src/standard.ts';

const entry = fileURLToPath(new URL('../../../src/cli/preparation-thread.ts', import.meta.url));

/** So many services with two routes, a pool and a rule each. */
function largeText(count: number, weight = 1): string {
  const names = Array.from({ length: count }, (_, index) => index);
  return `
listeners: { plain: { bind: "127.0.0.1:8080", service: service-0 } }
services:
${names.map((n) => `  service-${n}: { protocol: http, routes: [{ match: { host: h${n}.example, path: /api/** }, pool: pool-${n} }, { match: {}, pool: pool-${n} }] }`).join('\n')}
pools:
${names.map((n) => `  pool-${n}: { servers: [{ address: "127.0.0.1:9001", weight: ${weight} }] }`).join('\n')}
policy:
${names.map((n) => `  - { id: rule-${n}, service: service-${n}, operation: { path: /api/** }, then: allow }`).join('\n')}
`;
}

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-'));
  try { await work(directory); } finally { rmSync(directory, { recursive: true, force: true }); }
}

const placesOf = (directory: string): { baseDirectory: string; stateDirectory: string } => ({ baseDirectory: directory, stateDirectory: directory });

test('the thread gives what reading here gives: files, documents, patches, problems with their lines', async () => {
  await inDirectory(async (directory) => {
    const places = placesOf(directory);
    const file = join(directory, 'sallyport.yaml');
    writeFileSync(file, largeText(3));
    const faulty = join(directory, 'faulty.yaml');
    writeFileSync(faulty, 'pools:\n  web: { servers: 5 }\nlisteners: 7\n');
    const tls = `${largeText(3)}tls: { front: { certificates: [{ certificate: missing.pem, key: missing.key }] } }\n`;
    const thread = new ThreadPreparer(entry, places);
    const here = (proposal: Parameters<typeof prepareHere>[0], base: Parameters<typeof prepareHere>[1]): ReturnType<typeof prepareHere> =>
      prepareHere(proposal, base, { manifests: gateways, ...places }, (configuration) => runConfigurationOf(configuration, places, gateways));
    const empty = { version: '', document: {} };
    const first = here({ input: { paths: [file] } }, empty) as Prepared;
    const base = { version: first.load.version, document: first.load.document };
    for (const [proposal, against] of [
      [{ input: { paths: [file] } }, empty], [{ input: { paths: [faulty] } }, base], [{ input: { paths: [join(directory, 'none.yaml')] } }, base],
      [{ input: { document: first.load.document } }, base], [{ input: { texts: [{ file: 'x.yaml', text: largeText(3, 7) }] } }, base],
      [{ input: { texts: [{ file: 'x.yaml', text: tls }] } }, base], [{ patches: [{ resource: 'pools/pool-1', value: undefined }] }, base],
      [{ patches: [{ resource: 'pools/none', value: undefined, mode: 'replace' }] }, base],
    ] as [Parameters<typeof prepareHere>[0], typeof base][]) {
      const wanted = here(proposal, against);
      const got = await thread.prepare(proposal, against, true);
      if ('kind' in wanted) assert.deepEqual(got, wanted);
      else assert.deepEqual(got, { ...wanted, load: { ...wanted.load, sources: [] } });
    }
    const withoutRun = await thread.prepare({ input: { paths: [file] } }, base, false) as Prepared;
    assert.equal(withoutRun.run, undefined);
    thread.close();
  });
});

test('while a large configuration is read the event loop goes on', async () => {
  await inDirectory(async (directory) => {
    const file = join(directory, 'large.yaml');
    writeFileSync(file, largeText(1000));
    const thread = new ThreadPreparer(entry, placesOf(directory));
    const startedMs = performance.now();
    let lastMs = startedMs;
    let longestMs = 0;
    const ticker = setInterval(() => {
      const nowMs = performance.now();
      longestMs = Math.max(longestMs, nowMs - lastMs);
      lastMs = nowMs;
    }, 1);
    const prepared = await thread.prepare({ input: { paths: [file] } }, { version: '', document: {} }, true) as Prepared;
    longestMs = Math.max(longestMs, performance.now() - lastMs);
    clearInterval(ticker);
    const tookMs = performance.now() - startedMs;
    thread.close();
    assert.equal(Object.keys(prepared.run!.services).length, 1000);
    // Measured: 40 to 90 ms of 900 on a busy machine; all of it when it was read here.
    assert.ok(longestMs < tookMs / 2, `stood still for ${longestMs.toFixed(0)} of ${tookMs.toFixed(0)} ms`);
  });
});

test('a thread that dies costs what waited for it; the next one starts anew', async () => {
  await inDirectory(async (directory) => {
    const dies = join(directory, 'dies.mjs');
    writeFileSync(dies, "import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { throw new Error('on purpose'); });");
    const thread = new ThreadPreparer(dies, placesOf(directory));
    const proposal = { input: { document: {} } };
    const base = { version: '', document: {} };
    await assert.rejects(thread.prepare(proposal, base, false), /on purpose/);
    await assert.rejects(thread.prepare(proposal, base, false), /on purpose/);
    const closed = new ThreadPreparer(entry, placesOf(directory));
    const waiting = assert.rejects(closed.prepare(proposal, base, false), /the gateway stops/);
    closed.close();
    await waiting;
    const busy = new ThreadPreparer(entry, placesOf(directory));
    const outcomes = await Promise.allSettled(Array.from({ length: 33 }, () => busy.prepare(proposal, base, false)));
    assert.deepEqual(outcomes.map(({ status }) => status), [...Array.from({ length: 32 }, () => 'fulfilled'), 'rejected']);
    busy.close();
  });
});
