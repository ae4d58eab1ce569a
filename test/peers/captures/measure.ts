// Prints how identification does on the captures, half by half: node test/peers/captures/measure.ts [--missed] [development|held]
//   --missed  also lists what is not right, with its first bytes (of the half that is named; look at the held-back one last)
import { parseArgs } from 'node:util';
import { archives, fetchCaptures } from './archives.ts';
import { filesOf, halfOf, keyOf, type Half } from './corpus.ts';
import { unknownPort, verdictOfBoth, verdictOfGateway } from './judge.ts';
import { labels } from './labels.ts';
import { Score, tableOf } from './score.ts';

const { values, positionals } = parseArgs({ options: { missed: { type: 'boolean' } }, allowPositionals: true });
const halves: Half[] = positionals[0] === undefined ? ['development', 'held back'] : positionals[0].startsWith('dev') ? ['development'] : ['held back'];

const ways = {
  'as a gateway, port unknown': (conversation, label, name, score) => { score.add(name, conversation, label, verdictOfGateway(conversation, unknownPort)); },
  'as a gateway, on the port': (conversation, label, name, score) => { score.add(name, conversation, label, verdictOfGateway(conversation, conversation.serverPort)); },
  'both sides, port unknown': (conversation, label, name, score) => { score.add(name, conversation, label, verdictOfBoth(conversation, unknownPort)); },
} satisfies Record<string, (conversation: Parameters<typeof verdictOfBoth>[0], label: string, name: string, score: Score) => void>;

const fetched = fetchCaptures();
for (const half of halves) {
  const scores = new Map(Object.keys(ways).map((way) => [way, new Score()]));
  const middle = new Score();
  let [files, silent, incomplete] = [0, 0, 0];
  for (const { name: archive } of archives) {
    const there = fetched.get(archive);
    if (there?.state !== 'there') {
      console.log(`${archive} is left out: ${there?.reason ?? ''}`);
      continue;
    }
    for (const captured of filesOf(there.folder)) {
      if (halfOf(captured.file) !== half) continue;
      files++;
      silent += captured.silent;
      incomplete += captured.incomplete;
      const known = labels.get(`${archive}/${captured.file}`);
      for (const conversation of captured.conversations) {
        const label = known?.of(conversation) ?? 'unlabelled';
        if (label === 'unlabelled' || label === 'left-out') continue;
        const name = `${archive}/${captured.file} ${keyOf(conversation)}`;
        if (!conversation.whole) middle.add(name, conversation, label, verdictOfGateway(conversation, unknownPort));
        else for (const [way, judge] of Object.entries(ways)) judge(conversation, label, name, scores.get(way)!);
      }
    }
  }
  console.log(`\n# ${half}: ${files} files; left out: ${silent} connections without a word, ${incomplete} without their first bytes`);
  for (const [way, score] of [...scores, ['handshake not captured, as a gateway', middle] as const]) {
    console.log(`\n## ${way}\n${tableOf(score)}`);
    if (values.missed !== true) continue;
    for (const { name, label, verdict, conversation, result } of score.missed) {
      const said = conversation.said.slice(0, 2).map(({ side, bytes }) => `${side === 'client' ? '>' : '<'} ${JSON.stringify(bytes.subarray(0, 90).toString('latin1'))}`).join(' ');
      console.log(`${result}: ${name} is ${label}, said ${verdict.protocol} ${verdict.confidence} (${verdict.evidence}) ${said}`);
    }
  }
}
