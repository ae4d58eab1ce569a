// A link over a TCP socket: the one place where bytes of a session are read and written. Implements contract/link.ts:
// back-pressure, half close, resets, relays that never visit the session machine.
// Does not dial, accept or time out; knows no protocol.
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { OperationalFailure } from '#core/failure.ts';
import type { Endpoint, Link, LinkHandler, SecureRequest, Tap, TlsFacts } from '#contract/link.ts';
import { eventBegins, eventEnds } from './event-time.ts';
import { HandleSocket, hasPeer, type SocketOwner } from './handle-socket.ts';
import { listenBelow, listenTo, listenToBytes, stopListening } from './link-events.ts';
import { allocate, flushOutbox, maxOutboxPiece, queue, type OutboxLink } from './outbox.ts';
import { maxSharedRelayBytes, RelayBuffers, sharedReadBuffer, sharedReadBytes, trickleBytes } from './read-buffers.ts';
import { failureOf, plainAddress } from './socket-errors.ts';

/** Pending bytes above which a link tells its writer to wait. */
export const highWaterBytes = 64 * 1024;
/** Room for a whole shared read with a head or chunk framing around it. */
const scratchBytes = sharedReadBytes + 16 * 1024;

let scratch = allocate(scratchBytes);

/** Between operations nobody listens. */
const noHandler: LinkHandler = { received() {}, ended() {}, drained() {}, relayed() {}, closed() {} };

/** Who closes the session when its code throws: a bug must cost one session and nothing else. */
export interface BugGuard { bug(error: unknown): void }

/** Where the bytes of a TCP connection go. */
export interface Reader { deliver(bytes: Buffer, start: number, end: number): void }

/** Turns TLS on over a transport (runtime/tls). */
export interface LinkSecurity {
  secure(link: SocketLink, transport: Socket | Duplex, request: SecureRequest): Socket;
  /** What TLS works on where it is not the socket itself. */
  carrier(request: SecureRequest, transport: LinkTransport): (Duplex & Reader) | undefined;
}

/** A connection as node:net has it, or on its handle (runtime/handle-socket.ts). */
export type LinkTransport = Socket | HandleSocket;

export class SocketLink implements Link, OutboxLink, SocketOwner {
  readonly role: 'client' | 'server';
  /** What is read and written: the TCP socket, or TLS over it once `secure` was called. */
  socket: LinkTransport;
  /** Makes TLS of it when a gateway or the runtime asks: given by the worker. */
  security: LinkSecurity | undefined = undefined;
  handler: LinkHandler = noHandler;
  bytesIn = 0;
  bytesOut = 0;
  closed = false;
  peerEnded = false;
  endedWithoutNotify = false;
  relayRemaining = 0;
  tls: TlsFacts | undefined = undefined;
  failure: OperationalFailure | undefined = undefined;
  /** Bytes of the read being delivered that lie behind the end of a relay: whoever takes the link back must know of them. */
  surplusBytes = 0;
  queuedBytes = 0;
  guard: BugGuard | undefined = undefined;
  /** Where a socket of Node brings what it has read for this link. */
  reader: Reader = this;
  #relayTarget: SocketLink | undefined = undefined;
  /** The link that is relaying into this one and waits for it to drain. */
  #waitingSource: SocketLink | undefined = undefined;
  #tap: Tap | undefined = undefined;
  #waitsForDrain = false;
  #paused = false;
  #ending = false;
  /** `close` was called; what is in the outbox goes out first. */
  #closing = false;
  /** More than `maxSharedRelayBytes` are to be relayed, and there is an end. */
  #largeRelay = false;
  /** The peer has reset: what it had sent is read to its end, whoever wants to wait. */
  #lost = false;
  /** Once it had to do with a large relay, as its source or its target. */
  #buffers: RelayBuffers | undefined = undefined;
  /** The TCP socket below. */
  #transport: LinkTransport;
  #peer: Endpoint | undefined = undefined;
  #local: Endpoint | undefined = undefined;

  constructor(socket: LinkTransport, role: 'client' | 'server') {
    this.socket = socket;
    this.#transport = socket;
    this.role = role;
    if (socket instanceof HandleSocket) socket.attach(this);
    else listenTo(socket, this);
  }

  get peer(): Endpoint {
    if (this.#peer !== undefined) return this.#peer;
    const transport = this.#transport;
    const { address, port } = transport instanceof HandleSocket ? transport.names('getpeername') : { address: transport.remoteAddress, port: transport.remotePort };
    return this.#peer = { address: plainAddress(address), port: port ?? 0 };
  }

  get local(): Endpoint {
    if (this.#local !== undefined) return this.#local;
    const transport = this.#transport;
    const { address, port } = transport instanceof HandleSocket ? transport.names('getsockname') : { address: transport.localAddress, port: transport.localPort };
    return this.#local = { address: plainAddress(address), port: port ?? 0 };
  }

  /** True from the moment that it was given up, which is before it is `closed`. */
  get given(): boolean { return this.closed || this.#transport.destroyed || this.socket.destroyed; }

  /** Closes once what is in the outbox has gone. */
  get closing(): boolean { return this.#closing && !this.given; }

  /** Node counts a write as pending until all of it is taken; how far it is, its handle knows. Without what is in the outbox:
   *  that leaves within the turn. */
  get unsentBytes(): number {
    const { socket } = this;
    const pending = socket.writableLength;
    if (pending === 0) return 0;
    return pending + (socket instanceof HandleSocket ? socket.writeQueueSize : (socket as { _handle?: { writeQueueSize?: number } | null })._handle?.writeQueueSize ?? 0);
  }

  /** Bytes read from the socket, called by whoever owns its read path. The buffer is only lent. */
  deliver(bytes: Buffer, start: number, end: number): void {
    if (this.#closing) return;
    this.bytesIn += end - start;
    // The handler may give the link back while it runs; a bug is still this session's.
    const { guard } = this;
    eventBegins();
    try {
      const target = this.#relayTarget;
      if (target === undefined) {
        this.handler.received(this, bytes, start, end);
        return;
      }
      const cut = end - start <= this.relayRemaining ? end : start + this.relayRemaining;
      this.surplusBytes = end - cut;
      this.#pass(target, bytes, start, cut);
      if (cut < end) {
        this.surplusBytes = 0;
        this.handler.received(this, bytes, cut, end);
      }
    } catch (error) { this.#bug(error, guard); } finally { eventEnds(); }
  }

  #bug(error: unknown, guard: BugGuard | undefined): void {
    if (guard === undefined) this.reset();
    else guard.bug(error);
  }

  #pass(target: SocketLink, bytes: Buffer, start: number, end: number): void {
    this.relayRemaining -= end - start;
    this.#tap?.pass(bytes, start, end);
    const flows = bytes === this.#buffers?.own ? this.#passUncopied(target, bytes, start, end) : target.send(bytes, start, end);
    if (this.#largeRelay && end - start > trickleBytes && this.relayRemaining > maxSharedRelayBytes) (this.#buffers ??= new RelayBuffers()).take();
    if (this.relayRemaining === 0) {
      this.#endRelay();
      this.handler.relayed(this);
    } else if (!flows) {
      target.#waitingSource = this;
      this.pause();
    }
  }

  /** When the kernel does not take all at once, the buffer belongs to the pending write and reading goes on in another. */
  #passUncopied(target: SocketLink, bytes: Buffer, start: number, end: number): boolean {
    if (target.closed) return true;
    target.bytesOut += end - start;
    if (target.queuedBytes > 0) flushOutbox();
    target.socket.write(bytes.subarray(start, end));
    if (target.socket.writableLength > 0) {
      (target.#buffers ??= new RelayBuffers()).hold(bytes);
      this.#buffers!.replace(this.relayRemaining > 0);
    }
    return target.#flows();
  }

  /** The buffer for the socket's next read, or undefined when it stays the same. Called after each read callback: from then
   *  on the handle reads there, and a relay's buffer that was given up is free for the next relay. */
  nextReadBuffer(): Buffer | undefined { return this.#buffers?.next(); }

  #flows(): boolean {
    if (this.socket.writableLength + this.queuedBytes < highWaterBytes) return true;
    // Only what the socket itself holds is told of when it drains.
    if (this.queuedBytes > 0) flushOutbox();
    if (this.socket.writableLength < highWaterBytes) return true;
    this.#waitsForDrain = true;
    return false;
  }

  send(bytes: Uint8Array, start: number, end: number): boolean {
    return end <= start ? true : this.sendTextAndBytes('', bytes, start, end);
  }

  sendText(text: string): boolean {
    return this.sendTextAndBytes(text, sharedReadBuffer, 0, 0);
  }

  sendTextAndBytes(text: string, bytes: Uint8Array, start: number, end: number, tail = ''): boolean {
    if (this.closed || this.#closing) return true;
    const tailStart = text.length + end - start;
    const length = tailStart + tail.length;
    this.bytesOut += length;
    if (length <= maxOutboxPiece && this.socket === this.#transport && queue(this, text, bytes, start, end, tail)) return this.#flows();
    if (this.queuedBytes > 0) flushOutbox();
    const fits = length <= scratchBytes;
    const target = fits ? scratch : allocate(length);
    if (text.length > 0) target.latin1Write(text, 0);
    if (end > start) target.set(bytes.subarray(start, end), text.length);
    if (tail.length > 0) target.latin1Write(tail, tailStart);
    this.socket.write(target.subarray(0, length));
    // A write that the kernel took whole leaves nothing pending and the scratch buffer is free; otherwise it belongs to that write.
    if (fits && this.socket.writableLength > 0) scratch = allocate(scratchBytes);
    return this.#flows();
  }

  /** Outbox only. */
  writeQueued(piece: Buffer): boolean {
    if (this.closed || this.socket.destroyed) return true;
    const flows = this.socket.write(piece);
    const taken = this.socket.writableLength === 0;
    if (this.#closing) {
      if (this.queuedBytes === 0) this.#closeNow();
      return taken;
    }
    // What was queued has made a sender wait; the kernel took it at once, so that no `drain` comes to say so.
    if (flows && this.#waitsForDrain) process.nextTick(drainedOf, this);
    return taken;
  }

  /** Runtime only: a connection that was dialled stands and nothing has been sent on it; it goes on without its socket. */
  connected(): void {
    const socket = this.#transport as Socket;
    const transport = HandleSocket.takeOver(socket, this.#buffers?.readsInto ?? sharedReadBuffer);
    if (transport === undefined) return;
    stopListening(socket);
    this.socket = this.#transport = transport;
    transport.attach(this);
    this.begin();
  }

  /** Runtime only: reading starts, unless somebody has paused, secured or given up the link already. */
  begin(): void {
    if (!this.#paused && this.socket instanceof HandleSocket) this.socket.resume();
  }

  pause(): void {
    if (this.#paused || this.closed || this.#lost) return;
    this.#paused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.#paused || this.closed) return;
    this.#paused = false;
    this.socket.resume();
  }

  /** Runtime only: paused, and both directions open, so that the kernel can say whether the connection still stands. */
  get unread(): boolean { return this.#paused && !this.#ending && !this.given; }

  /** Runtime only, of an unread link: true when the kernel has no such connection any more. It was reset, or has timed out: without
   *  our FIN there is no other end. */
  peerIsGone(): boolean {
    const transport = this.#transport;
    return transport instanceof HandleSocket ? !transport.connected : !hasPeer(transport);
  }

  /** Runtime only: the peer is gone. A client wants nothing any more. What a server had sent may be a whole response: it is read
   *  to its end, past back-pressure, as it is no more than the kernel holds of it; its failure comes behind. */
  lose(): void {
    if (this.role === 'client') {
      this.failure ??= failureOf({ name: 'Error', message: 'reset', code: 'ECONNRESET' }, 'client');
      this.#transport.destroy();
      return;
    }
    this.#lost = true;
    this.resume();
  }

  relayTo(target: Link, count: number, tap?: Tap): void {
    const into = target as SocketLink;
    this.#relayTarget = into;
    this.#tap = tap;
    this.relayRemaining = count;
    // A relay without an end (a WebSocket) is mostly idle: it reads into the shared buffer.
    this.#largeRelay = count > maxSharedRelayBytes && count !== Infinity;
    if (into.closed || into.#flows()) {
      this.resume();
    } else {
      into.#waitingSource = this;
      this.pause();
    }
  }

  stopRelay(): void {
    if (this.#relayTarget !== undefined) this.#endRelay();
  }

  #endRelay(): void {
    const target = this.#relayTarget;
    if (target !== undefined && target.#waitingSource === this) target.#waitingSource = undefined;
    this.#relayTarget = undefined;
    this.#tap = undefined;
    this.relayRemaining = 0;
    this.#buffers?.retire();
  }

  secure(request: SecureRequest): void {
    if (this.closed) return;
    if (this.security === undefined) throw new Error('TLS was asked for on a link that has no TLS profiles');
    // What was sent before goes in the clear: the reply to STARTTLS.
    if (this.queuedBytes > 0) flushOutbox();
    const { socket } = this;
    if (!(socket instanceof HandleSocket)) stopListening(socket);
    const carrier = this.security.carrier(request, this.#transport);
    if (carrier !== undefined) this.reader = carrier;
    const transport = carrier ?? this.#ordinaryTransport();
    listenBelow(transport, this);
    const secured = this.security.secure(this, transport, request);
    listenTo(secured, this);
    listenToBytes(secured);
    this.socket = secured;
  }

  /** TLS of Node works on sockets of Node. */
  #ordinaryTransport(): Socket {
    const transport = this.#transport;
    if (!(transport instanceof HandleSocket)) return transport;
    const socket = transport.toSocket();
    this.socket = this.#transport = socket;
    return socket;
  }

  /** Runtime only: the handshake is done. */
  onSecured(facts: TlsFacts): void {
    this.tls = facts;
    try { this.handler.secured?.(this); } catch (error) { this.#bug(error, this.guard); }
  }

  end(): void {
    if (this.closed || this.#ending) return;
    this.#ending = true;
    if (this.queuedBytes > 0) flushOutbox();
    this.socket.end();
  }

  /** What is in the outbox for a client keeps its place there: a connection for each request would undo what the outbox is for. */
  close(): void {
    if (this.closed || this.#closing) return;
    this.#ending = true;
    if (this.queuedBytes > 0 && this.role === 'client') {
      this.#closing = true;
      return;
    }
    if (this.queuedBytes > 0) flushOutbox();
    this.#closeNow();
  }

  #closeNow(): void {
    if (this.socket.writableLength === 0) this.socket.destroy();
    else this.socket.destroySoon();
  }

  reset(): void {
    if (this.closed) return;
    if (this.queuedBytes > 0) flushOutbox();
    if (this.given) return;
    const transport = this.#transport;
    // While its FIN is on the way the system takes no reset (uv_tcp_close_reset: EINVAL), and the handle would never close.
    if (transport.writableEnded && !transport.writableFinished && transport.writableLength === 0) transport.destroy();
    else transport.resetAndDestroy();
  }

  /** Runtime only: the socket's events. */
  onEnded(): void {
    this.peerEnded = true;
    if (this.#closing) return;
    const { guard } = this;
    try { this.handler.ended(this); } catch (error) { this.#bug(error, guard); }
  }

  onDrained(): void {
    if (this.#buffers !== undefined && this.socket.writableLength === 0) this.#buffers.written();
    if (!this.#waitsForDrain) return;
    this.#waitsForDrain = false;
    const source = this.#waitingSource;
    if (source === undefined) {
      const { guard } = this;
      try { this.handler.drained(this); } catch (error) { this.#bug(error, guard); }
      return;
    }
    this.#waitingSource = undefined;
    source.resume();
  }

  onFailed(error: NodeJS.ErrnoException): void {
    this.failure ??= failureOf(error, this.role);
  }

  onClosed(): void {
    if (this.closed) return;
    this.closed = true;
    // A source must not stay paused for a target that is gone: what it still sends goes nowhere.
    this.#waitingSource?.resume();
    this.#waitingSource = undefined;
    if (this.#relayTarget !== undefined) this.#endRelay();
    // It reads nowhere any more, and its writes are done or were given up. Without this every relay that ends with its connection (a
    // file by FTP) would leave its buffer to the collector.
    this.#buffers?.giveBack();
    const { handler, guard } = this;
    this.handler = noHandler;
    try { handler.closed(this, this.failure); } catch (error) { this.#bug(error, guard); }
  }
}

function drainedOf(link: SocketLink): void { link.onDrained(); }
