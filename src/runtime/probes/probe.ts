// One probe of one address: a TCP connect, an HTTP/1.1 request, or a conversation that a gateway declared; over TLS where the
// pool has it; with a time limit, ending in exactly one result with its reason in words. Off the hot path, hence node:http.
// Keeps nothing between probes.
import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { HealthProbe } from '#contract/health-probe.ts';
import type { ProbeResult } from '#upstream/health.ts';
import { ConversationRun } from './conversation.ts';
import { tlsFailureText } from '../tls/failure-text.ts';
import type { HealthSettings, HttpProbeSettings, StatusRange } from '#upstream/settings.ts';

export interface ProbeTarget {
  /** An address, or a name when nothing has resolved it. */
  readonly address: string;
  readonly port: number;
  /** `host:port` for the Host header when the settings name none. */
  readonly hostHeader: string;
  /** The server as configured: name for TLS. */
  readonly host?: string;
  /** TLS profile for the connection from its first byte. */
  readonly tls?: string | undefined;
  /** Makes TLS of a connection; needed when there is any profile. */
  readonly security?: ProbeSecurity;
  /** Probes that gateways have declared. */
  readonly probes?: readonly HealthProbe[];
}

export interface ProbeSecurity {
  /** @throws Error when there is no such profile. */
  connect(transport: net.Socket, profile: string, host: string | undefined): TLSSocket;
}

/** How timers are started; replaced in tests. */
export interface Timers {
  start(afterMs: number, run: () => void): unknown;
  stop(timer: unknown): void;
}

export const systemTimers: Timers = {
  start: (afterMs, run) => setTimeout(run, afterMs).unref(),
  stop: (timer) => { clearTimeout(timer as NodeJS.Timeout); },
};

/** Of an answer's body, which nobody wants, at most this much is read so that the server can finish in good order. */
const maxBodyBytes = 65_536;
const maxHeadBytes = 16_384;

const failureWords: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'name not found',
  EAI_AGAIN: 'name lookup failed',
  ETIMEDOUT: 'connection timed out',
  EADDRNOTAVAIL: 'address not available',
  HPE_HEADER_OVERFLOW: `the head of the answer is over ${maxHeadBytes} bytes`,
};

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Number((ms / 1000).toFixed(1))} s`;
}

export function wantedText(expect: readonly StatusRange[]): string {
  return expect.map(({ from, to }) => from === to ? String(from) : `${from}-${to}`).join(', ');
}

function errorText(error: Error & { code?: string }): string {
  const code = error.code ?? '';
  if (/^ERR_(?:TLS|SSL)|CERT|SELF_SIGNED|UNABLE_TO_|ISSUER/.test(code)) return tlsFailureText(error);
  return failureWords[code] ?? (code.startsWith('HPE_') ? `the answer is not HTTP (${error.message})` : `${code} ${error.message}`.trim());
}

/** Runs one probe. `done` is called exactly once, later than this returns; not at all after the returned `cancel`. */
export function probe(target: ProbeTarget, settings: HealthSettings, timers: Timers, nowMs: () => number, done: (result: ProbeResult) => void): () => void {
  let over = false;
  let phase = 'the connection';
  let close = (): void => { /* nothing open yet */ };
  const startedMs = nowMs();
  const finish = (healthy: boolean, reason: string): void => {
    if (over) return;
    over = true;
    timers.stop(timer);
    close();
    done({ healthy, reason });
  };
  const timer = timers.start(settings.timeout, () => { finish(false, `timed out after ${seconds(settings.timeout)} waiting for ${phase}`); });
  const took = (): string => `in ${Math.max(0, Math.round(nowMs() - startedMs))} ms`;
  const events: ProbeEvents = {
    connected() {
      phase = 'the status line';
      if (settings.http === undefined) finish(true, `connected ${took()}`);
    },
    status(status) {
      const { expect } = settings.http!;
      const healthy = expect.some(({ from, to }) => status >= from && status <= to);
      finish(healthy, healthy ? `HTTP ${status} ${took()}` : `HTTP ${status}, wanted ${wantedText(expect)}`);
    },
    failed(error) { finish(false, errorText(error)); },
    vanished() { finish(false, settings.http === undefined ? 'connection closed' : 'connection closed before the status line'); },
  };
  const spoken = target.probes?.find(({ name }) => (settings as unknown as Record<string, unknown>)[name] !== undefined);
  /** The rest of an answer is read for as long as the probe might have taken, then cut off. */
  const linger = (end: () => void): void => { timers.start(settings.timeout, end); };
  if (spoken !== undefined) {
    const run = new ConversationRun(target, spoken, (settings as unknown as Record<string, unknown>)[spoken.name], {
      waitsFor(what) { phase = what; },
      verdict(healthy, reason) { finish(healthy, healthy ? `${reason} ${took()}` : reason); },
      failed(error) { finish(false, errorText(error)); },
    });
    close = () => { run.close(linger); };
  } else close = settings.http === undefined ? openTcp(target, events) : openHttp(target, settings.http, linger, events);
  return () => {
    over = true;
    timers.stop(timer);
    close();
  };
}

interface ProbeEvents {
  connected(): void;
  status(status: number): void;
  failed(error: Error & { code?: string }): void;
  vanished(): void;
}

function openTcp(target: ProbeTarget, events: ProbeEvents): () => void {
  const transport = net.connect({ host: target.address, port: target.port });
  const socket = secured(target, transport);
  socket.on(socket === transport ? 'connect' : 'secureConnect', () => { events.connected(); });
  socket.on('error', (error) => { events.failed(error); });
  socket.on('close', () => { events.vanished(); });
  // A reset instead of FIN leaves no TIME-WAIT behind, but many servers log it as an error.
  return () => {
    if (transport.connecting) transport.destroy();
    else if (socket.connecting) socket.destroy();
    else socket.end(() => socket.destroy());
  };
}

/** The connection itself, or TLS over it where the pool says so. */
function secured(target: ProbeTarget, transport: net.Socket): net.Socket {
  return target.tls === undefined ? transport : target.security!.connect(transport, target.tls, target.host);
}

/** Given on only when the handshake is done: what is written to a TLS socket over one that is still connecting goes out in the clear. */
function connectSecured(target: ProbeTarget, made: (error: Error | null, socket: Duplex) => void): void {
  const socket = secured(target, net.connect({ host: target.address, port: target.port }));
  const failed = (error: Error): void => { made(error, socket); };
  socket.once('error', failed);
  socket.once('secureConnect', () => {
    socket.off('error', failed);
    made(null, socket);
  });
}

function openHttp(target: ProbeTarget, settings: HttpProbeSettings, linger: (end: () => void) => void, events: ProbeEvents): () => void {
  const request = http.request({
    host: target.address, port: target.port, method: settings.method, path: settings.path, maxHeaderSize: maxHeadBytes,
    // With an agent, Node does not look at createConnection.
    ...(target.tls === undefined ? { agent: false } : { createConnection: (_, made) => { connectSecured(target, made); return undefined; } }),
    headers: { 'Host': settings.host ?? target.hostHeader, 'User-Agent': 'sallyport-health', 'Accept': '*/*', 'Connection': 'close', ...settings.headers },
  });
  let answered = false;
  request.on('socket', (socket) => {
    socket.on('connect', () => { events.connected(); });
    socket.unref();
  });
  request.on('response', (response) => {
    answered = true;
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) request.destroy();
    });
    response.on('error', () => { /* the status has decided already */ });
    linger(() => { request.destroy(); });
    events.status(response.statusCode ?? 0);
  });
  request.on('upgrade', (response, socket) => {
    answered = true;
    socket.destroy();
    events.status(response.statusCode ?? 0);
  });
  request.on('error', (error: Error & { code?: string }) => {
    // Node says ECONNRESET both for a reset and for an answer that never came.
    if (error.message === 'socket hang up') events.vanished();
    else events.failed(error);
  });
  request.on('close', () => { events.vanished(); });
  request.end();
  return () => { if (!answered) request.destroy(); };
}
