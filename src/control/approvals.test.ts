// Which sessions wait for a second person, and who counts as one.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { SessionReport } from '#runtime/messages.ts';
import { chosenApproval, waitingApprovals } from './approvals.ts';

function session(id: string, user: string, doing: string, awaits?: SessionReport['awaits']): SessionReport {
  return {
    id, user, doing, awaits, worker: 0, protocol: 'telnet', listener: 'l', service: 't', client: '192.0.2.1:4000', zone: '', ageMs: 0, operations: 0, bytesIn: 0,
    bytesOut: 0, servers: [], configuration: '',
  };
}

const waiting = waitingApprovals([
  session('s1', 'joe', '', { id: '1kA', what: 'reload', user: 'root' }), session('s2', '', 'on h'), session('s3', '', '', { id: '1kB', what: 'x', user: '' }),
  session('s4', '', '', { id: '1kC', what: 'x', user: 'anna' }),
]);
const anna = { name: 'anna', proven: true };

it('those that wait, with their ids, and what is asked', () => {
  assert.deepEqual(waiting.map(({ id, session: of, user, line }) => [id, of, user, line]), [['1kA', 's1', 'joe', 'reload'], ['1kB', 's3', '', 'x'], ['1kC', 's4', 'anna', 'x']]);
  // What a session does is in words, and may have been chosen by its client.
  assert.deepEqual(waitingApprovals([session('s', '', 'line waits for approval 1kA')]), []);
});

it('chosen by their own id or that of their session, by somebody else than the user', () => {
  assert.deepEqual(chosenApproval(waiting, '1kB', anna), { ok: true, approval: waiting[1] });
  assert.deepEqual(chosenApproval(waiting, 's3', anna), { ok: true, approval: waiting[1] });
  for (const name of ['joe', 'Joe', ' JOE ', '\uff4aoe']) {
    for (const proven of [true, false]) assert.deepEqual(chosenApproval(waiting, 's1', { name, proven }), { ok: false, reason: 'same-person', session: 's1' }, name);
  }
  assert.deepEqual(chosenApproval(waiting, '1kC', anna), { ok: false, reason: 'same-person', session: 's4' }, 'by the name given at the host');
  assert.deepEqual(chosenApproval(waiting, 's2', anna), { ok: false, reason: 'not-waiting', session: 's2' });
});
