// The payload that an operation moves, and what inspectors say of it. Interfaces only.

export interface ContentFacts {
  readonly direction: 'to-server' | 'to-client';
  /** Coarse type that the name declares (core/content-type.ts), or ''. */
  readonly declaredType: string;
  readonly name: string;
  /** Bytes announced, or -1. */
  readonly declaredSize: number;
  /** Only a part of a file is moved: what it begins with and what its sum is cannot be judged. */
  readonly partial: boolean;
}

export interface Verdict {
  readonly inspector: string;
  readonly action: 'pass' | 'block' | 'alert';
  readonly code: string;
  readonly evidence: string;
}

/** Feed-then-collect: one per content. `finish` may answer later through the callback. */
export interface ContentInspection {
  /** More than 0: nothing may pass before the verdict, and a content of more bytes than this is refused. 0: bytes pass while they
   *  are looked at. */
  readonly holdsBytes: number;
  /** `finish` wants the SHA-256 of the content. */
  readonly needsSha256: boolean;
  /** A verdict other than `pass` as soon as it is known, once. */
  feed(bytes: Buffer, start: number, end: number): Verdict | undefined;
  /** `sha256` in lower-case hexadecimal, or '' when it was not asked for. */
  finish(done: (verdict: Verdict) => void, sha256: string): void;
  abandon(): void;
}

export interface Inspector {
  readonly name: string;
  open(content: ContentFacts): ContentInspection | undefined;
}
