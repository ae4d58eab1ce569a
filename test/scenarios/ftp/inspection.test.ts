// Inspectors on FTP transfers: one that finds the EICAR test file, in both modes and both directions, with a verdict in the
// middle, at the end, and late, that blocks or only tells.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import type { ContentInspection, Inspector, Verdict } from '#contract/inspection.ts';
import type { GatewayUnderTest } from '../../harness/gateway.ts';
import { behaveAgain, FtpClient, startFtp, startScriptedServer } from './peers.ts';

/** In two parts, so that no scanner takes this file for it. */
const eicar = `X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-${'ANTIVIRUS-TEST-FILE!$H+H*'}`;
type When = 'at-once' | 'at-end' | 'late';

/** An antivirus as it would come through the interface: it looks for one thing, across pieces. */
class EicarInspector implements Inspector {
  readonly name = 'eicar';
  readonly mode: 'kill' | 'hold';
  readonly when: When;
  readonly action: 'block' | 'alert';
  readonly maxHeldBytes: number;
  abandoned = 0;

  constructor(mode: 'kill' | 'hold', when: When, action: 'block' | 'alert' = 'block', maxHeldBytes = 1_000_000) {
    this.mode = mode;
    this.when = when;
    this.action = action;
    this.maxHeldBytes = maxHeldBytes;
  }

  open(): ContentInspection { return new EicarInspection(this); }
}

class EicarInspection implements ContentInspection {
  readonly holdsBytes: number;
  readonly needsSha256 = false;
  readonly #inspector: EicarInspector;
  #tail = '';
  #found = false;
  #told = false;

  constructor(inspector: EicarInspector) {
    this.#inspector = inspector;
    this.holdsBytes = inspector.mode === 'hold' ? inspector.maxHeldBytes : 0;
  }

  get #verdict(): Verdict {
    return this.#found && !this.#told ? { inspector: 'eicar', action: this.#inspector.action, code: 'eicar', evidence: 'EICAR test file' }
      : { inspector: 'eicar', action: 'pass', code: '', evidence: '' };
  }

  feed(bytes: Buffer, start: number, end: number): Verdict | undefined {
    const text = this.#tail + bytes.toString('latin1', start, end);
    this.#found ||= text.includes(eicar);
    this.#tail = text.slice(-eicar.length);
    if (!this.#found || this.#told || this.#inspector.when !== 'at-once') return undefined;
    const verdict = this.#verdict;
    this.#told = true;
    return verdict;
  }

  finish(done: (verdict: Verdict) => void): void {
    const verdict = this.#verdict;
    if (this.#inspector.when === 'late') setTimeout(() => { done(verdict); }, 50);
    else done(verdict);
  }

  abandon(): void { this.#inspector.abandoned++; }
}

const server = await startScriptedServer();
after(async () => { await server.close(); });
const infected = Buffer.concat([Buffer.alloc(300_000, 'a'), Buffer.from(eicar), Buffer.alloc(300_000, 'b')]);
const harmless = Buffer.alloc(600_000, 'c');
server.files['/infected'] = infected;
server.files['/harmless'] = harmless;

/** `begun`: there was a 150. */
async function download(gateway: GatewayUnderTest, name: string): Promise<{ begun: boolean; reply: string; bytes: number; reset: boolean }> {
  const client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  const first = await client.command(`RETR ${name}`);
  const reply = first.startsWith('150') ? await client.reply() : first;
  while (!data.ended && !data.closed) await Promise.race([once(data.socket, 'end'), once(data.socket, 'close')]).catch(() => undefined);
  client.close();
  data.destroy();
  return { begun: first !== reply, reply, bytes: data.received.length, reset: !data.ended };
}

/** `stored` -1: the server has not heard of it. */
async function upload(gateway: GatewayUnderTest, bytes: Buffer): Promise<{ reply: string; stored: number; end: string }> {
  const client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  await client.command('STOR x');
  data.send(bytes).end();
  const reply = await client.reply();
  const session = server.sessions.at(-1)!;
  client.close();
  data.destroy();
  const heard = session.commands.some((command) => command.startsWith('STOR'));
  return { reply, stored: heard ? session.stored!.length : -1, end: session.storedEnd };
}

for (const mode of ['kill', 'hold'] as const) {
  for (const when of ['at-once', 'at-end', 'late'] as const) {
    test(`${mode}, verdict ${when}`, async () => {
      const gateway = await startFtp(server, '', '', '', [new EicarInspector(mode, when)]);
      assert.deepEqual(await download(gateway, '/harmless'), { begun: true, reply: '226 Done.', bytes: harmless.length, reset: false });
      assert.deepEqual(await upload(gateway, harmless), { reply: '226 Stored.', stored: harmless.length, end: 'fin' });
      const down = await download(gateway, '/infected');
      assert.match(down.reply, mode === 'kill' ? /^451 The content/ : /^550 The content/);
      assert.ok(down.reset, 'a cut file looks cut');
      assert.ok(down.bytes < infected.length, 'never the whole of it');
      const up = await upload(gateway, infected);
      assert.match(up.reply, mode === 'kill' ? /^451 The content/ : /^553 The content/);
      if (mode === 'kill') assert.equal(up.end, 'reset');
      else assert.deepEqual([down.bytes, down.begun, up.stored], [0, false, -1], 'nothing of it passes: no 150 of a file that does not come, no command at the server');
      if (mode === 'kill') assert.ok(up.stored < infected.length, 'its end does not pass');
      const record = await gateway.record(({ verb, outcome }) => verb === 'STOR' && outcome === 'denied');
      assert.equal(record.rule, 'eicar');
      assert.match(String((record as unknown as { facts: Record<string, unknown> }).facts['verdict']), /^block by eicar: eicar EICAR test file/);
      assert.deepEqual(gateway.bugs, []);
      await gateway.stop();
      behaveAgain(server);
    });
  }
}

test('kill: what is refused at its end is whole nowhere, be it one piece, a byte behind a pause, or empty', async () => {
  const gateway = await startFtp(server, '', '', '', [new EicarInspector('kill', 'at-end')]);
  assert.deepEqual(await upload(gateway, Buffer.from(eicar)), { reply: '451 The content of the file is not permitted.', stored: 0, end: 'reset' });
  assert.deepEqual(await upload(gateway, Buffer.alloc(0)), { reply: '226 Stored.', stored: 0, end: 'fin' });
  const client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  await client.command('STOR x');
  data.send(Buffer.concat([infected, Buffer.alloc(20_000_000, 'd')]));
  const session = server.sessions.at(-1)!;
  while ((session.data?.bytesRead ?? 0) < 15_000_000) await new Promise(setImmediate);
  data.send('!').end();
  assert.match(await client.reply(), /^451 /);
  assert.ok(session.stored!.length < infected.length + 20_000_001);
  client.close();
  await gateway.stop();
});

test('kill: a large file waits for a peer that takes its time, and arrives whole', async () => {
  const gateway = await startFtp(server, '', '', '', [new EicarInspector('kill', 'late')]);
  const large = Buffer.alloc(40_000_000, 'abcdefghijk');
  server.files['/large'] = large;
  try {
    const client = await new FtpClient(gateway.port()).login();
    const data = await client.passive();
    data.socket.removeAllListeners('data');
    data.socket.pause();
    await client.command('RETR /large');
    const taken = async (): Promise<number> => Number(/(\d+) bytes/.exec((await gateway.sessions())[0]!.doing)![1]);
    // What the kernel takes for the peer, and no more.
    for (let still = 0, before = 0; still < 20; still++) {
      await gateway.flushed();
      const now = await taken();
      if (now !== before) still = 0;
      before = now;
    }
    assert.ok(await taken() < large.length, 'nothing is read that cannot be passed on');
    let bytes = 0;
    data.socket.on('data', (chunk: Buffer) => {
      if (!chunk.equals(large.subarray(bytes, bytes + chunk.length))) data.destroy();
      bytes += chunk.length;
    });
    data.socket.resume();
    assert.match(await client.reply(), /^226/);
    await data.untilEnd();
    assert.equal(bytes, large.length);
    assert.match((await upload(gateway, large)).reply, /^226/);
    assert.ok(server.sessions.at(-1)!.stored!.equals(large));
    client.close();
    assert.deepEqual(gateway.bugs, []);
  } finally {
    await gateway.stop();
    delete server.files['/large'];
  }
});

test('the file that is found cut into single bytes, and across the border of two reads', async () => {
  const gateway = await startFtp(server, '', '', '', [new EicarInspector('hold', 'at-once')]);
  const client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  data.socket.setNoDelay(true);
  await client.command('STOR x');
  for (const byte of eicar) {
    data.send(byte);
    await new Promise((resolve) => { setImmediate(resolve); });
  }
  assert.match(await client.reply(), /^553/);
  assert.ok(!server.sessions.at(-1)!.commands.some((command) => command.startsWith('STOR')), 'the server hears nothing of it');
  client.close();
  await gateway.stop();
});

test('an alert lets it pass, and the record says what was found', async () => {
  const gateway = await startFtp(server, '', '', '', [new EicarInspector('kill', 'at-once', 'alert')]);
  assert.deepEqual(await upload(gateway, infected), { reply: '226 Stored.', stored: infected.length, end: 'fin' });
  const record = await gateway.record(({ verb }) => verb === 'STOR');
  assert.equal(record.outcome, 'allowed');
  assert.match(String((record as unknown as { facts: Record<string, unknown> }).facts['verdict']), /^alert by eicar/);
  await gateway.stop();
});

test('hold: a file as large as may be held, and one byte more', async () => {
  const gateway = await startFtp(server, '', '', '', [new EicarInspector('hold', 'at-end', 'block', 1000)]);
  assert.match((await upload(gateway, Buffer.alloc(1000, 'x'))).reply, /^226/);
  const over = await upload(gateway, Buffer.alloc(1001, 'x'));
  assert.match(over.reply, /^552/);
  assert.equal(over.stored, -1);
  assert.deepEqual(gateway.bugs, []);
  await gateway.stop();
});

test('an inspection is given up when the transfer is', async () => {
  const inspector = new EicarInspector('kill', 'at-end');
  const gateway = await startFtp(server, '', '', '', [inspector]);
  const client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  await client.command('STOR x');
  data.socket.resetAndDestroy();
  assert.match(await client.reply(), /^426/);
  assert.equal(inspector.abandoned, 1);
  client.close();
  await gateway.stop();
});

test('what an inspector would not see whole is refused: REST and APPE for uploads, REST for downloads', async () => {
  const gateway = await startFtp(server, '', '', '', [new EicarInspector('kill', 'at-end')]);
  for (const [command, wanted, rule] of [['STOR x', /^551/, 'ftp.partial-upload'], ['RETR /harmless', /^550/, 'ftp.partial-download']] as const) {
    const client = await new FtpClient(gateway.port()).login();
    await client.passive();
    assert.match(await client.command('REST 10'), /^350/);
    assert.match(await client.command(command), wanted);
    assert.ok(!server.sessions.at(-1)!.commands.includes('REST 10'), 'a REST goes on with its transfer only');
    assert.match(await client.command('APPE x'), /^551/);
    assert.equal((await gateway.record((record) => record.rule === rule)).outcome, 'refused');
    assert.ok(!server.sessions.at(-1)!.commands.some((line) => /^(STOR|RETR|APPE)/.test(line)));
    client.close();
  }
  await gateway.stop();
  const open = await startFtp(server, '    content: { partialUploads: allow, partialDownloads: allow }', '', '', [new EicarInspector('kill', 'at-end')]);
  const client = await new FtpClient(open.port()).login();
  await client.passive();
  await client.command('REST 10');
  assert.match(await client.command('STOR x'), /^150/);
  client.close();
  await open.stop();
});

test('a held file that the server does not want: its answer, behind everything that the client sent', async () => {
  const gateway = await startFtp(server, '', '', '', [new EicarInspector('hold', 'at-end')]);
  server.answers['STOR'] = '553 full';
  const client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  assert.match(await client.command('STOR x'), /^150/);
  data.send(harmless).end();
  assert.equal(await client.reply(), '553 full');
  behaveAgain(server);
  assert.match(await client.command('NOOP'), /^200/);
  assert.deepEqual(gateway.bugs, []);
  client.close();
  await gateway.stop();
});

test('ABOR while a file is held: nothing of it passes, in either direction', async () => {
  const gateway = await startFtp(server, '', '', '', [new EicarInspector('hold', 'at-end')]);
  server.answers['RETR'] = (session) => {
    session.say('150 coming\r\n');
    void session.dataReady!.then((data) => {
      data.write('part');
      data.once('close', () => { session.say('426 cut\r\n'); });
    });
  };
  for (const command of ['STOR x', 'RETR /x']) {
    const client = await new FtpClient(gateway.port()).login();
    const data = await client.passive();
    client.raw.send(`${command}\r\n`);
    if (command.startsWith('STOR')) {
      assert.match(await client.reply(), /^150/);
      data.send('part');
    }
    client.raw.send('ABOR\r\n');
    assert.match(await client.reply(), /^426/);
    assert.match(await client.reply(), /^226/);
    await data.untilEnd();
    assert.ok(data.reset && data.received === '');
    assert.match(await client.command('NOOP'), /^200/);
    assert.ok(!server.sessions.at(-1)!.commands.some((one) => one.startsWith('STOR')));
    client.close();
  }
  behaveAgain(server);
  assert.deepEqual(gateway.bugs, []);
  await gateway.stop();
});
