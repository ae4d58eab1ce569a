// One request and its response: feed what arrives, in order, and collect an interruption where rules want one.
//   requestLine, requestHeader..., endRequestHeaders   -> phase 1
//   requestBody..., endRequestBody                     -> phase 2 (always to be called, body or not)
//   responseHead, responseHeader..., endResponseHeaders -> phase 3
//   responseBody..., endResponseBody                   -> phase 4
//   finish                                             -> phase 5
// Texts are latin1 strings, one character a byte, as received. Nothing here does I/O or reads a clock.
// Hostile input never throws; a throw is a bug, and the caller has to fail closed.
import { parsePairs } from '../bodies/urlencoded.ts';
import type { Program } from '../compile/program.ts';
import type { MultipartReader } from '../bodies/multipart.ts';
import { BodyBuffer, isOpaque, looksLikeJson, multipartReader, processBody, processorFor } from './bodies.ts';
import { runPhase } from './evaluate.ts';
import type { Interruption, RuleMatch, Summary } from './report.ts';
import { TransactionState, type Connection } from './state.ts';
import type { CollectionStore } from './store.ts';
import { targetParts } from './target.ts';

const tooLargeStatus = 413;
const scoreNames = /score/i;

export class Transaction {
  private readonly state: TransactionState;
  private readonly requestBuffer = new BodyBuffer();
  private readonly responseBuffer = new BodyBuffer();
  /** Multipart bodies are taken apart as they come, so that files need not be kept. */
  private multipart: MultipartReader | null = null;
  private requestSeen = 0;
  /** Known after phase 1. */
  private opaque = false;
  /** The last phase that ran. */
  private done = 0;

  constructor(program: Program, connection: Connection, store: CollectionStore | null) {
    this.state = new TransactionState(program, connection, store);
  }

  /** The request line's parts. `line` is the line as received, when it differs from the parts joined by single spaces. */
  requestLine(method: string, target: string, protocol: string, line = `${method} ${target} ${protocol}`): void {
    const { state } = this;
    state.method = method;
    state.target = target;
    state.protocol = protocol;
    state.requestLine = line;
    const parts = targetParts(target);
    state.uri = parts.uri;
    state.path = parts.path;
    state.query = parts.query;
    const { settings } = state.program;
    if (parts.query !== '' && !parsePairs(parts.query, settings.argumentSeparator, state.argsGet, settings.argumentsLimit)) state.urlencodedError = true;
  }

  /** One field as received: order and repetition count. */
  requestHeader(name: string, value: string): void {
    this.state.requestHeaders.add(name, value);
    if (name.length === 12 && name.toLowerCase() === 'content-type') this.state.bodyProcessor = processorFor(value);
  }

  /** The user that the gateway authenticated, for REMOTE_USER. */
  setUser(name: string): void {
    this.state.remoteUser = name;
  }

  /** Runs phase 1. */
  endRequestHeaders(): Interruption | null {
    const interruption = this.run(1);
    this.opaque = this.wantsRequestBody && isOpaque(this.state);
    return interruption;
  }

  /** The beginning of the body, as much as the limit takes, is all that rules can look at; what follows may pass. */
  get looksAtBeginning(): boolean {
    return this.opaque;
  }

  /** True when request bodies are to be fed; otherwise they may pass unseen. Known after endRequestHeaders. */
  get wantsRequestBody(): boolean {
    return this.state.requestBodyAccess && this.state.mode !== 'Off' && this.state.allowed !== 'all' && this.state.allowed !== 'request';
  }

  /** True when rules may interrupt; otherwise they only report. A rule may have changed it for this request. */
  get refuses(): boolean {
    return this.state.mode === 'On';
  }

  /** A piece of the body, content coding and transfer coding removed. The memory may be reused after the call. */
  requestBody(chunk: Uint8Array): Interruption | null {
    const { state } = this;
    if (!this.wantsRequestBody || state.interruption) return state.interruption;
    const { settings } = state.program;
    const limit = this.requestBodyLimitBytes;
    if (this.opaque && this.requestSeen === 0 && looksLikeJson(chunk)) this.opaque = false;
    const room = limit - this.requestSeen;
    this.requestSeen += chunk.length;
    if (state.bodyProcessor === 'MULTIPART') {
      this.multipart ??= multipartReader(state);
      if (room > 0) this.multipart.feed(Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(room, chunk.length)).toString('latin1'));
      this.requestBuffer.add(chunk, state.program.wantsWholeBody ? limit : Math.min(limit, settings.requestBodyNoFilesLimitBytes));
    } else this.requestBuffer.add(chunk, limit);
    if (chunk.length > room && !this.opaque) {
      state.inboundDataError = true;
      if (settings.requestBodyLimitAction === 'Reject' && state.mode === 'On') {
        state.interruption = { action: 'deny', status: tooLargeStatus, location: '', ruleId: 0, phase: 2, message: `request body longer than ${limit} bytes` };
      }
    }
    return state.interruption;
  }

  /** Runs phase 2. To be called for every request, also without a body. */
  endRequestBody(): Interruption | null {
    const { state } = this;
    if (state.interruption) return state.interruption;
    if (this.done < 1) this.run(1);
    if (state.mode !== 'Off') {
      state.requestBodyLength = this.requestSeen;
      if (this.requestBuffer.length > 0) state.requestBody = this.requestBuffer.text();
      const result = processBody(state, this.multipart);
      this.multipart = null;
      state.body = result;
      state.bodyError = result.error;
      if (state.bodyProcessor === 'URLENCODED' && result.error !== '') state.urlencodedError = true;
    }
    return this.run(2);
  }

  /** The response's status line. */
  responseHead(status: number, protocol: string, reason = ''): void {
    const { state } = this;
    state.status = status;
    state.responseProtocol = protocol;
    state.statusLine = `${protocol} ${status}${reason === '' ? '' : ` ${reason}`}`;
  }

  responseHeader(name: string, value: string): void {
    this.state.responseHeaders.add(name, value);
  }

  /** Runs phase 3. */
  endResponseHeaders(): Interruption | null {
    return this.run(3);
  }

  /** True when the response body is to be fed (before it goes to the client). Known after endResponseHeaders. */
  get wantsResponseBody(): boolean {
    const { state } = this;
    if (!state.responseBodyAccess || state.mode === 'Off' || state.allowed === 'all') return false;
    const type = (state.responseHeader('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
    return state.program.settings.responseBodyMimeTypes.includes(type === '' ? 'null' : type);
  }

  responseBody(chunk: Uint8Array): Interruption | null {
    const { state } = this;
    if (state.interruption || !this.wantsResponseBody) return state.interruption;
    if (!this.responseBuffer.add(chunk, state.responseBodyLimitBytes)) {
      state.outboundDataError = true;
      if (state.program.settings.responseBodyLimitAction === 'Reject' && state.mode === 'On') {
        state.interruption = {
          action: 'deny', status: 500, location: '', ruleId: 0, phase: 4, message: `response body longer than ${state.responseBodyLimitBytes} bytes`,
        };
      }
    }
    return state.interruption;
  }

  /** Runs phase 4. */
  endResponseBody(): Interruption | null {
    const { state } = this;
    if (state.interruption) return state.interruption;
    state.responseBodyLength = this.responseBuffer.seen;
    if (this.responseBuffer.length > 0) state.responseBody = this.responseBuffer.text();
    return this.run(4);
  }

  /** Runs phase 5 and sums up. To be called exactly once, whatever happened before. `nowMs` is for DURATION and the clock variables. */
  finish(nowMs: number): Summary {
    this.close(nowMs);
    return this.summary();
  }

  /** The same without summing up, which costs more than everything else on a request that nothing matches. */
  close(nowMs: number): readonly RuleMatch[] {
    const { state } = this;
    state.nowMs = nowMs;
    const { interruption } = state;
    state.interruption = null;
    this.run(5);
    state.interruption = interruption;
    return state.matches;
  }

  /** Matches so far. */
  get matches(): readonly RuleMatch[] {
    return this.state.matches;
  }

  /** Most bytes of the request's body that are kept; the caller need not hold more than these. */
  get requestBodyLimitBytes(): number {
    const { state } = this;
    const { requestBodyNoFilesLimitBytes } = state.program.settings;
    return state.bodyProcessor === 'MULTIPART' ? state.requestBodyLimitBytes : Math.min(state.requestBodyLimitBytes, requestBodyNoFilesLimitBytes);
  }

  /** A transaction variable as a number; 0 when it is not set or no number. Cheaper than `summary` for a few known names. */
  txNumber(name: string): number {
    const number = Number(this.state.tx.get(name) ?? 0);
    return Number.isFinite(number) ? number : 0;
  }

  get responseBodyLimitBytes(): number {
    return this.state.responseBodyLimitBytes;
  }

  /** What is known so far; for explanations while the transaction still runs. */
  summary(): Summary {
    const { state } = this;
    const scores: Record<string, number> = {};
    const pairs = state.tx.matching(scoreNames);
    for (let i = 0; i < pairs.keys.length; i++) {
      const number = Number(pairs.values[i]);
      if (Number.isFinite(number)) scores[pairs.keys[i]!] = number;
    }
    return {
      interruption: state.interruption, matches: state.matches, scores, mode: state.mode, auditEngine: state.auditEngine,
      auditWanted: state.auditWanted, bodyError: state.bodyError, masks: state.masks,
    };
  }

  /** The interruption so far, or null. */
  get interruption(): Interruption | null {
    return this.state.interruption;
  }

  private run(phase: number): Interruption | null {
    const { state } = this;
    if (state.interruption || this.done >= phase) return state.interruption;
    this.done = phase;
    state.bags.fill(null);
    if (phase === 5 || state.allowed === 'no' || state.allowed === 'phase' || (state.allowed === 'request' && phase >= 3)) {
      if (state.allowed === 'phase' || phase >= 3) state.allowed = state.allowed === 'all' ? 'all' : 'no';
      runPhase(state, phase);
    }
    return state.interruption;
  }
}
