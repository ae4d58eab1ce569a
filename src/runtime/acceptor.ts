// Accepts connections of one bind and turns them into client links. Each worker opens the same address with SO_REUSEPORT,
// so that the kernel spreads connections over them.
// Does not decide who may connect (the worker asks the limiter) and knows no protocol.
import net from 'node:net';
import { listeningHandle, socketOn } from './accepted-handles.ts';
import { HandleSocket } from './handle-socket.ts';
import { SocketLink } from './link.ts';
import { sharedReadBuffer } from './read-buffers.ts';
import { isTcpHandle, streamHandles } from './node-handles.ts';

export interface AcceptorOptions {
  readonly host: string;
  readonly port: number;
  readonly backlog: number;
  accepted(link: SocketLink): void;
  /** Accepting failed (no file descriptors left) or the listening socket broke. */
  failed(error: Error): void;
}

export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #server: net.Server;

  constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#server = net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: false });
    this.#server.on('connection', (socket) => { this.#acceptPlain(socket); });
  }

  /** The port that is listened on (of interest after port 0). */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : this.#options.port;
  }

  /** @throws the listen error (EADDRINUSE, EACCES ...) by rejection. */
  async listen(): Promise<void> {
    const { host, port, backlog } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog, reusePort: port !== 0, ipv6Only: false }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => { this.#options.failed(error); });
        resolve();
      });
    });
    this.#acceptByHandle();
  }

  /** Stops accepting. Connections that were accepted live on. */
  close(): void {
    this.#server.close();
  }

  #acceptPlain(socket: net.Socket): void {
    const link = new SocketLink(socket, 'client');
    socket.on('data', (bytes: Buffer) => { link.reader.deliver(bytes, 0, bytes.length); });
    this.#options.accepted(link);
  }

  /**
   * A link works on the accepted handle itself (docs/decisions/0007-sockets-by-their-handles.md). Where this Node does not
   * work so, a socket is made from the handle (accepted-handles.ts). Where that is not to be had either, 'connection' events
   * go on as usual.
   */
  #acceptByHandle(): void {
    const handle = listeningHandle(this.#server);
    if (handle === undefined) return;
    // Linux gives TCP_NODELAY of the listening socket to those that are accepted from it: a system call less for each.
    const inherited = process.platform === 'linux' && handle.setNoDelay?.(true) === 0;
    handle.onconnection = (status, accepted) => {
      if (status !== 0 || accepted === undefined) {
        this.#options.failed(new Error(`accept failed with status ${status}`));
        return;
      }
      if (!inherited) accepted.setNoDelay?.(true);
      if (streamHandles !== undefined && isTcpHandle(accepted)) {
        const link = new SocketLink(new HandleSocket(accepted, sharedReadBuffer), 'client');
        this.#options.accepted(link);
        link.begin();
        return;
      }
      // Assigned once, but read by a callback that runs while the socket is made.
      // oxlint-disable-next-line prefer-const
      let link: SocketLink | undefined;
      const socket = socketOn(accepted, () => link);
      link = new SocketLink(socket, 'client');
      this.#options.accepted(link);
      if (!socket.destroyed) socket.read(0);
    };
  }
}
