// Any chunking of the same bytes is the same session: the same operations, the same bytes at the server. Secrets pass and are
// not recorded.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { StoredRecord } from '#audit/record.ts';
import { sendInPieces } from '../scene.ts';
import type { Subject } from '../suite.ts';

function shown(records: readonly StoredRecord[]): string[] {
  return records.filter(({ kind }) => kind === 'operation')
    .map(({ verb, path, outcome, rule, status, user }) => [verb, path, outcome, rule, status, user].join(' '));
}

export function checkBytes({ driver, scene }: Subject): void {
  const { stream, secret, normal = (text: string) => text } = driver;
  const whole = stream.before + stream.after;

  it('any chunking: identical operations, identical bytes at the server', async () => {
    await scene({}, async (one) => {
      const { gateway, server } = one;
      const outcomes: { how: string; sent: string; operations: string[] }[] = [];
      const ways: [string, string[]][] = [['whole', [whole]], ['byte by byte', [...whole]]];
      for (let at = 1; at < whole.length; at++) ways.push([`split at ${at}`, [whole.slice(0, at), whole.slice(at)]]);
      for (const [how, pieces] of ways) {
        const before = server.received().length;
        const recorded = gateway.records.length;
        await sendInPieces(one, pieces, stream.done);
        outcomes.push({ how, sent: normal(server.received().slice(before)), operations: shown(gateway.records.slice(recorded)) });
      }
      const [first] = outcomes;
      assert.deepEqual(first!.operations.map((text) => text.split(' ').slice(0, 2).join(' ')), stream.operations, 'each operation one record');
      for (const { how, sent, operations } of outcomes) {
        assert.equal(sent, first!.sent, how);
        assert.deepEqual(operations, first!.operations, how);
      }
    });
  });

  it('a secret is used, and masked in every record', async () => {
    assert.ok(whole.includes(secret), 'the session of the driver carries its secret');
    await scene({}, async ({ visit, session, ended }) => {
      const client = await visit().to(driver.steps.length);
      const id = await session();
      client.gone();
      const records = await ended(id);
      assert.ok(records.length > 1);
      assert.equal(records.at(-1)!.user ?? '', driver.user, 'the session record says who it was');
    });
  });
}
