// Audit record -> one JSON object on one line, of printable ASCII only: control characters, terminal escapes, quotes and
// everything beyond ASCII are written as \u escapes, so that no text of a peer can break a line, a terminal or a parser.
// Runs in the worker once an operation, straight into the bytes of a block: texts are copied by the runtime's own code and
// then looked over byte by byte, which measured 2.5 times cheaper than building a string (docs/decisions/0005-audit-store.md).
// Does not store. Field catalogue: docs/audit.md.
import { Buffer } from 'node:buffer';
import type { AuditRecord } from '#contract/audit-record.ts';
import { SecretNames } from './mask.ts';
import { defaultMask } from './settings.ts';

/** Longer texts are cut, so that a record has a greatest size. Named in docs/limits.md. */
export const maximumTextLength = 8192;
/** Longer protocol facts are left out. */
export const maximumFactsLength = 16_384;
/** Room that `encodeInto` may need for one record. */
export const maximumRecordBytes = 768 * 1024;
/** Longer texts from the configuration (names, reasons) are cut. */
const maximumNameLength = 1024;

/** 1 for what may stand in a JSON string as it is, 0 for what must be escaped. */
const plainCodes = new Uint8Array(65_536);
for (let code = 0x20; code < 0x7f; code++) plainCodes[code] = code === 0x22 || code === 0x5c ? 0 : 1;
/** In ready-made members quotes and backslashes are syntax. */
const plainOrSyntax = new Uint8Array(plainCodes);
plainOrSyntax[0x22] = 1;
plainOrSyntax[0x5c] = 1;

function escaped(text: string, table: Uint8Array): string {
  let result = '';
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (table[code] === 1) result += text[at];
    else if (code === 0x22) result += '\\"';
    else if (code === 0x5c) result += '\\\\';
    else result += `\\u${code.toString(16).padStart(4, '0')}`;
  }
  return result;
}

/** The inside of a JSON string, printable ASCII only. */
export function jsonText(text: string): string {
  return escaped(text, plainCodes);
}

/** A count; anything that is not a safe number of at least 0 becomes 0. */
function count(value: number): number {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER ? Math.floor(value) : 0;
}

function key(name: string): Uint8Array {
  return new Uint8Array(Buffer.from(name, 'latin1'));
}

function member(name: string, value: string): string {
  return value === '' ? '' : `,"${name}":"${jsonText(value.slice(0, maximumNameLength))}"`;
}

const idKey = key(',"id":"');
const sessionKey = key(',"session":"');
const clientKey = key(',"client":"');
const statusKey = key(',"status":');
const msKey = key(',"ms":');
const inKey = key(',"in":');
const outKey = key(',"out":');
const portKey = key(',"port":');
const userKey = key(',"user":"');
const hostKey = key(',"host":"');
const pathKey = key(',"path":"');
const paramsKey = key(',"params":"');
const attemptsKey = key(',"attempts":');
const connectKey = key(',"connectMs":');
const firstByteKey = key(',"firstByteMs":');
const factsKey = key(',"facts":{');
const quote = 0x22;
const closing = 0x7d;

/** Buffer with the methods that its type leaves out: documented names go through a slower dispatch by encoding name. */
export interface NativeBuffer extends Buffer {
  latin1Write(text: string, at: number, length?: number): number;
  utf8Write(text: string, at: number, length?: number): number;
  latin1Slice(start: number, end: number): string;
}

/** Most values that one field keeps ready; some (a reason, a verb) may hold text of a peer, so it is begun anew when full. */
const maximumKnown = 512;
/** Of fields whose values come from the configuration alone: what is begun anew for each of 1,000 routes costs more than all else. */
const maximumConfigured = 16_384;

/** Facts that are longer are hardly said again. */
const maximumKnownFacts = 400;

/** Ready-made bytes of one field whose values come from the configuration and repeat from record to record. */
class RepeatingField {
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
class KnownFacts {
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
class RepeatingGroup {
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

export class RecordEncoder {
  readonly #secrets: SecretNames;
  #target = Buffer.alloc(0) as NativeBuffer;
  #secondMs = Number.NaN;
  #secondText = Buffer.alloc(0);
  readonly #place = new RepeatingGroup(maximumConfigured, 'service', 'protocol', 'listener', 'config');
  readonly #how = new RepeatingGroup(maximumKnown, 'verb', 'outcome', 'kind', 'zone');
  readonly #why = new RepeatingGroup(maximumKnown, 'rule', 'reason', '', '');
  readonly #where = new RepeatingGroup(maximumConfigured, 'route', 'pool', '', '');
  readonly #server = new RepeatingField('server');
  readonly #knownFacts = new KnownFacts();

  constructor(mask: readonly string[] = defaultMask) {
    this.#secrets = new SecretNames(mask);
  }

  /** One line without its line end. */
  encode(record: AuditRecord): string {
    const target = Buffer.allocUnsafeSlow(maximumRecordBytes) as NativeBuffer;
    return target.latin1Slice(0, this.encodeInto(record, target, 0));
  }

  /** Writes one line without its line end at `at`; at least `maximumRecordBytes` must be free there. Returns its end. */
  encodeInto(record: AuditRecord, target: Buffer, at: number): number {
    this.#target = target as NativeBuffer;
    at = this.#time(record.timeMs, at);
    if (record.id !== '') at = this.#ownText(idKey, record.id, at);
    if (record.session !== '') at = this.#ownText(sessionKey, record.session, at);
    if (record.client !== '') at = this.#ownText(clientKey, record.client, at);
    at = this.#bytes(this.#place.bytes(record.service, record.protocol, record.listener, record.configuration), at);
    at = this.#bytes(this.#how.bytes(record.verb, record.outcome, record.kind, record.zone), at);
    if (record.status !== 0) at = this.#number(statusKey, record.status, at);
    at = this.#milliseconds(msKey, record.durationMs, at);
    if (record.bytesIn !== 0) at = this.#number(inKey, record.bytesIn, at);
    if (record.bytesOut !== 0) at = this.#number(outKey, record.bytesOut, at);
    if (record.clientPort !== 0) at = this.#number(portKey, record.clientPort, at);
    if (record.user !== '') at = this.#text(userKey, record.user, at);
    if (record.host !== '') at = this.#text(hostKey, record.host, at);
    if (record.path !== '') at = this.#text(pathKey, record.path, at);
    if (record.parameters !== '') at = this.#parameters(record.parameters, at);
    if (record.rule !== '' || record.reason !== '') at = this.#bytes(this.#why.bytes(record.rule, record.reason, '', ''), at);
    if (record.route !== '') at = this.#bytes(this.#where.bytes(record.route, record.pool, '', ''), at);
    if (record.server !== '') at = this.#bytes(this.#server.bytes(record.server), at);
    if (record.attempts !== 0) at = this.#number(attemptsKey, record.attempts, at);
    if (record.connectMs !== 0) at = this.#milliseconds(connectKey, record.connectMs, at);
    if (record.firstByteMs !== 0) at = this.#milliseconds(firstByteKey, record.firstByteMs, at);
    if (record.attributes !== '') at = this.#facts(record.attributes, at);
    target[at++] = closing;
    return at;
  }

  #bytes(bytes: Uint8Array, at: number): number {
    this.#target.set(bytes, at);
    return at + bytes.length;
  }

  /** The member with its closing quote. */
  #text(name: Uint8Array, value: string, at: number): number {
    const target = this.#target;
    target.set(name, at);
    at += name.length;
    if (value.length > maximumTextLength) value = value.slice(0, maximumTextLength);
    // utf8 and not latin1: text beyond ASCII then shows as bytes beyond ASCII, whatever it is.
    const end = at + target.utf8Write(value, at, value.length * 3);
    for (let look = at; look < end; look++) {
      if (plainCodes[target[look]!] === 0) return this.#escapedText(value, at);
    }
    target[end] = quote;
    return end + 1;
  }

  /** For text that we made ourselves: no code beyond latin1. */
  #ownText(name: Uint8Array, value: string, at: number): number {
    const target = this.#target;
    if (value.length > maximumTextLength) value = value.slice(0, maximumTextLength);
    target.set(name, at);
    at += name.length;
    const end = at + target.latin1Write(value, at, value.length);
    for (let look = at; look < end; look++) {
      if (plainCodes[target[look]!] === 0) return this.#escapedText(value, at);
    }
    target[end] = quote;
    return end + 1;
  }

  #escapedText(value: string, at: number): number {
    const end = at + this.#target.latin1Write(jsonText(value), at);
    this.#target[end] = quote;
    return end + 1;
  }

  #parameters(value: string, at: number): number {
    if (value.length > maximumTextLength) value = value.slice(0, maximumTextLength);
    const target = this.#target;
    target.set(paramsKey, at);
    at += paramsKey.length;
    const end = at + target.utf8Write(value, at, value.length * 3);
    if (!this.#secrets.parametersAreClean(target, at, end)) return this.#escapedText(this.#secrets.maskParameters(value), at);
    target[end] = quote;
    return end + 1;
  }

  #facts(value: string, at: number): number {
    const known = this.#knownFacts.get(value);
    if (known !== undefined) return this.#bytes(known, at);
    if (value.length > maximumFactsLength) value = '"truncated":true';
    const target = this.#target;
    const start = at;
    target.set(factsKey, at);
    at += factsKey.length;
    let end = at + target.utf8Write(value, at, value.length * 3);
    const clean = this.#secrets.membersAreClean(target, at, end);
    if (!clean) end = at + target.latin1Write(escaped(this.#secrets.maskMembers(value), plainOrSyntax), at);
    target[end++] = closing;
    // What had to be masked is not kept in memory for that.
    if (clean) this.#knownFacts.learn(value, target.subarray(start, end));
    return end;
  }

  #number(name: Uint8Array, value: number, at: number): number {
    this.#target.set(name, at);
    return this.#digits(value, at + name.length);
  }

  #digits(value: number, at: number): number {
    const target = this.#target;
    if (!(value >= 0 && value <= 0x3fffffff)) return at + target.latin1Write(String(count(value)), at);
    let rest = value | 0;
    let length = 1;
    for (let bound = 10; rest >= bound; bound *= 10) length++;
    const end = at + length;
    for (let place = end - 1; place >= at; place--) {
      const next = (rest / 10) | 0;
      target[place] = 48 + rest - next * 10;
      rest = next;
    }
    return end;
  }

  /** Milliseconds with three decimals. */
  #milliseconds(name: Uint8Array, value: number, at: number): number {
    const target = this.#target;
    target.set(name, at);
    at += name.length;
    if (!(value >= 0 && value < 1_000_000)) return this.#digits(value, at);
    const microseconds = Math.round(value * 1000) | 0;
    const whole = (microseconds / 1000) | 0;
    at = this.#digits(whole, at);
    const thousandths = microseconds - whole * 1000;
    if (thousandths === 0) return at;
    target[at] = 0x2e;
    return this.#threeDigits(thousandths, at + 1);
  }

  #threeDigits(value: number, at: number): number {
    const target = this.#target;
    const hundreds = (value / 100) | 0;
    const tens = ((value - hundreds * 100) / 10) | 0;
    target[at] = 48 + hundreds;
    target[at + 1] = 48 + tens;
    target[at + 2] = 48 + value - hundreds * 100 - tens * 10;
    return at + 3;
  }

  /** `{"time":1700000000123`; the seconds are printed once a second. */
  #time(timeMs: number, at: number): number {
    let offset = timeMs - this.#secondMs;
    if (!(offset >= 0 && offset < 1000)) {
      const seconds = Math.max(1, count(timeMs / 1000));
      this.#secondMs = seconds * 1000;
      this.#secondText = Buffer.from(`{"time":${seconds}`, 'latin1');
      offset = Math.max(0, count(timeMs) - this.#secondMs);
    }
    return this.#threeDigits(offset | 0, this.#bytes(this.#secondText, at));
  }
}

const standardEncoder = new RecordEncoder();

/** Encodes with the default mask, for places that are not hot. */
export function encodeRecord(record: AuditRecord): string {
  return standardEncoder.encode(record);
}
