// Connections that nobody reads from and whose peer has reset them: the event loop does not poll a paused handle, so that
// nothing says so. The kernel is asked once a second instead, only about links that are paused then and still are up to a
// second later: docs/decisions/0012-lost-peers.md. What follows is the link's business (`SocketLink.lose`).
// Does not see a peer that has only finished sending: that may wait for its answer.
import type { Link } from '#contract/link.ts';
import { SocketLink } from './link.ts';

/** How often paused links are collected; each is asked about within as long again, so that a reset is noticed within twice that. */
export const lookEveryMs = 1000;

/** A session, as far as its links go. */
interface LinkHolder { readonly client: Link; readonly serverLinks: readonly Link[] }

export class LostPeers {
  readonly #perLook: number;
  /** Paused at the last look, from `#at` on not asked about yet. */
  #suspects: SocketLink[] = [];
  #at = 0;
  /** Asked about at each sweep: all of them a little at a time, so that many paused links hold up nobody. */
  #share = 0;
  #nextLookMs = 0;

  /** `sweepMs`: how often `sweep` is called. */
  constructor(sweepMs: number) {
    this.#perLook = lookEveryMs / sweepMs;
  }

  sweep(nowMs: number, sessions: Iterable<LinkHolder>): void {
    const looks = nowMs >= this.#nextLookMs;
    this.#ask(looks ? Infinity : this.#share);
    if (!looks) return;
    this.#nextLookMs = nowMs + lookEveryMs;
    this.#suspects = [];
    this.#at = 0;
    for (const { client, serverLinks } of sessions) {
      this.#suspect(client);
      for (let index = 0; index < serverLinks.length; index++) this.#suspect(serverLinks[index]!);
    }
    this.#share = Math.ceil(this.#suspects.length / this.#perLook);
  }

  #suspect(link: Link): void {
    if (link instanceof SocketLink && link.unread) this.#suspects.push(link);
  }

  #ask(count: number): void {
    const end = Math.min(this.#suspects.length, this.#at + count);
    for (; this.#at < end; this.#at++) {
      const link = this.#suspects[this.#at]!;
      if (link.unread && link.peerIsGone()) link.lose();
    }
  }
}
