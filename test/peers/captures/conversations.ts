// Puts the beginnings of TCP connections together from packets: what each side said first, in the pieces and in the order in
// which a receiver would have read them. Segments out of order wait for what stands before them, what comes twice is left
// out. A connection whose handshake was not captured is marked: what it says first here may come from its middle. Keeps a few
// KiB of each side; what follows is of no interest here. RFC 9293 section 3.4 (sequence numbers), 3.10.
import { tcpFlag, type Packet } from './packets.ts';

export type Side = 'client' | 'server';

export interface Piece {
  readonly side: Side;
  readonly bytes: Buffer;
  /** Whoever said it had received something from the other side before, as the acknowledgement tells: it may be an answer. */
  readonly answers: boolean;
}

export interface Conversation {
  readonly client: string;
  readonly server: string;
  readonly clientPort: number;
  readonly serverPort: number;
  /** The handshake was captured; else nobody knows what was said before, and who is the client is a guess by the ports. */
  readonly whole: boolean;
  readonly said: readonly Piece[];
}

export interface Beginnings {
  readonly conversations: readonly Conversation[];
  /** Connections with a beginning on which nobody said anything. */
  readonly silent: number;
  /** Where the first byte of a side is missing, although later ones are there. */
  readonly incomplete: number;
}

/** More than identification looks at. */
export const keptBytes = 4096;
const maxWaiting = 64;

interface Segment { readonly sequence: number; readonly payload: Buffer; readonly cut: boolean; readonly answers: boolean }

/** One direction. */
class Direction {
  readonly side: Side;
  /** The sequence numbers of the first and of the next byte; undefined before the first packet. */
  first: number | undefined = undefined;
  next: number | undefined = undefined;
  kept = 0;
  /** Nothing more is wanted, or can be had. */
  done = false;
  readonly waiting: Segment[] = [];

  constructor(side: Side) { this.side = side; }

  /** Takes a segment; adds what can be read because of it. */
  take(segment: Segment, said: Piece[]): void {
    if (this.done || segment.payload.length === 0) return;
    if (!this.#fits(segment, said)) {
      if (this.waiting.length < maxWaiting) this.waiting.push(segment);
      return;
    }
    for (let at = 0; at < this.waiting.length && !this.done;) {
      if (this.#fits(this.waiting[at]!, said)) {
        this.waiting.splice(at, 1);
        at = 0;
      } else at++;
    }
  }

  /** False: something before it is missing. */
  #fits(segment: Segment, said: Piece[]): boolean {
    // How far the segment begins before the next byte, modulo 2^32.
    const before = (this.next! - segment.sequence) | 0;
    if (before < 0) return false;
    if (before < segment.payload.length) this.#read({ ...segment, payload: segment.payload.subarray(before) }, said);
    return true;
  }

  begin(sequence: number): void {
    this.first ??= sequence;
    this.next ??= sequence;
  }

  #read({ payload, cut, answers }: Segment, said: Piece[]): void {
    this.next = (this.next! + payload.length) >>> 0;
    const piece = payload.subarray(0, keptBytes - this.kept);
    this.kept += piece.length;
    said.push({ side: this.side, bytes: piece, answers });
    // Behind what was not kept there is nothing that follows.
    this.done = cut || this.kept === keptBytes;
  }
}

class Connection {
  readonly said: Piece[] = [];
  readonly client: string;
  readonly server: string;
  readonly ports: readonly [number, number];
  /** Of the client's SYN, when that was captured. */
  readonly initial: number | undefined;
  readonly whole: boolean;
  readonly directions: Record<Side, Direction> = { client: new Direction('client'), server: new Direction('server') };

  constructor(client: string, server: string, ports: readonly [number, number], initial: number | undefined, whole: boolean) {
    this.client = client;
    this.server = server;
    this.ports = ports;
    this.initial = initial;
    this.whole = whole;
  }

  take(packet: Packet): void {
    const isClient = packet.from === this.client;
    const [direction, other] = isClient ? [this.directions.client, this.directions.server] : [this.directions.server, this.directions.client];
    const syn = (packet.flags & tcpFlag.syn) !== 0;
    const first = syn ? (packet.sequence + 1) >>> 0 : packet.sequence;
    // Where no SYN was captured, what comes first is what is there first.
    if (syn || packet.payload.length > 0) direction.begin(first);
    if (direction.next === undefined) return;
    const answers = (packet.flags & tcpFlag.ack) !== 0 && other.first !== undefined && ((packet.acknowledged - other.first) | 0) > 0;
    direction.take({ sequence: first, payload: packet.payload, cut: packet.cut, answers }, this.said);
  }

  get incomplete(): boolean { return Object.values(this.directions).some(({ kept, waiting }) => kept === 0 && waiting.length > 0); }
}

/** Connections by their pair of endpoints; the newest of each is the one that packets belong to. */
export class Conversations {
  readonly #open = new Map<string, Connection>();
  readonly #all: Connection[] = [];

  take(packet: Packet): void {
    if (packet.transport !== 'tcp') return;
    const key = packet.from < packet.to ? `${packet.from} ${packet.to}` : `${packet.to} ${packet.from}`;
    const syn = (packet.flags & tcpFlag.syn) !== 0;
    const answers = (packet.flags & tcpFlag.ack) !== 0;
    let connection = this.#open.get(key);
    // A SYN with another number on the same pair of ports is another connection.
    if (syn && !answers && (connection === undefined || connection.client !== packet.from || (connection.initial ?? packet.sequence) !== packet.sequence)) {
      connection = this.#begin(key, new Connection(packet.from, packet.to, [packet.fromPort, packet.toPort], packet.sequence, true));
    } else if (syn && answers && connection === undefined) {
      connection = this.#begin(key, new Connection(packet.to, packet.from, [packet.toPort, packet.fromPort], undefined, true));
    } else if (connection === undefined && packet.payload.length > 0) {
      connection = this.#begin(key, packet.fromPort >= packet.toPort
        ? new Connection(packet.from, packet.to, [packet.fromPort, packet.toPort], undefined, false)
        : new Connection(packet.to, packet.from, [packet.toPort, packet.fromPort], undefined, false));
    }
    connection?.take(packet);
  }

  #begin(key: string, connection: Connection): Connection {
    this.#open.set(key, connection);
    this.#all.push(connection);
    return connection;
  }

  result(): Beginnings {
    const conversations: Conversation[] = [];
    let [silent, incomplete] = [0, 0];
    for (const connection of this.#all) {
      const { client, server, ports, said, whole } = connection;
      if (connection.incomplete) incomplete++;
      else if (said.length === 0) silent++;
      else conversations.push({ client, server, clientPort: ports[0], serverPort: ports[1], whole, said });
    }
    return { conversations, silent, incomplete };
  }
}
