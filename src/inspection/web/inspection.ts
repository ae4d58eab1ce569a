// One request through the engine, as the gateways' contract wants it: limits, content codings, faults of the engine (closed
// unless configured otherwise), counts. What of it goes into the record is in report.ts. Texts are latin1.
import type { FieldLines, WebClientFacts, WebInspection, WebMatch, WebVerdict } from '#contract/web-inspection.ts';
import type { Interruption } from '../waf/engine/report.ts';
import type { Transaction } from '../waf/engine/transaction.ts';
import { contentCodings, decodeContent } from './content-coding.ts';
import type { EngineInspector } from './inspector.ts';
import { anomalyScores, attributesOf, type KeptRequest } from './report.ts';

/** Rules of the logging phase sum up what was found; the record has the sums. */
const lastPhase = 5;

/** Same shape for every verdict. */
function verdict(action: WebVerdict['action'], status: number, rule: string, reason: string, outcome: WebVerdict['outcome'], location = ''): WebVerdict {
  return { action, status, location, rule, reason, outcome };
}

function field(headers: FieldLines, name: string): string {
  let value = '';
  for (let i = 0; i < headers.count; i++) {
    if (headers.name(i).toLowerCase() === name) value += value === '' ? headers.value(i) : `, ${headers.value(i)}`;
  }
  return value;
}

export class EngineInspection implements WebInspection {
  readonly #inspector: EngineInspector;
  readonly #tx: Transaction | undefined;
  #target = '';
  #version = '';
  #headers: FieldLines | undefined = undefined;
  /** The engine failed: nothing is fed any more. */
  #failed = false;
  #error = '';
  #verdict: WebVerdict | undefined = undefined;
  #requestSeen = 0;
  #responseSeen = 0;
  /** Pieces of a body under a content coding, undone when it is complete. */
  #coded: Buffer[] | undefined = undefined;
  #codings: readonly string[] = [];
  #kept: Buffer | undefined = undefined;
  wantsRequestBody = false;
  holdsBodies = true;
  requestBodyFull = false;
  wantsResponseBody = false;
  responseBodyFull = false;

  constructor(inspector: EngineInspector, client: WebClientFacts) {
    this.#inspector = inspector;
    try {
      this.#tx = inspector.ruleSet.begin({
        clientAddress: client.clientAddress, clientPort: client.clientPort, serverAddress: client.serverAddress, serverPort: client.serverPort,
        uniqueId: client.id, nowMs: client.timeMs, reputation: client.listed,
      });
      if (client.user !== '') this.#tx.setUser(client.user);
    } catch (error) {
      this.#tx = undefined;
      this.#fail(error);
    }
  }

  request(method: string, target: string, version: string, headers: FieldLines): WebVerdict | undefined {
    if (this.#failed) return this.#verdict;
    this.#target = target;
    this.#version = version;
    this.#headers = headers;
    const tx = this.#tx!;
    try {
      tx.requestLine(method, target, version);
      for (let i = 0; i < headers.count; i++) tx.requestHeader(headers.name(i), headers.value(i));
      const interruption = tx.endRequestHeaders();
      this.wantsRequestBody = tx.wantsRequestBody;
      this.holdsBodies = tx.refuses;
      return interruption === null ? undefined : this.#decided(interruption);
    } catch (error) { return this.#fail(error); }
  }

  expectRequestBody(length: number): WebVerdict | undefined {
    const coding = field(this.#headers!, 'content-encoding');
    if (coding !== '') this.#codings = contentCodings(coding);
    const limit = this.#tx!.requestBodyLimitBytes;
    if (length > limit && this.#rejects()) return this.#overLimit(limit);
    return undefined;
  }

  #overLimit(limit: number): WebVerdict {
    return this.#verdict = verdict('deny', 413, 'waf.request-body-limit', `request body longer than the ${limit} bytes that the firewall looks at`, 'limited');
  }

  requestBody(bytes: Uint8Array, start: number, end: number): WebVerdict | undefined {
    if (this.#failed) return this.#verdict;
    const tx = this.#tx!;
    try {
      const limit = tx.requestBodyLimitBytes;
      const { keepBodyBytes } = this.#inspector.settings;
      if (keepBodyBytes > 0 && this.#requestSeen < keepBodyBytes) this.#keep(bytes, start, Math.min(end, start + keepBodyBytes - this.#requestSeen));
      this.#requestSeen += end - start;
      if (this.#requestSeen > limit) {
        this.requestBodyFull = true;
        if (this.#rejects()) return this.#overLimit(limit);
      }
      if (this.#codings.length > 0) {
        (this.#coded ??= []).push(Buffer.from(bytes.subarray(start, end)));
        return undefined;
      }
      const interruption = tx.requestBody(bytes.subarray(start, end));
      return interruption === null ? undefined : this.#decided(interruption);
    } catch (error) { return this.#fail(error); }
  }

  #rejects(): boolean {
    const { mode, requestBodyOnLimit } = this.#inspector.settings;
    return mode === 'block' && requestBodyOnLimit === 'reject' && !this.#tx!.looksAtBeginning;
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const more = Buffer.from(bytes.subarray(start, end));
    this.#kept = this.#kept === undefined ? more : Buffer.concat([this.#kept, more]);
  }

  requestDone(): WebVerdict | undefined {
    if (this.#failed) return this.#verdict;
    const tx = this.#tx!;
    try {
      if (this.#coded !== undefined) {
        const limit = tx.requestBodyLimitBytes;
        const decoded = decodeContent(Buffer.concat(this.#coded), this.#codings, limit);
        this.#coded = undefined;
        if (decoded.ok && !decoded.truncated) tx.requestBody(decoded.bytes);
        else if (decoded.ok && this.#inspector.settings.mode === 'block') return this.#overLimit(limit);
        else if (!decoded.ok && this.#inspector.settings.mode === 'block') {
          // What cannot be unpacked cannot be looked at, while the server may well unpack it.
          return this.#verdict = verdict('deny', 415, 'waf.content-coding', `request body that cannot be unpacked: ${decoded.reason}`, 'denied');
        }
      }
      const interruption = tx.endRequestBody();
      return interruption === null ? undefined : this.#decided(interruption);
    } catch (error) { return this.#fail(error); }
  }

  response(status: number, version: string, reason: string, headers: FieldLines): WebVerdict | undefined {
    if (this.#failed) return this.#verdict;
    const tx = this.#tx!;
    try {
      tx.responseHead(status, version, reason);
      for (let i = 0; i < headers.count; i++) tx.responseHeader(headers.name(i), headers.value(i));
      const interruption = tx.endResponseHeaders();
      this.wantsResponseBody = tx.wantsResponseBody;
      const coding = this.wantsResponseBody ? field(headers, 'content-encoding') : '';
      this.#codings = coding === '' ? [] : contentCodings(coding);
      return interruption === null ? undefined : this.#decided(interruption);
    } catch (error) { return this.#fail(error); }
  }

  responseBody(bytes: Uint8Array, start: number, end: number): WebVerdict | undefined {
    if (this.#failed) return this.#verdict;
    const tx = this.#tx!;
    try {
      this.#responseSeen += end - start;
      if (this.#responseSeen >= tx.responseBodyLimitBytes) this.responseBodyFull = true;
      if (this.#codings.length > 0) {
        (this.#coded ??= []).push(Buffer.from(bytes.subarray(start, end)));
        return undefined;
      }
      const interruption = tx.responseBody(bytes.subarray(start, end));
      return interruption === null ? undefined : this.#decided(interruption);
    } catch (error) { return this.#fail(error); }
  }

  responseDone(): WebVerdict | undefined {
    if (this.#failed) return this.#verdict;
    const tx = this.#tx!;
    try {
      if (this.#coded !== undefined) {
        const decoded = decodeContent(Buffer.concat(this.#coded), this.#codings, tx.responseBodyLimitBytes);
        this.#coded = undefined;
        if (decoded.ok) tx.responseBody(decoded.bytes);
      }
      const interruption = tx.endResponseBody();
      return interruption === null ? undefined : this.#decided(interruption);
    } catch (error) { return this.#fail(error); }
  }

  #decided(interruption: Interruption): WebVerdict {
    const { ruleId, phase, message } = interruption;
    const action = interruption.action === 'drop' || interruption.action === 'redirect' ? interruption.action : 'deny';
    const status = interruption.status >= 300 && interruption.status <= 599 ? interruption.status : 403;
    const rule = ruleId > 0 ? `waf.${ruleId}` : phase === 4 ? 'waf.response-body-limit' : 'waf.request-body-limit';
    return this.#verdict = verdict(action, status, rule, message, ruleId > 0 ? 'denied' : 'limited', interruption.location);
  }

  /** A bug of the engine. Refused, unless the configuration says to let pass. */
  #fail(error: unknown): WebVerdict | undefined {
    const inspector = this.#inspector;
    inspector.errors++;
    this.#failed = true;
    this.wantsRequestBody = false;
    this.wantsResponseBody = false;
    this.#error = error instanceof Error ? error.message : String(error);
    inspector.onError(error);
    if (inspector.settings.onEngineError === 'pass') {
      inspector.passedOnError++;
      return this.#verdict = undefined;
    }
    return this.#verdict = verdict('deny', 500, 'waf.engine-error', `the firewall failed: ${this.#error}`, 'error');
  }

  finish(nowMs: number): boolean {
    const inspector = this.#inspector;
    const blocked = this.#verdict !== undefined;
    if (blocked) inspector.blocked++;
    const tx = this.#tx;
    if (tx === undefined) return true;
    if (!this.#failed) {
      try { tx.close(nowMs); } catch (error) { this.#fail(error); }
    }
    let noteworthy = blocked || this.#failed || inspector.settings.keepRequests === 'all';
    const { matches } = tx;
    for (let i = 0; i < matches.length; i++) {
      const match = matches[i]!;
      if (!match.logged) continue;
      noteworthy = true;
      inspector.count(match.ruleId, blocked);
    }
    return noteworthy;
  }

  matches(): WebMatch[] {
    const { logOnly } = this.#inspector;
    return (this.#tx?.matches ?? []).map(({ ruleId, phase, message, logData, tags, severity, file, line, logged, values }) => ({
      rule: ruleId, phase, message, logData, tags, severity: severity ?? -1, file, line, logged, logOnly: logOnly.has(ruleId, tags), values,
    }));
  }

  get scores(): Readonly<Record<string, number>> { return this.#tx?.summary().scores ?? {}; }

  attributes(recorded: string): string {
    const { settings } = this.#inspector;
    const matches = this.matches().filter(({ logged, phase }) => logged && phase < lastPhase);
    const keep = settings.keepRequests === 'all' || (settings.keepRequests === 'matched' && (matches.length > 0 || this.#verdict !== undefined));
    const kept: KeptRequest | undefined = keep && this.#headers !== undefined
      ? { target: this.#target === recorded ? '' : this.#target, version: this.#version, headers: this.#headers, body: this.#kept, bodyBytes: this.#requestSeen } : undefined;
    return attributesOf({ mode: settings.mode, verdict: this.#verdict, error: this.#error, scores: this.#tx === undefined ? [0, 0] : anomalyScores(this.#tx), matches, kept });
  }
}
