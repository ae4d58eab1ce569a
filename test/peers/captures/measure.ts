// Prints how identification does on the captures, half by half: node test/peers/captures/measure.ts [--missed] [development|held]
//   --missed  also lists what is not right, with its first bytes (of the half that is named; look at the held-back one last)
import { parseArgs } from 'node:util';
import { fetchCaptures } from './archives.ts';
import { judgeHalves, type HalfScore } from './halves.ts';
import { tableOf, type Missed } from './score.ts';

const { values, positionals } = parseArgs({ options: { missed: { type: 'boolean' } }, allowPositionals: true });

function shown({ name, label, verdict, conversation, result }: Missed): string {
  const said = conversation.said.slice(0, 2).map(({ side, bytes }) => `${side === 'client' ? '>' : '<'} ${JSON.stringify(bytes.subarray(0, 90).toString('latin1'))}`);
  return `${result}: ${name} is ${label}, said ${verdict.protocol} ${verdict.confidence} (${verdict.evidence}) ${said.join(' ')}`;
}

function print(half: string, { files, silent, incomplete, whole, middle }: HalfScore): void {
  console.log(`\n# ${half}: ${files} files; left out: ${silent} connections without a word, ${incomplete} without their first bytes`);
  for (const [way, score] of [...Object.entries(whole), ['handshake not captured, as a gateway', middle] as const]) {
    console.log(`\n## ${way}\n${tableOf(score)}`);
    if (values.missed === true) for (const one of score.missed) console.log(shown(one));
  }
}

const fetched = fetchCaptures();
for (const [name, one] of fetched) if (one.state !== 'there') console.log(`${name} is left out: ${one.reason}`);
for (const [half, score] of Object.entries(judgeHalves(fetched))) if (positionals[0] === undefined || half.startsWith(positionals[0])) print(half, score);
