// Requests as people write them and as records keep them, made ready to be run again; archives read in memory.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { differenceOf, parseHttpText, requestOfRecord } from './replay.ts';
import { unpackTar } from './tar.ts';

test('.http text: several requests, comments, bodies, defaults', () => {
  const [first, second, third] = parseHttpText('# a comment\n\nPOST http://a.example/x?y=1 HTTP/1.1\nContent-Type: text/plain\n\nline one\n\nline two\n###\nGET '
    + '/plain\nHost: b\n### named\nhttp://c/\n');
  assert.deepEqual(first, {
    method: 'POST', target: '/x?y=1', version: 'HTTP/1.1', headers: [['Host', 'a.example'], ['Content-Type', 'text/plain'], ['Content-Length', '18']],
      body: 'line one\n\nline two', client: '127.0.0.1',
  });
  assert.deepEqual([second!.method, second!.target, second!.headers], ['GET', '/plain', [['Host', 'b']]]);
  assert.deepEqual([third!.target, third!.headers], ['/', [['Host', 'c']]]);
  assert.deepEqual(parseHttpText('\n\n'), []);
});

test('requests of records have their repeated fields again', () => {
  const request = requestOfRecord({ method: 'GET', target: '/', version: 'HTTP/1.0', headers: { A: ['1', '2'], B: '3' }, body: 'x', incomplete: false }, '192.0.2.1');
  assert.deepEqual(request.headers, [['A', '1'], ['A', '2'], ['B', '3']]);
});

test('differences: verdict, rules gone and new; none when both are the same', () => {
  const request = { method: 'GET', target: '/', version: 'HTTP/1.1', headers: [], body: '', client: 'c' };
  const result = (blocked: boolean, rules: number[]) => ({ blocked, by: '', status: 0, rules, matches: [], scores: {} });
  assert.equal(differenceOf('r', request, result(true, [1]), result(true, [1])), undefined);
  const { before, after, gone, new: added } = differenceOf('r', request, result(true, [1, 2]), result(false, [2, 3]))!;
  assert.deepEqual({ before, after, gone, added }, { before: 'blocked', after: 'pass', gone: [1], added: [3] });
});

test('archives made by tar, long names too; what leads outside or is cut off is refused', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-tar-'));
  try {
    const long = `${'d'.repeat(90)}/${'e'.repeat(90)}`;
    mkdirSync(join(directory, long), { recursive: true });
    writeFileSync(join(directory, long, `${'f'.repeat(60)}.conf`), 'deep');
    writeFileSync(join(directory, 'a.conf'), 'x'.repeat(1000));
    for (const format of ['ustar', 'gnu', 'pax']) {
      const files = unpackTar(execFileSync('tar', ['cf', '-', `--format=${format}`, '-C', directory, format === 'ustar' ? 'a.conf' : '.']));
      assert.equal(files.get(format === 'ustar' ? 'a.conf' : './a.conf')?.toString(), 'x'.repeat(1000), format);
      if (format !== 'ustar') assert.equal(files.get(`./${long}/${'f'.repeat(60)}.conf`)?.toString(), 'deep', format);
    }
    const outside = execFileSync('tar', ['cf', '-', '-P', '--transform', 's,^,../,', '-C', directory, 'a.conf']);
    assert.throws(() => unpackTar(outside), /leads outside/);
    assert.throws(() => unpackTar(outside.subarray(0, 700)), /cut off/);
  } finally { rmSync(directory, { recursive: true, force: true }); }
});
