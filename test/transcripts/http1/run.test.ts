// Runs each transcript whole, split at each byte, byte by byte, and with another message behind it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeReading, readWhole, type Reading } from './drive.ts';
import { loadTranscripts, type Transcript } from './load.ts';

const transcripts = loadTranscripts();
const follower = { request: 'GET /behind HTTP/1.1\r\nHost: behind\r\n\r\n', response: 'HTTP/1.1 299 Behind\r\nContent-Length: 0\r\n\r\n' };

function read(transcript: Transcript, bytes: string, cuts?: readonly number[]): Reading {
  return readWhole(bytes, transcript.settings, transcript.limits, transcript.requestMethod, cuts);
}

test('there are enough transcripts, each with a name of its own', () => {
  assert.ok(transcripts.length >= 120, `${transcripts.length}`);
  assert.equal(new Set(transcripts.map((transcript) => transcript.name)).size, transcripts.length);
});

for (const transcript of transcripts) {
  test(`${transcript.file}: ${transcript.name}`, () => {
    const { bytes, expected } = transcript;
    const whole = read(transcript, bytes);
    assert.deepEqual(describeReading(whole), expected);
    const headers = whole.messages.flatMap((message) => message.headers);
    for (const line of transcript.has) assert.ok(headers.some(([name, value]) => `${name}: ${value}` === line), `has ${line}`);
    for (const name of transcript.lacks) assert.ok(!headers.some(([other]) => other.toLowerCase() === name), `lacks ${name}`);
    const asOne = { ...whole, fault: whole.fault && { ...whole.fault } };
    // Long cases (limits) are split at a sample of places.
    const stride = Math.max(1, Math.floor(bytes.length / 600));
    for (let cut = 1; cut < bytes.length; cut += stride) assert.deepEqual(read(transcript, bytes, [cut]), asOne, `split at ${cut}`);
    assert.deepEqual(read(transcript, bytes, Array.from({ length: bytes.length }, (_, i) => i)), asOne, 'byte by byte');
    const hasNoBehind = expected.some((line) => line.includes('(tunnel)') || (line.startsWith('response') && line.includes(' close ')));
    if (expected.at(-1) === 'unfinished' || hasNoBehind) return;
    const isRequest = transcript.requestMethod === undefined;
    const behind = describeReading(read(transcript, bytes + (isRequest ? follower.request : follower.response)));
    if (whole.fault === undefined && (isRequest || transcript.requestMethod === 'GET')) {
      const last = isRequest ? 'request GET behind /behind none keep' : 'response 299 length=0 keep';
      assert.deepEqual(behind, [...expected, last], 'with a message behind');
    } else if (whole.fault !== undefined) assert.deepEqual(behind, expected, 'with a message behind');
  });
}
