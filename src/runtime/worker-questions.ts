// Questions of the supervisor to its workers: to all of them, whose answers are put together, or to one after the other until one
// knows. A worker that does not answer in time is left out.
import type { WebInspectorReport } from '#contract/web-inspection.ts';
import type { Explanation, LeaseReport, SessionReport, WorkerAnswer, WorkerQuery, WorkerStatus } from './messages.ts';
import type { WorkerHandle } from './worker-handle.ts';

const answerTimeoutMs = 2_000;

/** A worker, as far as it can be asked. */
interface Asked { readonly gone: boolean; readonly handle: WorkerHandle }
interface Question { readonly resolve: (answer: WorkerAnswer | undefined) => void; readonly timer: NodeJS.Timeout }
type AnswerTo<What extends WorkerAnswer['what']> = Extract<WorkerAnswer, { what: What }>;

export class WorkerQuestions {
  readonly #members: () => readonly Asked[];
  readonly #open = new Map<number, Question>();
  #next = 1;

  constructor(members: () => readonly Asked[]) {
    this.#members = members;
  }

  async #ask(member: Asked, query: WorkerQuery): Promise<WorkerAnswer | undefined> {
    const id = this.#next++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => { this.answered(id, undefined); }, answerTimeoutMs);
      this.#open.set(id, { resolve, timer });
      member.handle.send({ type: 'query', id, query });
    });
  }

  /** A worker has sent this; undefined: it never will. */
  answered(id: number, answer: WorkerAnswer | undefined): void {
    const question = this.#open.get(id);
    if (question === undefined) return;
    this.#open.delete(id);
    clearTimeout(question.timer);
    question.resolve(answer);
  }

  get #present(): Asked[] { return this.#members().filter(({ gone }) => !gone); }

  /** What each worker answers, with the worker. */
  async #askAll<What extends 'status' | 'sessions' | 'waf' | 'leases'>(what: What): Promise<{ answer: AnswerTo<What>; pid: number }[]> {
    const answers = await Promise.all(this.#present.map(async (member) => {
      const answer = await this.#ask(member, { what } as WorkerQuery);
      return answer?.what === what ? [{ answer: answer as AnswerTo<What>, pid: member.handle.pid }] : [];
    }));
    return answers.flat();
  }

  /** The first answer that is one. */
  async #askEach<Found>(query: WorkerQuery, found: (answer: WorkerAnswer) => Found | undefined): Promise<Found | undefined> {
    for (const member of this.#members()) {
      if (member.gone) continue;
      const answer = await this.#ask(member, query);
      const result = answer === undefined ? undefined : found(answer);
      if (result !== undefined) return result;
    }
    return undefined;
  }

  /** One entry a worker. */
  async workers(): Promise<WorkerStatus[]> { return (await this.#askAll('status')).map(({ answer }) => answer.status); }

  /** The oldest first. */
  async sessions(): Promise<SessionReport[]> {
    return (await this.#askAll('sessions')).flatMap(({ answer }) => answer.sessions).sort((a, b) => b.ageMs - a.ageMs);
  }

  /** What the firewall rule sets of all workers have counted. */
  async inspectors(): Promise<(WebInspectorReport & { readonly pid: number })[]> {
    return (await this.#askAll('waf')).flatMap(({ answer, pid }) => answer.reports.map((report) => ({ ...report, pid })));
  }

  async leases(): Promise<LeaseReport[]> { return (await this.#askAll('leases')).flatMap(({ answer }) => answer.leases); }

  /** By the session machine of the worker that has the session. */
  async controlSession(session: string, command: string, argument: string): Promise<string | undefined> {
    return await this.#askEach({ what: 'control', session, command, argument }, (answer) => answer.what === 'control' ? answer.answer : undefined);
  }

  /** By the engine of a live worker: the first that answers. */
  async explain(query: Extract<WorkerQuery, { what: 'explain' }>): Promise<Explanation | undefined> {
    return await this.#askEach(query, (answer) => answer.what === 'explain' ? answer.explanation : undefined);
  }
}
