// Appends records to a file, one JSON object a line, and rotates it by size: FILE -> FILE.1 -> FILE.2 ... Writes are
// joined while one is under way; what a full disk or a missing directory does not take is dropped and counted.
// Reopens the file when somebody else moved it away (logrotate).
import { open, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectory } from '../make-directory.ts';
import { newCounters } from './sink.ts';
import type { Sink } from './sink.ts';

export interface JsonLinesOptions {
  path: string;
  maxSize: number;
  keep: number;
  time: 'epoch' | 'iso';
  /** Text held in memory while the disk is slow. */
  maxQueuedBytes?: number;
}

const checkEveryMs = 5000;

export class JsonLinesSink implements Sink {
  readonly name = 'json-lines';
  readonly counters = newCounters();
  readonly #options: JsonLinesOptions;
  readonly #maxQueuedBytes: number;
  #file: FileHandle | undefined;
  #size = 0;
  #checkedMs = 0;
  #queue: string[] = [];
  #queuedBytes = 0;
  #queuedRecords = 0;
  #working: Promise<void> | undefined;

  constructor(options: JsonLinesOptions) {
    this.#options = options;
    this.#maxQueuedBytes = options.maxQueuedBytes ?? 32 * 1024 ** 2;
  }

  write(text: string, count: number): void {
    if (this.#queuedBytes + text.length > this.#maxQueuedBytes) {
      this.counters.dropped += count;
      return;
    }
    this.#queue.push(text);
    this.#queuedBytes += text.length;
    this.#queuedRecords += count;
    this.#working ??= this.#work();
  }

  async flush(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#file?.close().catch(() => undefined);
    this.#file = undefined;
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      const text = this.#queue.join('');
      const records = this.#queuedRecords;
      this.#queue = [];
      this.#queuedBytes = 0;
      this.#queuedRecords = 0;
      try {
        await this.#append(this.#options.time === 'iso' ? withIsoTimes(text) : text);
        this.counters.written += records;
      } catch (error) {
        this.counters.dropped += records;
        this.counters.failures++;
        this.counters.lastFailure = (error as Error).message;
        await this.#file?.close().catch(() => undefined);
        this.#file = undefined;
      }
    }
    this.#working = undefined;
  }

  async #append(text: string): Promise<void> {
    if (this.#file !== undefined && performance.now() - this.#checkedMs > checkEveryMs) await this.#checkMoved(this.#file);
    if (this.#file !== undefined && this.#size > 0 && this.#size + text.length > this.#options.maxSize) await this.#rotate(this.#file);
    this.#file ??= await this.#open();
    const file = this.#file;
    const start = this.#size;
    try {
      await file.appendFile(text, 'latin1');
    } catch (error) {
      // A line that was written in part would spoil the next one.
      await file.truncate(start).catch(() => undefined);
      throw error;
    }
    this.#size += text.length;
  }

  async #open(): Promise<FileHandle> {
    makeDirectory(dirname(this.#options.path), 0o750);
    const file = await open(this.#options.path, 'a', 0o640);
    this.#size = (await file.stat()).size;
    this.#checkedMs = performance.now();
    return file;
  }

  async #checkMoved(file: FileHandle): Promise<void> {
    this.#checkedMs = performance.now();
    const [opened, named] = await Promise.all([file.stat(), stat(this.#options.path).catch(() => undefined)]);
    if (named !== undefined && named.ino === opened.ino && named.dev === opened.dev) return;
    await file.close();
    this.#file = undefined;
  }

  async #rotate(file: FileHandle): Promise<void> {
    await file.close();
    this.#file = undefined;
    const { path, keep } = this.#options;
    if (keep === 0) {
      await rm(path, { force: true });
      return;
    }
    for (let number = keep - 1; number >= 0; number--) {
      const from = number === 0 ? path : `${path}.${number}`;
      await rename(from, `${path}.${number + 1}`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
  }
}

/** Every line begins with `{"time":MS`; writes it as text instead. */
export function withIsoTimes(text: string): string {
  return text.replace(/^\{"time":(\d{1,14})(?=[,}])/gm, (_, ms: string) => `{"time":"${new Date(Number(ms)).toISOString()}"`);
}
