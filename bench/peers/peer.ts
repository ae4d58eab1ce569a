// What a benchmark knows of a proxy under test.
import type { LoadShape } from '../load/wrk.ts';

export type PeerName = 'sallyport' | 'nginx' | 'nginx-buffered' | 'haproxy' | 'raw';

/** How much configuration the proxies carry. */
export interface Shape { readonly routes: number; readonly rules: number }

export const usualShape: Shape = { routes: 50, rules: 100 };

export interface Peer {
  readonly name: PeerName;
  readonly port: number;
  readonly shape: Shape;
  /** The process that handles connections. */
  readonly worker: number;
  /** The process beside it that works for requests too (Sallyport's audit store), if there is one. */
  readonly supervisor: number | undefined;
  /** Records that the proxy has logged of operations since it started, once all of them have arrived. Undefined: nobody can tell. */
  logged(): Promise<number | undefined>;
  stop(): Promise<void>;
}

/** Body bytes of the answer to each target. */
export const answerBytes: Readonly<Record<LoadShape['target'], number>> = { '1k': 1024, '100k': 100 * 1024, '10m': 10 * 1024 * 1024, post: 3 };

/** Idle connections to the origin that every proxy may keep. */
export const poolSize = 128;
