// Judges identification on a conversation as a gateway meets it: a client that speaks is heard until there is a verdict, and of
// the server nothing; where the client waits, a server is asked and its first words are heard. Beside that, what both sides
// together say, as they said it. Says nothing of whether the verdict is right: labels.ts knows that.
import { Confidence, Identifier, maxIdentifyBytes, type Identification } from '#codecs/identify/index.ts';
import type { Conversation, Piece, Side } from './conversations.ts';

/** A port that no protocol is registered for. */
export const unknownPort = 40_000;

export interface Verdict { readonly protocol: string; readonly confidence: number; readonly evidence: string }

/** What a gateway acts on: `minConfidence` as it is by default. */
export const acts = ({ confidence }: Verdict): boolean => confidence >= Confidence.likely;

/** How the bytes of a turn reach the gateway: as the segments came, in one piece, or in pieces of so many bytes. */
export type Cut = 'segments' | 'whole' | number;

/**
 * What a gateway hears before it has a verdict: of a client what it says without having heard anything, and only of one that
 * says nothing so what the server says.
 */
export function firstTurn(said: readonly Piece[]): readonly Piece[] {
  for (const side of ['client', 'server'] as const) {
    const ownSide = said.filter((piece) => piece.side === side);
    const end = ownSide.findIndex(({ answers }) => answers);
    const turn = end < 0 ? ownSide : ownSide.slice(0, end);
    if (turn.length > 0) return turn;
  }
  return said.slice(0, 1);
}

function pieces(turn: readonly Piece[], cut: Cut): Buffer[] {
  if (cut === 'segments') return turn.map(({ bytes }) => bytes);
  const all = Buffer.concat(turn.map(({ bytes }) => bytes)).subarray(0, maxIdentifyBytes);
  if (cut === 'whole') return [all];
  return Array.from({ length: Math.ceil(all.length / cut) }, (_, at) => all.subarray(at * cut, (at + 1) * cut));
}

const kept = ({ protocol, confidence, evidence, open }: Identification): Verdict => {
  // When the time is over a gateway takes what there is.
  return protocol === '' || (open && confidence === Confidence.none) ? { protocol: '', confidence: 0, evidence } : { protocol, confidence, evidence };
};

/** The verdict of a gateway: the first that is not open, else what there is when nothing more comes. */
export function verdictOfGateway(conversation: Conversation, port: number, cut: Cut = 'segments'): Verdict {
  const identifier = new Identifier(port);
  let heard = 0;
  const turn = firstTurn(conversation.said);
  for (const piece of pieces(turn, cut)) {
    const found = hear(identifier, turn[0]!.side, piece);
    heard += piece.length;
    if (!found.open || heard >= maxIdentifyBytes) return kept(found);
  }
  return kept(identifier.final());
}

function hear(identifier: Identifier, side: Side, bytes: Buffer): Identification {
  return side === 'client' ? identifier.client(bytes, 0, bytes.length) : identifier.server(bytes, 0, bytes.length);
}

/** The verdict when all that both sides said first is known. */
export function verdictOfBoth(conversation: Conversation, port: number): Verdict {
  const identifier = new Identifier(port);
  for (const { side, bytes } of conversation.said) hear(identifier, side, bytes);
  return kept(identifier.verdict());
}
