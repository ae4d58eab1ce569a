// An FTP server of a few lines for sessions that only log in and stay: a real one has a process or two for each, which would
// be what is measured. Argument: port.
import net from 'node:net';

const answers: Readonly<Record<string, string>> = { USER: '331 password', PASS: '230 in', PWD: '257 "/"', TYPE: '200 type', QUIT: '221 bye' };

net.createServer({ noDelay: true }, (socket) => {
  socket.write('220 ready\r\n');
  socket.on('data', (bytes: Buffer) => {
    for (const line of bytes.toString('latin1').split('\r\n')) if (line !== '') socket.write(`${answers[line.split(' ')[0]!.toUpperCase()] ?? '502 what'}\r\n`);
  });
  socket.on('error', () => { /* its client is gone */ });
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });
