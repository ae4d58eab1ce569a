// The SHA-256 of a file by itself, in pieces of the relay's size, as OpenSSL takes it in Sallyport: what anybody pays who wants the
// sum of what passed. Argument: file. Prints the CPU microseconds of it, reading left out.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

const piece = Buffer.alloc(256 * 1024);
const file = openSync(process.argv[2]!, 'r');
const hash = createHash('sha256');
let micros = 0;
for (;;) {
  const count = readSync(file, piece);
  if (count === 0) break;
  const before = process.cpuUsage();
  hash.update(count === piece.length ? piece : piece.subarray(0, count));
  const { user, system } = process.cpuUsage(before);
  micros += user + system;
}
closeSync(file);
process.stdout.write(JSON.stringify({ micros, sha256: hash.digest('hex') }));
