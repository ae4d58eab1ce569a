// Sends every record to a syslog collector: RFC 5424 messages over UDP (RFC 5426) or TCP with octet counting (RFC 6587
// section 3.4.1). Bounded queue; over TCP it waits for the collector and reconnects with growing pauses.
// Does not do TLS (RFC 5425): put a tunnel or a local relay in between.
import { createSocket } from 'node:dgram';
import type { Socket as DatagramSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { syslogFacilities } from '../settings.ts';
import { LineScanner } from '../scan.ts';
import { newCounters } from './sink.ts';
import type { Sink } from './sink.ts';

export interface SyslogOptions {
  transport: 'udp' | 'tcp';
  address: { host: string; port: number };
  facility: (typeof syslogFacilities)[number];
  appName: string;
  queue: number;
  hostName?: string;
  /** First pause before connecting anew; doubles up to 30 s. */
  retryMs?: number;
}

const longestPauseMs = 30_000;
/** Messages over UDP are cut here: larger datagrams are not carried reliably, and IP allows no more than 65,507. */
export const maximumDatagramBytes = 60_000;

const severities: Record<string, number> = { allowed: 6, aborted: 6, denied: 4, refused: 4, limited: 4, failed: 4, error: 3 };
const scanner = new LineScanner();

/** One RFC 5424 message. `line`: an encoded record without its line end. */
export function syslogMessage(line: string, options: SyslogOptions, hostName: string): string {
  scanner.scan(line, 0, line.length);
  const priority = syslogFacilities.indexOf(options.facility) * 8 + (severities[scanner.outcome] ?? 5);
  const time = scanner.timeMs > 0 && scanner.timeMs < 253_402_300_800_000 ? new Date(scanner.timeMs).toISOString() : '-';
  const kind = /^[a-z]{1,32}$/.test(scanner.kind) ? scanner.kind : '-';
  // PROCID is not of use here; MSGID is the kind of record; no structured data: the message is JSON.
  return `<${priority}>1 ${time} ${hostName} ${options.appName} - ${kind} - ${line}`;
}

export class SyslogSink implements Sink {
  readonly name = 'syslog';
  readonly counters = newCounters();
  readonly #options: SyslogOptions;
  readonly #hostName: string;
  #queue: string[] = [];
  #datagrams: DatagramSocket | undefined;
  #inFlight = 0;
  #stream: Socket | undefined;
  #connected = false;
  #blocked = false;
  #pauseMs: number;
  #retry: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  #closed = false;

  constructor(options: SyslogOptions) {
    this.#options = options;
    this.#pauseMs = options.retryMs ?? 1000;
    this.#hostName = (options.hostName ?? hostname()).replace(/[^\x21-\x7e]/g, '').slice(0, 255) || '-';
  }

  write(text: string, _count: number): void {
    for (let start = 0; start < text.length;) {
      let end = text.indexOf('\n', start);
      if (end < 0) end = text.length;
      if (end > start) this.#take(text.slice(start, end));
      start = end + 1;
    }
    this.#send();
  }

  #take(line: string): void {
    if (this.#closed || this.#queue.length >= this.#options.queue) {
      this.counters.dropped++;
      return;
    }
    this.#queue.push(syslogMessage(line, this.#options, this.#hostName));
  }

  #send(): void {
    if (this.#options.transport === 'udp') this.#sendDatagrams();
    else this.#sendStream();
    if (this.#queue.length === 0 && this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #sendDatagrams(): void {
    const { host, port } = this.#options.address;
    this.#datagrams ??= this.#openDatagrams();
    // A bound on what the kernel and the name look-up hold; the rest waits in the queue, where it is counted.
    while (this.#queue.length > 0 && this.#inFlight < 256) {
      this.#inFlight++;
      this.#datagrams.send(this.#queue.shift()!.slice(0, maximumDatagramBytes), port, host, (error) => {
        this.#inFlight--;
        if (error) {
          this.counters.dropped++;
          this.#failed(error.message);
        } else {
          this.counters.written++;
        }
        this.#send();
      });
    }
  }

  #openDatagrams(): DatagramSocket {
    const socket = createSocket(this.#options.address.host.includes(':') ? 'udp6' : 'udp4');
    socket.unref();
    socket.on('error', (error) => this.#failed(error.message));
    return socket;
  }

  #sendStream(): void {
    if (this.#stream === undefined) {
      if (this.#retry === undefined && this.#queue.length > 0 && !this.#closed) this.#connect();
      return;
    }
    while (this.#connected && !this.#blocked && this.#queue.length > 0) {
      const batch = this.#queue.splice(0, 200);
      this.counters.written += batch.length;
      // Octet counting: length, space, message. Messages are ASCII, so characters are octets.
      this.#blocked = !this.#stream.write(batch.map((message) => `${message.length} ${message}`).join(''), 'latin1');
    }
  }

  #connect(): void {
    const { host, port } = this.#options.address;
    const stream = connect({ host, port, keepAlive: true });
    this.#stream = stream;
    stream.on('connect', () => {
      this.#connected = true;
      this.#pauseMs = this.#options.retryMs ?? 1000;
      this.#send();
    });
    stream.on('drain', () => {
      this.#blocked = false;
      this.#send();
    });
    // A collector has nothing to say; reading keeps the end of the connection visible.
    stream.resume();
    stream.on('error', (error) => this.#failed(error.message));
    stream.on('close', () => this.#disconnected());
  }

  #disconnected(): void {
    if (this.#connected && !this.#closed) this.#failed('the collector closed the connection');
    this.#stream = undefined;
    this.#connected = false;
    this.#blocked = false;
    if (this.#closed) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#send();
    }, this.#pauseMs);
    this.#retry.unref();
    this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2);
  }

  #failed(why: string): void {
    this.counters.failures++;
    this.counters.lastFailure = why;
  }

  async flush(): Promise<void> {
    if (this.#queue.length === 0 && this.#inFlight === 0) return;
    await new Promise<void>((resolve) => { this.#idle.push(resolve); });
  }

  /** Waits a second at most for the collector. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => { timer = setTimeout(resolve, 1000); });
    await Promise.race([this.flush(), late]);
    clearTimeout(timer);
    clearTimeout(this.#retry);
    this.#closed = true;
    this.counters.dropped += this.#queue.length;
    this.#queue = [];
    for (const resolve of this.#idle.splice(0)) resolve();
    this.#datagrams?.close();
    this.#datagrams = undefined;
    const stream = this.#stream;
    if (stream === undefined) return;
    await new Promise<void>((resolve) => {
      stream.once('close', () => resolve());
      stream.end();
      setTimeout(() => stream.destroy(), 1000).unref();
      if (!this.#connected) stream.destroy();
    });
  }
}
