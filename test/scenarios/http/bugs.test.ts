// Faults of the gateway itself, put in on purpose: each costs exactly the session in which it strikes, which is closed and
// recorded as an error, counted, and reported with its stack; nothing passes that would not have passed without it.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { HttpService } from '#gateways/http/service.ts';
import { assertNothingLeft, eventually, get, ok, startSite, statusesIn, type Site, type SiteOptions } from '../../harness/site.ts';

/** Throws in the search for a route, for paths that say so. */
function breakRoutes({ gateway }: Site): void {
  const { routes } = gateway.worker.plan.services.get('site') as HttpService;
  const find = routes.find.bind(routes);
  routes.find = (view, zones, trace) => {
    if (view.path.startsWith('/bug')) throw new Error('put in by a test');
    return find(view, zones, trace);
  };
}

async function withBug(options: SiteOptions, breakIt: (site: Site) => void, bugs: number, scenario: (site: Site) => Promise<void>): Promise<void> {
  const site = await startSite(options);
  breakIt(site);
  await scenario(site);
  await eventually('the bugs are reported', () => site.gateway.bugs.length >= bugs);
  assert.equal(site.gateway.bugs.length, bugs);
  assert.equal(site.gateway.status().bugs, bugs);
  assert.match(site.gateway.bugs[0]!, /put in by a test[\s\S]*bugs\.test\.ts/, 'with its stack');
  await assertNothingLeft(site.gateway, bugs);
  await site.gateway.stop();
  await site.server.close();
}

test('a bug in a request closes its session and no other', async () => {
  await withBug({}, breakRoutes, 1, async ({ client, gateway, server }) => {
    const other = client().send(get('/here'));
    await other.until((text) => text.endsWith('local'));
    const peer = client().send(get('/bug'));
    assert.equal(await peer.untilEnd(), '');
    await eventually('reset', () => peer.closed);
    const record = await gateway.record(({ kind, outcome }) => kind === 'session' && outcome === 'error');
    assert.match(record.reason!, /put in by a test/);
    other.received = '';
    await other.send(get('/here')).until((text) => text.endsWith('local'));
    other.abort();
    assert.equal(server.connections.length, 0);
  });
});

test('a bug in a request behind another, in the turn of the server\'s answer, closes that session too', async () => {
  const large = 'x'.repeat(100_000);
  for (const body of ['small', large]) {
    await withBug({ serve: ({ reply }) => { setImmediate(() => { reply(ok(body)); }); } }, breakRoutes, 1, async ({ client, gateway }) => {
      const peer = client().send(get('/fine') + get('/bug') + get('/behind'));
      const text = await peer.untilEnd();
      assert.ok(statusesIn(text).length <= 1);
      assert.equal((await gateway.record(({ kind }) => kind === 'session')).outcome, 'error');
      assert.ok(gateway.records.every(({ path }) => path !== '/behind'));
    });
  }
});

test('a bug while bytes of a server are handled gives the server connection up', async () => {
  await withBug({}, ({ gateway }) => {
    const route = (gateway.worker.plan.services.get('site') as HttpService).routes.routes.find(({ id }) => id === 'web')!;
    (route.response as { build: unknown }).build = () => { throw new Error('put in by a test'); };
  }, 1, async ({ client, server, gateway }) => {
    const peer = client().send(get('/a'));
    assert.equal(await peer.untilEnd(), '');
    await eventually('its server connection is closed', () => server.connections[0]!.destroyed);
    assert.equal(gateway.status().idleServerLinks, 0);
  });
});

test('a bug when the alarm rings closes the session', async () => {
  await withBug({ service: '    timeouts: { serverFirstByte: 200ms }', serve: () => { /* never */ } }, ({ gateway }) => {
    const service = gateway.worker.plan.services.get('site') as HttpService;
    const take = service.takeExchange.bind(service);
    service.takeExchange = (connection) => {
      const exchange = take(connection);
      exchange.watch.woken = () => { throw new Error('put in by a test'); };
      return exchange;
    };
  }, 1, async ({ client, gateway }) => {
    const peer = client().send(get('/slow'));
    assert.equal(await peer.untilEnd(), '');
    assert.equal((await gateway.record(({ kind }) => kind === 'session')).outcome, 'error');
  });
});

test('a policy that throws denies: nothing reaches the server', async () => {
  await withBug({}, ({ gateway }) => {
    const { policy } = gateway.worker.plan;
    (policy as { decide: unknown }).decide = () => { throw new Error('put in by a test'); };
  }, 2, async ({ client, gateway, server }) => {
    const peer = client().send(get('/a') + get('/b'));
    await peer.until((text) => statusesIn(text).length === 2);
    assert.deepEqual(statusesIn(peer.received), ['403', '403']);
    const record = await gateway.record(({ path }) => path === '/a');
    assert.deepEqual([record.outcome, record.rule], ['denied', 'internal-error']);
    assert.equal(server.connections.length, 0);
    peer.abort();
  });
});

test('a limiter that throws closes the session: nothing reaches the server', async () => {
  await withBug({}, ({ gateway }) => {
    const { limiter } = gateway.worker.plan;
    (limiter as { admit: unknown }).admit = () => { throw new Error('put in by a test'); };
  }, 1, async ({ client, server }) => {
    const peer = client().send(get('/a'));
    assert.equal(await peer.untilEnd(), '');
    assert.equal(server.connections.length, 0);
  });
});

test('a bug that strikes again while its session is cleared away leaves no place of a limit held', async () => {
  await withBug({ serve: () => { /* never */ }, service: '    timeouts: { serverFirstByte: 200ms }' }, ({ gateway }) => {
    const service = gateway.worker.plan.services.get('site') as HttpService;
    const take = service.takeExchange.bind(service);
    service.takeExchange = (connection) => {
      const exchange = take(connection);
      exchange.watch.woken = () => { throw new Error('put in by a test'); };
      exchange.clientClosed = () => { throw new Error('put in by a test, again'); };
      return exchange;
    };
  }, 2, async ({ client }) => {
    assert.equal(await client().send(get('/slow')).untilEnd(), '');
  });
});
