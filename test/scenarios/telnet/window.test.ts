// The size of a client's window while it is dragged: not every step reaches the host, the last one always does.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DO, option, SB, SE, shown, startScene, WILL } from './peers.ts';

const size = (columns: number): string => `${SB}${option.NAWS}\0${String.fromCharCode(columns)}\0\u0018${SE}`;
const sizes = /<ff><fa><1f>(.*?)<ff><f0>/g;

it('the last size of a window that is dragged reaches the host, however fast the sizes came', { timeout: 60_000 }, async () => {
  const scene = await startScene('limits: { suboptionsPerSecond: 5 }', undefined, `${DO}${option.NAWS}`);
  const client = scene.client();
  client.send(`${WILL}${option.NAWS}`);
  await scene.hostUntil((text) => text.includes(`${WILL}${option.NAWS}`));
  await client.until((text) => text.includes(`${DO}${option.NAWS}`));
  for (let columns = 61; columns <= 120; columns++) client.send(size(columns));
  const received = await scene.hostUntil((text) => text.includes(size(120)));
  const passed = [...shown(received).matchAll(sizes)].map(([, bytes]) => bytes);
  assert.ok(passed.length >= 6 && passed.length <= 16, `${passed.length} of 60 passed`);
  // A size behind it takes its place: nothing old comes later.
  await scene.gateway.flushed();
  client.send(size(90));
  const after = await scene.hostUntil((text) => text.includes(size(90)));
  assert.ok(after.endsWith(size(90)));
  await scene.stop();
});
