// What a session shows, as events of an asciicast (version 2): output, window sizes, typed lines. Secrets are masked here,
// before anything is handed on. Writes nothing (the port's recording does) and keeps nothing but a cut UTF-8 character.
import { StringDecoder } from 'node:string_decoder';
import type { Recording } from '#contract/gateway.ts';

export class SessionRecorder {
  readonly #recording: Recording;
  readonly #startedMs: number;
  readonly #decoder = new StringDecoder('utf8');
  #columns: number;
  #rows: number;

  constructor(recording: Recording, startedMs: number, columns: number, rows: number) {
    this.#recording = recording;
    this.#startedMs = startedMs;
    this.#columns = columns;
    this.#rows = rows;
  }

  /** `masked`: somebody types a password; if the host shows it after all, the recording does not. */
  output(bytes: Uint8Array, start: number, end: number, nowMs: number, masked: boolean): void {
    const text = this.#decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start));
    if (text !== '') this.#recording.write(nowMs - this.#startedMs, 'o', masked ? maskedText(text) : text);
  }

  input(text: string, nowMs: number, masked: boolean): void {
    this.#recording.write(nowMs - this.#startedMs, 'i', masked ? '********' : text);
  }

  resize(columns: number, rows: number, nowMs: number): void {
    if (columns === this.#columns && rows === this.#rows) return;
    this.#columns = columns;
    this.#rows = rows;
    this.#recording.write(nowMs - this.#startedMs, 'r', `${columns}x${rows}`);
  }

  get failure(): string { return this.#recording.failure; }
  get required(): boolean { return this.#recording.required; }
  close(): void { void this.#recording.close(); }
}

/** Control codes and sequences stay, text becomes stars, up to the end of the line: behind it stands what the host answers. */
function maskedText(text: string): string {
  const end = text.search(/[\r\n]/);
  const line = end < 0 ? text : text.slice(0, end);
  return line.replaceAll(/(\u001b\[[0-9;?]*[A-Za-z])|[^\u0000-\u001f\u007f]/g, (_, sequence: string | undefined) => sequence ?? '*') + (end < 0 ? '' : text.slice(end));
}

/** Header of the recording. */
export function recordingHeader(columns: number, rows: number, wallMs: number, terminal: string, title: string): Record<string, unknown> {
  return { version: 2, width: columns, height: rows, timestamp: Math.floor(wallMs / 1000), title, env: terminal === '' ? {} : { TERM: terminal } };
}
