// The examples for other Node servers: each blocks attacks in the query and in bodies of every type, and lets the rest through with
// its body as the application wants it. Fastify is real; Express is in test/peers/waf/express.test.ts, here its calling conventions.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { keepBody, waf } from '../../examples/waf-express.ts';
import { app } from '../../examples/waf-fastify.ts';
import { wholeBody } from '../../examples/waf-node.ts';
import { bodyAttacks, ordinaryBody, queryAttack } from './example-requests.ts';

app.post('/', (request, reply) => { void reply.send({ got: request.body }); });
const base = await app.listen({ host: '127.0.0.1', port: 0 });
after(async () => app.close());

test('Fastify', async () => {
  assert.equal((await fetch(`${base}/`)).status, 200);
  assert.equal((await fetch(base + queryAttack)).status, 403);
  for (const request of bodyAttacks) assert.equal((await fetch(`${base}/`, request)).status, 403, request.body);
  const answer = await fetch(`${base}/`, ordinaryBody);
  assert.deepEqual([answer.status, await answer.json()], [200, { got: JSON.parse(ordinaryBody.body) }]);
});

test('bodies up to the limit of the application, and no longer', async () => {
  const whole = await wholeBody(Readable.from([Buffer.from('abc'), Buffer.from('de')]), 5);
  assert.deepEqual([whole.bytes.toString(), await text(whole.again)], ['abcde', 'abcde']);
  await assert.rejects(wholeBody(Readable.from([Buffer.from('abc'), Buffer.from('def')]), 5), { statusCode: 413 });
});

test('Express and Connect middleware', async () => {
  const middleware = waf();
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      if (body.length > 0) keepBody(request as IncomingMessage, response, body);
      middleware(request, response, () => { response.end('through'); });
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const place = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    assert.equal(await (await fetch(`${place}/?q=hello`)).text(), 'through');
    assert.equal((await fetch(place + queryAttack)).status, 403);
    for (const request of bodyAttacks) assert.equal((await fetch(place, request)).status, 403, request.body);
    assert.equal(await (await fetch(place, ordinaryBody)).text(), 'through');
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
