// A session's records read as a transcript: order, replies, rewrites, transfers, refusals; nothing acts on a terminal.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StoredRecord } from '#audit/record.ts';
import { paintWith, type Output } from '../output.ts';
import { transcript } from './transcript.ts';

const out: Output = { json: false, colours: false, columns: 0, terminal: false, write: () => { /* not used */ }, paint: paintWith(false) };
const time = Date.UTC(2026, 0, 1, 12);

function record(at: number, more: Partial<StoredRecord>): StoredRecord {
  return { time: time + at, session: 's1', client: '192.0.2.7', port: 4000, service: 'files', listener: 'l', protocol: 'ftp', outcome: 'allowed', kind: 'operation', ...more };
}

const end = record(0, { kind: 'session', ms: 4200, in: 100, out: 2048, reason: 'QUIT' });

function linesOf(...records: StoredRecord[]): string[] { return transcript(records, out).split('\n'); }

describe('transcript of a session', () => {
  it('is in the order of time, between its beginning and its end', () => {
    const lines = linesOf(record(20, { verb: 'PASS', facts: { command: 'PASS ***', sent: ['PASS ***'], received: ['230 ok'], reply: '230 ok' } }), end,
      record(10, { verb: 'USER', facts: { command: 'USER joe', reply: '331 Password required.' } }));
    assert.equal(lines[0], 'session s1  ftp from 192.0.2.7 port 4000, service files, listener l');
    assert.match(lines[1]!, /^began 2026-/);
    assert.match(lines[2]!, /^ {3}\+0\.010 {2}USER joe +331 Password required\.$/);
    assert.match(lines[3]!, /^ +answered by the gateway itself$/);
    assert.match(lines[4]!, /^ {3}\+0\.020 {2}PASS \*\*\* +230 ok$/);
    assert.equal(lines[5], 'ended after 4s  allowed: QUIT, 100B in, 2.0KiB out');
    assert.equal(lines.length, 7);
  });

  it('shows rewrites before and after, and nothing where nothing was rewritten', () => {
    const lines = linesOf(record(0, { verb: 'EPSV', facts: { command: 'EPSV', sent: ['PASV'], received: ['227 (127,0,0,1,1,2)'], reply: '229 (|||50000|)' } }));
    assert.deepEqual(lines.slice(3, 7).map((line) => line.trim()), ['command  before  EPSV', 'after   PASV', 'reply    before  227 (127,0,0,1,1,2)', 'after   229 (|||50000|)']);
    const same = transcript([record(0, { verb: 'RETR', facts: { command: 'RETR a', sent: ['RETR a'], received: ['150 coming', '226 done'], reply: '226 done' } })], out);
    assert.doesNotMatch(same, /before|answered/);
  });

  it('shows files and listings that moved, and over what', () => {
    const facts = {
      command: 'RETR a', sent: ['REST 5', 'RETR /a'], received: ['226 k'], reply: '226 k', direction: 'download', type: 'text', declaredType: 'image', sha256: 'ab',
      restOffset: 5, bytesPerSecond: 2048,
      clientMode: 'passive', clientLease: 'L1', clientTls: 'TLSv1.3 X resumed', serverMode: 'active', verdict: 'alert by a: b c',
    };
    const about = transcript([record(0, { verb: 'RETR', out: 1370, facts })], out).split('\n').slice(5, -2).map((line) => line.trim());
    assert.deepEqual(about, [
      'file     download of 1,370 bytes, 2.0KiB/s, from byte 5, text, named as image', 'sha256   ab', 'data     client passive, TLSv1.3 X resumed, lease L1; server active',
      'verdict  alert by a: b c',
    ]);
    const said = { command: 'LIST', sent: ['LIST'], received: ['226 k'], reply: '226 k' };
    const list = { ...said, direction: 'download', listing: true, sha256: 'ab', clientMode: 'active', serverMode: 'passive' };
    assert.match(transcript([record(0, { verb: 'LIST', out: 186, facts: list })], out), /226 k\n +list +listing of 186 bytes\n +data +client active; server passive\n/);
  });

  it('says what was refused, by which rule and why', () => {
    const facts = { command: 'STOR x', reply: '553 No.' };
    const text = transcript([record(0, { verb: 'STOR', status: 553, outcome: 'denied', rule: 'ftp:read-only', reason: 'not part of it', facts })], out);
    assert.match(text, /STOR x +553 No\.\n +denied by ftp:read-only: not part of it\n/);
    assert.doesNotMatch(text, /answered/);
  });

  it('reads for other protocols too, with what administrators did', () => {
    const text = transcript([
      record(0, { protocol: 'telnet', verb: 'COMMAND', path: '/reload', params: 'reload now', facts: { shown: 'reload now!' } }),
      record(5, { protocol: 'http', verb: 'GET', host: 'a.example', path: '/x', params: 'q=1', status: 200 }),
      { time: time + 9, kind: 'control', outcome: 'allowed', verb: 'kill', user: 'anna', path: 's1', reason: 'enough' },
    ], out);
    assert.match(text, /typed: reload now\n +shown +reload now!\n/);
    assert.match(text, /GET a\.example\/x\?q=1 +200\n/);
    assert.match(text, /kill by anna\n +enough\n/);
    assert.match(text, /it goes on, or its end is not kept\n$/);
  });

  it('nothing of a peer acts on the terminal', () => {
    const facts = { command: 'X \u001b[2J', sent: ['\u009bY'], received: ['200 \u0007'], reply: '200 \u001bc' };
    const text = transcript([record(0, { verb: 'X', reason: '\u001b]0;r\u0007', outcome: 'denied', facts })], out);
    // oxlint-disable-next-line no-control-regex -- control codes are what is looked for
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it('what comes after the end stands after it', () => {
    const lines = linesOf(end, { time: time + 9000, kind: 'control', outcome: 'allowed', verb: 'replay', user: 'anna', path: 's1' });
    assert.match(lines[2]!, /^ended after/);
    assert.match(lines[3]!, /replay by anna$/);
  });

  it('of nothing is nothing', () => { assert.equal(transcript([], out), ''); });
});
