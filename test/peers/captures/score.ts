// Counts how identification does on labelled conversations: for each protocol right, right but too unsure to act, unknown and
// wrong; and of what is none of them, how many were called one of them. Prints it as a table.
import type { Conversation } from './conversations.ts';
import { acts, type Verdict } from './judge.ts';
import type { Label } from './labels.ts';

export type Result = 'right' | 'unsure' | 'unknown' | 'wrong';

/** Of a conversation with another protocol, `right` is that a gateway would not act. */
export function resultOf(label: Label, verdict: Verdict): Result {
  const ours = label !== 'none' && label !== 'unknown';
  if (!acts(verdict)) return ours ? verdict.protocol === label ? 'unsure' : 'unknown' : 'right';
  return ours && verdict.protocol === label ? 'right' : 'wrong';
}

export interface Missed { readonly name: string; readonly conversation: Conversation; readonly label: Label; readonly verdict: Verdict; readonly result: Result }

export class Score {
  readonly #counts = new Map<Label, Record<Result, number>>();
  readonly missed: Missed[] = [];

  add(name: string, conversation: Conversation, label: Label, verdict: Verdict): void {
    const result = resultOf(label, verdict);
    const counts = this.of(label);
    counts[result]++;
    this.#counts.set(label, counts);
    if (result !== 'right') this.missed.push({ name, conversation, label, verdict, result });
  }

  of(label: Label): Record<Result, number> { return this.#counts.get(label) ?? { right: 0, unsure: 0, unknown: 0, wrong: 0 }; }

  /** Of the protocols that are told apart. */
  get total(): Record<Result, number> {
    const sum = { right: 0, unsure: 0, unknown: 0, wrong: 0 };
    for (const [label, counts] of this.#counts) if (isOurs(label)) for (const result of Object.keys(sum) as Result[]) sum[result] += counts[result];
    return sum;
  }

  /** Of other protocols: called one of ours with a confidence on which a gateway acts. */
  get falsePositives(): number { return this.of('none').wrong + this.of('unknown').wrong; }
  get strangers(): number { return ['none', 'unknown'].reduce((sum, label) => sum + this.of(label).right + this.of(label).wrong, 0); }

  get labels(): Label[] { return [...this.#counts.keys()].filter(isOurs).sort(); }
}

export const isOurs = (label: Label): boolean => label !== 'none' && label !== 'unknown' && label !== 'unlabelled';

export function tableOf(score: Score): string {
  const line = (name: string, { right, unsure, unknown, wrong }: Record<Result, number>): string => {
    return `| ${[name, right + unsure + unknown + wrong, right, unsure, unknown, wrong].join(' | ')} |`;
  };
  return [
    '| protocol | connections | right | right, too unsure | unknown | wrong |', '|---|---|---|---|---|---|', ...score.labels.map((label) => line(label, score.of(label))),
    line('all', score.total), `| of other protocols | ${score.strangers} | ${score.strangers - score.falsePositives} | | | ${score.falsePositives} |`,
  ].join('\n');
}
