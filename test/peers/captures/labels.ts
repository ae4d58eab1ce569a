// Reads labels.txt: what each conversation of a capture is. Says it for a conversation, and whether the file has as many
// conversations as were labelled: otherwise the labels are of another reading.
import { readFileSync } from 'node:fs';
import type { Conversation } from './conversations.ts';
import { keyOf } from './corpus.ts';

/** A protocol that is told apart; `none` of them; `unknown`: nobody knows what it is; `unlabelled`: nobody has said. */
export type Label = string;

export interface FileLabels { readonly count: number; of(conversation: Conversation): Label }

class LabelledFile implements FileLabels {
  readonly count: number;
  readonly #byPorts = new Map<string, Label>();
  #others: Label = 'unlabelled';

  constructor(count: number) { this.count = count; }

  add(label: Label, ports: readonly string[]): void {
    for (const one of ports) {
      if (one === '*') this.#others = label;
      else this.#byPorts.set(one, label);
    }
  }

  of(conversation: Conversation): Label { return this.#byPorts.get(keyOf(conversation)) ?? this.#others; }
}

/** By `archive/file`. */
export function readLabels(text: string): ReadonlyMap<string, FileLabels> {
  const files = new Map<string, LabelledFile>();
  let current: LabelledFile | undefined;
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith(' ')) {
      const [head, ports] = line.trim().split(': ');
      current?.add(head!.split(' ')[0]!, ports!.split(' '));
    } else {
      const [name, count] = line.split(' ');
      current = new LabelledFile(Number(count));
      files.set(name!, current);
    }
  }
  return files;
}

export const labels = readLabels(readFileSync(new URL('labels.txt', import.meta.url), 'utf8'));
