// The conversations of all captures that are there, with what they are: labels.txt says it, which label.ts made. Which half a file
// belongs to is decided by a sum of its name alone, so that all that was captured together is looked at together.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { capturesIn } from './archives.ts';
import { readCapture } from './capture-file.ts';
import { Conversations, type Beginnings, type Conversation } from './conversations.ts';
import { readPacket } from './packets.ts';

export type Half = 'development' | 'held back';

export const halfOf = (file: string): Half => (createHash('sha256').update(file).digest()[0]! & 1) === 0 ? 'development' : 'held back';

export interface CapturedFile extends Beginnings {
  readonly file: string;
  readonly packets: number;
  readonly fragments: number;
  /** Frames that are no TCP and no UDP. */
  readonly others: number;
  /** First datagrams of each pair of endpoints. */
  readonly datagrams: readonly Datagram[];
}

export interface Datagram { readonly from: string; readonly to: string; readonly bytes: Buffer }

/** Undefined: not a capture, or of a format that is not read. */
export function readFile(folder: string, file: string): CapturedFile | undefined {
  const capture = readCapture(readFileSync(join(folder, file)));
  if (capture === undefined) return undefined;
  const conversations = new Conversations();
  const pairs = new Set<string>();
  const datagrams: Datagram[] = [];
  let [fragments, others] = [0, 0];
  for (const captured of capture.packets) {
    const packet = readPacket(captured);
    if (packet === 'fragment') fragments++;
    else if (packet === 'other') others++;
    else if (packet.transport === 'tcp') conversations.take(packet);
    else if (packet.payload.length > 0 && !pairs.has(`${packet.from} ${packet.to}`)) {
      pairs.add(`${packet.from} ${packet.to}`);
      pairs.add(`${packet.to} ${packet.from}`);
      datagrams.push({ from: packet.from, to: packet.to, bytes: packet.payload });
    }
  }
  return { file, packets: capture.packets.length, fragments, others, datagrams, ...conversations.result() };
}

export function* filesOf(folder: string): Generator<CapturedFile> {
  for (const name of capturesIn(folder)) {
    const file = readFile(folder, name);
    if (file !== undefined) yield file;
  }
}

/** Within a file a conversation is told by its ports, and of those with the same ones by the order of their beginning. */
export const keyOf = ({ clientPort, serverPort }: Conversation): string => `${clientPort}>${serverPort}`;
