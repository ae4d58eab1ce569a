// Recordings of sessions (asciicast v2: a header line, then one event a line), written by the worker that has the session,
// in readable text or sealed (sealed-recordings.ts). Says when it cannot: whether a session goes on then is its gateway's
// business. Does not know what is recorded: the gateway masks what must not be kept.
import { createWriteStream, openSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '#audit/make-directory.ts';
import type { Recording } from '#contract/gateway.ts';
import { Sealer } from './sealed-recordings.ts';

/** What is collected before it is written: at most this much is lost when the process dies. */
const flushBytes = 16 * 1024;
/** What may wait for a slow disk; more ends the recording. */
const maxWaitingBytes = 8 * 1024 * 1024;

export interface RecordingsConfiguration {
  readonly directory: string;
  /** 64 hexadecimal digits; readable text without. */
  readonly key: string | undefined;
  /** Of one recording, before encryption. */
  readonly maxBytes: number;
  /** Whether a session ends when it cannot be recorded. */
  readonly required: boolean;
}

class FileRecording implements Recording {
  failure = '';
  readonly required: boolean;
  readonly #file: WriteStream | undefined;
  readonly #sealer: Sealer | undefined;
  readonly #maxBytes: number;
  readonly #closed: () => void;
  #bytes = 0;
  #text = '';

  constructor(path: string, { key, maxBytes, required }: RecordingsConfiguration, header: Readonly<Record<string, unknown>>, closed: (recording: FileRecording) => void) {
    this.required = required;
    this.#maxBytes = maxBytes;
    this.#closed = () => { closed(this); };
    this.#sealer = key === undefined ? undefined : new Sealer(Buffer.from(key, 'hex'));
    this.#file = this.#open(path);
    if (this.#sealer !== undefined) this.#file?.write(this.#sealer.head);
    this.#add(`${JSON.stringify(header)}\n`);
  }

  /** At once, so that a session that cannot be recorded is known before it shows anything. */
  #open(path: string): WriteStream | undefined {
    try {
      const file = createWriteStream(path, { fd: openSync(path, 'wx', 0o600) });
      file.on('error', (error) => { this.#fail(error.message); });
      return file;
    } catch (error) {
      this.#fail((error as Error).message);
      return undefined;
    }
  }

  #fail(message: string): void {
    if (this.failure === '') this.failure = message;
    this.#text = '';
  }

  write(atMs: number, kind: string, text: string): void {
    if (this.failure === '') this.#add(`${JSON.stringify([Math.round(atMs) / 1000, kind, text])}\n`);
  }

  #add(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#bytes + bytes > this.#maxBytes) {
      this.flush();
      this.#fail(`recordings.maxBytes (${this.#maxBytes}) is reached`);
      return;
    }
    this.#bytes += bytes;
    this.#text += line;
    if (this.#text.length >= flushBytes) this.flush();
  }

  flush(): void {
    if (this.#text === '' || this.#file === undefined) return;
    const plain = Buffer.from(this.#text, 'utf8');
    this.#text = '';
    this.#file.write(this.#sealer === undefined ? plain : this.#sealer.part(plain));
    if (this.#file.writableLength > maxWaitingBytes) this.#fail('the disk cannot keep up');
  }

  /** Resolves when all of it is on disk (or given up). */
  async close(): Promise<void> {
    this.#closed();
    const file = this.#file;
    if (file === undefined) return;
    this.flush();
    await new Promise<void>((resolve) => {
      if (file.closed) resolve();
      else file.on('close', () => { resolve(); });
      if (this.#sealer === undefined) file.end();
      else file.end(this.#sealer.end());
    });
  }
}

export class Recordings {
  #configuration: RecordingsConfiguration | undefined = undefined;
  readonly #open = new Set<FileRecording>();

  /** For sessions that begin from now on. @throws Error when the directory cannot be made. */
  configure(configuration: RecordingsConfiguration | undefined): void {
    if (configuration !== undefined) {
      const { directory } = configuration;
      try { makeDirectory(directory, 0o700); } catch (error) {
        throw new Error(`recordings.directory: ${directory} cannot be made: ${(error as Error).message}`, { cause: error });
      }
    }
    this.#configuration = configuration;
  }

  /** Undefined when none is configured. */
  begin(session: string, header: Readonly<Record<string, unknown>>): Recording | undefined {
    if (this.#configuration === undefined) return undefined;
    const path = join(this.#configuration.directory, `${session}.cast`);
    const recording = new FileRecording(path, this.#configuration, header, (closed) => { this.#open.delete(closed); });
    this.#open.add(recording);
    return recording;
  }

  /** About once a second, so that a recording can be followed and little is lost. */
  flush(): void {
    for (const recording of this.#open) recording.flush();
  }
}
