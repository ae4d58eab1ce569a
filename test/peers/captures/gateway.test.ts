// Conversations of the captures played to a gateway with a service of `auto`: what its records say is what judge.ts says, which the other
// tests of this folder go by. One conversation of each protocol and file; clients send the segments as they were captured, and where
// a client waits, the server that is asked says what the captured one said first.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startGateway } from '../../harness/gateway.ts';
import { RawClient, startRawServer } from '../../harness/raw.ts';
import { fetchCaptures } from './archives.ts';
import type { Conversation, Piece } from './conversations.ts';
import { judgeHalves } from './halves.ts';
import { acts, firstTurn, verdictOfGateway } from './judge.ts';
import { labels } from './labels.ts';

interface Played { readonly name: string; readonly label: string; readonly conversation: Conversation; readonly turn: readonly Piece[] }

/** Of a pool that is asked only once at a time, so that it knows whom it plays. */
const atOnce = 40;

function chosen(): { byClient: Played[]; byServer: Played[] } {
  const found = new Map<string, Played>();
  const fetched = fetchCaptures();
  judgeHalves(fetched, (archive, captured) => {
    for (const conversation of captured.conversations) {
      const name = `${archive}/${captured.file}`;
      const label = labels.get(name)?.of(conversation) ?? 'unlabelled';
      const key = `${name} ${label}`;
      if (conversation.whole && !found.has(key)) found.set(key, { name, label, conversation, turn: firstTurn(conversation.said) });
    }
  });
  const all = [...found.values()];
  return { byClient: all.filter(({ turn }) => turn[0]!.side === 'client'), byServer: all.filter(({ turn }) => turn[0]!.side === 'server') };
}

describe('a gateway and captured conversations', { timeout: 120_000 }, () => {
  it('records what was identified', async (test) => {
    const { byClient, byServer } = chosen();
    if (byClient.length === 0) {
      if (process.env.CI === 'true') test.diagnostic('NOT JUDGED: see captures.test.ts');
      else test.skip('no captures: see captures.test.ts');
      return;
    }
    let playing: Played | undefined;
    const server = await startRawServer((socket) => {
      for (const { bytes } of playing?.turn ?? []) socket.write(bytes);
      socket.end();
    });
    // No protocol leads anywhere but one that is not in question: everything is closed, and recorded with what it is.
    const gateway = await startGateway('listeners:\n  spoken: { bind: 127.0.0.1:0, service: spoken }\n  asked: { bind: 127.0.0.1:0, service: asked }\nservices:\n'
      + '  spoken: { protocol: auto, services: { nntp: web } }\n  asked: { protocol: auto, services: { nntp: web }, ask: servers, wait: 20ms }\n'
      + `  web: { protocol: http, pool: servers }\npools:\n  servers: { servers: [127.0.0.1:${server.port}] }\npolicy:\n  - { id: open, then: allow }\n`);

    /** Says what a client said, until it is closed; listener and its own port tell its record from the others. */
    async function play(listener: string, { turn }: Played, side: 'client' | 'server'): Promise<string> {
      const client = new RawClient(gateway.port(listener));
      if (client.socket.connecting) await new Promise((resolve) => { client.socket.once('connect', resolve); });
      const port = client.socket.localPort!;
      for (const { bytes } of side === 'client' ? turn : []) client.send(bytes);
      // A gateway that waits for more hears that there is none.
      if (side === 'client') client.end();
      await client.untilEnd();
      return `${listener} ${port}`;
    }

    try {
      const ports = new Map<string, Played>();
      for (let at = 0; at < byClient.length; at += atOnce) {
        await Promise.all(byClient.slice(at, at + atOnce).map(async (one) => { ports.set(await play('spoken', one, 'client'), one); }));
      }
      for (const one of byServer) {
        playing = one;
        ports.set(await play('asked', one, 'server'), one);
      }
      await gateway.flushed();
      let right = 0;
      for (const [from, { name, label, conversation }] of ports) {
        const record = gateway.records.find(({ verb, listener, port }) => verb === 'IDENTIFY' && `${listener} ${port}` === from);
        const verdict = verdictOfGateway(conversation, gateway.port());
        assert.equal(record?.path, `/${verdict.protocol === '' ? 'unknown' : verdict.protocol}`, `${name} is ${label}: ${JSON.stringify(record)}`);
        if (acts(verdict) && verdict.protocol === label) right++;
      }
      test.diagnostic(`${right} of ${ports.size} conversations are of a protocol that is told, and were told right`);
      assert.ok(ports.size >= 20, `${ports.size}`);
      assert.deepEqual(gateway.bugs, []);
    } finally {
      await gateway.stop();
      await server.close();
    }
  });
});
