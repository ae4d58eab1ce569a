// What a rule leaves out of the audit log (`audit: false`) is counted all the same: operations in metrics are all that there were.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Subject } from '../suite.ts';

export function checkUnaudited({ driver, scene }: Subject): void {
  it('audit: false: the canonical session leaves fewer records of what was allowed, and the rest is counted', async () => {
    const counts: { recorded: number; counted: number }[] = [];
    for (const rule of ['then: allow', 'then: allow, audit: false']) {
      await scene({ rules: `  - { id: open, ${rule} }\n` }, async (one) => {
        const visit = await one.visit().to(driver.steps.length);
        const session = await one.session();
        // In good order: what is cut is recorded whatever the rule says.
        visit.client.end();
        const records = await one.ended(session);
        visit.gone();
        await one.gateway.flushed();
        counts.push({ recorded: records.filter(({ kind, outcome }) => kind === 'operation' && outcome === 'allowed').length, counted: one.gateway.unrecorded() });
      });
    }
    const [audited, quiet] = counts as [typeof counts[0], typeof counts[0]];
    assert.ok(audited.recorded > 0);
    assert.equal(audited.counted, 0);
    assert.ok(quiet.counted > 0, JSON.stringify(counts));
    assert.equal(quiet.recorded + quiet.counted, audited.recorded, JSON.stringify(counts));
  });
}
