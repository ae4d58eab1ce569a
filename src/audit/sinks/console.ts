// Prints every record as a line for people (`audit.console`). The line itself is made by console-line.ts.
import { parseRecord } from '../record.ts';
import { consoleLine } from './console-line.ts';
import type { ConsoleLineOptions } from './console-line.ts';
import { newCounters } from './sink.ts';
import type { Sink } from './sink.ts';

/** More than this waiting for a slow terminal is dropped. */
const maximumWaitingBytes = 4 * 1024 ** 2;

export class ConsoleSink implements Sink {
  readonly name = 'console';
  readonly counters = newCounters();
  readonly #output: NodeJS.WritableStream & { writableLength?: number };
  readonly #options: ConsoleLineOptions;

  constructor(output: NodeJS.WritableStream, options: ConsoleLineOptions) {
    this.#output = output;
    this.#options = options;
    output.on('error', (error: Error) => {
      this.counters.failures++;
      this.counters.lastFailure = error.message;
    });
  }

  write(text: string, count: number): void {
    if ((this.#output.writableLength ?? 0) > maximumWaitingBytes) {
      this.counters.dropped += count;
      return;
    }
    let lines = '';
    for (const line of text.split('\n')) {
      const record = line === '' ? undefined : parseRecord(line);
      if (record !== undefined) lines += `${consoleLine(record, this.#options)}\n`;
    }
    this.#output.write(lines);
    this.counters.written += count;
  }

  async flush(): Promise<void> {
    await new Promise<void>((resolve) => { this.#output.write('', () => resolve()); });
  }

  async close(): Promise<void> {
    await this.flush();
  }
}
