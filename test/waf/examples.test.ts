// The examples for other Node servers: each blocks the attack and lets the rest through, on a real socket.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { waf } from '../../examples/waf-express.ts';
import { app } from '../../examples/waf-fastify.ts';

const attack = "/?q=1'%20or%20'1'%3d'1";

test('Fastify', async () => {
  assert.equal((await app.inject({ url: '/' })).statusCode, 200);
  assert.equal((await app.inject({ url: attack })).statusCode, 403);
  await app.close();
});

test('Express and Connect middleware', async () => {
  const middleware = waf();
  const server = createServer((request, response) => { middleware(request, response, () => { response.end('through'); }); });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    assert.equal(await (await fetch(`${base}/?q=hello`)).text(), 'through');
    assert.equal((await fetch(base + attack)).status, 403);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
