// Accepted connections before Node makes sockets of them: net.Server offers no `onread` for accepted sockets, though net.Socket
// does, and reading into lent buffers saves an allocation a read (docs/decisions/0002-reading-into-own-buffers.md).
// None of it is documented: where a server has no such handle, 'connection' events go on as usual.
import net from 'node:net';
import type { SocketLink } from './link.ts';
import { sharedReadBuffer } from './read-buffers.ts';

/** The part of Node's TCP handle that is used before it is a socket. */
export interface AcceptedHandle { setNoDelay?(on: boolean): number }
type OnConnection = (status: number, accepted: AcceptedHandle | undefined) => void;
export type ListeningHandle = AcceptedHandle & { onconnection: OnConnection };

/** The handle of a server that listens, if connections can be taken from it. */
export function listeningHandle(server: net.Server): ListeningHandle | undefined {
  const handle = (server as unknown as { _handle?: Partial<ListeningHandle> })._handle;
  return typeof handle?.onconnection === 'function' ? handle as ListeningHandle : undefined;
}

/** A socket on the handle that reads into buffers of its link, which is made behind it: `linkOf` is asked each time. It does not read
 *  by itself before `read(0)`. */
export function socketOn(handle: AcceptedHandle, linkOf: () => SocketLink | undefined): net.Socket {
  const options: object = {
    handle, allowHalfOpen: true,
    onread: {
      // Called once while the socket is made, before the link is.
      buffer: () => { const link = linkOf(); return link === undefined ? sharedReadBuffer : link.nextReadBuffer(); },
      callback: (count: number, buffer: Buffer) => { linkOf()!.reader.deliver(buffer, 0, count); return true; },
    },
  };
  return new net.Socket(options as net.SocketConstructorOpts);
}
