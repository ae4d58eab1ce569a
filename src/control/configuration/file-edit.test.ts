// A prepared change of a file: what happens between preparing and carrying out, and what is refused beforehand.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { simpleDocument, simpleManifests } from '#test/configuration/simple-manifest.ts';
import { appendToList } from './edit.ts';
import { stageEdit, type EditRefusal, type StagedEdit } from './file-edit.ts';
import { loadConfiguration } from './load.ts';

const { zones: _, ...others } = simpleDocument();
const before = `# zones of ours\nzones:\n  office: { networks: [10.0.0.0/8] }\n${stringify(others)}`;
const after = before.replace('[10.0.0.0/8]', '[10.0.0.0/9]');

function setUp() {
  const directory = mkdtempSync(join(tmpdir(), 'sp-edit-'));
  const file = join(directory, 'a.yaml');
  writeFileSync(file, before);
  const version = (text: string): string => loadConfiguration({ texts: [{ file, text }] }, simpleManifests).version;
  const stage = (wanted = before.replace('[10.0.0.0/8]', '[10.0.0.0/8, 10.0.0.1/32]'), running = version(before)): StagedEdit | EditRefusal => stageEdit({
    paths: [file], manifests: simpleManifests, places: {}, running, wanted: version(wanted), resource: ['zones', 'office'],
    edit: (text) => ({ ok: true, text: text.replace('[10.0.0.0/8]', '[10.0.0.0/8, 10.0.0.1/32]'), line: 3 }),
  });
  return { directory, file, stage, [Symbol.dispose]: () => { rmSync(directory, { recursive: true, force: true }); } };
}

function staged(result: StagedEdit | EditRefusal): StagedEdit {
  assert.ok(result.ok, JSON.stringify(result));
  return result;
}

test('carried out: the file is replaced as a whole, with its mode', () => {
  using place = setUp();
  chmodSync(place.file, 0o604);
  const edit = staged(place.stage());
  assert.equal(readFileSync(place.file, 'utf8'), before);
  assert.equal(edit.commit(), undefined);
  assert.equal(readFileSync(place.file, 'utf8'), before.replace('[10.0.0.0/8]', '[10.0.0.0/8, 10.0.0.1/32]'));
  assert.equal(statSync(place.file).mode & 0o777, 0o604);
  assert.deepEqual(readdirSync(place.directory), ['a.yaml']);
});

test('given up: nothing is left behind', () => {
  using place = setUp();
  staged(place.stage()).abandon();
  assert.deepEqual(readdirSync(place.directory), ['a.yaml']);
  assert.equal(readFileSync(place.file, 'utf8'), before);
});

test('what somebody wrote meanwhile stays', () => {
  using place = setUp();
  const edit = staged(place.stage());
  writeFileSync(place.file, `${before}# hand\n`);
  assert.match(edit.commit() ?? '', /changed it meanwhile/);
  assert.equal(readFileSync(place.file, 'utf8'), `${before}# hand\n`);
  assert.deepEqual(readdirSync(place.directory), ['a.yaml']);
});

test('refused: another version runs, the result means something else, no file, no UTF-8', () => {
  using place = setUp();
  const message = (result: StagedEdit | EditRefusal): string => (result.ok ? 'staged' : result.message);
  assert.match(message(place.stage(undefined, '0'.repeat(64))), /not what the gateway runs/);
  assert.match(message(place.stage(after)), /without changing something else too/);
  writeFileSync(place.file, Buffer.concat([Buffer.from(before), Buffer.from('# \xfc\n', 'latin1')]));
  assert.match(message(place.stage()), /no UTF-8 text/);
  assert.deepEqual(readdirSync(place.directory), ['a.yaml']);
  const none = stageEdit({ paths: [], manifests: [], places: {}, running: '', wanted: '', resource: ['zones'], edit: (text) => appendToList(text, [], 'x', [{}]) });
  assert.match(message(none), /embedded/);
});
