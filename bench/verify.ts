// Before anything is measured: does the proxy answer right? Each target through each proxy once by a plain client, byte by byte.
import http from 'node:http';
import { bodyOf } from './peers/origin.ts';
import type { Peer } from './peers/peer.ts';

const targets = ['1k', '100k', '10m'] as const;

/** @throws Error that says what is wrong. */
export async function verify(peer: Peer): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const lastRoute = peer.shape.routes - 1;
    for (const target of targets) {
      const { status, body } = await ask(agent, peer.port, 'GET', `/r${lastRoute}/${target}`, undefined);
      if (status !== 200) throw new Error(`${peer.name} answers GET ${target} with ${status}: ${body.toString('latin1', 0, 300)}`);
      if (!body.equals(bodyOf(target))) throw new Error(`${peer.name} changes the body of ${target} (${body.length} bytes)`);
    }
    const { status, body } = await ask(agent, peer.port, 'POST', '/r0/post', Buffer.alloc(16 * 1024, 'x'));
    if (status !== 200 || body.toString('latin1') !== 'ok\n') throw new Error(`${peer.name} answers POST with ${status}: ${body.toString('latin1', 0, 300)}`);
  } finally { agent.destroy(); }
}

function ask(agent: http.Agent, port: number, method: string, path: string, content: Buffer | undefined): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const headers = { Host: 'bench.example', ...(content === undefined ? {} : { 'Content-Length': content.length }) };
    const request = http.request({ host: '127.0.0.1', port, method, path, agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (bytes: Buffer) => { parts.push(bytes); });
      response.on('end', () => { resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }); });
      response.on('error', reject);
    });
    request.setTimeout(10_000, () => { request.destroy(new Error(`no answer to ${method} ${path}`)); });
    request.on('error', reject);
    request.end(content);
  });
}
