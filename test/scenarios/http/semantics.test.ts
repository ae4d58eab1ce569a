// What HTTP/1.1 asks of an intermediary, between a raw client and a scripted server: expectations, interim responses,
// trailers, responses without a body, old clients, half-closed ones, request targets, upgrades. RFC 9110, RFC 9112.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { bodyOf, eventually, get, ok, post, statusesIn, withSite } from '../../harness/site.ts';

const upgradeHead = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';

test('Expect: 100-continue passes to the server, its 100 to the client, and the body goes only then', async () => {
  await withSite({
    serve: ({ reply, socket }) => {
      reply('HTTP/1.1 100 Continue\r\n\r\n');
      socket.once('data', () => { reply(ok('thanks')); });
    },
  }, async ({ client, server }) => {
    const peer = client().send('POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n');
    await peer.until((text) => text.includes('100 Continue\r\n\r\n'));
    assert.ok(server.received[0]!.endsWith('\r\n\r\n'), 'no body yet');
    peer.send('data');
    await peer.until((text) => text.endsWith('thanks'));
    assert.deepEqual(statusesIn(peer.received), ['100', '200']);
    assert.match(server.received[0]!, /Expect: 100-continue\r\n/i);
  });
});

test('Expect: 100-continue answered finally at once: the client has its answer without having sent the body', async () => {
  await withSite({ serve: ({ reply }) => { reply('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n'); } }, async ({ client }) => {
    const peer = client().send('POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: 400\r\nExpect: 100-continue\r\n\r\n');
    const text = await peer.untilEnd();
    assert.deepEqual(statusesIn(text), ['417']);
    assert.match(text, /Connection: close\r\n/);
  });
});

test('a client that expects 100 and does not wait for it is served as well', async () => {
  await withSite({ serve: ({ reply }) => { reply('HTTP/1.1 100 Continue\r\n\r\n'); setImmediate(() => { reply(ok('done')); }); } }, async ({ client, server }) => {
    const peer = client().send(post('/eager', 'body', 'Expect: 100-continue'));
    await peer.until((text) => text.endsWith('done'));
    await eventually('body at the server', () => server.received[0]!.endsWith('\r\n\r\nbody'));
  });
});

test('interim responses are passed on, but not to HTTP/1.0 clients', async () => {
  await withSite({
    serve: ({ reply }) => { reply(`HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\n${ok('page')}`); },
  }, async ({ client }) => {
    const peer = client().send(get('/'));
    await peer.until((text) => text.endsWith('page'));
    assert.deepEqual(statusesIn(peer.received), ['103', '103', '200']);
    assert.match(peer.received, /Link: <\/a\.css>; rel=preload\r\n/);
    const old = client().send('GET / HTTP/1.0\r\nHost: x\r\n\r\n');
    assert.deepEqual(statusesIn(await old.untilEnd()), ['200']);
  });
});

test('a server that sends interim responses without end is given up', async () => {
  await withSite({ serve: ({ reply }) => { reply('HTTP/1.1 102 Processing\r\n\r\n'.repeat(101)); } }, async ({ client, gateway }) => {
    const peer = client().send(get('/'));
    await peer.until((text) => text.includes('502 Bad Gateway'));
    assert.equal(statusesIn(peer.received).length, 101);
    assert.equal((await gateway.record(({ status }) => status === 502)).rule, 'http.interim');
  });
});

test('trailers pass in both directions, to the client only when it asks', async () => {
  await withSite({
    serve: ({ reply }) => { reply('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n'); },
  }, async ({ client, server }) => {
    const peer = client().send('POST /t HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: TE\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nz\r\n0\r\nX-Check: 1\r\n\r\n');
    await peer.until((text) => text.endsWith('3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n'));
    await eventually('trailer at the server', () => server.received[0]!.endsWith('1\r\nz\r\n0\r\nX-Check: 1\r\n\r\n'));
    const plain = client().send(get('/t'));
    await plain.until((text) => text.endsWith('3\r\nabc\r\n0\r\n\r\n'));
  });
});

test('HEAD, 204 and 304 have no body whatever they say of one, and the connection serves the next request', async () => {
  const answers: Record<string, string> = {
    '/head': 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n',
    '/none': 'HTTP/1.1 204 No Content\r\n\r\n',
    '/same': 'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\nContent-Length: 500\r\n\r\n',
  };
  await withSite({ serve: ({ target, reply }) => { reply(answers[target] ?? ok('next')); } }, async ({ client, server }) => {
    const peer = client();
    const parts = ['HEAD /head HTTP/1.1\r\nHost: x\r\n\r\n', get('/none'), get('/same', 'If-None-Match: "v1"'), get('/last')];
    for (const [index, part] of parts.entries()) {
      peer.send(part);
      await peer.until((text) => statusesIn(text).length === index + 1 && (index < 3 ? text.endsWith('\r\n\r\n') : text.endsWith('next')));
    }
    assert.deepEqual(statusesIn(peer.received), ['200', '204', '304', '200']);
    assert.equal(peer.received.split('Content-Length: 500').length - 1, 2);
    assert.equal(server.connections.length, 1, 'one server connection for all of them');
    const local = client().send('HEAD /here HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.match(await local.untilEnd(), /Content-Length: 5\r\n.*\r\n\r\n$/s);
  });
});

test('Range and validators pass through, so does 206', async () => {
  const partial = 'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-4/10\r\nContent-Length: 3\r\n\r\ncde';
  await withSite({ serve: ({ reply }) => { reply(partial); } }, async ({ client, server }) => {
    const peer = client().send(get('/r', 'Range: bytes=2-4', 'If-Range: "v"'));
    await peer.until((text) => text.endsWith('\r\n\r\ncde'));
    assert.match(peer.received, /206 Partial Content\r\n.*Content-Range: bytes 2-4\/10\r\n/s);
    assert.match(server.received[0]!, /Range: bytes=2-4\r\n.*If-Range: "v"\r\n/s);
  });
});

test('HTTP/1.0 clients: closed after the response, kept when they ask for it, framed without chunks', async () => {
  await withSite({
    serve: ({ target, reply }) => { reply(target === '/chunked' ? 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n' : ok('plain')); },
  }, async ({ client }) => {
    const once = client().send('GET /a HTTP/1.0\r\n\r\n');
    assert.match(await once.untilEnd(), /Connection: close\r\n.*plain$/s);
    const kept = client().send('GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    await kept.until((text) => text.endsWith('plain'));
    assert.match(kept.received, /Connection: keep-alive\r\n/);
    kept.send('GET /chunked HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    const text = await kept.untilEnd();
    assert.ok(text.endsWith('\r\n\r\nabc'), text);
    assert.deepEqual(statusesIn(text), ['200', '200']);
  });
});

test('a client that has finished sending still gets its response, and those of what it had pipelined', async () => {
  await withSite({ serve: ({ target, reply }) => { setImmediate(() => { reply(ok(`for ${target}`)); }); } }, async ({ client }) => {
    const peer = client().send(get('/one')).end();
    assert.ok((await peer.untilEnd()).endsWith('for /one'));
    const several = client().send(get('/1') + get('/here') + get('/2') + get('/3')).end();
    const text = await several.untilEnd();
    assert.deepEqual(statusesIn(text), ['200', '200', '200', '200']);
    assert.ok(text.endsWith('for /3'));
  });
});

test('a request that ends before its body is complete is nobody\'s request', async () => {
  await withSite({ serve: () => { /* waits for the body */ } }, async ({ client, gateway, server }) => {
    const peer = client().send('POST /cut HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this').end();
    await peer.untilEnd();
    assert.equal(peer.received, '');
    assert.equal((await gateway.record(({ path }) => path === '/cut')).outcome, 'aborted');
    await eventually('the server sees a cut', () => server.connections[0]!.destroyed);
  });
});

test('CONNECT is refused, OPTIONS * and absolute-form are forwarded as the server needs them', async () => {
  await withSite({}, async ({ client, server }) => {
    const tunnel = client().send('CONNECT db.internal:5432 HTTP/1.1\r\nHost: db.internal:5432\r\nConnection: close\r\n\r\n');
    assert.match(await tunnel.untilEnd(), /^HTTP\/1\.1 405 /);
    assert.equal(server.connections.length, 0);
    const options = client().send('OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n');
    await options.until((text) => text.endsWith('world'));
    assert.ok(server.received[0]!.startsWith('OPTIONS * HTTP/1.1\r\n'));
    const absolute = client().send('GET http://site.example/a?b=c HTTP/1.1\r\nHost: site.example\r\n\r\n');
    await absolute.until((text) => text.endsWith('world'));
    assert.ok(server.received.join('').includes('GET /a?b=c HTTP/1.1\r\nHost: site.example\r\n'), server.received.join(''));
  });
});

test('an upgrade that the route does not list is an ordinary request to the server, and its record says so', async () => {
  await withSite({}, async ({ client, server, gateway }) => {
    const peer = client().send(`GET /ws HTTP/1.1\r\nHost: x\r\n${upgradeHead}\r\n`);
    await peer.until((text) => text.endsWith('world'));
    assert.deepEqual(statusesIn(peer.received), ['200']);
    assert.doesNotMatch(server.received[0]!, /upgrade/i);
    const record = await gateway.record(({ path }) => path === '/ws');
    assert.deepEqual([record.outcome, record.reason], ['allowed', 'upgrade to websocket not passed on: route web permits none (upgrades)']);
    peer.send('GET /next HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal((await gateway.record(({ path }) => path === '/next')).reason, undefined);
  });
});

test('a server that switches protocols unasked is cut off, as is one that switches to another or too early', async () => {
  const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const other = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';
  await withSite({ service: '    upgrades: [websocket]', serve: ({ target, reply }) => { reply(target === '/other' ? other : switching); } }, async ({ client, gateway }) => {
    const unasked = client().send(get('/unasked'));
    await unasked.until((text) => text.includes('502 Bad Gateway'));
    const wrong = client().send(`GET /other HTTP/1.1\r\nHost: x\r\n${upgradeHead}\r\n`);
    await wrong.until((text) => text.includes('502 Bad Gateway'));
    const early = client().send(`POST /early HTTP/1.1\r\nHost: x\r\n${upgradeHead}Content-Length: 5\r\n\r\nab`);
    await early.until((text) => text.includes('502 Bad Gateway'));
    assert.equal((await gateway.record(({ path }) => path === '/unasked')).rule, 'http.upgrade-unasked');
    assert.equal((await gateway.record(({ path }) => path === '/other')).rule, 'http.upgrade-unasked');
    assert.equal((await gateway.record(({ path }) => path === '/early')).rule, 'http.upgrade-early');
  });
});

test('an upgrade passes bytes that came early on either side, and each side may finish first', async () => {
  await withSite({
    service: '    upgrades: [websocket]',
    serve: ({ socket, reply }) => {
      reply('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello ');
      socket.on('data', (bytes: Buffer) => { socket.write(bytes); });
    },
  }, async ({ client, gateway }) => {
    const peer = client().send(`GET /ws HTTP/1.1\r\nHost: x\r\n${upgradeHead}\r\nfirst `);
    await peer.until((text) => text.endsWith('hello first '));
    peer.send('second').end();
    assert.ok((await peer.untilEnd()).endsWith('hello first second'));
    const record = await gateway.record(({ path }) => path === '/ws');
    assert.deepEqual([record.outcome, record.status], ['allowed', 101]);
    assert.ok(record.out! >= 'hello first second'.length);
  });
});

test('a final response before the end of the request reaches the client; neither connection is used again', async () => {
  await withSite({ serve: ({ method, reply }) => { reply(ok(method === 'POST' ? 'too early' : 'fine')); } }, async ({ client, server, gateway }) => {
    const peer = client().send('POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nsome');
    const text = await peer.untilEnd();
    assert.ok(text.endsWith('too early'));
    assert.match(text, /Connection: close\r\n/);
    await eventually('server connection given up', () => server.connections[0]!.destroyed);
    const next = client().send(get('/next'));
    await next.until((received) => received.endsWith('fine'));
    assert.equal(server.connections.length, 2);
    assert.equal((await gateway.record(({ path }) => path === '/early')).outcome, 'allowed');
  });
});

test('requests behind a body that had to wait for its server are served in order', async () => {
  await withSite({ serve: ({ target, reply }) => { setImmediate(() => { reply(ok(`for ${target}`)); }); } }, async ({ client, server }) => {
    const chunked = 'POST /first HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n';
    const peer = client().send(chunked + get('/second') + post('/third', 'abc') + get('/fourth'));
    const text = await peer.until((received) => received.endsWith('for /fourth'));
    assert.deepEqual([...text.matchAll(/for (\/[a-z]+)/g)].map(([, target]) => target), ['/first', '/second', '/third', '/fourth']);
    assert.ok(server.received.join('').includes('4\r\nbody\r\n0\r\n\r\n'));
  });
});

test('bodies reach the server byte for byte whatever the pieces they come in', async () => {
  let answer: ((text: string) => void) | undefined;
  await withSite({
    serve: ({ reply }) => { answer = reply; },
  }, async ({ client, server }) => {
    const body = Array.from({ length: 3000 }, (_, index) => String.fromCharCode(index * 7 % 256)).join('');
    const request = `PUT /pieces HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`;
    const peer = client().send(request);
    for (let at = 0; at < body.length; at += 700) {
      peer.send(body.slice(at, at + 700));
      await new Promise((resolve) => { setImmediate(resolve); });
    }
    await eventually('all of it is there', () => server.received[0] !== undefined && bodyOf(server.received[0]).length === body.length);
    assert.equal(bodyOf(server.received[0]!), body);
    answer!(ok('thanks'));
    await peer.until((text) => text.endsWith('thanks'));
  });
});
