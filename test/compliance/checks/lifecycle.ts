// What an administrator does to a session, at every stage of it: drain, a new configuration, one without its service, kill.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { soon, type Scene, type Visit } from '../scene.ts';
import type { Subject } from '../suite.ts';

export function checkLifecycle({ driver, scene }: Subject): void {
  const last = driver.steps.length;
  const atEachStage = async (run: (one: Scene, visit: Visit, id: string, stage: number) => Promise<void>, ownScene = false): Promise<void> => {
    const stages = Array.from({ length: last + 1 }, (_, stage) => stage);
    const stay = async (one: Scene, stage: number): Promise<void> => {
      const visit = await one.visit().to(stage);
      await run(one, visit, await one.session(), stage);
    };
    if (ownScene) for (const stage of stages) await scene({}, (one) => stay(one, stage));
    else await scene({}, async (one) => { for (const stage of stages) await stay(one, stage); });
  };

  describe('at every stage of a session', () => {
    it('kill by id: reset, recorded with its reason, and the server let go', async () => {
      await atEachStage(async (one, visit, id, stage) => {
        one.gateway.worker.receive({ type: 'kill', session: id, reason: `killed at stage ${stage}` });
        await visit.over();
        await soon('it is gone', () => one.gateway.status().sessions === 0);
        const end = (await one.ended(id)).find(({ kind }) => kind === 'session')!;
        assert.deepEqual([end.outcome, end.reason], ['aborted', `killed at stage ${stage}`]);
        visit.gone();
      });
    });

    it('a new configuration: the session goes on', async () => {
      await atEachStage(async (one, visit, id, stage) => {
        await one.configure({ rules: `  - { id: never, operation: { path: /stage-${stage} }, then: deny }\n  - { id: open, then: allow }\n` });
        await visit.to(last);
        visit.gone();
        const records = await one.ended(id);
        assert.ok(records.every(({ outcome }) => outcome === 'allowed' || outcome === 'aborted'), JSON.stringify(records));
      });
    });

    it('a configuration without its listener: the session finishes and ends, and nobody new comes in', async () => {
      await atEachStage(async (one, visit, id) => {
        const port = one.gateway.port();
        await one.configure({ listens: false });
        await one.untilEmpty();
        await visit.over();
        const end = (await one.ended(id)).find(({ kind }) => kind === 'session')!;
        assert.ok(['allowed', 'limited', 'aborted'].includes(end.outcome), JSON.stringify(end));
        visit.gone();
        await one.configure({});
        assert.notEqual(one.gateway.port(), port, 'the old port was closed, a new one is open');
      });
    });

    it('drain: ends before its deadline is over, and nobody new comes in', async () => {
      await atEachStage(async ({ gateway, clock }, visit) => {
        const deadlineMs = 30_000;
        const startedMs = clock.nowMs();
        const drained = gateway.drained(deadlineMs);
        while (!gateway.stopped()) {
          clock.advance(100);
          gateway.worker.sweep();
          await new Promise((resolve) => { setImmediate(resolve); });
          assert.ok(clock.nowMs() - startedMs <= deadlineMs + 1000, 'drained in time');
        }
        await drained;
        await visit.over();
        assert.equal(gateway.status().sessions, 0);
        assert.equal(gateway.records.filter(({ kind }) => kind === 'session').length, 1);
      }, true);
    });
  });
}
