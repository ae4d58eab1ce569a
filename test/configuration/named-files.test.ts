// Files that a configuration names: what `check` says of those that are not there, are no certificates, do not belong together,
// or are about to run out, with their places.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfiguration } from '#control/configuration/index.ts';
import { fileFindings } from '#control/configuration/files.ts';
import { gateways } from '../../src/standard.ts';
import { makeCertificate, type TestCertificate } from '../harness/certificates.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-named-'));
after(() => { rmSync(directory, { recursive: true }); });
const made = makeCertificate();
const skip = made === undefined ? 'no openssl: apt-get install openssl' : false;
const { certificateFile, keyFile } = made as TestCertificate;
const afterDays = (days: number): number => Date.now() + days * 86_400_000;

function textOf(tls: string, more = ''): string {
  return `listeners: { main: { bind: "127.0.0.1:0", service: site, tls: own } }
services: { site: { protocol: http, routes: [ { respond: { status: 200, body: hi } } ] } }
policy: [ { id: all, then: allow } ]
tls: { own: ${tls} }
${more}`;
}

/** `line:column code message` of the warnings about files. */
function said(text: string): string[] {
  writeFileSync(join(directory, 'given.yaml'), text);
  const { problems, ok } = loadConfiguration({ paths: [join(directory, 'given.yaml')] }, gateways, { withFiles: true });
  assert.ok(ok, 'files are warned about, not refused');
  return problems.filter(({ code }) => code.startsWith('file.') && code !== 'file.expires').map(({ line, column, code, message, hint }) => {
    assert.notEqual(hint, '');
    return `${line}:${column} ${code} ${message}`;
  });
}

test('a file that is not there, or is none, with the place that names it', () => {
  writeFileSync(join(directory, 'sums'), 'no sum\n');
  assert.deepEqual(said(textOf('{ certificates: [{ certificate: none.pem, key: /no/where.key }], ca: . }', 'inspectors: { lists: { denySha256Files: [none.txt, sums] } }')), [
    `4:45 file.unreadable ${join(directory, 'none.pem')} cannot be read: there is no such file`,
    '4:60 file.unreadable /no/where.key cannot be read: there is no such file',
    `4:82 file.unreadable ${directory} cannot be read: it is a directory`,
    `5:42 file.unreadable ${join(directory, 'none.txt')} cannot be read: there is no such file`,
    '5:52 file.list sums: line 1 does not begin with a SHA-256 of 64 hexadecimal digits',
  ]);
});

test('what is no certificate or key, and a key of another certificate', { skip }, () => {
  writeFileSync(join(directory, 'text.pem'), 'hello');
  const other = makeCertificate()!;
  assert.deepEqual(said(textOf(`{ certificates: [{ certificate: ${certificateFile}, key: ${keyFile} }], ca: ${certificateFile} }`)), []);
  const codes = said(textOf(`{ certificates: [{ certificate: text.pem, key: text.pem }, { certificate: ${certificateFile}, key: ${other.keyFile} }] }`));
  assert.deepEqual(codes.map((line) => line.split(' ')[1]), ['file.certificate', 'file.key', 'file.key']);
  assert.match(codes[2]!, /is not the key of/);
});

test('the end of validity: fourteen days before, and behind it', { skip }, () => {
  const { configuration } = loadConfiguration({ texts: [{ file: 'x', text: textOf(`{ certificates: [{ certificate: ${certificateFile}, key: ${keyFile} }] }`) }] }, gateways);
  const codes = (days: number): string[] => fileFindings(configuration!, '/', afterDays(days)).map(({ code }) => code);
  // It is made for two days.
  assert.deepEqual(codes(-11.9), ['file.expires']);
  assert.deepEqual(codes(-12.1), []);
  assert.deepEqual(codes(1.9), ['file.expires']);
  assert.deepEqual(codes(2.1), ['file.expired']);
});
