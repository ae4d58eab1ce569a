// The gateway's own prompts. As Telnet's NVT: erase character and erase line, as commands, edit what is typed (RFC 854 page 13).
// And no attempt to log in goes without a record, or is answered at once when it is wrong.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { hashPassword } from '#runtime/users.ts';
import { allowAll, DO, IAC, option, startScene } from './peers.ts';

const EC = `${IAC}\u00f7`;
const EL = `${IAC}\u00f8`;

it('EC and EL edit a name and a password, and never reach a host that does not echo', { timeout: 60_000 }, async () => {
  const scene = await startScene('login: {}, pool: hosts', `users:\n  joe: { password: "${hashPassword('secret')}" }\n${allowAll}`);
  const client = scene.client();
  await client.until((text) => text.endsWith('login: '));
  client.send(`${DO}${option.ECHO}${DO}${option.SGA}`);
  client.send(`xx${EL}jox${EC}e\r\0`);
  await client.until((text) => text.endsWith('e\r\nPassword: '));
  assert.ok(client.received.includes('xx\b \b\b \bjox\b \be\r\n'), JSON.stringify(client.received));
  client.send(`wrong${EL}secrex${EC}t\r\0`);
  await scene.hostUntil(() => scene.host.connections.length > 0);
  client.send(`${EC}${EL}id\r\n`);
  const received = await scene.hostUntil((text) => text.includes('id\r\n'));
  assert.ok(!received.includes(EC) && !received.includes(EL));
  await scene.stop();
});

it('a wrong password is recorded although the client has left before it was checked', { timeout: 60_000 }, async () => {
  const scene = await startScene('login: {}, pool: hosts', `users:\n  joe: { password: "${hashPassword('secret')}" }\n${allowAll}`);
  const client = scene.client();
  await client.until((text) => text.endsWith('login: '));
  client.send('joe\r\n');
  await client.until((text) => text.endsWith('Password: '));
  client.send('guess\r\n').end();
  const record = await scene.gateway.record(({ verb }) => verb === 'LOGIN');
  assert.match(record.reason!, /before the answer/);
  assert.deepEqual([record.outcome, record.facts?.['name']], ['aborted', 'joe']);
  assert.deepEqual(scene.gateway.bugs, []);
  await scene.stop();
});

it('a wrong password is answered after its delay, a right one at once; what is typed meanwhile is kept', { timeout: 60_000 }, async () => {
  const scene = await startScene('login: { failureDelay: 1500ms }, pool: hosts', `users:\n  joe: { password: "${hashPassword('secret')}" }\n${allowAll}`);
  const client = scene.client();
  await client.until((text) => text.endsWith('login: '));
  client.send('joe\r\nguess\r\njoe\r\nsecret\r\n');
  const record = await scene.gateway.record(({ verb }) => verb === 'LOGIN');
  assert.equal(record.outcome, 'denied');
  assert.doesNotMatch(client.received, /incorrect/);
  const sentMs = performance.now();
  await client.until((text) => text.includes('Login incorrect'));
  const waitedMs = performance.now() - sentMs;
  assert.ok(waitedMs > 900, `${waitedMs} ms`);
  await scene.hostUntil(() => scene.host.connections.length > 0);
  assert.ok(performance.now() - sentMs - waitedMs < 1400, 'the right one waited too');
  await scene.stop();
});
