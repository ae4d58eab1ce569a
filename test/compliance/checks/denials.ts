// Deny by default, and nothing of a denied operation at the server, however it is sent.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sendInPieces } from '../scene.ts';
import type { Subject } from '../suite.ts';

export function checkDenials({ driver, scene }: Subject): void {
  const { stream, forbidden, denied, normal = (text: string) => text } = driver;

  it('denies by default: no rule, no byte at the server, a reply of the protocol, a record', async () => {
    await scene({ rules: '  []' }, async ({ visit, record, server }) => {
      const client = visit().send(stream.before);
      await record(({ outcome }) => outcome === denied.outcome);
      if (denied.reply.source === '^$') assert.equal(await client.over(), '');
      else await client.expect(denied.reply);
      const found = await record(({ verb, kind }) => kind === 'operation' && verb === denied.verb);
      assert.deepEqual([found.outcome, found.rule], [denied.outcome, denied.rule]);
      assert.equal(server.received(), '');
      assert.equal(server.sockets().length, 0, 'nobody asked the server');
    });
  });

  if ('because' in forbidden) return;
  it('sends nothing of a denied operation to the server', async () => {
    const seenWith = async (denying: boolean): Promise<string[]> => {
      const seen: string[] = [];
      const rules = `${denying ? `  - { id: forbidden, operation: ${forbidden.rule}, then: deny }\n` : ''}  - { id: open, then: allow }\n`;
      await scene({ rules }, async (one) => {
        const { record, server } = one;
        for (const bytes of [forbidden.bytes, '']) {
          const whole = `${stream.before}${bytes}${stream.after}`;
          const waysToSend = bytes === '' || !denying ? [[whole]] : [[whole], [stream.before, bytes, stream.after], [...whole]];
          for (const pieces of waysToSend) {
            const before = server.received().length;
            const text = await sendInPieces(one, pieces, stream.done);
            if (denying && bytes !== '') assert.match(text, forbidden.reply);
            seen.push(normal(server.received().slice(before)));
          }
        }
        if (!denying) return;
        const found = await record(({ rule }) => rule === 'forbidden');
        assert.deepEqual([found.verb, found.path, found.outcome], [forbidden.verb, forbidden.path, 'denied']);
      });
      return seen;
    };
    const [whole, apart, bytewise, without] = await seenWith(true);
    assert.equal(whole, without);
    assert.equal(apart, without);
    assert.equal(bytewise, without);
    const [permitted] = await seenWith(false);
    assert.notEqual(permitted, without, 'permitted, it does reach the server: the comparison can fail');
  });
}
