// A client that goes away while it is not read from: nothing of it arrives, so that the runtime has to look.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { soon, turn } from '../scene.ts';
import type { Subject } from '../suite.ts';

export function checkUnread({ driver: { unread }, scene }: Subject): void {
  it('a client that resets while it is not read from: noticed within two seconds, and its places are free', async () => {
    await scene(unread.options ?? {}, async ({ visit, gateway, session, pass, ended }) => {
      const client = await visit().to(unread.steps);
      const id = await session();
      const bytesIn = async (): Promise<number> => (await gateway.sessions())[0]!.bytesIn;
      for (const piece of unread.pieces) {
        const before = await bytesIn();
        client.send(piece);
        await soon('it is read', async () => await bytesIn() > before);
      }
      await pass(100);
      client.client.abort();
      await client.over();
      for (let count = 0; count < 20; count++) await turn();
      assert.equal(gateway.status().sessions, 1, 'it is read from: this shows nothing');
      for (let ms = 0; ms < 2000; ms += 100) await pass(100);
      assert.equal(gateway.status().sessions, 0, 'not noticed');
      const end = (await ended(id)).find(({ kind }) => kind === 'session')!;
      assert.equal(end.outcome, 'aborted');
      assert.match(end.reason ?? '', /reset/);
    });
  });
}
