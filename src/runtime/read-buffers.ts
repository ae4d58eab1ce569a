// Where bytes that are read land: one buffer that all links of the process share, and a few larger ones that large relays bring
// along and leave to one another. Does not read; when a relay takes and gives its buffer is the link's business.

/** Reads of ordinary size land in one buffer that all links of the process share; large relays bring their own. A response
 *  of 100 KiB that has arrived whole is one read and one write. */
export const sharedReadBytes = 128 * 1024;
/** A relay of more than this brings a buffer of its own, */
export const maxSharedRelayBytes = 64 * 1024;
/** once a read was larger than this: a thousand bodies that trickle in hold no buffers. */
export const trickleBytes = 16 * 1024;
/** Read buffer of a large relay. Chosen by measurement: 10 MiB bodies cost a third less than with 64 KiB. */
const relayReadBytes = 256 * 1024;
/** Idle relay buffers kept for the next relay of this process. */
const maxSpareRelayBuffers = 16;

/** Where every ordinary read lands: valid only during the read callback. */
export const sharedReadBuffer = Buffer.allocUnsafeSlow(sharedReadBytes);
const spareRelayBuffers: Buffer[] = [];

function takeRelayBuffer(): Buffer {
  return spareRelayBuffers.pop() ?? Buffer.allocUnsafeSlow(relayReadBytes);
}

function giveRelayBuffer(buffer: Buffer): void {
  if (spareRelayBuffers.length < maxSpareRelayBuffers) spareRelayBuffers.push(buffer);
}

/** The large buffers in the hands of one link. Most links never have any. */
export class RelayBuffers {
  /** Of the relay that it is the source of, while that has one. */
  own: Buffer | undefined = undefined;
  /** Where its socket reads now. */
  readsInto: Buffer = sharedReadBuffer;
  /** Of a relay that has ended: free once the socket has turned to another. */
  #retiring: Buffer | undefined = undefined;
  /** Of relays into it: writes hold them. */
  #held: Buffer[] | undefined = undefined;

  /** The relay is to read into a buffer of its own. */
  take(): void { this.own ??= takeRelayBuffer(); }

  /** A write holds the relay's own: another one, if there is more to come. */
  replace(more: boolean): void { this.own = more ? takeRelayBuffer() : undefined; }

  hold(buffer: Buffer): void { (this.#held ??= []).push(buffer); }

  /** The buffer for the next read, or undefined when it stays the same. Called after each read. */
  next(): Buffer | undefined {
    const wanted = this.own ?? sharedReadBuffer;
    if (wanted === this.readsInto) return undefined;
    this.readsInto = wanted;
    if (this.#retiring !== undefined && this.#retiring !== wanted) giveRelayBuffer(this.#retiring);
    this.#retiring = undefined;
    return wanted;
  }

  /** The relay has ended. No write holds its buffer: those that do are with the target. */
  retire(): void {
    if (this.own === undefined) return;
    this.#retiring = this.own;
    this.own = undefined;
  }

  /** Nothing is being written any more: what writes held is free for further relays. */
  written(): void {
    if (this.#held === undefined) return;
    for (const buffer of this.#held) giveRelayBuffer(buffer);
    this.#held = undefined;
  }

  /** The handle is closed. */
  giveBack(): void {
    if (this.#retiring !== undefined) giveRelayBuffer(this.#retiring);
    this.#retiring = undefined;
    this.written();
  }
}
