// How a gateway declares a health probe of its protocol: a conversation with a server, bytes in, bytes out, one verdict with
// its reason. The runtime has the socket, the time limit and the bound on what is read; it learns nothing of the protocol.
import type { z } from 'zod';

/** What a conversation may do. Nothing happens any more after `done`. */
export interface ProbePort {
  /** Latin1 text. */
  send(text: string): void;
  /** For the words of a time limit: `timed out after 2 s waiting for the greeting`. */
  waitsFor(what: string): void;
  /** Turns TLS on with a profile of the configuration; `secured` says that it stands. */
  secure(profile: string): void;
  /** The verdict, with a reason for people; `farewell` is sent before the connection is closed. */
  done(healthy: boolean, reason: string, farewell?: string): void;
}

/** Hostile servers are met here too: nothing that they send may throw, and nothing may be kept without bound. */
export interface ProbeConversation {
  /** The connection stands, with TLS where the pool has it from the first byte. */
  connected(): void;
  /** Lent for the call. */
  received(bytes: Buffer): void;
  secured?(): void;
  /** The server has closed: the conversation says what is missing. */
  ended(): void;
}

/** Declared by a manifest: `health: { NAME: settings }` of a pool. */
export interface HealthProbe<Settings = unknown> {
  /** Key in the health settings of a pool. */
  readonly name: string;
  readonly description: string;
  readonly settings: z.ZodType<Settings>;
  /** TLS profiles that the settings refer to, with their place. */
  tlsReferences?(settings: Settings): { path: readonly (string | number)[]; profile: string }[];
  start(settings: Settings, port: ProbePort): ProbeConversation;
}
