// Lines of sessions that wait for a second person: found among the open sessions by what these say that they do, and
// answered through the session itself, with the name of whoever decides. Keeps nothing.
import type { SessionReport } from '#runtime/messages.ts';

export interface WaitingApproval {
  readonly id: string;
  readonly session: string;
  readonly service: string;
  readonly client: string;
  readonly user: string;
}

/** Ends with the id in every gateway that holds something for a second person (`Gateway.describe`). */
const waitingPattern = /waits for approval ([A-Za-z0-9]{1,64})$/;

export function waitingApprovals(sessions: readonly SessionReport[]): WaitingApproval[] {
  return sessions.flatMap(({ id: session, service, client, user, doing }) => {
    const id = waitingPattern.exec(doing)?.[1];
    return id === undefined ? [] : [{ id, session, service, client, user }];
  });
}

/** Why nobody could decide. */
export interface ApprovalRefusal { readonly ok: false; readonly reason: 'not-waiting' | 'same-person'; readonly session: string }
export type ApprovalAnswer = { readonly ok: true; readonly approval: WaitingApproval } | ApprovalRefusal;

/** `id` of the approval, or of the session whose line waits. The user of the session is not a second person. */
export function chosenApproval(waiting: readonly WaitingApproval[], id: string, author: string): ApprovalAnswer {
  const approval = waiting.find((one) => one.id === id) ?? waiting.find(({ session }) => session === id);
  if (approval === undefined) return { ok: false, reason: 'not-waiting', session: id };
  if (approval.user !== '' && approval.user === author) return { ok: false, reason: 'same-person', session: approval.session };
  return { ok: true, approval };
}
