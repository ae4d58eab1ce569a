// Changing the configuration of a running gateway from the command line: what would change, all or nothing, confirmation
// within a time, going back, history.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort, runGateway, sallyport, temporaryDirectory, type Staying } from './command.ts';

interface Applied { changed: boolean; number: number; version: string; pending?: { revertTo: number } }

describe('changes', { timeout: 120_000 }, () => {
  const directory = temporaryDirectory();
  const cwd = directory.path;
  let gateway: Staying;
  let port = 0;
  const text = (body: string): string => `
listeners: { main: { bind: "127.0.0.1:${port}", service: site } }
services: { site: { protocol: http, routes: [ { respond: { status: 200, body: "${body}" } } ] } }
policy: [ { id: all, then: allow } ]
runtime: { drainTimeout: 1s }
`;
  const put = (file: string, content: string): void => { writeFileSync(join(cwd, file), content); };
  const serves = async (): Promise<string> => await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();
  const command = async (...args: string[]) => await sallyport(args, { cwd });
  const json = async <Value>(...args: string[]): Promise<Value> => {
    const ended = await command(...args, '--json');
    assert.equal(ended.code, 0, `${args.join(' ')}: ${ended.stdout}${ended.stderr}`);
    return JSON.parse(ended.stdout) as Value;
  };

  before(async () => {
    port = await freePort();
    put('sallyport.yaml', text('one'));
    ({ gateway } = await runGateway(['sallyport.yaml', '--workers', '1'], { cwd }));
  });
  after(async () => {
    await gateway.end();
    directory[Symbol.dispose]();
  });

  test('diff says what would change and what it would interrupt', async () => {
    put('next.yaml', text('two').replace(`:${port}"`, `:${port + 1}"`));
    const [plain, same, answer] = await Promise.all([command('diff', 'next.yaml', '--exit-code', '--config', 'sallyport.yaml'), command('diff', 'sallyport.yaml'),
      json<{ diff: { resources: { section: string; kind: string }[] }; impact: { kind: string } }>('diff', 'next.yaml')]);
    assert.equal(plain.code, 1);
    assert.match(plain.stdout, /listeners\/main +changed[\s\S]*stops listening on/);
    assert.equal(same.code, 0);
    assert.match(same.stdout, /no difference/);
    assert.deepEqual(answer.diff.resources.map(({ section, kind }) => `${section} ${kind}`), ['listeners changed', 'services changed']);
    assert.equal(answer.impact.kind, 'drain');
    assert.equal(await serves(), 'one');
  });

  test('reload takes the files that the gateway was started with, or nothing', async () => {
    put('sallyport.yaml', text('two'));
    const done = await command('reload', '--reason', 'second');
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /version 2 \([0-9a-f]{12}\) is in force/);
    assert.equal(await serves(), 'two');
    assert.equal((await json<Applied>('reload')).changed, false);
    put('sallyport.yaml', text('three').replace('service: site', 'service: sits'));
    const faulty = await command('reload', '--socket', '.sallyport/admin.sock');
    assert.equal(faulty.code, 1);
    assert.match(faulty.stderr, /sallyport\.yaml:2:\d+: error[\s\S]*did you mean "site"/);
    assert.equal(await serves(), 'two');
    put('sallyport.yaml', text('two'));
  });

  test('apply --confirm-within goes back by itself, at once with revert, and not at all with confirm', async () => {
    put('next.yaml', text('three'));
    const reverting = await json<Applied>('apply', 'next.yaml', '--confirm-within', '60s');
    assert.equal(reverting.pending?.revertTo, 2);
    assert.equal(await serves(), 'three');
    const meanwhile = await command('apply', 'sallyport.yaml');
    assert.equal(meanwhile.code, 1);
    assert.match(meanwhile.stderr, /waits \d+ s for confirmation[\s\S]*sallyport confirm/);
    assert.equal((await command('revert')).code, 0);
    assert.equal(await serves(), 'two');

    await json<Applied>('apply', 'next.yaml', '--confirm-within', '1ms');
    // Said where the gateway runs, too: whoever has locked themselves out looks there.
    await gateway.prints(/configuration \d+ is in force until it is confirmed or its time is over: /, 'stderr');
    await gateway.prints(/configuration \d+ is in force: version \d+ was not confirmed in time \(sallyport\)/, 'stderr');
    assert.equal(await serves(), 'two');

    await json<Applied>('apply', 'next.yaml', '--confirm-within', '60s');
    assert.equal((await command('confirm')).code, 0);
    assert.equal(await serves(), 'three');
    assert.equal((await command('confirm')).code, 1);
    assert.equal((await command('apply', 'next.yaml', '--confirm-within', 'soon')).code, 2);
  });

  test('history has every version with its author; rollback applies one of them again', async () => {
    const rolled = await json<Applied>('rollback', '1', '--reason', 'as it was');
    assert.equal(rolled.changed, true);
    assert.equal(await serves(), 'one');
    const { versions, current } = await json<{ versions: { number: number; state: string; author: string; reason: string; source: string }[]; current: number }>('history');
    assert.equal(current, rolled.number);
    assert.deepEqual([versions[0]!.state, versions[0]!.reason, versions[0]!.source], ['applied', 'as it was', 'rollback 1']);
    assert.notEqual(versions[0]!.author, '');
    assert.ok(versions.some(({ state }) => state === 'reverted'));
    const listed = await command('history');
    assert.match(listed.stdout, new RegExp(`\\* ${current} `));
    const entry = await command('history', '2');
    assert.match(entry.stdout, /reason: second[\s\S]*services\/site +changed/);
    assert.equal((await command('rollback', '999')).code, 1);
    assert.equal((await command('rollback', 'x')).code, 2);
  });

  test('--watch reloads when a file changes', async () => {
    using other = temporaryDirectory();
    const free = await freePort();
    const watched = (body: string): string => text(body).replace(String(port), String(free));
    writeFileSync(join(other.path, 'gateway.yaml'), watched('one'));
    const { gateway: watching } = await runGateway(['gateway.yaml', '--watch', '--workers', '0'], { cwd: other.path });
    try {
      writeFileSync(join(other.path, 'gateway.yaml'), watched('two'));
      await watching.prints(/configuration 2 is in force: files changed \(sallyport\)/, 'stderr');
      assert.equal(await (await fetch(`http://127.0.0.1:${free}/`, { headers: { connection: 'close' } })).text(), 'two');
    } finally { assert.equal(await watching.end(), 0); }
  });

  test('runtime.watch counts from the moment that it is in force', async () => {
    using other = temporaryDirectory();
    const file = join(other.path, 'sallyport.yaml');
    const put = (body: string, watch: boolean): void => {
      writeFileSync(file, `services: { site: { protocol: http, routes: [ { respond: { status: 200, body: "${body}" } } ] } }\nruntime: { workers: 0, watch: ${String(watch)} }\n`);
    };
    put('one', false);
    const { gateway: watching } = await runGateway(['sallyport.yaml'], { cwd: other.path });
    try {
      put('two', true);
      assert.equal((await sallyport(['reload'], { cwd: other.path })).code, 0);
      put('three', true);
      await watching.prints(/configuration 3 is in force: files changed/, 'stderr');
      put('four', false);
      await watching.prints(/configuration 4 is in force: files changed/, 'stderr');
      put('five', false);
      assert.match((await sallyport(['diff', 'sallyport.yaml', '--exit-code'], { cwd: other.path })).stdout, /four -> five/);
      assert.equal((await sallyport(['reload', '--reason', 'by hand'], { cwd: other.path })).code, 0);
      await watching.prints(/configuration 5 is in force: by hand/, 'stderr');
    } finally { assert.equal(await watching.end(), 0); }
  });

  test('workers as processes or none of their own: one takes over from the other', async () => {
    using other = temporaryDirectory();
    const file = join(other.path, 'sallyport.yaml');
    const workers = (count: number): void => {
      writeFileSync(file, `services: { site: { protocol: http, routes: [ { respond: { status: 200 } } ] } }\nruntime: { workers: ${count}, drainTimeout: 1s }\n`);
    };
    workers(1);
    const { gateway: second, started } = await runGateway(['sallyport.yaml'], { cwd: other.path });
    try {
      const pids = async (): Promise<number[]> => {
        const { workers: now } = JSON.parse((await sallyport(['status', '--json'], { cwd: other.path })).stdout) as { workers: { pid: number }[] };
        return now.map(({ pid }) => pid);
      };
      workers(0);
      assert.match((await sallyport(['diff', 'sallyport.yaml'], { cwd: other.path })).stdout, /drain +runtime\.workers: one worker inside the process of the gateway takes over/);
      assert.equal((await sallyport(['reload'], { cwd: other.path })).code, 0);
      for (let look = 0; look < 50 && (await pids()).join() !== String(second.pid); look++) await new Promise((resolve) => { setTimeout(resolve, 100); });
      assert.deepEqual(await pids(), [second.pid]);
      assert.notDeepEqual(started.workers, [second.pid]);
    } finally { assert.equal(await second.end(), 0); }
  });
});
