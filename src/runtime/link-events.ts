// The events of an ordinary socket as calls on its link: functions that all sockets share, so that a link costs no closures.
// A socket on its handle (handle-socket.ts) calls its link by itself.
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SocketOwner } from './handle-socket.ts';

type Owner = Omit<SocketOwner, 'nextReadBuffer'>;
type OwnedSocket = Socket & { link: Owner };

function onEnd(this: Socket): void { (this as OwnedSocket).link.onEnded(); }
function onDrain(this: Socket): void { (this as OwnedSocket).link.onDrained(); }
function onClose(this: Socket): void { (this as OwnedSocket).link.onClosed(); }
function onError(this: Socket, error: NodeJS.ErrnoException): void { (this as OwnedSocket).link.onFailed(error); }
function onBytes(this: Socket, bytes: Buffer): void { (this as OwnedSocket).link.deliver(bytes, 0, bytes.length); }

const listeners = [['end', onEnd], ['drain', onDrain], ['error', onError], ['close', onClose]] as const;

/** From now on the link hears of everything but bytes. */
export function listenTo(socket: Socket, link: Owner): void {
  (socket as OwnedSocket).link = link;
  for (const [event, listener] of listeners) socket.on(event, listener);
}

export function listenToBytes(socket: Socket): void { socket.on('data', onBytes); }

export function stopListening(socket: Socket): void {
  for (const [event, listener] of listeners) socket.off(event, listener);
}

/** What is below TLS: only its error counts. An ended or closed transport is told by TLS, which knows whether it was cut
 *  (RFC 8446 section 6.1). */
export function listenBelow(transport: Duplex, link: Owner): void {
  (transport as unknown as OwnedSocket).link = link;
  transport.on('error', onError);
}
