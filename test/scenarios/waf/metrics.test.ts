// The firewall's counters as Prometheus sees them: over two workers, and not falling when a worker dies or rules are loaded anew.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prometheusText } from '#control/metrics.ts';
import { answer, freePort, startCluster, type Cluster } from '../../harness/cluster.ts';
import { RawClient } from '../../harness/raw.ts';
import { eventually, get, startScriptedServer } from '../../harness/site.ts';

const configuration = (listen: number, server: number, more = ''): string => `
listeners: { plain: { bind: "127.0.0.1:${listen}", service: site } }
services: { site: { protocol: http, pool: web, waf: { ruleset: baseline${more} } } }
pools: { web: { servers: ["127.0.0.1:${server}"] } }
policy: [{ id: open, then: allow }]
`;

async function figures(cluster: Cluster): Promise<Record<string, number>> {
  const { plane } = cluster;
  const { counters, supervisor, trail: { statistics } } = plane;
  const [status, workers, pools, firewalls] = [await plane.status(), await plane.workers(), await plane.backends(), await plane.firewalls()];
  const text = prometheusText({ status, workers, pools, statistics, firewalls, counters, pids: supervisor.pids });
  return Object.fromEntries([...text.matchAll(/^sallyport_waf_(\S+) (\d+)$/gm)].map(([, name, value]) => [name!, Number(value)]));
}

async function attacks(cluster: Cluster, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const client = new RawClient(cluster.port()).send(get('/?q=%3Cscript%3Ealert(1)%3C/script%3E'));
    assert.match(await client.until((text) => text.includes('\r\n\r\n')), /^HTTP\/1.1 403 /);
    client.destroy();
  }
}

async function killed(cluster: Cluster, worker: number): Promise<void> {
  const pid = await cluster.pidOf(worker);
  process.kill(pid, 'SIGKILL');
  await eventually('replaced', async () => (await cluster.plane.workers()).filter(({ version, pid: one }) => version !== '' && one !== pid).length === 2);
}

test('counters of the firewall add up over workers, and never fall', { timeout: 60_000 }, async () => {
  const server = await startScriptedServer(({ reply }) => { reply(answer); });
  const listen = await freePort();
  const cluster = await startCluster(configuration(listen, server.port));
  await attacks(cluster, 12);
  const before = await figures(cluster);
  assert.equal(before['requests_total{firewall="services.site.waf"}'], 12);
  assert.equal(before['blocked_total{firewall="services.site.waf"}'], 12);
  const [rule] = Object.keys(before).filter((name) => name.startsWith('rule_hits_total'));
  assert.equal(before[rule!], 12);
  await killed(cluster, 0);
  await killed(cluster, 1);
  assert.deepEqual(await figures(cluster), before, 'all that counted are dead');
  await attacks(cluster, 3);
  const after = await figures(cluster);
  assert.equal(after[rule!], 15);
  assert.equal(after['requests_total{firewall="services.site.waf"}'], 15);
  const applied = await cluster.reload(configuration(listen, server.port, ', threshold: { inbound: 4 }'));
  assert.ok(applied.ok, JSON.stringify(applied));
  await attacks(cluster, 1);
  assert.equal((await figures(cluster))[rule!], 16, 'the rules were loaded anew');
  await cluster.stop();
  await server.close();
});
