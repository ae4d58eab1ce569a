// Servers that misbehave, one way each, seen by a client: what it is told, what the record says, and that a truncated
// message looks truncated. `withSite` asserts after each that nothing is left behind.
import { suite, test } from 'node:test';
import assert from 'node:assert/strict';
import { eventually, get, ok, post, statusesIn, withSite, type Serve } from '../../harness/site.ts';

interface Fault {
  readonly name: string;
  readonly serve: Serve;
  /** Status that the client gets. */
  readonly status: string;
  /** The response breaks off, by a reset. */
  readonly cut?: boolean;
  readonly ends?: string;
  readonly outcome: string;
  readonly rule: RegExp;
  readonly request?: string;
}

const chunkedHead = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const lengthHead = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n';
const open: RegExp = /^open$/;

/** Sends, then FIN. */
const thenEnd = (text: string): Serve => ({ socket }) => { socket.end(Buffer.from(text, 'latin1')); };
/** Sends, and resets once that is with the gateway. */
const thenReset = (text: string): Serve => ({ socket }) => { socket.write(Buffer.from(text, 'latin1'), () => { setTimeout(() => { socket.resetAndDestroy(); }, 20); }); };

const faults: readonly Fault[] = [
  { name: 'FIN without an answer', serve: thenEnd(''), status: '502', outcome: 'failed', rule: /^receive\.closed$/ },
  { name: 'reset without an answer', serve: ({ socket }) => { socket.resetAndDestroy(); }, status: '502', outcome: 'failed', rule: /^receive\.reset$/ },
  { name: 'FIN inside the head', serve: thenEnd('HTTP/1.1 200 OK\r\nContent-Le'), status: '502', outcome: 'failed', rule: /^receive\.closed$/ },
  { name: 'reset inside the head', serve: thenReset('HTTP/1.1 200 OK\r\nContent-Le'), status: '502', outcome: 'failed', rule: /^receive\.reset$/ },
  { name: 'FIN inside a body of known length', serve: thenEnd(`${lengthHead}some`), status: '200', cut: true, ends: 'some', outcome: 'failed', rule: /^receive\.closed$/ },
  { name: 'reset inside a body of known length', serve: thenReset(`${lengthHead}some`), status: '200', cut: true, outcome: 'failed', rule: /^receive\.reset$/ },
  { name: 'FIN inside a chunk', serve: thenEnd(`${chunkedHead}8\r\nsome`), status: '200', cut: true, outcome: 'failed', rule: /^receive\.closed$/ },
  { name: 'FIN between chunks', serve: thenEnd(`${chunkedHead}4\r\nsome\r\n`), status: '200', cut: true, ends: '4\r\nsome\r\n', outcome: 'failed', rule: /^receive\.closed$/ },
  { name: 'reset between chunks', serve: thenReset(`${chunkedHead}4\r\nsome\r\n`), status: '200', cut: true, outcome: 'failed', rule: /^receive\.reset$/ },
  { name: 'until close, closed', serve: thenEnd('HTTP/1.0 200 OK\r\n\r\nall of it'), status: '200', ends: '9\r\nall of it\r\n0\r\n\r\n', outcome: 'allowed', rule: open },
  { name: 'until close, reset', serve: thenReset('HTTP/1.0 200 OK\r\n\r\nsome'), status: '200', cut: true, outcome: 'failed', rule: /^receive\.reset$/ },
  { name: 'garbage instead of a response', serve: thenEnd('SSH-2.0-OpenSSH_9.9\r\n'), status: '502', outcome: 'failed', rule: /^http1\./ },
  { name: 'NUL in a response head', serve: ({ reply }) => { reply('HTTP/1.1 200 OK\r\nX-A: a\0b\r\n\r\n'); }, status: '502', outcome: 'failed', rule: /^http1\./ },
  {
    name: 'two lengths', serve: ({ reply }) => { reply('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'); },
    status: '502', outcome: 'failed', rule: /^http1\./,
  },
  {
    name: 'a length and chunks', serve: ({ reply }) => { reply('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'); },
    status: '502', outcome: 'failed', rule: /^http1\./,
  },
  { name: 'garbage for a chunk size', serve: ({ reply }) => { reply(`${chunkedHead}2\r\nab\r\nxyz\r\n`); }, status: '200', cut: true, outcome: 'failed', rule: /^http1\.chunk/ },
  {
    name: 'a head without end', serve: ({ socket }) => { socket.write(`HTTP/1.1 200 OK\r\n${'X-Fill: ffffffffffffffffffffffffffffffffff\r\n'.repeat(2000)}`); },
    status: '502', outcome: 'failed', rule: /^http1\.limit/,
  },
];

suite('a server that', { concurrency: 4 }, () => {
  for (const fault of faults) {
    test(fault.name, async () => {
      await withSite({ serve: fault.serve, service: '    timeouts: { serverFirstByte: 5s }' }, async ({ client, gateway }) => {
        const peer = client().send(fault.request ?? get('/fault'));
        await peer.until((text) => statusesIn(text).length === 1 && (fault.cut === true || text.includes(fault.ends ?? '\r\n\r\n')));
        if (fault.cut === true) {
          await peer.untilEnd();
          await eventually('reset', () => peer.closed);
          assert.ok(peer.reset, 'a truncated message must look truncated');
          assert.ok(!peer.received.endsWith('0\r\n\r\n'));
        } else {
          // The client's connection is as good as before.
          peer.received = '';
          await peer.send(get('/here')).until((text) => text.endsWith('local'));
        }
        const record = await gateway.record(({ path }) => path === '/fault');
        assert.deepEqual([record.outcome, String(record.status)], [fault.outcome, fault.status]);
        assert.match(record.rule!, fault.rule);
        assert.ok(record.outcome === 'allowed' || (record.reason ?? '').includes('127.0.0.1:'), `names the server: ${record.reason}`);
      });
    });
  }
});

test('a server that answers twice: the second answer is nobody\'s, in whatever pieces it comes', async () => {
  const large = 'b'.repeat(200_000);
  const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';
  for (const body of ['small', large]) {
    for (const rest of [poison, 'x', poison.slice(0, 10)]) {
      await withSite({ serve: ({ target, reply }) => { reply(target === '/twice' ? ok(body) + rest : ok(`good ${target}`)); } }, async ({ client, server }) => {
        const peer = client().send(get('/twice') + get('/second') + get('/third'));
        const text = await peer.until((received) => received.endsWith('good /third'));
        assert.deepEqual(statusesIn(text.replaceAll('b', '')), ['200', '200', '200']);
        assert.ok(!text.includes('poison'));
        assert.ok(server.connections.length >= 2, 'the connection was not used again');
      });
    }
  }
});

test('a server that answers twice with others waiting for its connection: they get their own answers', async () => {
  const large = 'b'.repeat(150_000);
  const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';
  await withSite({
    pool: 'maxConnections: 1', serve: ({ target, reply }) => { setImmediate(() => { reply(target === '/twice' ? ok(large) + poison : ok(`good ${target}`)); }); },
  }, async ({ client }) => {
    const first = client().send(get('/twice'));
    const others = [1, 2, 3].map((number) => client().send(get(`/other-${number}`)));
    await first.until((text) => text.includes('bbb'));
    for (const [index, peer] of others.entries()) {
      await peer.until((text) => statusesIn(text).length === 1 && text.includes('\r\n\r\ngood'));
      assert.ok(peer.received.endsWith(`good /other-${index + 1}`), peer.received);
    }
  });
});

test('a server that speaks unasked on a kept connection loses it, and nobody reads it', async () => {
  await withSite({ serve: ({ target, reply, socket }) => {
    reply(ok(`good ${target}`));
    if (target === '/first') setTimeout(() => { socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'); }, 30);
  } }, async ({ client, server, gateway }) => {
    const peer = client().send(get('/first'));
    await peer.until((text) => text.endsWith('good /first'));
    await eventually('its connection is closed', () => gateway.status().idleServerLinks === 0);
    await peer.send(get('/second')).until((text) => text.endsWith('good /second'));
    assert.ok(!peer.received.includes('poison'));
    assert.equal(server.connections.length, 2);
  });
});

test('a server that dies while the request body is coming: 502, the rest of the body is not taken for a request', async () => {
  await withSite({ serve: ({ socket }) => { socket.resetAndDestroy(); } }, async ({ client, gateway }) => {
    const peer = client().send(`POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n${get('/smuggled')}`);
    await peer.until((text) => text.includes('HTTP/1.1 502'));
    peer.send(get('/smuggled').repeat(10));
    const text = await peer.untilEnd();
    assert.deepEqual(statusesIn(text), ['502']);
    await gateway.record(({ kind }) => kind === 'session');
    assert.ok(gateway.records.every(({ path }) => path !== '/smuggled'));
  });
});

test('a server that answers and closes before the request is finished: the client gets the answer', async () => {
  const serve = thenEnd('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
  await withSite({ serve }, async ({ client, gateway }) => {
    const peer = client().send(`POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n${'u'.repeat(50_000)}`);
    assert.ok((await peer.untilEnd()).endsWith('no'));
    assert.deepEqual(statusesIn(peer.received), ['403']);
    const record = await gateway.record(({ path }) => path === '/upload');
    assert.deepEqual([record.outcome, record.status], ['allowed', 403]);
  });
});

test('an answer that is given up half way takes its request body along', async () => {
  await withSite({ service: '    timeouts: { serverIdle: 200ms }', serve: ({ reply }) => { reply(`${lengthHead}some`); } }, async ({ client, server }) => {
    const peer = client().send(post('/both', 'b'.repeat(1000)).slice(0, -500));
    await peer.untilEnd();
    await eventually('reset', () => peer.closed);
    await eventually('cut at the server', () => server.connections[0]!.destroyed);
  });
});
