// Inspectors on FTP transfers: one that finds the EICAR test file, in both modes and both directions, with a verdict in the
// middle, at the end, and late. The inspector is put in where the session layer would hand one out.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import type { ContentInspection, Verdict } from '#contract/inspection.ts';
import { Session } from '#session/session.ts';
import type { GatewayUnderTest } from '../../harness/gateway.ts';
import { behaveAgain, FtpClient, startFtp, startScriptedServer } from './peers.ts';

/** In two parts, so that no scanner takes this file for it. */
const eicar = `X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-${'ANTIVIRUS-TEST-FILE!$H+H*'}`;
const found: Verdict = { inspector: 'eicar', action: 'block', code: 'eicar', evidence: 'EICAR test file' };
const clean: Verdict = { inspector: 'eicar', action: 'pass', code: '', evidence: '' };

class EicarInspection implements ContentInspection {
  static when: 'at-once' | 'at-end' | 'late' = 'at-once';
  static abandoned = 0;
  #tail = '';
  #found = false;

  feed(bytes: Buffer, start: number, end: number): Verdict | undefined {
    const text = this.#tail + bytes.toString('latin1', start, end);
    this.#found ||= text.includes(eicar);
    this.#tail = text.slice(-eicar.length);
    return this.#found && EicarInspection.when === 'at-once' ? found : undefined;
  }

  finish(done: (verdict: Verdict) => void): void {
    const verdict = this.#found ? found : clean;
    if (EicarInspection.when === 'late') setTimeout(() => { done(verdict); }, 50);
    else done(verdict);
  }

  abandon(): void { EicarInspection.abandoned++; }
}

Session.prototype.inspect = () => new EicarInspection();

const server = await startScriptedServer();
after(async () => { await server.close(); });
const infected = Buffer.concat([Buffer.alloc(300_000, 'a'), Buffer.from(eicar), Buffer.alloc(300_000, 'b')]);
const harmless = Buffer.alloc(600_000, 'c');
server.files['/infected'] = infected;
server.files['/harmless'] = harmless;

async function download(gateway: GatewayUnderTest, name: string): Promise<{ reply: string; bytes: number; reset: boolean }> {
  const client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  await client.command(`RETR ${name}`);
  const reply = await client.reply();
  while (!data.ended && !data.closed) await Promise.race([once(data.socket, 'end'), once(data.socket, 'close')]).catch(() => undefined);
  client.close();
  data.destroy();
  return { reply, bytes: data.received.length, reset: !data.ended };
}

async function upload(gateway: GatewayUnderTest, bytes: Buffer): Promise<{ reply: string; stored: number; end: string }> {
  const client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  await client.command('STOR x');
  data.send(bytes).end();
  const reply = await client.reply();
  const session = server.sessions.at(-1)!;
  client.close();
  data.destroy();
  return { reply, stored: session.stored!.length, end: session.storedEnd };
}

for (const mode of ['kill', 'hold'] as const) {
  for (const when of ['at-once', 'at-end', 'late'] as const) {
    test(`${mode}, verdict ${when}`, async () => {
      EicarInspection.when = when;
      const gateway = await startFtp(server, `    content: { mode: ${mode} }`);
      assert.deepEqual(await download(gateway, '/harmless'), { reply: '226 Done.', bytes: harmless.length, reset: false });
      assert.deepEqual(await upload(gateway, harmless), { reply: '226 Stored.', stored: harmless.length, end: 'fin' });
      const down = await download(gateway, '/infected');
      assert.match(down.reply, /^550 The content/);
      assert.ok(down.reset, 'a cut file looks cut');
      const up = await upload(gateway, infected);
      assert.match(up.reply, /^553 The content/);
      assert.equal(up.end, 'reset');
      if (mode === 'hold') assert.deepEqual([down.bytes, up.stored], [0, 0]);
      const record = await gateway.record(({ verb, outcome }) => verb === 'STOR' && outcome === 'denied');
      assert.equal(record.rule, 'eicar');
      assert.deepEqual(gateway.bugs, []);
      await gateway.stop();
      behaveAgain(server);
    });
  }
}

test('hold: a file as large as may be held, and one byte more', async () => {
  EicarInspection.when = 'at-end';
  const gateway = await startFtp(server, '    content: { mode: hold, maxHeldBytes: 1000 }');
  assert.match((await upload(gateway, Buffer.alloc(1000, 'x'))).reply, /^226/);
  const over = await upload(gateway, Buffer.alloc(1001, 'x'));
  assert.match(over.reply, /^552/);
  assert.equal(over.stored, 0);
  assert.deepEqual(gateway.bugs, []);
  await gateway.stop();
});

test('an inspection is given up when the transfer is', async () => {
  const gateway = await startFtp(server);
  const before = EicarInspection.abandoned;
  const client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  await client.command('STOR x');
  data.socket.resetAndDestroy();
  assert.match(await client.reply(), /^426/);
  assert.equal(EicarInspection.abandoned, before + 1);
  client.close();
  await gateway.stop();
});
