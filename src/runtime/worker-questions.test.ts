// Questions to several workers: answers put together, workers that are gone or silent left out, the first that knows.
import { test, mock } from 'node:test';
import assert from 'node:assert/strict';
import type { ToWorker, WorkerAnswer, WorkerQuery } from './messages.ts';
import type { WorkerHandle } from './worker-handle.ts';
import { WorkerQuestions } from './worker-questions.ts';

/** Workers that answer as they are told to; undefined: never. */
function workers(...answers: ((query: WorkerQuery) => WorkerAnswer | undefined)[]): { questions: WorkerQuestions; asked: number[]; gone: Set<number> } {
  const asked: number[] = [];
  const gone = new Set<number>();
  const members = answers.map((answer, index) => ({
    get gone() { return gone.has(index); },
    handle: {
      pid: index,
      send: (message: ToWorker) => {
        if (message.type !== 'query') return;
        asked.push(index);
        const said = answer(message.query);
        if (said !== undefined) setImmediate(() => { questions.answered(message.id, said); });
      },
    } as unknown as WorkerHandle,
  }));
  const questions: WorkerQuestions = new WorkerQuestions(() => members);
  return { questions, asked, gone };
}

const sessions = (...ages: number[]) => (): WorkerAnswer => ({ what: 'sessions', sessions: ages.map((ageMs) => ({ ageMs })) } as unknown as WorkerAnswer);

test('the answers of all are put together, the oldest session first; who is gone is not asked', async () => {
  const { questions, asked, gone } = workers(sessions(1, 5), sessions(3), sessions(4));
  gone.add(2);
  assert.deepEqual((await questions.sessions()).map(({ ageMs }) => ageMs), [5, 3, 1]);
  assert.deepEqual(asked, [0, 1]);
});

test('who does not answer in time is left out, and an answer that comes then harms nobody', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const { questions } = workers(sessions(1), () => undefined);
    const found = questions.sessions();
    await new Promise((resolve) => { setImmediate(resolve); });
    mock.timers.tick(1999);
    let over = false;
    void found.then(() => { over = true; });
    await new Promise((resolve) => { setImmediate(resolve); });
    assert.equal(over, false);
    mock.timers.tick(1);
    assert.deepEqual((await found).map(({ ageMs }) => ageMs), [1]);
    questions.answered(2, sessions(9)());
  } finally { mock.timers.reset(); }
});

test('one after the other until one knows', async () => {
  const control = (answer: string | undefined) => (): WorkerAnswer => ({ what: 'control', answer } as WorkerAnswer);
  const { questions, asked } = workers(control(undefined), control('done'), control('never asked'));
  assert.equal(await questions.controlSession('s', 'approve', ''), 'done');
  assert.deepEqual(asked, [0, 1]);
  assert.equal(await workers(control(undefined)).questions.controlSession('s', 'approve', ''), undefined);
});
