// What a change that could not be made is answered with.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { carriedOut } from './configuration-call.ts';
import { ApiProblem } from './problem.ts';

function hintFor(message: string): string {
  try { carriedOut({ ok: false, reason: 'failed', message }); } catch (error) {
    assert.ok(error instanceof ApiProblem && error.code === 'not-applied');
    assert.equal(error.message, message);
    return error.hint;
  }
  return assert.fail('it was carried out');
}

test('a port that workers without root cannot open comes with what to do', () => {
  assert.match(hintFor('it could not be put in force, the old configuration stays: listen EACCES: permission denied 127.0.0.1:82'), /given up root .* restart the gateway/);
  assert.equal(hintFor('it could not be put in force, the old configuration stays: listen EADDRINUSE: address already in use 127.0.0.1:82'), '');
});
