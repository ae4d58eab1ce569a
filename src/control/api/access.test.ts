// Tokens and failed attempts on a virtual clock.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { AttemptLog, failureLimits, mayAct, recordedAttempts, TokenAccess } from './access.ts';
import { ApiProblem } from './problem.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

function codeOf(task: () => unknown): string {
  try {
    task();
    return 'admitted';
  } catch (error) {
    assert.ok(error instanceof ApiProblem);
    return error.code;
  }
}

test('a token admits with its role; anything else does not', () => {
  const access = new TokenAccess(() => 0);
  assert.deepEqual(access.adopt([{ name: 'anna', role: 'admin', tokenSha256: hash('right') }]), []);
  assert.deepEqual(access.identify('Bearer right'), { name: 'anna', role: 'admin' });
  assert.deepEqual(access.identify('bearer right '), { name: 'anna', role: 'admin' });
  assert.equal(codeOf(() => access.identify(undefined)), 'unauthenticated');
  for (const given of ['', 'right', 'Basic right', 'Bearer', 'Bearer wrong', 'Bearer right right', `Bearer ${'x'.repeat(2000)}`]) {
    assert.equal(codeOf(() => access.identify(given)), 'unauthenticated', given);
  }
});

test('a token whose file cannot be read, or an empty one, admits nobody', () => {
  const access = new TokenAccess(() => 0);
  assert.match(access.adopt([{ name: 'gone', role: 'viewer', tokenFile: '/nowhere/token' }])[0]!, /gone.*ENOENT/);
  assert.match(access.adopt([{ name: 'empty', role: 'viewer', tokenFile: '/dev/null' }])[0]!, /empty/);
  assert.equal(codeOf(() => access.identify('Bearer ')), 'unauthenticated');
});

test('wrong tokens: N in a row are answered at once, N+1 has to wait; right ones cost nothing', () => {
  let nowMs = 0;
  const access = new TokenAccess(() => nowMs);
  access.adopt([{ name: 'anna', role: 'admin', tokenSha256: hash('right') }]);
  for (let attempt = 0; attempt < 100; attempt++) access.identify('Bearer right');
  for (let attempt = 0; attempt < failureLimits.burst; attempt++) assert.equal(codeOf(() => access.identify('Bearer wrong')), 'unauthenticated');
  assert.equal(codeOf(() => access.identify('Bearer wrong')), 'too-many-failures');
  assert.equal(codeOf(() => access.identify('Bearer right')), 'too-many-failures');
  nowMs += 1000 / failureLimits.perSecond;
  assert.equal(codeOf(() => access.identify('Bearer right')), 'admitted');
});

test('roles contain one another', () => {
  assert.equal(mayAct({ name: '', role: 'viewer' }, 'operator'), false);
  assert.equal(mayAct({ name: '', role: 'operator' }, 'operator'), true);
  assert.equal(mayAct({ name: '', role: 'operator' }, 'admin'), false);
  assert.equal(mayAct({ name: '', role: 'admin' }, 'viewer'), true);
});

test('refused attempts are written down up to a number a minute', () => {
  const log = new AttemptLog();
  const written = Array.from({ length: recordedAttempts + 10 }, () => log.note('wrong', 1000)).filter((note) => note !== undefined);
  assert.equal(written.length, recordedAttempts);
  assert.match(written.at(-1)!, /further attempts/);
  assert.equal(log.note('wrong', 61_000), 'wrong');
});
