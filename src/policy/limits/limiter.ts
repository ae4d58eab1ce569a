// Decides whether an operation or a connection is within the limits, and counts it. All limits that apply must have
// room, or nothing is counted. Every worker enforces at once on what it knows and learns of the others by deltas
// (docs/decisions/0004-limits-across-workers.md has the bound). Time is an argument. With a trace nothing is counted.
import type { LimitFacts, LimitRefusal, Trace } from '#contract/decision.ts';
import type { Operation, Subject } from '#contract/operation.ts';
import { CandidateIndex } from '#core/match/index.ts';
import type { CandidateTest } from '#core/match/index.ts';
import { unknownZones } from '../check.ts';
import { Condition } from '../condition.ts';
import { listOf } from '../settings.ts';
import { mergeObserved } from '../vocabulary.ts';
import type { ObservedAttribute, Vocabulary } from '../vocabulary.ts';
import type { Zones } from '../zones.ts';
import { Admission } from './admission.ts';
import type { LimitDelta } from './deltas.ts';
import { LimitKey } from './key.ts';
import { KeyTable } from './key-table.ts';
import { defaultMaxKeys } from './settings.ts';
import type { LimitSettings, LimitsSettings } from './settings.ts';

export type { LimitDelta } from './deltas.ts';

/** A connection at the moment of its acceptance. `admission` belongs to the limiter, as in an operation. */
export interface ConnectionFacts {
  readonly listener: string;
  readonly service: string;
  readonly address: string;
  readonly zones: readonly string[];
  admission?: unknown;
}

export interface LimitSummary {
  readonly limit: string;
  readonly measure: 'operations' | 'connections';
  readonly keys: number;
  readonly admitted: number;
  readonly refused: number;
  /** Times that a key found the table full and shared the overflow count. */
  readonly overflowed: number;
}

/** Without a time of its own, a client is told to come again after this. */
const concurrencyRetryMs = 1000;

/** In operations. Rounding of added intervals must not cost the last of a burst: after some days of uptime each addition
 *  is off by up to 1e-7 ms. */
const tolerance = 1e-3;

/** A window as configurations write it: `10s`, `1h`. */
function windowText(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

class CompiledLimit {
  readonly name: string;
  readonly measure: 'operations' | 'connections';
  readonly condition: Condition;
  readonly key: LimitKey;
  readonly table: KeyTable;
  /** 0: no rate. */
  readonly intervalMs: number;
  readonly count: number;
  readonly windowMs: number;
  readonly burst: number;
  /** At the same time; Infinity: any number. */
  readonly maximumHeld: number;
  readonly settings: LimitSettings;
  admitted = 0;
  refused = 0;

  constructor(name: string, measure: 'operations' | 'connections', settings: LimitSettings, vocabularies: readonly Vocabulary[], previous: Limiter | undefined) {
    this.name = name;
    this.measure = measure;
    this.condition = new Condition(settings, vocabularies);
    this.key = new LimitKey(settings.key === undefined ? ['address'] : listOf(settings.key), vocabularies);
    const id = `${measure} ${name} ${this.key.text}`;
    const maximumKeys = settings.maxKeys ?? defaultMaxKeys;
    this.table = previous?.tableOf(id) ?? new KeyTable(id, maximumKeys);
    this.table.maximum = maximumKeys;
    const rate = measure === 'operations' ? settings.requests : undefined;
    this.intervalMs = rate === undefined ? 0 : rate.perMs / rate.count;
    this.count = rate?.count ?? 0;
    this.windowMs = rate?.perMs ?? 0;
    this.burst = settings.burst ?? this.count;
    this.maximumHeld = (measure === 'operations' ? settings.concurrent : settings.connections) ?? Number.POSITIVE_INFINITY;
    this.settings = settings;
  }

  get holds(): boolean { return this.maximumHeld !== Number.POSITIVE_INFINITY; }

  /** How many more the bucket has, before this one. */
  available(slot: number, nowMs: number): number {
    if (this.intervalMs === 0) return Number.POSITIVE_INFINITY;
    const fullAtMs = slot < 0 ? Number.NEGATIVE_INFINITY : this.table.fullAtMs[slot]!;
    return fullAtMs <= nowMs ? this.burst : Math.floor(this.burst - (fullAtMs - nowMs) / this.intervalMs + tolerance);
  }

  resetMs(slot: number, nowMs: number): number { return Math.max(0, this.table.fullAtMs[slot]! - nowMs); }

  heldAt(slot: number): number { return slot < 0 ? 0 : this.table.heldAt(slot); }

  rateRefusal(slot: number, nowMs: number): LimitRefusal {
    const retryAfterMs = this.table.fullAtMs[slot]! - nowMs - (this.burst - 1) * this.intervalMs;
    return this.#refusal(Math.max(1, Math.ceil(retryAfterMs)), this.count, this.windowMs, `more than ${this.count} in ${windowText(this.windowMs)}`);
  }

  heldRefusal(): LimitRefusal {
    const what = this.measure === 'connections' ? 'connections' : 'operations under way';
    return this.#refusal(concurrencyRetryMs, this.maximumHeld, 0, `more than ${this.maximumHeld} ${what}`);
  }

  #refusal(retryAfterMs: number, maximum: number, windowMs: number, why: string): LimitRefusal {
    const { action, status, message } = this.settings;
    return {
      limit: this.name, retryAfterMs, maximum, remaining: 0, windowMs, reason: `${why}, counted by ${this.key.text}`,
      action: action ?? 'deny', status: status ?? 0, message: message ?? '',
    };
  }
}

/** The limits that apply to an operation: all of them, found through the candidate index. */
class LimitSearch implements CandidateTest {
  readonly limits: readonly CompiledLimit[];
  /** Positions found; the first `count` count. */
  readonly found: Int32Array;
  count = 0;
  readonly #index: CandidateIndex;
  #operation: Operation | undefined = undefined;

  constructor(limits: readonly CompiledLimit[]) {
    this.limits = limits;
    this.found = new Int32Array(limits.length);
    this.#index = new CandidateIndex(limits.map((limit) => limit.condition.entry));
  }

  run(operation: Operation): void {
    this.count = 0;
    if (this.limits.length === 0) return;
    this.#operation = operation;
    this.#index.first(operation.host, operation.path, operation.verb, operation.subject.zones, this, operation.service, operation.listener);
    this.#operation = undefined;
  }

  test(index: number): boolean {
    if (this.limits[index]!.condition.holdsBeyondIndex(this.#operation!, 0)) this.found[this.count++] = index;
    return false;
  }
}

/** A connection in the form of an operation, so that the same conditions and keys serve. Reused. */
class ConnectionOperation implements Operation {
  readonly protocol = '';
  service = '';
  listener = '';
  readonly subject = { address: '', port: 0, zones: [] as readonly string[], user: undefined as string | undefined, groups: [] as readonly string[] } satisfies Subject;
  readonly verb = '';
  readonly verbClass = '';
  readonly host = '';
  readonly path = '';
  admission: unknown = undefined;
  attribute(): undefined { return undefined; }

  of(connection: ConnectionFacts): this {
    this.service = connection.service;
    this.listener = connection.listener;
    this.subject.address = connection.address;
    this.subject.zones = connection.zones;
    return this;
  }
}

/** Mutable inside, LimitFacts outside. */
class Facts implements LimitFacts {
  limit = '';
  maximum = 0;
  remaining = 0;
  resetMs = 0;
  windowMs = 0;
}

export class Limiter {
  /** Attributes that some limit looks at. */
  readonly observed: readonly ObservedAttribute[];
  readonly #operations: LimitSearch;
  readonly #connections: LimitSearch;
  readonly #connection = new ConnectionOperation();
  readonly #tables = new Map<string, CompiledLimit>();
  readonly #facts = new Facts();
  readonly #slots: Int32Array;
  #shared: boolean;

  constructor(limits: LimitsSettings, vocabularies: readonly Vocabulary[], previous: Limiter | undefined) {
    const enabled = Object.entries(limits).filter(([, settings]) => settings.enabled !== false);
    const compiled = enabled.flatMap(([name, settings]) => [
      ...settings.requests !== undefined || settings.concurrent !== undefined ? [new CompiledLimit(name, 'operations', settings, vocabularies, previous)] : [],
      ...settings.connections === undefined ? [] : [new CompiledLimit(name, 'connections', settings, vocabularies, previous)],
    ]);
    this.#operations = new LimitSearch(compiled.filter((limit) => limit.measure === 'operations'));
    this.#connections = new LimitSearch(compiled.filter((limit) => limit.measure === 'connections'));
    this.#shared = previous?.sharing ?? false;
    for (const limit of compiled) {
      if (this.#shared) limit.table.share();
      this.#tables.set(limit.table.id, limit);
    }
    this.#slots = new Int32Array(compiled.length);
    this.observed = mergeObserved(...compiled.flatMap((limit) => [limit.condition.observed, limit.key.observed]));
  }

  get sharing(): boolean { return this.#shared; }

  /** The table of a limit of this name, measure and key, for a limiter that takes this one's place. */
  tableOf(id: string): KeyTable | undefined { return this.#tables.get(id)?.table; }

  /**
   * Counts the operation against every limit that applies. Undefined: within all of them, and `release` must be called
   * once when the operation ends. A refusal has counted nothing. With a trace: only looks.
   */
  admit(operation: Operation, nowMs: number, trace?: Trace): LimitRefusal | undefined {
    this.#facts.limit = '';
    if (this.#operations.limits.length === 0) return undefined;
    return this.#admit(this.#operations, operation, operation, nowMs, trace);
  }

  release(operation: Operation): void { Admission.release(operation); }

  /** As `admit`, for a connection just accepted. */
  admitConnection(connection: ConnectionFacts, nowMs: number, trace?: Trace): LimitRefusal | undefined {
    if (this.#connections.limits.length === 0) return undefined;
    return this.#admit(this.#connections, this.#connection.of(connection), connection, nowMs, trace);
  }

  releaseConnection(connection: ConnectionFacts): void { Admission.release(connection); }

  /** What is left of the tightest rate limit that applied to the operation admitted last; `limit` is '' when none did.
   *  Valid until the next `admit`: read it at once. */
  get facts(): LimitFacts { return this.#facts; }

  #admit(search: LimitSearch, operation: Operation, owner: { admission?: unknown }, nowMs: number, trace: Trace | undefined): LimitRefusal | undefined {
    search.run(operation);
    if (trace !== undefined) return this.#explain(search, operation, nowMs, trace);
    const count = search.count;
    for (let i = 0; i < count; i += 1) {
      const limit = search.limits[search.found[i]!]!;
      const slot = limit.table.slotFor(limit.key.of(operation), nowMs);
      this.#slots[i] = slot;
      if (limit.available(slot, nowMs) < 1) {
        limit.refused += 1;
        return limit.rateRefusal(slot, nowMs);
      }
      if (limit.heldAt(slot) >= limit.maximumHeld) {
        limit.refused += 1;
        return limit.heldRefusal();
      }
    }
    for (let i = 0; i < count; i += 1) {
      const limit = search.limits[search.found[i]!]!;
      const slot = this.#slots[i]!;
      limit.admitted += 1;
      if (limit.intervalMs > 0) {
        limit.table.take(slot, nowMs, limit.intervalMs);
        this.#noteFacts(limit, slot, nowMs);
      }
      if (limit.holds) Admission.hold(owner, limit.table, slot);
    }
    return undefined;
  }

  #noteFacts(limit: CompiledLimit, slot: number, nowMs: number): void {
    const facts = this.#facts;
    const remaining = Math.max(0, limit.available(slot, nowMs));
    if (facts.limit !== '' && remaining >= facts.remaining) return;
    facts.limit = limit.name;
    facts.maximum = limit.count;
    facts.remaining = remaining;
    facts.resetMs = limit.resetMs(slot, nowMs);
    facts.windowMs = limit.windowMs;
  }

  /** Looks at every limit in words; the live search must have found the same ones. */
  #explain(search: LimitSearch, operation: Operation, nowMs: number, trace: Trace): LimitRefusal | undefined {
    let refusal: LimitRefusal | undefined;
    let applied = 0;
    search.limits.forEach((limit, position) => {
      const mismatch = limit.condition.mismatch(operation, 0);
      if (mismatch !== undefined) {
        trace.step('limit', limit.name, mismatch.outcome, mismatch.detail);
        return;
      }
      if (search.found[applied] !== position || applied >= search.count) throw new Error(`limits: live traffic does not find limit ${limit.name}`);
      applied += 1;
      const slot = limit.table.find(limit.key.of(operation));
      const available = limit.available(slot, nowMs);
      const held = limit.heldAt(slot);
      const refused = available < 1 ? limit.rateRefusal(slot, nowMs) : held >= limit.maximumHeld ? limit.heldRefusal() : undefined;
      refusal ??= refused;
      if (refused !== undefined) trace.step('limit', limit.name, 'exceeded', refused.reason);
      else {
        const left = [limit.intervalMs > 0 ? `${available} of ${limit.burst} left` : '', limit.holds ? `${held} of ${limit.maximumHeld} held` : ''].filter(Boolean).join(', ');
        trace.step('limit', limit.name, 'within', `${left}, counted by ${limit.key.text}`);
      }
    });
    if (applied !== search.count) throw new Error('limits: live traffic finds limits that do not apply');
    return refusal;
  }

  /**
   * What this worker admitted and let go since the last call, for the other workers. The first call switches the noting
   * down on. Undefined: nothing.
   */
  collectDeltas(): LimitDelta[] | undefined {
    if (!this.#shared) {
      this.#shared = true;
      for (const limit of this.#tables.values()) limit.table.share();
    }
    let deltas: LimitDelta[] | undefined;
    for (const limit of this.#tables.values()) {
      const changes = limit.table.collect();
      if (changes !== undefined) (deltas ??= []).push({ table: limit.table.id, ...changes });
    }
    return deltas;
  }

  /** What another worker's `collectDeltas` gave. Tables that this configuration does not have are passed over. */
  applyDeltas(deltas: readonly LimitDelta[], nowMs: number): void {
    for (const delta of deltas) {
      const limit = this.#tables.get(delta.table);
      if (limit === undefined) continue;
      for (let i = 0; i < delta.keys.length; i += 1) {
        limit.table.apply(delta.keys[i]!, delta.admitted[i] ?? 0, delta.held[i] ?? 0, nowMs, limit.intervalMs);
      }
    }
  }

  /** For metrics and `status`. */
  get limits(): LimitSummary[] {
    return [...this.#tables.values()].map((limit) => ({
      limit: limit.name, measure: limit.measure, keys: limit.table.size, admitted: limit.admitted, refused: limit.refused, overflowed: limit.table.overflowed,
    }));
  }
}

/**
 * Compiles limits that the schema and `checkLimits` have accepted. Counts of the previous limiter live on in limits of
 * the same name, measure and key.
 * @throws Error on a zone or key that does not exist: nothing is applied then.
 */
export function compileLimits(limits: LimitsSettings, zones: Zones, vocabularies: readonly Vocabulary[], previous?: Limiter): Limiter {
  const unknown = Object.values(limits).flatMap((limit) => unknownZones(limit, zones));
  if (unknown.length > 0) throw new Error(`limits: there is no zone "${unknown[0]}"`);
  return new Limiter(limits, vocabularies, previous);
}
