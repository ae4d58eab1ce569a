// Audit record -> one JSON object on one line, of printable ASCII only: control characters, terminal escapes, quotes and
// everything beyond ASCII are written as \u escapes, so that no text of a peer can break a line, a terminal or a parser.
// Runs in the worker once an operation, straight into the bytes of a block: texts are copied by the runtime's own code and
// then looked over byte by byte, which measured 2.5 times cheaper than building a string (docs/decisions/0005-audit-store.md).
// Does not store. Field catalogue: docs/audit.md.
import { Buffer } from 'node:buffer';
import type { AuditRecord } from '#contract/audit-record.ts';
import { escaped, jsonText, plainCodes, plainOrSyntax } from './json-text.ts';
import { SecretNames } from './mask.ts';
import { KnownFacts, key, maximumConfigured, maximumKnown, RepeatingField, RepeatingGroup, SessionPieces } from './ready-pieces.ts';
import { defaultMask } from './settings.ts';

/** Longer texts are cut, so that a record has a greatest size. Named in docs/limits.md. */
export const maximumTextLength = 8192;
/** Longer protocol facts are left out. */
export const maximumFactsLength = 16_384;
/** Room that `encodeInto` may need for one record. */
export const maximumRecordBytes = 768 * 1024;

/** A count; anything that is not a safe number of at least 0 becomes 0. */
function count(value: number): number {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER ? Math.floor(value) : 0;
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

export class RecordEncoder {
  readonly #secrets: SecretNames;
  #target = Buffer.alloc(0) as NativeBuffer;
  #secondMs = Number.NaN;
  #secondText = Buffer.alloc(0);
  readonly #sessions = new SessionPieces();
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
    const ready = this.#sessions.find(record);
    at = ready === undefined ? this.#session(record, at) : this.#bytes(ready, at);
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

  #session(record: AuditRecord, start: number): number {
    let at = start;
    if (record.session !== '') at = this.#ownText(sessionKey, record.session, at);
    if (record.client !== '') at = this.#ownText(clientKey, record.client, at);
    at = this.#bytes(this.#place.bytes(record.service, record.protocol, record.listener, record.configuration), at);
    this.#sessions.learn(record, this.#target.subarray(start, at));
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
