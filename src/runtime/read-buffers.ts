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

export function takeRelayBuffer(): Buffer {
  return spareRelayBuffers.pop() ?? Buffer.allocUnsafeSlow(relayReadBytes);
}

export function giveRelayBuffer(buffer: Buffer): void {
  if (spareRelayBuffers.length < maxSpareRelayBuffers) spareRelayBuffers.push(buffer);
}
