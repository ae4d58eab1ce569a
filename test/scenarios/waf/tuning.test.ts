// The firewall as an administrator works with it, by the real command: check, run, report, an exclusion for a false alarm with its
// effect on the past, tests against a draft, rule files that change, an installed rule set.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort, sallyport, Staying, temporaryDirectory } from '../../cli/command.ts';

const rules = `
SecRule ARGS "@rx attack" "id:1001,phase:2,pass,log,msg:'Attack in an argument',tag:'own/attack',severity:CRITICAL,setvar:tx.inbound_anomaly_score=+5"
SecRule ARGS "@rx odd" "id:1002,phase:2,pass,log,msg:'Odd argument',severity:NOTICE,setvar:tx.inbound_anomaly_score=+2"
SecRule TX:inbound_anomaly_score "@ge 5" "id:949110,phase:2,deny,status:403,log,msg:'Score %{tx.inbound_anomaly_score}'"
`;

const configuration = (port: number): string => `
listeners: { web: { bind: "127.0.0.1:${port}", service: shop } }
services:
  shop:
    protocol: http
    waf: { ruleset: rules.conf }
    routes: [{ id: all, respond: { status: 200, body: hello } }]
policy: [{ id: all, then: allow }]
runtime: { stateDirectory: state }
audit: { store: { flushEvery: 50ms } }
`;

interface Answer { effect: { refused: number; wouldPass: number; otherMatches: number }; exclusions: object[]; applied: boolean }

test('from a false alarm to an exclusion', { timeout: 90_000 }, async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const port = await freePort();
  writeFileSync(join(cwd, 'rules.conf'), rules);
  writeFileSync(join(cwd, 'sallyport.yaml'), configuration(port));
  assert.equal((await sallyport(['check', 'sallyport.yaml', '--strict'], { cwd })).code, 0);
  const gateway = new Staying(['run', 'sallyport.yaml', '--workers', '1'], { cwd });
  try {
    await gateway.prints(/admin\.sock/);
    const get = async (target: string): Promise<number> => {
      const response = await fetch(`http://127.0.0.1:${port}${target}`, { headers: { connection: 'close', accept: 'application/json' } });
      incident = response.status === 403 ? ((await response.json()) as { incident: string }).incident : incident;
      return response.status;
    };
    let incident = '';
    assert.equal(await get('/search?q=attack'), 403);
    assert.equal(await get('/search?q=attack+odd'), 403);
    assert.equal(await get('/search?q=odd'), 200);
    assert.equal(await get('/search?other=attack'), 403);
    assert.equal(await get('/search?q=an+attack'), 403);
    const json = async <Value>(...args: string[]): Promise<Value> => {
      const { code, stdout, stderr } = await sallyport([...args.slice(0, 2), '--json', ...args.slice(2)], { cwd });
      assert.ok(code === 0 || code === 1, stderr);
      return JSON.parse(stdout) as Value;
    };
    // Records are in the store a moment later.
    let report = { requests: 0, blocked: 0, rules: [] as { rule: number; requests: number }[] };
    for (let tries = 0; report.requests < 5 && tries < 50; tries++) report = await json('waf', 'report');
    assert.deepEqual([report.requests, report.blocked, report.rules.map(({ rule, requests }) => [rule, requests])], [5, 4, [[1001, 4], [1002, 2]]]);
    const proposal = await json<Answer>('waf', 'exclude', incident);
    assert.deepEqual(proposal.exclusions, [{ rule: 1001, target: 'ARGS:q', path: '/search' }]);
    assert.deepEqual([proposal.effect.refused, proposal.effect.wouldPass, proposal.effect.otherMatches, proposal.applied], [3, 3, 0, false]);
    assert.equal(await get('/search?q=attack'), 403);
    writeFileSync(join(cwd, 'draft.conf'), 'SecRuleRemoveById 1001\n');
    const tested = await json<{ results: { now: { blocked: boolean }; draft: { blocked: boolean } }[]; history: { replayed: number; wouldPass: number } }>(
      'waf', 'test', '--curl', '--with', 'draft.conf', '--history', '1h', '--', 'http://a/search?q=attack');
    assert.deepEqual([tested.results[0]!.now.blocked, tested.results[0]!.draft.blocked], [true, false]);
    assert.deepEqual([tested.history.replayed >= 5, tested.history.wouldPass >= 4], [true, true]);
    assert.equal((await json<Answer>('waf', 'exclude', incident, '--yes', '--reason', 'harmless')).applied, true);
    assert.equal(await get('/search?q=attack'), 200);
    assert.equal(await get('/search?other=attack'), 403);
    assert.match((await sallyport(['history'], { cwd })).stdout, /harmless/);
    let learned = { paths: [] as { path: string; arguments: { name: string }[] }[] };
    for (let tries = 0; learned.paths.length === 0 && tries < 50; tries++) learned = await json('waf', 'learn', '--min', '1');
    assert.deepEqual(learned.paths.map(({ path, arguments: found }) => [path, found.map(({ name }) => name)]), [['/search', ['q']]]);
    assert.match((await sallyport(['waf', 'learn', '--min', '1'], { cwd })).stdout, /shop \/search {2}GET {2}1 request, 1 client\n +ARGUMENT[^]*  q +1 +word/);
    writeFileSync(join(cwd, 'learned.conf'), (await sallyport(['waf', 'learn', '--min', '1', '--rules'], { cwd })).stdout);
    assert.match((await sallyport(['waf', 'test', '--with', 'learned.conf', '--curl', '--', 'http://a/search?debug=1'], { cwd })).stdout, /has not been seen with/);
    const hits = await json<{ sets: { rules: { id: number; hits: number }[] }[] }>('waf', 'rules');
    assert.ok(hits.sets[0]!.rules.some(({ id, hits: count }) => id === 1001 && count > 0));
    const { stdout } = await sallyport(['explain', incident], { cwd });
    assert.match(stdout, /Firewall[^]*1001 +matched +ARGS:/);
    // Rule files that change are read at a reload, though the configuration says the same; broken ones change nothing.
    assert.equal((await sallyport(['reload'], { cwd })).code, 0);
    writeFileSync(join(cwd, 'rules.conf'), rules.replace('@rx attack', '@rx assault'));
    assert.equal((await sallyport(['reload'], { cwd })).code, 0);
    assert.equal(await get('/search?other=attack'), 200);
    assert.equal(await get('/search?other=assault'), 403);
    // The exclusion is in the file, so that a reload keeps it.
    assert.equal(await get('/search?q=assault'), 200);
    writeFileSync(join(cwd, 'rules.conf'), 'SecRule ARGS "@nothing x" "id:1"\n');
    const refused = await sallyport(['reload'], { cwd });
    assert.equal(refused.code, 1);
    assert.match(refused.stdout + refused.stderr, /rules\.conf:1:\d+/);
    assert.equal(await get('/search?other=assault'), 403);
  } finally { await gateway.end('SIGKILL'); }
});

test('install-crs: an archive becomes the rule set in use; a wrong checksum and a broken set change nothing', { timeout: 60_000 }, async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const pack = (version: string, text: string): string => {
    const folder = join(cwd, `coreruleset-${version}`);
    mkdirSync(join(folder, 'rules'), { recursive: true });
    writeFileSync(join(folder, 'crs-setup.conf.example'), 'SecAction "id:900990,phase:1,pass,nolog,setvar:tx.crs_setup_version=480"\n');
    writeFileSync(join(folder, 'rules', 'REQUEST-942.conf'), text);
    execFileSync('tar', ['czf', `${version}.tar.gz`, `coreruleset-${version}`], { cwd });
    return `${version}.tar.gz`;
  };
  const install = async (...args: string[]) => await sallyport(['waf', 'install-crs', '--state-dir', 'state', ...args], { cwd });
  const first = await install('--file', pack('4.0.1', 'SecRule ARGS "@rx attack" "id:942001,phase:2,deny"\n'));
  assert.equal(first.code, 0, first.stderr);
  assert.equal(readlinkSync(join(cwd, 'state', 'crs', 'current')), 'coreruleset-4.0.1');
  const broken = await install('--file', pack('4.0.2', 'SecRule ARGS "@nothing attack" "id:942001,phase:2,deny"\n'));
  assert.match(broken.stderr, /cannot be used[^]*REQUEST-942\.conf:1:\d+/);
  assert.match((await install('--file', pack('4.0.3', '# nothing\n'), '--sha256', '00')).stderr, /nothing was installed/);
  assert.equal(readlinkSync(join(cwd, 'state', 'crs', 'current')), 'coreruleset-4.0.1');
  writeFileSync(join(cwd, 'site.yaml'), configuration(0).replace('ruleset: rules.conf', 'ruleset: crs'));
  assert.equal((await sallyport(['check', 'site.yaml'], { cwd })).code, 0);
});
