// A syslog collector for HAProxy: takes UDP datagrams on loopback and counts them. Argument: port.
// Prints the count when asked by a line on its input; ends when its input ends.
import dgram from 'node:dgram';

let count = 0;
const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
socket.on('message', () => { count++; });
socket.bind(Number(process.argv[2]), '127.0.0.1', () => { process.stdout.write('ready\n'); });
process.stdin.on('data', () => { process.stdout.write(`${count}\n`); });
process.stdin.on('end', () => { process.exit(0); });
