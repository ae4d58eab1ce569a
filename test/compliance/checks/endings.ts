// Every way to end at every stage: a client or a server that finishes sending, resets or falls silent before, inside and
// behind each move of the canonical session. The session ends by itself, once, and leaves nothing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type net from 'node:net';
import { soon, turn, type Scene, type Visit } from '../scene.ts';
import type { Subject } from '../suite.ts';

type Act = (visit: Visit, scene: Scene) => void;

const openSockets = ({ server }: Scene): net.Socket[] => server.sockets().filter((socket) => !socket.destroyed);

const acts: Readonly<Record<string, Act>> = {
  'the client falls silent': () => { /* nothing comes any more */ },
  'the client finishes sending': ({ client }) => { client.end(); },
  'the client resets': ({ client }) => { client.abort(); },
  'the server finishes sending': (_, scene) => { for (const socket of openSockets(scene)) socket.end(); },
  'the server resets': (_, scene) => { for (const socket of openSockets(scene)) socket.resetAndDestroy(); },
  'both reset': ({ client }, scene) => {
    client.abort();
    for (const socket of openSockets(scene)) socket.resetAndDestroy();
  },
};

export function checkEndings({ driver, scene }: Subject): void {
  describe('ends at every stage, once, by itself', () => {
    for (const [name, act] of Object.entries(acts)) {
      it(name, async () => {
        await scene({}, async (one) => {
          for (let stage = 0; stage <= driver.steps.length; stage++) {
            const sent = driver.steps[stage]?.send ?? '';
            // Between two moves, half a move sent, a move sent that the server does not answer.
            for (const part of sent === '' ? [''] : ['', sent.slice(0, Math.ceil(sent.length / 2)), sent]) {
              await oneEnding(one, stage, part, act);
            }
          }
        });
      });
    }
  });
}

async function oneEnding(scene: Scene, stage: number, part: string, act: Act): Promise<void> {
  const { gateway, server } = scene;
  const where = `stage ${stage}, ${part.length} bytes of the next move sent`;
  server.mute(false);
  const visit = await scene.visit().to(stage);
  const id = await scene.session();
  if (part !== '') {
    const { bytesIn } = (await gateway.sessions())[0]!;
    server.mute(true);
    visit.send(part);
    await soon('it is read', async () => ((await gateway.sessions())[0]?.bytesIn ?? Infinity) >= bytesIn + part.length);
    await turn();
  }
  act(visit, scene);
  await turn();
  await scene.untilEmpty();
  server.mute(false);
  const records = await scene.ended(id);
  await gateway.flushed();
  assert.equal(records.filter(({ kind }) => kind === 'session').length, 1, where);
  assert.equal(gateway.status().bugs, 0, where);
  await soon(`the client sees the end, ${where}`, () => visit.client.closed || visit.client.ended || visit.client.socket.destroyed);
  visit.gone();
}
