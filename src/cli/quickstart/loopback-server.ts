// What the demonstration servers of the quick-start stand on: a TCP server on loopback with a bounded number of sessions.
import net from 'node:net';

const maxSessions = 50;

export interface LoopbackServer {
  readonly port: number;
  close(): Promise<void>;
}

/** `port` 0: any. `accept` is called with each connection. */
export async function startLoopbackServer(port: number, accept: (socket: net.Socket) => void): Promise<LoopbackServer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    if (sockets.size >= maxSessions) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => { sockets.delete(socket); });
    accept(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, resolve);
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
}
