// What Node costs at least: a relay of HTTP over node:net with kept connections to the origin, that finds the end of heads,
// trusts Content-Length, checks nothing, decides nothing, changes nothing and logs nothing. Not a proxy for any use.
//   node bench/micro/raw-relay.ts PORT ORIGIN-PORT      (bench/compare.ts runs it as `raw`)
import net from 'node:net';

const [port = '0', originPort = '0'] = process.argv.slice(2);
const readBuffer = Buffer.allocUnsafeSlow(128 * 1024);
const idle: Upstream[] = [];

interface Upstream { readonly socket: net.Socket; client: net.Socket | undefined; left: number }

/** Bytes behind the head that belong to the message. */
function bodyLength(bytes: Buffer, headEnd: number): number {
  const at = bytes.toString('latin1', 0, headEnd).toLowerCase().indexOf('\r\ncontent-length:');
  return at < 0 ? 0 : Number.parseInt(bytes.toString('latin1', at + 17, headEnd), 10);
}

function connect(): Upstream {
  const socket = net.connect({
    host: '127.0.0.1', port: Number(originPort), noDelay: true,
    onread: { buffer: readBuffer, callback: (count, buffer) => { answered(upstream, (buffer as Buffer).subarray(0, count)); return true; } },
  });
  const upstream: Upstream = { socket, client: undefined, left: -1 };
  socket.on('error', () => { upstream.client?.destroy(); });
  return upstream;
}

function answered(upstream: Upstream, bytes: Buffer): void {
  const client = upstream.client!;
  if (upstream.left < 0) {
    const headEnd = bytes.indexOf('\r\n\r\n') + 4;
    upstream.left = headEnd + bodyLength(bytes, headEnd);
  }
  upstream.left -= bytes.length;
  const done = upstream.left === 0;
  if (done) {
    upstream.left = -1;
    upstream.client = undefined;
    idle.push(upstream);
  }
  client.write(client.writableLength > 0 ? bytes : Buffer.from(bytes));
}

const server = net.createServer({ noDelay: true }, (client) => {
  let upstream: Upstream | undefined;
  let left = 0;
  client.on('data', (bytes: Buffer) => {
    if (left === 0) {
      const headEnd = bytes.indexOf('\r\n\r\n') + 4;
      left = headEnd + bodyLength(bytes, headEnd);
      upstream = idle.pop() ?? connect();
      upstream.client = client;
    }
    left -= bytes.length;
    upstream!.socket.write(bytes);
  });
  client.on('error', () => { /* the load ends */ });
});
server.listen(Number(port), '127.0.0.1', 4096);
