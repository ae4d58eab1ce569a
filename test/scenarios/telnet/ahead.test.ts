// What a client sends before its host is reached: all of it arrives, in order, however much it is.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import { hashPassword } from '#runtime/users.ts';
import { allowAll, startScene } from './peers.ts';

const sha256 = (text: string): string => createHash('sha256').update(text, 'latin1').digest('hex');

for (const [name, length] of [['a little', 4096], ['one byte more', 4097], ['much', 3_000_000]] as const) {
  it(`${name} (${length} bytes) sent before the connection to the host is there arrives whole`, { timeout: 60_000 }, async () => {
    const scene = await startScene();
    const sent = Buffer.alloc(length, 'some text of a script\r\n').toString('latin1');
    const client = scene.client().send(sent);
    const received = await scene.hostUntil((text) => text.length >= length);
    assert.equal(sha256(received), sha256(sent));
    client.destroy();
    await scene.stop();
  });
}

it('what is pasted behind a name and a password arrives whole', { timeout: 60_000 }, async () => {
  const scene = await startScene('login: {}, pool: hosts', `users:\n  joe: { password: "${hashPassword('secret')}" }\n${allowAll}`);
  const sent = Buffer.alloc(500_000, 'some text of a script\r\n').toString('latin1');
  const client = scene.client().send(`joe\r\nsecret\r\n${sent}`);
  const received = await scene.hostUntil((text) => text.length >= sent.length);
  assert.equal(sha256(received), sha256(sent));
  client.destroy();
  await scene.stop();
});
