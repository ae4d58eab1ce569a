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

/** How TLS is turned on. Certificates, keys and trust come from a named TLS profile of the configuration (section `tls`). */
export interface SecureRequest {
  /** Which end of the TLS handshake we are; independent of who dialled (an FTP client is the TLS client on every data
   *  connection, RFC 4217 section 7). */
  readonly end: 'tls-server' | 'tls-client';
  /** Name of the TLS profile; '' for the default of the listener or pool that the link belongs to. */
  readonly profile: string;
  /** For `tls-client`: name to ask for and to verify; '' for the host that was dialled. */
  readonly serverName: string;
  /** Application protocols offered (`tls-client`) or demanded when the peer offers any (`tls-server`): a mismatch fails the handshake. */
  readonly alpn: readonly string[];
  /** A link of the same session whose TLS session this one continues: `tls-client` offers it for resumption; `tls-server`
   *  uses the same session tickets, so that only the holder of that session can resume (`tls.resumed`). */
  readonly continues: Link | undefined;
  /** For `tls-server`: session tickets that only further links of this session can use (through `continues`). */
  readonly ownTickets: boolean;
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
  /** TLS that was asked for by `secure` stands; `tls` has the facts. A handshake that fails is a `closed` with code `tls`. */
  secured?(link: Link): void;
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
  /** With `peerEnded`: the peer's TCP connection ended without the close_notify that ends TLS (RFC 8446 section 6.1). What came
   *  may be cut short by somebody on the way. */
  readonly endedWithoutNotify: boolean;
  /** 0 when the kernel has taken everything that was sent; otherwise a measure of what waits, which shrinks as the peer takes some. */
  readonly unsentBytes: number;
  /** Sends a copy-free slice when the kernel takes it at once, else a copy. False: wait for `drained` before sending more. */
  send(bytes: Uint8Array, start: number, end: number): boolean;
  /** Sends latin1 text. */
  sendText(text: string): boolean;
  /** Sends latin1 text, bytes and more text as one write: a head and the first part of its body, a chunk with its framing. */
  sendTextAndBytes(text: string, bytes: Uint8Array, start: number, end: number, tail?: string): boolean;
  /** Stops and restarts reading: back-pressure towards the peer. A reset is noticed all the same, within two seconds. A server's
   *  link is then read to its end first: `received` may come although it is paused, with what the server had sent by then. */
  pause(): void;
  resume(): void;
  /** Copies the next `count` bytes that arrive here to `target` without showing them to the handler (Infinity: until
   *  FIN), with back-pressure. Then `relayed`; bytes behind them are `received` as before. */
  relayTo(target: Link, count: number, tap?: Tap): void;
  /** Bytes of the current relay still to come. */
  readonly relayRemaining: number;
  stopRelay(): void;
  /** Turns TLS on in mid-stream; nothing may be sent until `secured`. Bytes that came behind the command which led here have
   *  been received already: the gateway must have refused the session if there were any (injection before TLS). */
  secure(request: SecureRequest): void;
  /** FIN after everything sent; the other direction stays open. */
  end(): void;
  /** FIN after everything sent, then closes for good. */
  close(): void;
  /** RST: a truncated message must look truncated. */
  reset(): void;
}
