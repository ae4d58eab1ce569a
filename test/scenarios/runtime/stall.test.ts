// A process that was held up (a busy machine, a paused one) finds time limits past and bytes waiting at once: what came in
// time counts, whatever the clock says by then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get, ok, statusesIn, withSite, type Serve } from '../../harness/site.ts';

/** Holds up the whole process. No waiting for something: the stall is what is tested. */
function stall(ms: number): void { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms); }

test('a request that came before a stall is answered, though its time is over behind it', async () => {
  await withSite({ service: '    timeouts: { clientHeader: 200ms }' }, async (site) => {
    for (let round = 0; round < 5; round++) {
      const client = site.client().send('GET /here HTTP/1.1\r\n');
      while ((await site.gateway.sessions()).length < round + 1) await new Promise((resolve) => { setImmediate(resolve); });
      client.send('Host: site.example\r\n\r\n');
      stall(300);
      await client.until((text) => text.endsWith('local'));
      assert.deepEqual(statusesIn(client.received), ['200']);
    }
  });
});

test('an answer of the server that came before a stall is passed on', async () => {
  const serve: Serve = ({ reply }) => {
    reply(ok('world'));
    stall(300);
  };
  await withSite({ service: '    timeouts: { serverFirstByte: 200ms }', serve }, async (site) => {
    for (let round = 0; round < 5; round++) {
      const client = site.client().send(get('/web'));
      await client.until((text) => text.endsWith('world'));
      assert.deepEqual(statusesIn(client.received), ['200']);
    }
  });
});
