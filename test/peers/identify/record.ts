// Makes test/transcripts/identify/peers.txt anew: runs all pairs of peers (about 1 GiB of packages), and writes what they said.
//   node test/peers/identify/record.ts [NAME ...]     only those whose server's name contains NAME, to standard output
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dirname } from 'node:path';
import { pairs } from './pairs.ts';
import { keptText, type Kept } from './recorder.ts';
import { runPair } from './run.ts';

const wanted = process.argv.slice(2);
const all: Kept[] = [];
for (const pair of pairs) {
  if (wanted.length > 0 && !wanted.some((name) => pair.server.name.includes(name))) continue;
  const { kept, missing } = await runPair(pair);
  process.stderr.write(`${pair.server.name}: ${kept.length} conversations${missing.map((one) => `\n  ${one}`).join('')}\n`);
  all.push(...kept);
}
const text = `Conversations of real peers of Debian, each recorded by test/peers/identify/record.ts on loopback: what the client (>) and the `
  + `server (<) said first.\n\n${keptText(all)}`;
if (wanted.length > 0) process.stdout.write(text);
else {
  const file = fileURLToPath(new URL('../../transcripts/identify/peers.txt', import.meta.url));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
process.exit(0);
