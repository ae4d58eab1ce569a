// A link is one end-to-end transport connection as a gateway sees it: commands as methods, events through a handler.
// No socket here: the runtime implements it over TCP and TLS, tests implement it as a recorder.
// Commands never call back synchronously into the handler, except where said.
import type { OperationalFailure } from '#core/failure.ts';

export interface Endpoint { readonly address: string; readonly port: number }

export interface TlsFacts {
  readonly protocol: string;
  readonly cipher: string;
  readonly serverName: string;
  readonly alpn: string;
  readonly peerSubject: string;
  readonly resumed: boolean;
}

/** What happened on a link, in the past tense. */
export interface LinkHandler {
  /** `bytes[start..end)` arrived. The buffer is reused after the call: copy what must be kept. */
  received(link: Link, bytes: Buffer, start: number, end: number): void;
  /** The peer finished sending (FIN). What it sent before has been received. */
  ended(link: Link): void;
  /** Everything sent is with the kernel again, after a send answered false. */
  drained(link: Link): void;
  /** A relay that this link was the source of has moved its last byte. */
  relayed(link: Link): void;
  /** The link is gone, with the failure when it did not end in good order. The last event of a link. */
  closed(link: Link, failure: OperationalFailure | undefined): void;
}

/** Sees bytes that a relay moves, without holding them up. */
export interface Tap {
  pass(bytes: Buffer, start: number, end: number): void;
}

export interface Link {
  readonly role: 'client' | 'server';
  readonly peer: Endpoint;
  readonly local: Endpoint;
  readonly tls: TlsFacts | undefined;
  handler: LinkHandler;
  /** Payload bytes so far. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** True once it can no longer be written to. */
  readonly closed: boolean;
  /** True when the peer has sent FIN. */
  readonly peerEnded: boolean;
  /** Sends a copy-free slice when the kernel takes it at once, else a copy. False: wait for `drained` before sending more. */
  send(bytes: Uint8Array, start: number, end: number): boolean;
  /** Sends latin1 text. */
  sendText(text: string): boolean;
  /** Sends latin1 text, bytes and more text as one write: a head and the first part of its body, a chunk with its framing. */
  sendTextAndBytes(text: string, bytes: Uint8Array, start: number, end: number, tail?: string): boolean;
  /** Stops and restarts reading: back-pressure towards the peer. */
  pause(): void;
  resume(): void;
  /** Copies the next `count` bytes that arrive here to `target` without showing them to the handler (Infinity: until
   *  FIN), with back-pressure. Then `relayed`; bytes behind them are `received` as before. */
  relayTo(target: Link, count: number, tap?: Tap): void;
  /** Bytes of the current relay still to come. */
  readonly relayRemaining: number;
  stopRelay(): void;
  /** FIN after everything sent; the other direction stays open. */
  end(): void;
  /** FIN after everything sent, then closes for good. */
  close(): void;
  /** RST: a truncated message must look truncated. */
  reset(): void;
}
