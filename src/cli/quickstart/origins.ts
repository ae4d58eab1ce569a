// The two web servers inside `sallyport quickstart`: each says who it is and what it was asked. Loopback only, on ports
// that the system chooses. For demonstration; nothing of the gateway depends on them.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Origin { readonly address: string; close(): void }

const maxBodyBytes = 64 * 1024;

export async function startOrigin(name: string): Promise<Origin> {
  const server: Server = createServer((request, response) => { answer(name, request, response); });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(name: string, request: IncomingMessage, response: ServerResponse): void {
  let received = 0;
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > maxBodyBytes) request.destroy();
  });
  request.on('end', () => {
    const path = (request.url ?? '/').split('?')[0];
    if (path === '/healthz') { send(response, 200, 'ok\n'); return; }
    if (path === '/missing') { send(response, 404, `Origin ${name} has no such page.\n`); return; }
    const seen = ['x-forwarded-for', 'forwarded', 'via', 'x-request-id', 'x-demo']
      .flatMap((header) => request.headers[header] === undefined ? [] : [`  ${header}: ${String(request.headers[header])}`]);
    const body = received > 0 ? `It received ${received} bytes.\n` : '';
    send(response, 200, `Origin ${name} answers ${request.method ?? ''} ${request.url ?? ''}\n${body}What the gateway told it:\n${seen.join('\n')}\n`);
  });
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}
