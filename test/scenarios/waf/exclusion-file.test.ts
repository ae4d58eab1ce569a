// `waf exclude` and the configuration file, by the real command on a live gateway: what is written and where, what survives, when
// it is refused, who may do it, and what history and audit log say.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort, runGateway, sallyport, temporaryDirectory, type Ended } from '../../cli/command.ts';

const rules = `
SecRule ARGS "@rx attack" "id:1001,phase:2,pass,log,msg:'Attack in an argument',severity:CRITICAL,setvar:tx.inbound_anomaly_score=+5"
SecRule TX:inbound_anomaly_score "@ge 5" "id:949110,phase:2,deny,status:403,log,msg:'Score %{tx.inbound_anomaly_score}'"
`;

const service = `# Our services. Do not sort!
services:

  shop:                 # the shop
    protocol: 'http'
    waf:
      ruleset:   rules.conf   # ours
      exclusions:
        # the editor writes HTML
        - { rule: 1001, target: "ARGS:html", path: "/editor" }   # since May

    routes: [{ id: all, respond: { status: 200, body: hello } }]
`;

const rest = (port: number, adminPort = 0): string => `listeners: { web: { bind: "127.0.0.1:${port}", service: shop } }
policy: [{ id: all, then: allow }]
runtime: { stateDirectory: ../state }
audit: { store: { flushEvery: 50ms } }
admin:
  http:
    bind: 127.0.0.1:${adminPort}
    tokens:
      - { name: olga, role: operator, tokenSha256: ${sha256('operator-token-of-the-test')} }
      - { name: ada, role: admin, tokenSha256: ${sha256('admin-token-of-the-test')} }
`;

function sha256(text: string): string { return createHash('sha256').update(text).digest('hex'); }

interface Answer {
  record: { id: string }; applied: boolean; exclusions: object[]; written?: { file: string; line: number }; version: string;
  replay?: { refusedBefore: boolean; refusedAfter: boolean };
}

async function post(base: string, token: string, path: string, body: object): Promise<{ status: number; body: { code?: string; detail?: string } }> {
  return await new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}`, connection: 'close' };
    const sent = request(`http://${base}${path}`, { method: 'POST', headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; }).on('end', () => {
        resolve({ status: answer.statusCode!, body: JSON.parse(text) as { code?: string } });
      });
    });
    sent.on('error', reject).end(JSON.stringify(body));
  });
}

test('an exclusion goes into the file, nothing else there changes, and comes out again', { timeout: 120_000 }, async () => {
  using directory = temporaryDirectory();
  const folder = join(directory.path, 'etc');
  const cwd = directory.path;
  mkdirSync(folder);
  const port = await freePort();
  writeFileSync(join(folder, 'rules.conf'), rules);
  writeFileSync(join(folder, '10-rest.yaml'), rest(port, await freePort()));
  // The file of the service is a link, as configuration tools make them.
  const real = join(directory.path, 'shop-of-today.yaml');
  const linked = join(folder, '20-shop.yaml');
  writeFileSync(real, service);
  chmodSync(real, 0o640);
  symlinkSync(real, linked);
  const { gateway, started } = await runGateway([folder, '--workers', '1'], { cwd });
  const socket = ['--socket', started.socket];
  const run = async (...args: string[]): Promise<Ended> => await sallyport(args, { cwd });
  try {
    let incident = '';
    const get = async (target: string): Promise<number> => {
      const response = await fetch(`http://127.0.0.1:${port}${target}`, { headers: { connection: 'close', accept: 'application/json' } });
      incident = response.status === 403 ? ((await response.json()) as { incident: string }).incident : incident;
      return response.status;
    };
    assert.equal(await get('/search?q=attack'), 403);
    assert.equal(await get('/editor?html=attack'), 200);
    const preview = async (): Promise<Answer> => {
      for (let tries = 0; ; tries++) {
        const { code, stdout, stderr } = await run('waf', 'exclude', incident, '--json', ...socket);
        if (code === 0) return JSON.parse(stdout) as Answer;
        // Records are in the store a moment later.
        assert.ok(tries < 50, stderr);
      }
    };
    const proposal = await preview();
    const id = proposal.record.id;
    assert.deepEqual([proposal.applied, proposal.exclusions], [false, [{ rule: 1001, target: 'ARGS:q', path: '/search' }]]);
    assert.deepEqual([proposal.replay?.refusedBefore, proposal.replay?.refusedAfter], [true, false]);

    // Operators may look, admins may write.
    assert.equal((await post(started.http, 'operator-token-of-the-test', '/v1/waf/exclude', { id })).status, 200);
    const forbidden = await post(started.http, 'operator-token-of-the-test', '/v1/waf/exclude', { id, apply: true });
    assert.deepEqual([forbidden.status, forbidden.body.code], [403, 'forbidden']);
    assert.equal((await post(started.http, 'operator-token-of-the-test', '/v1/waf/exclusions/remove', { numbers: [1], apply: true })).status, 403);
    assert.equal(readFileSync(real, 'utf8'), service);

    // A preview of another configuration is not carried out.
    const stale = await post(started.http, 'admin-token-of-the-test', '/v1/waf/exclude', { id, apply: true, version: '0'.repeat(12) });
    assert.deepEqual([stale.status, stale.body.code], [412, 'conflict']);

    // The file says something else than what runs: nothing happens at all.
    writeFileSync(real, service.replace('body: hello', 'body: other'));
    const differs = await run('waf', 'exclude', id, '--yes', ...socket);
    assert.equal(differs.code, 1);
    assert.match(differs.stderr, /nothing was changed: the configuration files are not what the gateway runs \(files [0-9a-f]{12}, running [0-9a-f]{12}\)[^]*sallyport diff/);
    writeFileSync(real, 'services: [');
    assert.match((await run('waf', 'exclude', id, '--yes', ...socket)).stderr, /configuration files have errors/);
    writeFileSync(real, service);
    assert.equal(await get('/search?q=attack'), 403);

    const done = await run('waf', 'exclude', id, '--yes', '--reason', 'search: takes "words"', ...socket);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /tried again: passes[^]*done: configuration 2 is in force, and written: .*20-shop\.yaml:11\n/);
    const entry = `        - { rule: 1001, target: ARGS:q, path: /search, reason: 'search: takes "words"' }\n`;
    const wanted = service.replace('# since May\n', `# since May\n${entry}`);
    assert.equal(readFileSync(real, 'utf8'), wanted);
    assert.deepEqual([lstatSync(linked).isSymbolicLink(), statSync(real).mode & 0o777], [true, 0o640]);
    assert.deepEqual([readdirSync(directory.path).filter((name) => name.includes('.new')), readdirSync(folder)], [[], ['10-rest.yaml', '20-shop.yaml', 'rules.conf']]);
    assert.equal(await get('/search?q=attack'), 200);
    assert.equal(await get('/search?other=attack'), 403);
    assert.match((await run('reload', ...socket)).stdout, /nothing|same|no change/i);
    assert.match((await run('history', ...socket)).stdout, /2 .*search: takes/);

    const list = await run('waf', 'exclusions', ...socket);
    assert.match(list.stdout, /service shop\n +1 +\{ rule: 1001, target: "ARGS:html", path: "\/editor" \}\n +2 +\{ rule: 1001, target: "ARGS:q", [^\n]* +search: takes/);

    // By record, and in the running configuration alone.
    const gone = await run('waf', 'exclude', '--remove', id, '--yes', ...socket);
    assert.equal(gone.code, 0, gone.stderr);
    assert.equal(readFileSync(real, 'utf8'), service);
    assert.equal(await get('/search?q=attack'), 403);
    assert.match((await run('waf', 'exclude', '--remove', '7', '--yes', ...socket)).stderr, /no exclusion 7/);
    const alone = await run('waf', 'exclude', '--remove', '1', '--yes', '--no-file', ...socket);
    assert.match(alone.stdout, /the file was left alone/);
    assert.equal(readFileSync(real, 'utf8'), service);
    assert.equal(await get('/editor?html=attack'), 403);
    assert.match((await run('waf', 'exclude', id, '--yes', ...socket)).stderr, /not what the gateway runs/);
    assert.equal((await run('reload', ...socket)).code, 0);

    // The last one leaves an empty list, comments and all.
    assert.equal((await run('waf', 'exclude', '--remove', '1', '--yes', ...socket)).code, 0);
    assert.match(readFileSync(real, 'utf8'), /exclusions: \[\]\n {8}# the editor writes HTML\n\n {4}routes/);

    // Who, what and where is in the audit log, what was refused too.
    const logs = (await run('logs', '--kind', 'control', '--json', ...socket)).stdout;
    assert.match(logs, /"verb":"exclude"[^\n]*20-shop\.yaml:11[^\n]*ARGS:q/);
    assert.match(logs, /"verb":"unexclude"/);
    assert.match(logs, /"outcome":"refused"[^\n]*not what the gateway runs/);
    assert.match(logs, /olga is operator; changing exclusions needs admin/);
  } finally { await gateway.end('SIGKILL'); }
});

test('a file that cannot be replaced, or only with more than was wanted: nothing is changed', { timeout: 60_000 }, async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const port = await freePort();
  writeFileSync(join(cwd, 'rules.conf'), rules);
  const file = join(cwd, 'site.yaml');
  const text = `services:
  shop: { protocol: http, waf: &same { ruleset: rules.conf }, routes: [{ id: all, respond: { status: 200, body: hello } }] }
  other: { protocol: http, waf: *same, routes: [{ id: all, respond: { status: 200, body: hello } }] }
${rest(port, await freePort()).replace('../state', 'state').replace('listeners: {', 'listeners: { second: { bind: "127.0.0.1:0", service: other },')}`;
  writeFileSync(file, text);
  const { gateway, started } = await runGateway([file, '--workers', '1'], { cwd });
  try {
    const response = await fetch(`http://127.0.0.1:${port}/?q=attack`, { headers: { connection: 'close', accept: 'application/json' } });
    const { incident } = (await response.json()) as { incident: string };
    const exclude = async (): Promise<Ended> => await sallyport(['waf', 'exclude', incident, '--yes', '--socket', started.socket], { cwd });
    let ended = await exclude();
    for (let tries = 0; /there is no record/.test(ended.stderr) && tries < 50; tries++) ended = await exclude();
    assert.match(ended.stderr, /cannot be written without changing something else too/);
    assert.equal(readFileSync(file, 'utf8'), text);
    // Gone from where it was.
    renameSync(file, `${file}.away`);
    assert.match((await exclude()).stderr, /configuration files have errors/);
    assert.match((await sallyport(['history', '--socket', started.socket], { cwd })).stdout, /^.*1 /m);
    assert.equal((await fetch(`http://127.0.0.1:${port}/?q=attack`, { headers: { connection: 'close' } })).status, 403);
  } finally { await gateway.end('SIGKILL'); }
});
