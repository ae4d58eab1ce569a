// One TCP connection on Node's handle itself, as a link needs it: reading into lent buffers, writing, half close, close,
// reset. Does what net.Socket would do for a link without two streams, an event emitter and their bookkeeping, which cost
// more than all that the gateway does with a new connection (docs/decisions/0007-sockets-by-their-handles.md).
// Used where `streamHandles` is defined; has the names of net.Socket, so that a link works on either. Events are calls on
// the link, and never come during a call of the link. Knows no TLS: `toSocket` makes an ordinary socket of it for that.
import net from 'node:net';
import { getSystemErrorName } from 'node:util';
import { isTcpHandle, streamHandles, type ShutdownRequest, type StreamHandles, type TcpHandle, type WriteRequest } from './node-handles.ts';

/** The link above: what net.Socket would emit. */
export interface SocketOwner {
  deliver(bytes: Buffer, start: number, end: number): void;
  nextReadBuffer(): Buffer | undefined;
  onEnded(): void;
  onDrained(): void;
  onFailed(error: NodeJS.ErrnoException): void;
  onClosed(): void;
}

interface OwnedHandle extends TcpHandle { socket: HandleSocket | undefined }
interface OwnedWrite extends WriteRequest { socket: HandleSocket }
interface OwnedShutdown extends ShutdownRequest { socket: HandleSocket }

const { state, readCount, writeError, ShutdownRequest: Shutdown } = streamHandles ?? ({ state: new Int32Array(2) } as StreamHandles);
const endOfFile = -4095;
const notConnected = -107;

// Shared by all: a connection costs no closures.
function onRead(this: TcpHandle): Uint8Array | undefined { return (this as OwnedHandle).socket?.read(state[readCount]!); }
function onWritten(this: WriteRequest, status: number): void { (this as OwnedWrite).socket.written(this, status); }
function onHandleClosed(this: TcpHandle): void { (this as OwnedHandle).socket!.closed(); }
function onShutdown(this: ShutdownRequest, status: number): void { (this as OwnedShutdown).socket.finished(status); }

function systemError(status: number, call: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`${call} ${code}`), { code, errno: status, syscall: call });
}

/** Where Node keeps the socket of a handle; undefined when it does so no more. */
let ownerSymbol: symbol | undefined;

/** The handle names the socket that it was of, which would live as long as the connection, with all that dialling it needed. */
function forgetOwner(handle: TcpHandle): void {
  ownerSymbol ??= Object.getOwnPropertySymbols(handle).find(({ description }) => description === 'owner_symbol');
  if (ownerSymbol !== undefined) (handle as unknown as Record<symbol, unknown>)[ownerSymbol] = undefined;
}

export class HandleSocket {
  destroyed = false;
  /** `end` was called. */
  writableEnded = false;
  /** FIN is with the kernel. */
  writableFinished = false;
  /** Bytes of writes that are not done yet, counted as a whole until they are. */
  writableLength = 0;
  #owner!: SocketOwner;
  #handle: OwnedHandle;
  #buffer: Buffer;
  #peerEnded = false;
  #closesWhenFinished = false;
  #reading = false;

  /** `buffer` is where bytes land, until the owner names another. */
  constructor(handle: TcpHandle, buffer: Buffer) {
    this.#handle = handle as OwnedHandle;
    this.#buffer = buffer;
    this.#handle.socket = this;
    handle.onread = onRead;
    handle.useUserBuffer(buffer);
  }

  /** The connection of an ordinary socket that has just connected; the socket has none any more, and nothing happens on it.
   *  Undefined when this Node does not work so. */
  static takeOver(socket: net.Socket, buffer: Buffer): HandleSocket | undefined {
    const holder = socket as unknown as { _handle: unknown };
    const handle = holder._handle;
    if (streamHandles === undefined || !isTcpHandle(handle)) return undefined;
    holder._handle = null;
    forgetOwner(handle);
    return new HandleSocket(handle, buffer);
  }

  attach(owner: SocketOwner): void { this.#owner = owner; }

  /** Address and port; without them when the connection is gone. */
  names(call: 'getpeername' | 'getsockname'): { address?: string; port?: number } {
    const name = {};
    if (!this.destroyed) this.#handle[call](name);
    return name;
  }

  /** False once the peer has reset, or did not answer in time: also while nothing is read. */
  get connected(): boolean { return this.#handle.getpeername({}) !== notConnected; }

  /** What the kernel has not taken; shrinks while a write goes on. */
  get writeQueueSize(): number { return this.destroyed ? 0 : this.#handle.writeQueueSize; }

  resume(): void {
    if (this.#reading || this.destroyed || this.#peerEnded) return;
    this.#reading = true;
    this.#handle.reading = true;
    const status = this.#handle.readStart();
    if (status !== 0) this.#fail(status, 'read');
  }

  pause(): void {
    if (!this.#reading || this.destroyed) return;
    this.#reading = false;
    this.#handle.reading = false;
    const status = this.#handle.readStop();
    if (status !== 0) this.#fail(status, 'read');
  }

  /** From the handle: bytes, the end, or an error. Answers the buffer for the next read when it is another one. */
  read(count: number): Buffer | undefined {
    if (count > 0) {
      if (this.destroyed) return undefined;
      this.#owner.deliver(this.#buffer, 0, count);
      const next = this.#owner.nextReadBuffer();
      if (next !== undefined) this.#buffer = next;
      return next;
    }
    if (count === 0 || this.destroyed) return undefined;
    if (count !== endOfFile) {
      this.#fail(count, 'read');
      return undefined;
    }
    this.#peerEnded = true;
    this.#reading = false;
    this.#owner.onEnded();
    this.#closeIfDone();
    return undefined;
  }

  /** True when the kernel took all; otherwise the bytes belong to the write until `onDrained`. */
  write(bytes: Buffer): boolean {
    if (this.destroyed || this.writableEnded) return true;
    const result = this.#handle.writeBuffer(null, bytes);
    if (typeof result === 'number') {
      if (result !== 0) this.#fail(result, 'write');
      return true;
    }
    const status = state[writeError]!;
    if (status !== 0) {
      this.#fail(status, 'write');
      return true;
    }
    const request = result as OwnedWrite;
    request.socket = this;
    request.handle = this.#handle;
    request.oncomplete = onWritten;
    request.buffer = bytes;
    request.bytes = bytes.length;
    this.writableLength += bytes.length;
    if (request.writeStatus !== null) process.nextTick(onWrittenEarly, request);
    return false;
  }

  /** From the handle. */
  written(request: WriteRequest, status: number): void {
    this.writableLength -= request.bytes;
    if (this.destroyed) return;
    if (status < 0) this.#fail(status, 'write');
    else if (this.writableLength === 0) {
      if (this.writableEnded) this.#shutdown();
      this.#owner.onDrained();
    }
  }

  /** FIN behind what was written; the other direction stays open. */
  end(): void {
    if (this.writableEnded || this.destroyed) return;
    this.writableEnded = true;
    // Not before: what is being shut down cannot be reset any more (uv_tcp_close_reset: EINVAL).
    if (this.writableLength === 0) this.#shutdown();
  }

  #shutdown(): void {
    const request = new Shutdown() as OwnedShutdown;
    request.socket = this;
    request.handle = this.#handle;
    request.oncomplete = onShutdown;
    const status = this.#handle.shutdown(request);
    if (status === 1 || status === notConnected) process.nextTick(finishedOf, this);
    else if (status !== 0) this.#fail(status, 'shutdown');
  }

  /** From the handle: FIN is sent. */
  finished(status: number): void {
    if (this.destroyed) return;
    if (status < 0 && status !== notConnected) {
      this.#fail(status, 'shutdown');
      return;
    }
    this.writableFinished = true;
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (this.writableFinished && (this.#peerEnded || this.#closesWhenFinished)) this.destroy();
  }

  /** Closes when everything written and FIN are with the kernel. */
  destroySoon(): void {
    this.#closesWhenFinished = true;
    this.end();
    this.#closeIfDone();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#handle.close(onHandleClosed);
  }

  /** RST; while FIN is on its way the system takes none. */
  resetAndDestroy(): void {
    if (this.writableEnded && !this.writableFinished && this.writableLength === 0) {
      this.destroy();
      return;
    }
    if (this.destroyed) return;
    this.destroyed = true;
    this.#handle.reset(onHandleClosed);
  }

  /** From the handle. */
  closed(): void { this.#owner.onClosed(); }

  #fail(status: number, call: string): void {
    if (this.destroyed) return;
    this.#owner.onFailed(systemError(status, call));
    this.destroy();
  }

  /** An ordinary socket on the same connection; this object is done for. Nothing may be half written. */
  toSocket(): net.Socket {
    this.destroyed = true;
    const handle = this.#handle;
    handle.socket = undefined;
    const options: object = { handle, allowHalfOpen: true };
    return new net.Socket(options as net.SocketConstructorOpts);
  }
}

/** `connected` of an ordinary socket. True when this Node does not say. */
export function hasPeer(socket: net.Socket): boolean {
  const handle = (socket as unknown as { _handle?: Partial<TcpHandle> | null })._handle;
  return typeof handle?.getpeername !== 'function' || handle.getpeername({}) !== notConnected;
}

function finishedOf(socket: HandleSocket): void { socket.finished(0); }

function onWrittenEarly(request: OwnedWrite): void {
  const status = request.writeStatus;
  request.writeStatus = null;
  request.socket.written(request, status ?? 0);
}
