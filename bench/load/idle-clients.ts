// Holds idle connections: opens so many to a port, makes one request on each, reads the answer, and stays.
// Arguments: port, count, routes. Prints "ready N" when all have their answer; ends when its input ends.
import net from 'node:net';

const [port = '0', count = '0', routes = '1'] = process.argv.slice(2);
const atOnce = 50;
const sockets: net.Socket[] = [];
let answered = 0;
let failed = 0;

function open(index: number): void {
  const socket = net.connect(Number(port), '127.0.0.1');
  sockets.push(socket);
  let text = '';
  let done = false;
  const next = (): void => {
    if (done) return;
    done = true;
    const total = answered + failed;
    if (total === Number(count)) process.stdout.write(`ready ${answered}\n`);
    else if (sockets.length < Number(count)) open(sockets.length);
  };
  socket.setNoDelay(true);
  socket.write(`GET /r${index % Number(routes)}/1k HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: idle/1\r\nAccept: */*\r\n\r\n`);
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    if (done || end < 0 || text.length < end + 4 + 1024) return;
    if (text.startsWith('HTTP/1.1 200')) answered++;
    else failed++;
    text = '';
    next();
  });
  socket.on('error', () => {
    if (!done) failed++;
    next();
  });
}

for (let i = 0; i < Math.min(atOnce, Number(count)); i++) open(i);
process.stdin.on('end', () => { process.exit(0); });
process.stdin.resume();
