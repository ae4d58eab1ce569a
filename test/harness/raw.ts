// Raw TCP peers for tests: a client that sends bytes as they are and collects what comes back, and a server that is told
// what to do with each connection. No HTTP library in between: what is on the wire is what the test says.
import { once } from 'node:events';
import net from 'node:net';
import { after } from 'node:test';

/** A test that failed half-way leaves these behind: ended for it, or its process would never end. */
const left = new Set<() => void>();
after(() => { for (const end of left) end(); });

export class RawClient {
  readonly socket: net.Socket;
  received = '';
  closed = false;
  ended = false;
  reset = false;

  constructor(port: number, host = '127.0.0.1', localAddress?: string) {
    this.socket = net.connect({ port, host, allowHalfOpen: true, noDelay: true, ...(localAddress === undefined ? {} : { localAddress }) });
    this.socket.on('data', (bytes: Buffer) => { this.received += bytes.toString('latin1'); });
    this.socket.on('end', () => { this.ended = true; });
    this.socket.on('error', (error: NodeJS.ErrnoException) => { this.reset ||= error.code === 'ECONNRESET' || error.code === 'EPIPE'; });
    const leave = (): void => { this.destroy(); };
    left.add(leave);
    this.socket.on('close', () => {
      this.closed = true;
      left.delete(leave);
    });
  }

  send(text: string | Buffer): this {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
    return this;
  }

  end(): this { this.socket.end(); return this; }

  /** Waits until what came fits; rejects when the connection closes first. */
  async until(fits: (received: string) => boolean): Promise<string> {
    while (!fits(this.received)) {
      if (this.closed || this.ended) throw new Error(`connection ended with: ${JSON.stringify(this.received.slice(0, 2000))}`);
      await this.#next('data');
    }
    return this.received;
  }

  /** Everything until the peer has finished sending (FIN or reset). */
  async untilEnd(): Promise<string> {
    while (!this.ended && !this.closed) await this.#next('end');
    return this.received;
  }

  /** The next event of this name, or the end of it all. */
  async #next(event: 'data' | 'end'): Promise<void> {
    await new Promise<void>((resolve) => {
      const { socket } = this;
      const done = (): void => {
        for (const name of [event, 'end', 'close']) socket.off(name, done);
        resolve();
      };
      for (const name of [event, 'end', 'close']) socket.on(name, done);
    });
  }

  destroy(): void { this.socket.destroy(); }

  /** Goes away by a reset. While a FIN is on its way the system takes none, and Node would never close the socket. */
  abort(): void {
    const { socket } = this;
    if (socket.writableEnded && !socket.writableFinished) socket.destroy();
    else socket.resetAndDestroy();
  }
}

export interface RawServer {
  readonly port: number;
  /** Everything received, by connection. */
  readonly received: string[];
  readonly connections: net.Socket[];
  close(): Promise<void>;
}

/** `serve` is called with each connection; `on` bytes it may answer as it likes. */
export async function startRawServer(serve: (socket: net.Socket, index: number, received: () => string) => void): Promise<RawServer> {
  const received: string[] = [];
  const connections: net.Socket[] = [];
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const index = connections.push(socket) - 1;
    received.push('');
    socket.on('data', (bytes: Buffer) => { received[index] += bytes.toString('latin1'); });
    socket.on('error', () => { /* the test looks at the gateway's side */ });
    serve(socket, index, () => received[index]!);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const leave = (): void => {
    for (const socket of connections) socket.destroy();
    server.close();
  };
  left.add(leave);
  return {
    port: (server.address() as net.AddressInfo).port, received, connections,
    close: async () => {
      left.delete(leave);
      leave();
      await once(server, 'close');
    },
  };
}

/** A server that answers every complete head with the same bytes and keeps the connection. */
export async function startFixedServer(response: string): Promise<RawServer> {
  return startRawServer((socket, _index, received) => {
    let answered = 0;
    socket.on('data', () => {
      const heads = received().split('\r\n\r\n').length - 1;
      for (; answered < heads; answered++) socket.write(Buffer.from(response, 'latin1'));
    });
    socket.on('end', () => { socket.end(); });
  });
}
