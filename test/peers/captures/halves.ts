// How identification does on the captures of one half: as a gateway would judge each connection with its port known and unknown, both
// sides together, and what of connections whose handshake was not captured it makes. Archives that are not there are left out.
import type { Fetched } from './archives.ts';
import { archives } from './archives.ts';
import type { Conversation } from './conversations.ts';
import { filesOf, halfOf, keyOf, type CapturedFile, type Half } from './corpus.ts';
import { unknownPort, verdictOfBoth, verdictOfGateway, type Verdict } from './judge.ts';
import { labels } from './labels.ts';
import { Score } from './score.ts';

export const ways = {
  'as a gateway, port unknown': (one: Conversation): Verdict => verdictOfGateway(one, unknownPort),
  'as a gateway, on the port': (one: Conversation): Verdict => verdictOfGateway(one, one.serverPort),
  'as a gateway, one byte at a time': (one: Conversation): Verdict => verdictOfGateway(one, unknownPort, 1),
  'both sides, port unknown': (one: Conversation): Verdict => verdictOfBoth(one, unknownPort),
} as const;
export type Way = keyof typeof ways;

export class HalfScore {
  files = 0;
  silent = 0;
  incomplete = 0;
  readonly whole = Object.fromEntries(Object.keys(ways).map((way) => [way, new Score()])) as Record<Way, Score>;
  readonly middle = new Score();

  add(archive: string, captured: CapturedFile): void {
    this.files++;
    this.silent += captured.silent;
    this.incomplete += captured.incomplete;
    const known = labels.get(`${archive}/${captured.file}`);
    for (const conversation of captured.conversations) {
      const label = known?.of(conversation) ?? 'unlabelled';
      if (label === 'unlabelled' || label === 'left-out') continue;
      const name = `${archive}/${captured.file} ${keyOf(conversation)}`;
      if (!conversation.whole) this.middle.add(name, conversation, label, verdictOfGateway(conversation, unknownPort));
      else for (const [way, judge] of Object.entries(ways)) this.whole[way as Way].add(name, conversation, label, judge(conversation));
    }
  }
}

/** The files of all archives that are there, once; `each` sees them on the way. */
export function judgeHalves(fetched: ReadonlyMap<string, Fetched>, each?: (archive: string, captured: CapturedFile) => void): Record<Half, HalfScore> {
  const halves: Record<Half, HalfScore> = { 'development': new HalfScore(), 'held back': new HalfScore() };
  for (const { name } of archives) {
    const there = fetched.get(name);
    if (there?.state !== 'there') continue;
    for (const captured of filesOf(there.folder)) {
      halves[halfOf(captured.file)].add(name, captured);
      each?.(name, captured);
    }
  }
  return halves;
}
