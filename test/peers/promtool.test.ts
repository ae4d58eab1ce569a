// The metrics as Prometheus' own tool reads and judges them, with names that need escaping in their labels.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { AuditStatistics } from '#audit/statistics.ts';
import { CounterTotals } from '#control/counter-totals.ts';
import { prometheusText } from '#control/metrics.ts';
import { needs, pathOf } from './peer.ts';
import { startCluster, freePort, Load, answer } from '../harness/cluster.ts';
import { eventually, startScriptedServer } from '../harness/site.ts';

function judged(text: string): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(pathOf('promtool'), ['check', 'metrics'], { input: text, encoding: 'utf8', timeout: 30_000 });
  return { code: status, said: `${stdout}${stderr}` };
}

test('promtool finds nothing wrong, and sums do not fall when a worker dies', { skip: needs('promtool'), timeout: 60_000 }, async () => {
  const server = await startScriptedServer(({ reply }) => { reply(answer); });
  const cluster = await startCluster(`
listeners: { plain: { bind: "127.0.0.1:${await freePort()}", service: site } }
services: { site: { protocol: http, pool: web } }
pools: { web: { servers: [{ name: first, address: "127.0.0.1:${server.port}" }] } }
policy: [{ id: no, operation: { path: /no }, then: deny }, { id: open, then: allow }]
limits: { both: { key: address, requests: 100000/s, connections: 1000 } }
`);
  try {
    const { plane } = cluster;
    const metrics = async (): Promise<string> => prometheusText({
      status: await plane.status(), workers: await plane.workers(), pools: await plane.backends(), statistics: plane.trail.statistics,
      counters: plane.counters, pids: plane.supervisor.pids, firewalls: await plane.firewalls(),
    });
    const load = new Load(cluster.port(), 8, 10);
    await load.more(300);
    await load.stop();
    await eventually('the records are counted', () => plane.trail.statistics.records > 300);
    const before = await metrics();
    assert.deepEqual(judged(before), { code: 0, said: '' });
    const valueOf = (text: string, series: string): number => Number(text.split('\n').find((line) => line.startsWith(`${series} `))?.split(' ')[1]);
    const requests = 'sallyport_server_requests_total{pool="web",server="first"}';
    const hits = 'sallyport_rule_hits_total{rule="open",effect="allow"}';
    assert.ok(valueOf(before, requests) >= 300);
    assert.equal(valueOf(before, 'sallyport_limit_keys{limit="both",measure="operations"}'), 1);
    assert.equal([...before.matchAll(/^sallyport_limit_refused_total\{/gm)].length, 2, 'one series for each measure');
    for (const worker of [0, 1]) process.kill(await cluster.pidOf(worker), 'SIGKILL');
    await eventually('both replaced', async () => (await plane.workers()).filter(({ version }) => version !== '').length === 2 && plane.supervisor.restarts === 2);
    const after = await metrics();
    assert.equal(valueOf(after, requests), valueOf(before, requests));
    assert.equal(valueOf(after, hits), valueOf(before, hits));
    assert.equal(judged(after).code, 0);
  } finally {
    await cluster.stop();
    await server.close();
  }
});

test('labels hold any text', { skip: needs('promtool') }, async () => {
  const statistics = new AuditStatistics();
  statistics.addText('{"kind":"operation","outcome":"allowed","service":"a\\\\b\\"c","status":200,"ms":3}\n');
  const audit = { lostInWorkers: 0, lostInStore: 0, refusing: false, sinks: [{ name: 'syslog', counters: { dropped: 2 } }] };
  const status = { configuration: { number: 1, version: 'v', pending: undefined }, productVersion: '"\\\n', startedAtMs: 0, workerRestarts: 0, audit };
  const text = prometheusText({ status: status as never, workers: [], pools: [], statistics, counters: new CounterTotals(), pids: [], firewalls: [] });
  assert.deepEqual(judged(text), { code: 0, said: '' });
});

test('the judge can say no', { skip: needs('promtool') }, () => {
  assert.notEqual(judged('# TYPE a counter\na 1\n').code, 0);
  assert.notEqual(judged('a{b="c} 1\n').code, 0);
});
