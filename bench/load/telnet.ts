// The two ends of a Telnet session for the benchmark:
//   host PORT             negotiates like a telnetd, then echoes what is typed
//   keys ADDRESS PORT N   types N keys, each when the one before was echoed; prints one line of JSON: p50, p99 (microseconds), keys
//   hold ADDRESS PORT N   opens N sessions that negotiate and stay; prints "ready N"; ends when its input ends
import net from 'node:net';

const [mode = 'host', ...rest] = process.argv.slice(2);
const iac = 255;
/** WILL ECHO, WILL SGA, DO TERMINAL-TYPE, DO NAWS; and a client's answers. */
const offers = Buffer.from([iac, 251, 1, iac, 251, 3, iac, 253, 24, iac, 253, 31]);
const answers = Buffer.from([iac, 253, 1, iac, 253, 3, iac, 251, 24, iac, 251, 31]);
/** First keys, which are not counted. */
const uncounted = 500;
const settleMs = 200;
/** A line is ended after so many keys. */
const lineLength = 40;
const opensAtOnce = 50;

function host(port: number): void {
  net.createServer({ noDelay: true }, (socket) => {
    socket.write(offers);
    socket.on('data', (bytes: Buffer) => { if (bytes[0] !== iac) socket.write(bytes); });
    socket.on('error', () => { /* its client is gone */ });
  }).listen({ port, host: '127.0.0.1', backlog: 4096 });
}

function open(address: string, port: number, opened: (socket: net.Socket | undefined) => void): void {
  const socket = net.connect({ host: address, port, noDelay: true });
  let settled = false;
  const settle = (result: net.Socket | undefined): void => {
    if (settled) return;
    settled = true;
    opened(result);
  };
  socket.on('error', () => { settle(undefined); });
  socket.on('close', () => { settle(undefined); });
  socket.once('data', (first: Buffer) => {
    if (first[0] !== iac) return settle(undefined);
    socket.write(answers);
    settle(socket);
  });
}

function keys(address: string, port: number, count: number): void {
  open(address, port, (socket) => {
    if (socket === undefined) throw new Error('no session');
    const times: number[] = [];
    let sentAt = 0;
    const next = (): void => {
      sentAt = performance.now();
      socket.write(times.length % lineLength === lineLength - 1 ? '\r' : 'a');
    };
    setTimeout(() => {
      socket.removeAllListeners('data');
      socket.on('data', () => {
        times.push((performance.now() - sentAt) * 1000);
        if (times.length < count + uncounted) setImmediate(next);
        else report();
      });
      next();
    }, settleMs);
    const report = (): void => {
      const sorted = times.slice(uncounted).sort((a, b) => a - b);
      process.stdout.write(`${JSON.stringify({ p50: sorted[sorted.length >> 1], p99: sorted[Math.floor(sorted.length * 0.99)], keys: sorted.length })}\n`);
      process.exit(0);
    };
    socket.on('close', () => { throw new Error(`the session ended after ${times.length} keys`); });
  });
}

function hold(address: string, port: number, count: number): void {
  let started = 0;
  let settled = 0;
  let well = 0;
  const next = (): void => {
    started++;
    open(address, port, (socket) => {
      if (socket !== undefined) well++;
      if (++settled === count) process.stdout.write(`ready ${well}\n`);
      else if (started < count) next();
    });
  };
  for (let i = 0; i < Math.min(opensAtOnce, count); i++) next();
  process.stdin.on('end', () => { process.exit(0); });
  process.stdin.resume();
}

if (mode === 'host') host(Number(rest[0]));
else if (mode === 'keys') keys(rest[0]!, Number(rest[1]), Number(rest[2]));
else hold(rest[0]!, Number(rest[1]), Number(rest[2]));
