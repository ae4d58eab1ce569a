// Runs a probe conversation that a gateway declared over a socket: TCP, TLS from the first byte or in mid-stream. Bounds
// what is read; the time limit is the caller's. Knows no protocol.
import net from 'node:net';
import type { HealthProbe, ProbeConversation, ProbePort } from '#contract/health-probe.ts';
import type { ProbeTarget } from './probe.ts';

/** A server that says more than this in one probe is not well. */
export const maxProbeBytes = 65_536;

export interface ConversationEvents {
  waitsFor(what: string): void;
  verdict(healthy: boolean, reason: string): void;
  failed(error: Error & { code?: string }): void;
}

export class ConversationRun implements ProbePort {
  readonly #target: ProbeTarget;
  readonly #events: ConversationEvents;
  readonly #conversation: ProbeConversation;
  #socket: net.Socket;
  #bytes = 0;
  #over = false;

  constructor(target: ProbeTarget, probe: HealthProbe, settings: unknown, events: ConversationEvents) {
    this.#target = target;
    this.#events = events;
    this.#conversation = probe.start(settings, this);
    this.#socket = net.connect({ host: target.address, port: target.port, allowHalfOpen: true });
    this.#socket.unref();
    this.#follow(this.#socket);
    this.#socket.once('connect', () => {
      if (target.tls === undefined) this.#guarded(() => { this.#conversation.connected(); });
      else this.#secure(target.tls, () => { this.#conversation.connected(); });
    });
  }

  #follow(socket: net.Socket): void {
    socket.on('data', (bytes: Buffer) => { this.#received(bytes); });
    socket.on('error', (error) => { if (!this.#over) this.#events.failed(error); });
    const ended = (): void => { this.#guarded(() => { this.#conversation.ended(); }); };
    socket.on('end', ended);
    socket.on('close', ended);
  }

  #received(bytes: Buffer): void {
    this.#bytes += bytes.length;
    this.#guarded(() => { this.#conversation.received(bytes); });
    if (this.#bytes > maxProbeBytes && !this.#over) this.done(false, `the server sent more than ${maxProbeBytes} bytes without an end`);
  }

  /** A bug in a conversation fails this probe, not the supervisor. */
  #guarded(run: () => void): void {
    if (this.#over) return;
    try { run(); } catch (error) { this.done(false, `bug in the probe: ${error instanceof Error ? error.message : String(error)}`); }
  }

  #secure(profile: string, then: () => void): void {
    this.#events.waitsFor('the TLS handshake');
    const transport = this.#socket;
    for (const event of ['data', 'error', 'end', 'close']) transport.removeAllListeners(event);
    transport.on('error', () => { /* the socket above tells */ });
    const secured = this.#target.security!.connect(transport, profile, this.#target.host);
    secured.unref();
    this.#socket = secured;
    this.#follow(secured);
    secured.once('secureConnect', () => { this.#guarded(then); });
  }

  send(text: string): void { if (!this.#over) this.#socket.write(text, 'latin1'); }
  waitsFor(what: string): void { if (!this.#over) this.#events.waitsFor(what); }
  secure(profile: string): void { this.#secure(profile, () => { this.#conversation.secured?.(); }); }

  done(healthy: boolean, reason: string, farewell = ''): void {
    if (this.#over) return;
    if (farewell !== '') this.#socket.write(farewell, 'latin1');
    this.#events.verdict(healthy, reason);
  }

  /** Closes in good order after a farewell: what the server still says is thrown away, and it has no more time than `lingerMs`. */
  close(linger: (end: () => void) => void): void {
    this.#over = true;
    const socket = this.#socket;
    if (socket.connecting || socket.destroyed) {
      socket.destroy();
      return;
    }
    let bytes = 0;
    socket.removeAllListeners('data');
    socket.on('data', (more: Buffer) => {
      bytes += more.length;
      if (bytes > maxProbeBytes) socket.destroy();
    });
    socket.on('end', () => { socket.destroy(); });
    socket.end();
    linger(() => { socket.destroy(); });
  }
}
