// Limits of the configuration's own section, at N and N + 1: connections per address, operations a second, operations at the
// same time. Everything counted is given back.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { soon, type Scene, type Visit } from '../scene.ts';
import type { Subject } from '../suite.ts';

export function checkLimits({ driver, scene }: Subject): void {
  const { unit } = driver;
  const ready = async ({ visit }: Scene): Promise<Visit> => visit().to(unit.steps);

  it('connections per address: the second is taken, the third is not, and counts again when one has gone', async () => {
    await scene({ limits: '  few: { key: address, connections: 2 }' }, async (one) => {
      const first = await one.visit().to(1);
      const second = await one.visit().to(1);
      const third = one.visit();
      assert.equal(await third.over(), '');
      assert.equal((await one.record(({ rule }) => rule === 'few')).outcome, 'limited');
      second.gone();
      await soon('one has gone', () => one.gateway.status().sessions === 1);
      await one.visit().to(1);
      first.gone();
    });
  });

  it('operations a minute: the second passes, the third is limited, and passes when time has gone by', async () => {
    await scene({ limits: `  few: { key: address, operation: ${unit.condition}, requests: 2/m }` }, async (one) => {
      for (const expected of [unit.ok, unit.ok, unit.limited, 'later', unit.ok] as const) {
        if (expected === 'later') {
          await one.pass(60_000);
          continue;
        }
        const before = one.server.received().length;
        const client = await ready(one);
        client.send(unit.bytes);
        await client.expect(expected);
        if (expected === unit.limited) assert.ok(!one.server.received().slice(before).includes('unit'), 'nothing at the server');
        client.gone();
        await soon('it has gone', () => one.gateway.status().sessions === 0);
      }
      const record = await one.record(({ rule }) => rule === 'few');
      assert.deepEqual([record.outcome, record.verb], ['limited', unit.verb]);
    });
  });

  for (const { name, condition, options, steps, ready: prompt, bytes, over } of driver.places) {
    it(`a place is given back when its operation ends, not with the session: ${name}`, async () => {
      const twice = async (limit: string, second: (one: Scene, client: Visit) => Promise<void>): Promise<void> => {
        await scene({ ...options, limits: `  few: { key: none, operation: ${condition}, ${limit} }` }, async (one) => {
          const client = await one.visit().to(steps);
          if (prompt !== undefined) await client.expect(prompt);
          client.send(bytes);
          await client.expect(over);
          await second(one, client);
          client.gone();
          await one.untilEmpty();
        });
      };
      await twice('concurrent: 1', async (one, client) => {
        const held = (): number => one.gateway.worker.plan.limiter.tableOf('operations few none')?.held[1] ?? 0;
        await soon('its place is given back', () => held() === 0);
        assert.equal(one.gateway.status().sessions, 1, 'its session goes on');
        client.send(bytes);
        await client.expect(over);
        await one.gateway.flushed();
        assert.deepEqual(one.gateway.records.filter(({ rule }) => rule === 'few'), [], 'the second is not limited');
      });
      // It is counted at all: with a rate instead, the second is one too many.
      await twice('requests: 1/m', async (one, client) => {
        client.send(bytes);
        assert.equal((await one.record(({ rule }) => rule === 'few')).outcome, 'limited');
      });
    });
  }

  it('operations at the same time: two are under way, a third is limited, and passes when one has ended', async () => {
    await scene({ limits: `  few: { key: address, operation: ${unit.condition}, concurrent: 2 }` }, async (one) => {
      const held: Visit[] = [];
      for (let count = 0; count < 2; count++) {
        const client = await ready(one);
        const before = one.server.received().length;
        client.send(unit.held);
        const { worker } = one.gateway;
        await soon('under way', () => worker.plan.limiter.tableOf('operations held none')?.held[1] === count + 1
          && (one.server.received().length > before || unit.ok.test(client.fresh)));
        held.push(client);
      }
      const third = await ready(one);
      third.send(unit.bytes);
      await third.expect(unit.limited);
      third.gone();
      held[0]!.gone();
      await soon('one has ended', () => one.gateway.status().sessions === 1);
      const fourth = await ready(one);
      fourth.send(unit.bytes);
      await fourth.expect(unit.ok);
    });
  });
}
