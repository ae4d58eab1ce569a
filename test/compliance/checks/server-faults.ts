// A server that is not there, resets, talks nonsense or says nothing: a reply of the protocol, a record that says whose fault
// it was, and a session that ends.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '../../harness/cluster.ts';
import { startRawServer } from '../../harness/raw.ts';
import { soon } from '../scene.ts';
import type { Subject } from '../suite.ts';

const nonsense = Buffer.from('\u0000\u0001garbage \u0080\r\n\r\n\u0000', 'latin1');

export function checkServerFaults({ driver, scene }: Subject): void {
  describe('a server that', () => {
    for (const [fault, expected] of Object.entries(driver.faults) as [keyof typeof driver.faults, typeof driver.faults['refused']][]) {
      it(({ refused: 'is not there', reset: 'resets', garbage: 'talks nonsense', silent: 'says nothing' })[fault], async () => {
        const server = await startRawServer((socket) => {
          if (fault === 'reset') socket.once('data', () => { socket.resetAndDestroy(); });
          else if (fault === 'garbage') socket.write(nonsense);
          if (fault === 'reset') setImmediate(() => { if (!socket.destroyed) socket.resetAndDestroy(); });
        });
        const serverPort = fault === 'refused' ? await freePort() : server.port;
        try {
          await scene({ serverPort }, async ({ visit, gateway, pass, untilEmpty, session }) => {
            const client = visit();
            const id = await session();
            client.send(driver.stream.before);
            if (fault === 'silent') {
              await soon('the server was reached', () => server.connections.length > 0);
              for (let seconds = 0; seconds < 7200 && !expected.reply.test(client.fresh); seconds++) await pass(1000);
            }
            await client.expect(expected.reply);
            client.gone();
            await untilEmpty();
            await gateway.flushed();
            const record = gateway.records.find(({ session: of, verb, kind }) => of === id && verb === expected.verb && kind !== 'session')!;
            assert.ok(record !== undefined, 'a record of the operation');
            if (expected.outcome !== undefined) assert.equal(record.outcome, expected.outcome, JSON.stringify(record));
          });
        } finally { await server.close(); }
      });
    }
  });
}
