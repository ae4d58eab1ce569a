// What fails, fails closed: policy, limits, inspectors, and the audit log where it must be kept.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AuditRecord } from '#contract/audit-record.ts';
import { soon, type Scene } from '../scene.ts';
import type { Subject } from '../suite.ts';

function broken(): never { throw new Error('put in by the compliance suite'); }

export function checkFailClosed({ driver, scene }: Subject): void {
  const { unit, content } = driver;
  /** A client at the operation, of which the server shall see nothing. */
  const atUnit = async (one: Scene, breakIt: () => void) => {
    const client = await one.visit().to(unit.steps);
    await one.session();
    const before = one.server.received().length;
    breakIt();
    client.send(unit.bytes);
    return { client, nothingSent: () => { assert.equal(one.server.received().slice(before), '', 'nothing reaches the server'); } };
  };
  const isDenied = async (client: Awaited<ReturnType<typeof atUnit>>['client']): Promise<void> => {
    if (unit.denied.source === '^$') assert.equal(await client.over(), '');
    else await client.expect(unit.denied);
  };

  it('policy that throws denies', async () => {
    let bugs = 0;
    await scene({}, async (one) => {
      const { policy } = one.gateway.worker.plan;
      const { client, nothingSent } = await atUnit(one, () => { (policy as { decide: unknown }).decide = broken; });
      await isDenied(client);
      nothingSent();
      const record = await one.record(({ rule }) => rule === 'internal-error');
      assert.equal(record.outcome, 'denied');
      bugs = one.gateway.status().bugs;
      assert.ok(bugs > 0 && one.gateway.bugs[0]!.includes('put in by the compliance suite'));
    }, 1);
  });

  it('a limiter that throws closes the session', async () => {
    await scene({}, async (one) => {
      const { limiter } = one.gateway.worker.plan;
      const admit = limiter.admit.bind(limiter);
      const { client, nothingSent } = await atUnit(one, () => { (limiter as { admit: unknown }).admit = broken; });
      await client.over();
      nothingSent();
      assert.equal((await one.record(({ kind }) => kind === 'session')).outcome, 'error');
      (limiter as { admit: unknown }).admit = admit;
    }, 1);
  });

  for (const fault of ['throws', 'never'] as const) {
    if ('because' in content) continue;
    it(`an inspector that ${fault === 'throws' ? 'throws' : 'never answers'} lets nothing through`, async () => {
      await scene({ service: content.service }, async (one) => {
        const client = await one.visit().to(content.steps);
        const before = one.server.received().length;
        const inspector = content.install(one.gateway, fault);
        client.send(content.bytes);
        await soon('it is looked at', () => inspector.looked);
        await one.untilEmpty();
        assert.ok(!one.server.received().slice(before).includes(content.canary), 'the server sees nothing of it');
        assert.ok(!client.everything.includes(content.canary), 'the client sees nothing of it');
      }, content.bugs[fault]);
    });
  }

  it('an audit store that refuses (onStoreFailure: refuse) stops operations and connections, and nothing passes unrecorded', async () => {
    await scene({}, async (one) => {
      const { worker } = one.gateway;
      const { client, nothingSent } = await atUnit(one, () => { worker.receive({ type: 'audit-refusing', refusing: true }); });
      await isDenied(client);
      nothingSent();
      assert.equal((await one.record(({ rule }) => rule === 'audit-unavailable')).outcome, 'denied');
      assert.equal(await one.visit().over(), '', 'new connections are not taken');
      worker.receive({ type: 'audit-refusing', refusing: false });
      const next = await one.visit().to(unit.steps);
      next.send(unit.bytes);
      await next.expect(unit.ok);
    });
  });

  it('an audit log that cannot keep up (onOverflow: refuse) does the same', async () => {
    await scene({ audit: 'audit: { onOverflow: refuse }' }, async (one) => {
      const { worker } = one.gateway;
      const filler = (): void => {
        one.gateway.keepAudit(false);
        const record = new AuditRecord();
        for (let count = 0; !worker.refusing && count < 100_000; count++) {
          record.kind = 'system';
          record.id = `filler ${count}`;
          worker.record(record);
        }
      };
      const { client, nothingSent } = await atUnit(one, filler);
      await isDenied(client);
      nothingSent();
      assert.equal(await one.visit().over(), '', 'new connections are not taken');
      one.gateway.keepAudit(true);
      assert.equal(one.gateway.status().auditLost, 0, 'no record was lost');
      const next = await one.visit().to(unit.steps);
      next.send(unit.bytes);
      await next.expect(unit.ok);
    });
  });
}
