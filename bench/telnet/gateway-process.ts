// The process under measurement: the gateway with a configuration given as text, or a plain TCP relay for comparison. Says
// its port, then its memory whenever it is asked.
import net from 'node:net';
import { startGateway } from '../../test/harness/gateway.ts';

process.on('message', (message: { configuration?: string; relayTo?: number; memory?: true }) => {
  if (message.configuration !== undefined) void startGateway(message.configuration).then((gateway) => process.send!({ port: gateway.port() }));
  else if (message.relayTo !== undefined) relay(message.relayTo);
  else if (message.memory === true) {
    globalThis.gc?.();
    process.send!({ rss: process.memoryUsage.rss(), cpu: process.cpuUsage() });
  }
});

function relay(target: number): void {
  const server = net.createServer({ noDelay: true }, (client) => {
    const host = net.connect({ port: target, host: '127.0.0.1', noDelay: true });
    client.pipe(host).pipe(client);
    client.on('error', () => { host.destroy(); });
    host.on('error', () => { client.destroy(); });
  });
  server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as net.AddressInfo).port }));
}
