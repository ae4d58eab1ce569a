// What sessions hold for a second person, and who counts as one. Answered through the session itself, with the name of
// whoever decides and whether that name is proven (a token's) or claimed (over the socket). Keeps nothing.
import type { SessionReport } from '#runtime/messages.ts';

export interface WaitingApproval {
  readonly id: string;
  readonly session: string;
  readonly service: string;
  readonly client: string;
  /** Of the gateway's login, or the name given at the host's; '' when nothing tells. */
  readonly user: string;
  /** What is asked about, without secrets. */
  readonly line: string;
}

/** Who decides. */
export interface Approver {
  readonly name: string;
  /** The name is that of the token which the request carried; otherwise the caller said it. */
  readonly proven: boolean;
}

export function waitingApprovals(sessions: readonly SessionReport[]): WaitingApproval[] {
  return sessions.flatMap(({ id: session, service, client, user, awaits }) => {
    return awaits === undefined ? [] : [{ id: awaits.id, session, service, client, user: user || awaits.user, line: awaits.what }];
  });
}

/** Why nobody could decide. `refused`: the session said no, in `detail`. */
export interface ApprovalRefusal { readonly ok: false; readonly reason: 'not-waiting' | 'same-person' | 'refused'; readonly session: string; readonly detail?: string }
export type ApprovalAnswer = { readonly ok: true; readonly approval: WaitingApproval } | ApprovalRefusal;

/** Names of one person in two places are often written in two ways. */
const plain = (name: string): string => name.normalize('NFKC').trim().toLowerCase();

/** `id` of the approval, or of the session that waits. The user of the session is not a second person. */
export function chosenApproval(waiting: readonly WaitingApproval[], id: string, approver: Approver): ApprovalAnswer {
  const approval = waiting.find((one) => one.id === id) ?? waiting.find(({ session }) => session === id);
  if (approval === undefined) return { ok: false, reason: 'not-waiting', session: id };
  if (approval.user !== '' && plain(approval.user) === plain(approver.name)) return { ok: false, reason: 'same-person', session: approval.session };
  return { ok: true, approval };
}
