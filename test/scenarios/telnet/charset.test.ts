// A CHARSET request that is not let through is answered: whoever asked waits for an answer (RFC 2066).
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DO, option, SB, SE, shown, startScene, WILL } from './peers.ts';

const charset = (text: string): string => `${SB}${option.CHARSET}${text}${SE}`;

it('a request for a translation table is rejected by the gateway and does not cross; one for names does', { timeout: 60_000 }, async () => {
  const scene = await startScene('', undefined, `${DO}${option.CHARSET}`);
  const client = scene.client();
  client.send(`${WILL}${option.CHARSET}`);
  await scene.hostUntil((text) => text.includes(`${WILL}${option.CHARSET}`));
  scene.hostSend(`${charset('\u0001[TTABLE ]\u0001;UTF-8')}${charset('\u0001;UTF-8')}`);
  const received = await client.until((text) => text.endsWith(SE));
  assert.equal(shown(received), shown(`${DO}${option.CHARSET}${charset('\u0001;UTF-8')}`));
  const answered = await scene.hostUntil((text) => text.endsWith(SE));
  assert.equal(shown(answered), shown(`${WILL}${option.CHARSET}${charset('\u0003')}`));
  client.send(charset('\u0002UTF-8'));
  await scene.hostUntil((text) => text.endsWith(charset('\u0002UTF-8')));
  await scene.stop();
});
