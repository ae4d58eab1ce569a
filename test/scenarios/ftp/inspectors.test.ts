// Inspectors of the configuration on FTP transfers: types by first bytes and against names, sizes, sums from the text and from
// files, in both modes, chosen by what rules can speak of; several at once; what an explanation says of them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { GatewayUnderTest } from '../../harness/gateway.ts';
import { behaveAgain, FtpClient, startFtp, startScriptedServer } from './peers.ts';

const server = await startScriptedServer();
const directory = mkdtempSync(join(tmpdir(), 'sallyport-inspectors-'));
after(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const factsOf = (record: unknown): Record<string, unknown> => (record as { facts: Record<string, unknown> }).facts;
const elf = Buffer.concat([Buffer.from('\x7fELF', 'latin1'), Buffer.alloc(1000)]);
const pdf = Buffer.from('%PDF-1.4 x');
const listed = Buffer.from('listed content');
const alsoListed = Buffer.alloc(100_000, 'also listed ');
const good = Buffer.alloc(2000, 'text ');

async function within(inspectors: string, run: (gateway: GatewayUnderTest) => Promise<void>): Promise<void> {
  const gateway = await startFtp(server, '', '', `inspectors:\n${inspectors}`);
  try {
    await run(gateway);
    assert.deepEqual(gateway.bugs, []);
  } finally {
    await gateway.stop();
    behaveAgain(server);
  }
}

interface Stored { readonly code: number; readonly bytes: number; readonly end: string }

async function upload(gateway: GatewayUnderTest, name: string, bytes: Buffer, before = ''): Promise<Stored> {
  const client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  if (before !== '') await client.command(before);
  const first = await client.command(`STOR ${name}`);
  if (!first.startsWith('150')) return { code: Number(first.slice(0, 3)), bytes: -1, end: '' };
  data.send(bytes).end();
  const reply = await client.reply();
  const session = server.sessions.at(-1)!;
  client.close();
  return { code: Number(reply.slice(0, 3)), bytes: session.stored?.length ?? -1, end: session.storedEnd };
}

const whole = (bytes: Buffer): Stored => ({ code: 226, bytes: bytes.length, end: 'fin' });
const killed = 451;
/** Cut before its first byte passed; of a held file the server has not even heard. */
const nothing = (code: number): Stored => (code === killed ? { code, bytes: 0, end: 'reset' } : { code, bytes: -1, end: '' });

for (const mode of ['kill', 'hold'] as const) {
  test(`${mode}: types, names, sizes to the byte, sums`, async () => {
    const list = join(directory, `${mode}.sha256`);
    writeFileSync(list, `# from a feed\n\n${sha256(alsoListed).toUpperCase()}  evil.bin\n`);
    const refused = (hold: number): number => (mode === 'hold' ? hold : killed);
    await within(`  files: { mode: ${mode}, denyTypes: [executable], mismatch: deny, minBytes: 2, maxBytes: 150000, denySha256: ["${sha256(listed)}"], `
      + `denySha256Files: ["${list}"], maxHeldBytes: 1MiB }`, async (gateway) => {
      assert.deepEqual(await upload(gateway, 'a.txt', good), whole(good));
      // Types are known with the first piece, which does not pass in either mode.
      assert.deepEqual(await upload(gateway, 'photo.jpg', elf), nothing(refused(553)));
      assert.deepEqual(await upload(gateway, 'program', elf), nothing(refused(553)));
      assert.deepEqual(await upload(gateway, 'a.pdf', pdf), whole(pdf));
      const most = Buffer.alloc(150_000, 'm ');
      assert.deepEqual(await upload(gateway, 'a.txt', most), whole(most));
      const over = await upload(gateway, 'a.txt', Buffer.alloc(150_001, 'm '));
      if (mode === 'hold') assert.deepEqual(over, nothing(552));
      else assert.deepEqual([over.code, over.end], [killed, 'reset']);
      assert.ok(over.bytes < 150_001);
      assert.equal((await upload(gateway, 'a.txt', good, 'ALLO 150001')).code, refused(552), 'announced');
      assert.deepEqual(await upload(gateway, 'a.txt', Buffer.from('ab')), whole(Buffer.from('ab')));
      assert.deepEqual((await upload(gateway, 'a.txt', Buffer.from('a'))).code, refused(553));
      for (const content of [listed, alsoListed]) {
        const sum = await upload(gateway, 'b.txt', content);
        if (mode === 'hold') assert.deepEqual(sum, nothing(553));
        else assert.deepEqual([sum.code, sum.end], [killed, 'reset']);
      }
      for (const code of ['content.type', 'content.too-large', 'content.too-small', 'content.hash']) {
        const record = await gateway.record(({ rule, outcome }) => rule === code && outcome === 'denied');
        assert.match(String(factsOf(record)['verdict']), new RegExp(`^block by files: ${code}`));
      }
    });
  });
}

test('a document under the name of a picture, and only documents', async () => {
  await within('  names: { mismatch: deny }', async (gateway) => {
    assert.deepEqual(await upload(gateway, 'photo.jpg', pdf), nothing(553));
    const record = await gateway.record(({ rule }) => rule === 'content.mismatch');
    assert.match(String(record.reason), /named as image, but of type document/);
  });
  await within('  documents: { allowTypes: [document] }', async (gateway) => {
    assert.deepEqual(await upload(gateway, 'x.pdf', pdf), whole(pdf));
    assert.deepEqual(await upload(gateway, 'x.pdf', good), nothing(553));
    assert.deepEqual(await upload(gateway, 'x.pdf', Buffer.alloc(0)), whole(Buffer.alloc(0)));
  });
});

test('an inspector applies where its conditions hold', async () => {
  await within(`  inbox: { operation: { path: /inbox/**, ftp: { direction: upload } }, user: alice, denyTypes: [executable] }
  off: { denyTypes: [text], enabled: false }`, async (gateway) => {
    assert.deepEqual(await upload(gateway, '/inbox/x', elf), nothing(553));
    assert.deepEqual(await upload(gateway, '/other/x', elf), whole(elf));
    assert.deepEqual(await upload(gateway, '/other/x', good), whole(good));
    server.files['/inbox/program'] = elf;
    const client = await new FtpClient(gateway.port()).login();
    const data = await client.passive();
    await client.command('RETR /inbox/program');
    assert.match(await client.reply(), /^226/);
    assert.equal((await data.untilEnd()).length, elf.length, 'downloads are not its');
    client.close();
    const other = await new FtpClient(gateway.port()).login('bob');
    const up = await other.passive();
    await other.command('STOR /inbox/x');
    up.send(elf).end();
    assert.match(await other.reply(), /^226/, 'another user');
    other.close();
  });
});

test('several inspectors: one that only tells, one that blocks, the smaller hold', async () => {
  await within(`  tells: { mode: kill, action: alert, denyTypes: [text] }
  blocks: { mode: hold, denyTypes: [executable], maxHeldBytes: 3000 }
  larger: { mode: hold, maxHeldBytes: 1MiB }`, async (gateway) => {
    assert.deepEqual(await upload(gateway, 'a', good), whole(good));
    const told = await gateway.record(({ verb, outcome }) => verb === 'STOR' && outcome === 'allowed');
    assert.match(String(factsOf(told)['verdict']), /^alert by tells: content\.type/);
    assert.deepEqual(await upload(gateway, 'b', elf), nothing(553));
    assert.deepEqual(await upload(gateway, 'c', Buffer.alloc(3001, 'x')), nothing(552));
  });
});

test('an explanation names the inspectors that would look at the file, and why others would not', async () => {
  await within('  inbox: { operation: { path: /inbox/** }, denyTypes: [executable], mode: hold }\n  sizes: { maxBytes: 1000, mode: kill }', async (gateway) => {
    const explained = async (verb: string, url: string): Promise<string[]> => {
      const answer = await gateway.ask({ what: 'explain', request: { verb, url, headers: [] }, listener: '', client: { address: '192.0.2.1', port: 4000 } });
      assert.ok(answer.what === 'explain');
      return answer.explanation.steps.filter(({ stage }) => stage === 'inspector').map(({ subject, outcome, detail }) => `${subject} ${outcome}: ${detail}`);
    };
    assert.deepEqual(await explained('STOR', '/inbox/a'), ['inbox applies: hold, block: no executable', 'sizes applies: kill, block: at most 1000 bytes']);
    const elsewhere = await explained('RETR', '/a');
    assert.match(elsewhere[0]!, /^inbox no-match: /);
    assert.match(elsewhere[1]!, /^sizes applies/);
    assert.deepEqual(await explained('LIST', '/'), []);
  });
});

test('a list with a line that is no sum, or that is not there, is not applied', async () => {
  const bad = join(directory, 'bad.sha256');
  writeFileSync(bad, `${'0'.repeat(64)}\nnot a sum\n`);
  await assert.rejects(within(`  files: { denySha256Files: ["${bad}"] }`, async () => { /* not reached */ }), /bad\.sha256: line 2/);
  await assert.rejects(within('  files: { denySha256Files: ["/nowhere.sha256"] }', async () => { /* not reached */ }), /nowhere/);
  await assert.rejects(within('  files: { service: none-such }', async () => { /* not reached */ }), /none-such/);
});
