// Parts of audit records that are the same in many of them, kept as the bytes that are written: fields that come from the
// configuration, what a session's records have in common, and the protocol facts that come again and again. All bounded.
// Does not write records (encode.ts).
import { Buffer } from 'node:buffer';
import type { AuditRecord } from '#contract/audit-record.ts';
import { jsonText } from './json-text.ts';

/** Longer texts from the configuration (names, reasons) are cut. */
const maximumNameLength = 1024;

export function key(name: string): Uint8Array {
  return new Uint8Array(Buffer.from(name, 'latin1'));
}

function member(name: string, value: string): string {
  return value === '' ? '' : `,"${name}":"${jsonText(value.slice(0, maximumNameLength))}"`;
}

/** Most values that one field keeps ready; some (a reason, a verb) may hold text of a peer, so it is begun anew when full. */
export const maximumKnown = 512;
/** Of fields whose values come from the configuration alone: what is begun anew for each of 1,000 routes costs more than all else. */
export const maximumConfigured = 16_384;

/** Facts that are longer are hardly said again. */
export const maximumKnownFacts = 400;

/** Ready-made bytes of one field whose values come from the configuration and repeat from record to record. */
export class RepeatingField {
  readonly #name: string;
  readonly #known = new Map<string, Uint8Array>();
  #last = '';
  #lastBytes = key('');

  constructor(name: string) {
    this.#name = name;
  }

  bytes(value: string): Uint8Array {
    if (value === this.#last) return this.#lastBytes;
    this.#last = value;
    return this.#lastBytes = this.#known.get(value) ?? this.#learn(value);
  }

  #learn(value: string): Uint8Array {
    const bytes = key(member(this.#name, value));
    if (this.#known.size >= maximumConfigured) this.#known.clear();
    if (bytes.length < 256) this.#known.set(value, bytes);
    return bytes;
  }
}

/** Facts that were written before as they are, as bytes. They hold text of peers: few, short, begun anew when full. */
export class KnownFacts {
  readonly #known = new Map<string, Uint8Array>();

  get(value: string): Uint8Array | undefined {
    return this.#known.get(value);
  }

  learn(value: string, written: Uint8Array): void {
    if (value.length > maximumKnownFacts) return;
    if (this.#known.size >= maximumKnown) this.#known.clear();
    this.#known.set(value, new Uint8Array(written));
  }
}

interface GroupEntry {
  readonly first: string;
  readonly second: string;
  readonly third: string;
  readonly fourth: string;
  readonly bytes: Uint8Array;
  /** The next entry with the same first value. */
  readonly next: GroupEntry | undefined;
}

/** Several neighbouring fields of that sort as one piece. */
export class RepeatingGroup {
  readonly #names: readonly string[];
  readonly #maximum: number;
  readonly #known = new Map<string, GroupEntry>();
  #size = 0;

  constructor(maximum: number, ...names: string[]) {
    this.#maximum = maximum;
    this.#names = names;
  }

  bytes(first: string, second: string, third: string, fourth: string): Uint8Array {
    const known = this.#known.get(first);
    for (let entry = known; entry !== undefined; entry = entry.next) {
      if (entry.second === second && entry.third === third && entry.fourth === fourth) return entry.bytes;
    }
    return this.#learn(first, second, third, fourth, known);
  }

  #learn(first: string, second: string, third: string, fourth: string, next: GroupEntry | undefined): Uint8Array {
    const values = [first, second, third, fourth];
    const bytes = key(this.#names.map((name, at) => member(name, values[at]!)).join(''));
    if (++this.#size > this.#maximum) {
      this.#known.clear();
      this.#size = 0;
      next = undefined;
    }
    if (bytes.length < 512) this.#known.set(first, { first, second, third, fourth, bytes, next: chainLength(next) < 8 ? next : undefined });
    return bytes;
  }
}

function chainLength(entry: GroupEntry | undefined): number {
  let length = 0;
  for (; entry !== undefined; entry = entry.next) length++;
  return length;
}

/** Sessions whose piece is kept: they are found by the client's port, and one takes the place of another. */
const sessionSlots = 256;
const maximumSessionPiece = 1024;

class SessionPiece {
  session = '';
  client = '';
  service = '';
  protocol = '';
  listener = '';
  configuration = '';
  /** From the second record on: a connection for each request costs nothing here. */
  bytes: Uint8Array | undefined = undefined;

  fits(record: AuditRecord): boolean {
    return this.session === record.session && this.client === record.client && this.service === record.service && this.listener === record.listener
      && this.configuration === record.configuration && this.protocol === record.protocol;
  }

  take(record: AuditRecord): void {
    this.session = record.session;
    this.client = record.client;
    this.service = record.service;
    this.protocol = record.protocol;
    this.listener = record.listener;
    this.configuration = record.configuration;
    this.bytes = undefined;
  }
}

/** The members from `session` to `config`, which all records of a session have alike, as one piece. */
export class SessionPieces {
  readonly #slots: (SessionPiece | undefined)[] = Array.from({ length: sessionSlots });

  find(record: AuditRecord): Uint8Array | undefined {
    const piece = this.#slots[record.clientPort & (sessionSlots - 1)];
    return piece !== undefined && piece.fits(record) ? piece.bytes : undefined;
  }

  /** `written`: what `find` did not have. */
  learn(record: AuditRecord, written: Uint8Array): void {
    const slot = record.clientPort & (sessionSlots - 1);
    const piece = this.#slots[slot] ??= new SessionPiece();
    if (!piece.fits(record)) piece.take(record);
    else if (written.length <= maximumSessionPiece) piece.bytes = new Uint8Array(written);
  }
}
