// A gateway as `sallyport run` starts it, looked at and steered by the other commands, and its signals.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, request, type IncomingMessage, type Server } from 'node:http';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort, runGateway, sallyport, temporaryDirectory, Staying, type Started } from './command.ts';

async function fetched(url: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  const call = get(url, { headers, agent: false });
  const [response] = await once(call, 'response') as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, text };
}

describe('a running gateway', { timeout: 120_000 }, () => {
  const directory = temporaryDirectory();
  const cwd = directory.path;
  let origin: Server;
  let port = 0;
  let address = '';
  let gateway: Staying;
  let started: Started;
  let configuration = '';
  /** Requests that the origin holds back. */
  const held: (() => void)[] = [];
  let holding: () => void = () => { /* nobody waits */ };

  before(async () => {
    origin = createServer((incoming, response) => {
      if (incoming.url === '/slow') {
        held.push(() => { response.end('slow'); });
        holding();
      } else response.end(`origin ${incoming.url ?? ''}`);
    }).listen(0, '127.0.0.1');
    await once(origin, 'listening');
    address = `127.0.0.1:${(origin.address() as AddressInfo).port}`;
    port = await freePort();
    configuration = `
zones: { lab: { networks: [203.0.113.0/24] } }
listeners: { main: { bind: "127.0.0.1:${port}", service: site } }
services: { site: { protocol: http, pool: web } }
pools: { web: { servers: [ "${address}" ] } }
policy:
  - { id: no-admin, operation: { path: /admin/** }, then: deny }
  - { id: no-lab, from: lab, then: deny }
  - { id: key, operation: { header: { x-key: right } }, then: allow }
  - { id: rest, then: allow }
runtime: { drainTimeout: 20s }
`;
    writeFileSync(join(cwd, 'sallyport.yaml'), configuration);
    ({ gateway, started } = await runGateway(['sallyport.yaml', '--workers', '1'], { cwd }));
  });

  after(async () => {
    await gateway.end('SIGKILL');
    origin.closeAllConnections();
    origin.close();
    directory[Symbol.dispose]();
  });

  const command = async (...args: string[]) => await sallyport(args, { cwd });
  const json = async <Value>(...args: string[]): Promise<Value> => {
    const ended = await command(...args, '--json');
    assert.equal(ended.code, 0, `${args.join(' ')}: ${ended.stdout}${ended.stderr}`);
    return JSON.parse(ended.stdout) as Value;
  };

  test('its socket is for its user alone, and status shows what listens', async () => {
    assert.equal(started.socket, join(cwd, '.sallyport/admin.sock'));
    assert.equal(statSync(started.socket).mode & 0o777, 0o600);
    const text = await command('status');
    assert.match(text.stdout, new RegExp(`main +127\\.0\\.0\\.1:${port} +http +site`));
    const status = await json<{ configuration: { version: string }; workers: unknown[] }>('status');
    assert.equal(status.configuration.version, started.version);
    assert.equal(status.workers.length, 1);
  });

  test('a second gateway in the same directory, or on the same port, does not start', async () => {
    const [same, port_] = await Promise.all([command('run', 'sallyport.yaml'), command('run', 'sallyport.yaml', '--state-dir', 'other')]);
    assert.equal(same.code, 1);
    assert.match(same.stderr, /runs already/);
    assert.equal(port_.code, 1);
    assert.match(port_.stderr, /in use by another program/);
    assert.equal((await fetched(`http://127.0.0.1:${port}/`)).status, 200);
  });

  test('logs show what happened, and explain says why, for a described request and for one that happened', async () => {
    const follow = new Staying(['logs', '--follow', '--json', '-n', '0', '--outcome', 'denied'], { cwd });
    const denied = fetched(`http://127.0.0.1:${port}/admin/x?password=geheim`);
    assert.equal((await denied).status, 403);
    // The follower may have begun after the first one: another is certain to be seen.
    const more = setInterval(() => { void fetched(`http://127.0.0.1:${port}/admin/y`); }, 200);
    const [line] = await follow.prints(/^\{.*"rule":"no-admin".*\}$/m);
    clearInterval(more);
    assert.equal(await follow.end('SIGINT'), 0);
    const followed = JSON.parse(line) as { id: string; outcome: string };
    assert.equal(followed.outcome, 'denied');

    const logs = await command('logs', '--rule', 'no-admin', '--json', '-n', '1000');
    const records = logs.stdout.trim().split('\n').map((text) => JSON.parse(text) as { id: string; params?: string; path: string });
    const first = records.find(({ path }) => path === '/admin/x');
    assert.equal(first?.params, 'password=***');
    const text = await command('explain', first.id);
    assert.equal(text.code, 0, text.stderr);
    assert.match(text.stdout, /no-admin +matched +deny/);
    assert.match(text.stdout, /the decision today is the one that was taken/);

    const lab = await json<{ steps: { stage: string; subject: string; outcome: string }[] }>('explain', 'GET', 'http://shop.example/x', '--from', '203.0.113.9');
    const last = lab.steps.findLast(({ stage }) => stage === 'decision');
    assert.deepEqual([last?.subject, last?.outcome], ['no-lab', 'deny']);
    const key = await json<{ steps: { stage: string; subject: string; outcome: string }[] }>('explain', 'GET', 'http://shop.example/x', '--header', 'X-Key: right');
    assert.ok(key.steps.some(({ stage, subject, outcome }) => stage === 'rule' && subject === 'key' && outcome === 'matched'));
    assert.ok(key.steps.some(({ stage, outcome }) => stage === 'upstream' && outcome === 'chosen'));
    const [noAddress, noHost] = [await command('explain', 'GET', 'http://shop.example/x', '--from', 'office'), await command('explain', 'GET', '/x')];
    assert.equal(noAddress.code, 2);
    assert.match(noAddress.stderr, /"office" is no IP address\n.*--from 203\.0\.113\.9/);
    assert.match(noHost.stdout, /http1\.host-missing[\s\S]*hint: a path alone has no host: write GET http:\/\/HOST\/x/);
    const gone = await command('explain', '000000000000000000');
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /no record/);
  });

  test('a header that rules look at is run again as it was recorded', async () => {
    assert.equal((await fetched(`http://127.0.0.1:${port}/keyed`, { 'X-Key': 'right' })).status, 200);
    const id = await recordId('--path', '/keyed');
    const explained = await json<{ comparison: { same: boolean; now: { rule: string } } }>('explain', id);
    assert.equal(explained.comparison.same, true);
    assert.equal(explained.comparison.now.rule, 'key');
  });

  /** Of the newest record that fits; records reach the store within a moment. */
  async function recordId(...filter: string[]): Promise<string> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const ended = await command('logs', '--json', '-n', '1', '--kind', 'operation', ...filter);
      if (ended.stdout !== '') return (JSON.parse(ended.stdout) as { id: string }).id;
    }
    throw new Error('no record came');
  }

  test('sessions are listed and can be ended by id; the end is in the audit log with its author', async () => {
    const waiting = new Promise<void>((resolve) => { holding = resolve; });
    const call = request(`http://127.0.0.1:${port}/slow`, { agent: false });
    call.on('error', () => { /* it is going to be ended */ });
    call.end();
    await waiting;
    const closed = new Promise<void>((resolve) => { call.on('close', resolve); });
    const { sessions } = await json<{ sessions: { id: string; service: string; servers: string[] }[] }>('sessions');
    assert.equal(sessions.length, 1);
    assert.deepEqual([sessions[0]!.service, sessions[0]!.servers], ['site', [address]]);
    assert.match((await command('sessions')).stdout, new RegExp(sessions[0]!.id));
    const ended = await command('kill', sessions[0]!.id, '--reason', 'test');
    assert.equal(ended.code, 0, ended.stderr);
    await closed;
    assert.equal((await command('kill', sessions[0]!.id)).code, 1);
    const control = await command('logs', '--kind', 'control', '--verb', 'kill', '--json');
    assert.match(control.stdout, /"outcome":"allowed"[^\n]*"user":"[^"]+"[^\n]*"reason":"test"/);
    held.length = 0;
  });

  test('a server that is drained gets nothing until it is ready again', async () => {
    assert.equal((await command('backends', 'drain', `web/${address}`)).code, 0);
    const drained = await json<{ pools: { servers: { administrative: string }[] }[] }>('backends');
    assert.equal(drained.pools[0]!.servers[0]!.administrative, 'drain');
    assert.equal((await fetched(`http://127.0.0.1:${port}/`)).status, 503);
    assert.equal((await command('backends', 'ready', `web/${address}`, '--json')).code, 0);
    assert.equal((await fetched(`http://127.0.0.1:${port}/`)).status, 200);
    assert.equal((await command('backends', 'drain', 'web/nobody')).code, 1);
    assert.equal((await command('backends', 'drain', 'nonsense')).code, 2);
  });

  test('rules are listed with what they decided', async () => {
    const { rules } = await json<{ rules: { id: string; hits: number }[] }>('rules');
    assert.deepEqual(rules.map(({ id }) => id), ['no-admin', 'no-lab', 'key', 'rest', 'default']);
    assert.ok(rules[0]!.hits >= 1);
  });

  test('SIGHUP reads the files again; a faulty file changes nothing', async () => {
    writeFileSync(join(cwd, 'sallyport.yaml'), configuration.replace('/admin/**', '/private/**'));
    gateway.signal('SIGHUP');
    await gateway.prints(/configuration 2 is in force: signal SIGHUP \(sallyport\)/, 'stderr');
    assert.equal((await fetched(`http://127.0.0.1:${port}/private/x`)).status, 403);
    writeFileSync(join(cwd, 'sallyport.yaml'), 'listeners: {{');
    gateway.signal('SIGHUP');
    await gateway.prints(/has errors: nothing was applied\n.*sallyport\.yaml:1/, 'stderr');
    assert.equal((await fetched(`http://127.0.0.1:${port}/private/x`)).status, 403);
    writeFileSync(join(cwd, 'sallyport.yaml'), configuration);
  });

  test('SIGTERM lets the request under way finish, then the command ends with 0 and leaves no socket', async () => {
    const waiting = new Promise<void>((resolve) => { holding = resolve; });
    const slow = fetched(`http://127.0.0.1:${port}/slow`);
    await waiting;
    gateway.signal('SIGTERM');
    await gateway.prints(/draining/, 'stderr');
    held.at(-1)!();
    assert.deepEqual(await slow, { status: 200, text: 'slow' });
    assert.equal(await gateway.ended, 0);
    assert.equal(existsSync(started.socket), false);
  });
});
