// Which sessions wait for a second person, and who counts as one.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { SessionReport } from '#runtime/messages.ts';
import { chosenApproval, waitingApprovals } from './approvals.ts';

function session(id: string, user: string, doing: string): SessionReport {
  return {
    id, user, doing, worker: 0, protocol: 'telnet', listener: 'l', service: 't', client: '192.0.2.1:4000', zone: '', ageMs: 0, operations: 0, bytesIn: 0, bytesOut: 0,
    servers: [], configuration: '',
  };
}

const waiting = waitingApprovals([
  session('s1', 'joe', 'joe on h, line waits for approval 1kA'), session('s2', '', 'on h'), session('s3', '', 'on h, line waits for approval 1kB'),
]);

it('those that wait, with their ids', () => {
  assert.deepEqual(waiting.map(({ id, session: of, user }) => [id, of, user]), [['1kA', 's1', 'joe'], ['1kB', 's3', '']]);
  assert.deepEqual(waitingApprovals([session('s', '', 'waits for approval 1kA, it says'), session('s', '', 'waits for approval ')]), []);
});

it('chosen by their own id or that of their session, by somebody else than the user', () => {
  assert.deepEqual(chosenApproval(waiting, '1kB', 'anna'), { ok: true, approval: waiting[1] });
  assert.deepEqual(chosenApproval(waiting, 's3', 'anna'), { ok: true, approval: waiting[1] });
  assert.deepEqual(chosenApproval(waiting, 's1', 'joe'), { ok: false, reason: 'same-person', session: 's1' });
  assert.deepEqual(chosenApproval(waiting, 's2', 'anna'), { ok: false, reason: 'not-waiting', session: 's2' });
});
