// A place that audit records go to besides the store. A sink never throws and never waits: what it cannot take it counts.

export interface SinkCounters {
  /** Records taken, records that could not be kept, and failures (of a file, of a connection). */
  written: number;
  dropped: number;
  failures: number;
  /** Text of the latest failure, or ''. */
  lastFailure: string;
}

export interface Sink {
  readonly name: string;
  readonly counters: SinkCounters;
  /** Lines of records, each with its line end. */
  write(text: string, count: number): void;
  /** Everything taken so far is on its way: on disk, or with the collector's connection. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export function newCounters(): SinkCounters {
  return { written: 0, dropped: 0, failures: 0, lastFailure: '' };
}
