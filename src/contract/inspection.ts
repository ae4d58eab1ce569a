// The payload that an operation moves, and what an inspector says of it. Interfaces only.

export interface ContentFacts {
  readonly direction: 'to-server' | 'to-client';
  readonly declaredType: string;
  readonly name: string;
  /** Bytes announced, or -1. */
  readonly declaredSize: number;
}

export interface Verdict {
  readonly inspector: string;
  readonly action: 'pass' | 'block' | 'alert';
  readonly code: string;
  readonly evidence: string;
}

/** Feed-then-collect: one per content. `finish` may answer later through the callback. */
export interface ContentInspection {
  feed(bytes: Buffer, start: number, end: number): Verdict | undefined;
  finish(done: (verdict: Verdict) => void): void;
  abandon(): void;
}

export interface Inspector {
  readonly name: string;
  open(content: ContentFacts): ContentInspection | undefined;
}
