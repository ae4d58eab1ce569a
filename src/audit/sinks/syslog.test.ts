// Tests of syslog.ts against a collector of our own on loopback: message form, framing, reconnecting, bounded queue.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { syslogMessage, SyslogSink } from './syslog.ts';
import type { SyslogOptions } from './syslog.ts';

const line = '{"time":1700000000123,"id":"x","service":"shop","outcome":"denied","kind":"operation","ms":1}';
const options: SyslogOptions = {
  transport: 'tcp', address: { host: '127.0.0.1', port: 0 }, facility: 'local0', appName: 'sallyport', queue: 100, hostName: 'gate one', retryMs: 20,
};

test('the message of RFC 5424', () => {
  assert.equal(syslogMessage(line, options, 'gate'), `<132>1 2023-11-14T22:13:20.123Z gate sallyport - operation - ${line}`);
  assert.match(syslogMessage('nonsense', options, '-'), /^<133>1 - - sallyport - - - nonsense$/);
});

test('UDP: one datagram a record', async () => {
  const collector = createSocket('udp4');
  collector.bind(0, '127.0.0.1');
  await once(collector, 'listening');
  const sink = new SyslogSink({ ...options, transport: 'udp', address: { host: '127.0.0.1', port: collector.address().port } });
  const received = new Promise<string[]>((resolve) => {
    const messages: string[] = [];
    collector.on('message', (bytes: Buffer) => { if (messages.push(bytes.toString('latin1')) === 3) resolve(messages); });
  });
  sink.write(`${line}\n${line}\n${line}\n`, 3);
  const messages = await received;
  assert.ok(messages.every((message) => message === `<132>1 2023-11-14T22:13:20.123Z gateone sallyport - operation - ${line}`), messages.join('\n'));
  await sink.close();
  assert.equal(sink.counters.written, 3);
  collector.close();
});

async function listen(port: number, heard: (text: string) => void): Promise<{ server: Server; port: number; peers: Socket[] }> {
  const peers: Socket[] = [];
  const server = createServer((peer) => {
    peers.push(peer);
    peer.on('data', (bytes) => heard(bytes.toString('latin1')));
    peer.on('error', () => undefined);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port, peers };
}

/** Takes octet-counted messages from the front. */
function unframed(text: string): string[] {
  const messages: string[] = [];
  for (let match = /^(\d+) /.exec(text); match; match = /^(\d+) /.exec(text)) {
    const end = match[0].length + Number(match[1]);
    if (text.length < end) break;
    messages.push(text.slice(match[0].length, end));
    text = text.slice(end);
  }
  return messages;
}

test('TCP: octet counting, and it reconnects when the collector comes back', { timeout: 20_000 }, async () => {
  let text = '';
  let told: () => void = () => undefined;
  const until = async (count: number): Promise<void> => {
    while (unframed(text).length < count) await new Promise<void>((resolve) => { told = resolve; });
  };
  const heard = (more: string): void => { text += more; told(); };
  const first = await listen(0, heard);
  const sink = new SyslogSink({ ...options, address: { host: '127.0.0.1', port: first.port } });
  sink.write(`${line}\n${line}\n`, 2);
  await until(2);
  assert.ok(unframed(text).every((message) => message.endsWith(line)));
  const gone = once(first.server, 'close');
  for (const peer of first.peers) peer.destroy();
  first.server.close();
  await gone;
  text = '';
  while (sink.counters.failures === 0) await new Promise((resolve) => { setImmediate(resolve); });
  sink.write(`${line}\n${line}\n${line}\n`, 3);
  const second = await listen(first.port, heard);
  await until(3);
  assert.equal(sink.counters.written, 5);
  assert.match(sink.counters.lastFailure, /closed the connection|ECONN/);
  await sink.close();
  second.server.close();
});

test('an unreachable collector: bounded, counted, and closing does not hang', { timeout: 10_000 }, async () => {
  const probe = await listen(0, () => undefined);
  probe.server.close();
  await once(probe.server, 'close');
  const sink = new SyslogSink({ ...options, address: { host: '127.0.0.1', port: probe.port }, queue: 5 });
  sink.write(`${line}\n`.repeat(8), 8);
  assert.equal(sink.counters.dropped, 3);
  await sink.close();
  assert.equal(sink.counters.written, 0);
  assert.equal(sink.counters.dropped, 8);
  assert.ok(sink.counters.failures > 0);
});
