// wrk as load: a few seconds of kept connections, with nginx behind where it is there. Not a measurement (bench/ is): no
// socket may fail and every answer has to be good.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { assertNoBugs, freePort, startCluster } from '../harness/cluster.ts';
import { needs, runPeer } from './peer.ts';
import { startNginx } from './origins.ts';

for (const [what, path, connections] of [['small', '/small.txt', 64], ['100 KiB', '/hundred.bin', 16]] as const) {
  test(`${what} answers of nginx, ${connections} connections`, { skip: needs('wrk', 'nginx'), timeout: 60_000 }, async (context) => {
    const nginx = await startNginx(75);
    const listen = await freePort();
    const cluster = await startCluster(`
listeners: { plain: { bind: "127.0.0.1:${listen}", service: site } }
services: { site: { protocol: http, pool: web, limits: { maxRequestsPerConnection: 1000000 } } }
pools: { web: { servers: ["127.0.0.1:${nginx.port}"] } }
policy: [{ id: open, then: allow }]
`);
    const ran = await runPeer('wrk', ['-t', '1', '-c', String(connections), '-d', '2s', '--latency', `http://127.0.0.1:${listen}${path}`]);
    const output = ran.stdout.toString();
    assert.equal(ran.code, 0, output);
    assert.doesNotMatch(output, /Socket errors|Non-2xx/);
    const requests = Number(/(\d+) requests in/.exec(output)![1]);
    context.diagnostic(`${requests} requests in 2 s`);
    assert.ok(requests > 200, output);
    assertNoBugs(cluster);
    const status = await cluster.plane.status();
    assert.equal(status.workers.reduce((sum, { bugs, auditLost }) => sum + bugs + auditLost, 0), 0);
    await cluster.stop();
    await nginx.stop();
  });
}
