// Order of what is printed, and filters that no record could fit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredRecord } from '#audit/record.ts';
import { CommandFailure } from '../exit-codes.ts';
import { collectNames } from '../program-parts.ts';
import { filterOf, inOrder } from './logs.ts';

test('records of several workers come in the order in which things were done', () => {
  const record = (id: string, time: number, ms?: number): StoredRecord =>
    ({ id, time, kind: 'operation', outcome: 'allowed', ...(ms === undefined ? {} : { ms }) }) as StoredRecord;
  // Newest block first, each with its newest record first: the session of worker 1, then what worker 0 did meanwhile.
  const stored = [record('1 session', 100, 30), record('1 request', 110, 5), record('0 slow', 90, 40), record('0 control', 112)];
  assert.deepEqual(inOrder(stored).map(({ id }) => id), ['0 control', '1 request', '0 slow', '1 session']);
});

test('an outcome, a kind or a time that does not exist is wrong usage, said with what there is', () => {
  for (const [options, message] of [
    [{ outcome: ['allowed', 'denyed'] }, /"denyed" is no outcome/], [{ kind: ['request'] }, /"request" is no kind of record/], [{ since: 'nonsense' }, /"nonsense" is no time/],
  ] as const) {
    assert.throws(() => filterOf(options as never),
      (error: unknown) => error instanceof CommandFailure && error.exitCode === 2 && message.test(error.message) && error.hint !== '');
  }
  assert.equal(filterOf({ outcome: ['denied', 'limited'], kind: ['operation'], status: '4xx' }).toString(), 'outcome=denied&outcome=limited&kind=operation&status=4xx');
});

test('names of filters may be repeated, and be lists with commas', () => {
  assert.deepEqual(collectNames('denied, limited,', collectNames('failed', undefined)), ['failed', 'denied', 'limited']);
});

test('commands of one millisecond stay in the order in which they were run', () => {
  const ran = [['USER', 100, 0.7], ['PASS', 100, 2.4], ['PWD', 102, 0.9], ['TYPE', 102, 0.1], ['QUIT', 102, 0.05]] as const;
  const newestFirst = ran.map(([id, time, ms]) => ({ id, time, ms }) as unknown as StoredRecord).toReversed();
  assert.deepEqual(inOrder(newestFirst).map(({ id }) => id), ran.map(([id]) => id));
});
