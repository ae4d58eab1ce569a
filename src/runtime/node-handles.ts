// What of Node's inner TCP handles the runtime uses, found once at start: docs/decisions/0007-sockets-by-their-handles.md.
// None of it is documented, so that everything is looked for before it is used; where a Node does not work as expected
// (older than 26, or one that has changed), `streamHandles` is undefined and net.Socket does all of it.
// Does not read or write: runtime/handle-socket.ts does.
import net from 'node:net';

/** A request under way: made by the handle itself when the kernel did not take a write whole. */
export interface WriteRequest {
  oncomplete: ((this: WriteRequest, status: number) => void) | null;
  /** Set when the write was completed before `oncomplete` stood. */
  writeStatus: number | null;
  handle: TcpHandle | null;
  buffer: unknown;
  bytes: number;
}

export interface ShutdownRequest {
  oncomplete: ((this: ShutdownRequest, status: number) => void) | null;
  handle: TcpHandle | null;
}

export interface TcpHandle {
  /** What net.Socket believes of it. */
  reading: boolean;
  onread: ((this: TcpHandle) => Uint8Array | undefined) | undefined;
  readonly writeQueueSize: number;
  readStart(): number;
  readStop(): number;
  useUserBuffer(buffer: Uint8Array): void;
  /** A number: taken whole (0), or the error. Otherwise it goes on by itself. */
  writeBuffer(request: null, bytes: Uint8Array): number | WriteRequest;
  shutdown(request: ShutdownRequest): number;
  close(closed: (this: TcpHandle) => void): void;
  reset(closed: (this: TcpHandle) => void): number;
  setNoDelay(on: boolean): number;
  getpeername(into: { address?: string; port?: number }): number;
  getsockname(into: { address?: string; port?: number }): number;
}

export interface StreamHandles {
  /** Results of the last call, at the places below. */
  readonly state: Int32Array;
  readonly readCount: number;
  readonly writeError: number;
  readonly ShutdownRequest: new () => ShutdownRequest;
}

interface StreamBinding {
  readonly streamBaseState?: unknown;
  readonly kReadBytesOrError?: unknown;
  readonly kLastWriteErr?: unknown;
  readonly ShutdownWrap?: unknown;
}

/** Whether Node's own socket writes the way that is used here: no request object, unless the kernel does not take all. */
function writesWithoutRequest(): boolean {
  let seen: unknown = 'never called';
  const handle = { writeBuffer: (request: unknown) => { seen = request; return 0; }, close: () => { /* nothing is open */ } };
  const options: object = { handle, readable: false, writable: true };
  const socket = new net.Socket(options as net.SocketConstructorOpts);
  socket.on('error', () => { /* whatever it thinks of such a handle */ });
  socket.write(Buffer.from('?'));
  socket.destroy();
  return seen === null;
}

function find(): StreamHandles | undefined {
  try {
    const { binding } = process as unknown as { binding?: (name: string) => StreamBinding };
    const found = binding?.call(process, 'stream_wrap');
    if (found === undefined) return undefined;
    const { streamBaseState: state, kReadBytesOrError: readCount, kLastWriteErr: writeError, ShutdownWrap } = found;
    if (!(state instanceof Int32Array) || typeof readCount !== 'number' || typeof writeError !== 'number' || typeof ShutdownWrap !== 'function') return undefined;
    return writesWithoutRequest() ? { state, readCount, writeError, ShutdownRequest: ShutdownWrap as StreamHandles['ShutdownRequest'] } : undefined;
  } catch { return undefined; }
}

/** `SALLYPORT_PLAIN_SOCKETS=1` does without, for comparison and for tests. */
export const streamHandles: StreamHandles | undefined = process.env.SALLYPORT_PLAIN_SOCKETS === '1' ? undefined : find();

const methods = ['readStart', 'readStop', 'useUserBuffer', 'writeBuffer', 'shutdown', 'close', 'reset', 'setNoDelay', 'getpeername', 'getsockname'] as const;

/** Whether an accepted handle is what is expected here. */
export function isTcpHandle(handle: unknown): handle is TcpHandle {
  if (typeof handle !== 'object' || handle === null) return false;
  for (const method of methods) if (typeof (handle as Record<string, unknown>)[method] !== 'function') return false;
  return typeof (handle as TcpHandle).writeQueueSize === 'number';
}
