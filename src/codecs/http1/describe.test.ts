// The committed page is the generated one, and the tables behind it are sound.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeHttp1 } from './describe.ts';
import { defaultHttp1Limits } from './limits.ts';
import { defaultHttp1Settings, http1SettingTable } from './settings.ts';
import { describeFault, limitReached, limitTable, violation, violationTable, type ViolationName } from './violations.ts';

test('docs/violations/http1.md is what describe.ts says', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/violations/http1.md'), 'utf8');
  assert.equal(page, describeHttp1(), 'run: node src/codecs/http1/describe.ts > docs/violations/http1.md');
});

test('every code is unique, every setting named exists, every limit has a row', () => {
  const codes = [...violationTable.values(), ...limitTable.values()].map((entry) => entry.code);
  assert.equal(new Set(codes).size, codes.length);
  for (const entry of violationTable.values()) if (entry.setting !== undefined) assert.ok(entry.setting in http1SettingTable, entry.setting);
  const limits = Object.keys(defaultHttp1Limits).filter((name) => name !== 'tinyChunkBytes').sort();
  assert.deepEqual([...limitTable.keys()].sort(), limits);
});

test('every setting has its default among its values, and a violation or a test that knows it', () => {
  const named = new Set([...violationTable.values()].map((entry) => entry.setting));
  for (const [name, entry] of Object.entries(http1SettingTable)) {
    assert.ok((entry.values as readonly string[]).includes(entry.default), name);
    assert.equal(defaultHttp1Settings[name as keyof typeof defaultHttp1Settings], entry.default);
    const isNamed = named.has(name) || name === 'missingReasonSpace';
    assert.ok(isNamed, name);
  }
});

test('every violation of the table is refused somewhere in the transcripts', async () => {
  const { loadTranscripts } = await import('#test/transcripts/http1/load.ts');
  const seen = new Set(loadTranscripts().flatMap((transcript) => transcript.expected).filter((line) => line.startsWith('refused ')).map((line) => line.split(' ')[1]));
  const missing = [...violationTable.keys()].filter((name) => !seen.has(name));
  assert.deepEqual(missing, []);
});

test('a fault carries what an answer and an audit record need', () => {
  const fault = violation('content-length-duplicate', 'client', 7);
  assert.deepEqual([fault.code, fault.status, fault.setting, fault.spec], ['http1.content-length-duplicate', 400, 'duplicateContentLength', 'RFC 9112 s6.3']);
  assert.equal(violation('content-length-duplicate', 'server', 7).status, 502);
  const limit = limitReached('maxHeadBytes', 10, 11, 'client', 10);
  assert.deepEqual([limit.kind, limit.maximum, limit.seen, limit.status], ['limit', 10, 11, 431]);
  assert.match(describeFault(fault), /content-length-duplicate by client at byte 7/);
  assert.throws(() => violation('no-such' as ViolationName, 'client', 0));
});
