// Links that were told to close and still have something to send: a peer that takes nothing of it would hold the
// connection for ever. Watched by the runtime's sweep; cut off when nothing has moved for a while.
// Does not decide when a link is to close.
import type { SocketLink } from './link.ts';

/** A closing link that moves nothing for this long is reset. */
const stallMs = 30_000;

interface Closing { readonly link: SocketLink; unsentBytes: number; sinceMs: number }

export class ClosingLinks {
  #links: Closing[] = [];
  readonly #stallMs: number;

  constructor(stalledForMs = stallMs) {
    this.#stallMs = stalledForMs;
  }

  get count(): number { return this.#links.length; }

  /** Called behind `close`: nearly always there is nothing left to wait for. */
  watch(link: SocketLink, nowMs: number): void {
    const { unsentBytes } = link;
    if ((unsentBytes > 0 || link.closing) && !link.given) this.#links.push({ link, unsentBytes, sinceMs: nowMs });
  }

  sweep(nowMs: number): void {
    if (this.#links.length === 0) return;
    for (const closing of this.#links) {
      const { unsentBytes } = closing.link;
      if (unsentBytes !== closing.unsentBytes) {
        closing.unsentBytes = unsentBytes;
        closing.sinceMs = nowMs;
      } else if (nowMs - closing.sinceMs >= this.#stallMs) closing.link.reset();
    }
    this.#links = this.#links.filter(({ link }) => !link.given);
  }

  /** Shutdown. */
  resetAll(): void {
    for (const { link } of this.#links) link.reset();
    this.#links = [];
  }
}
