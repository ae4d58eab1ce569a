// All that is known of one transaction: what the caller fed and what rules did. Data only; transaction.ts feeds it,
// evaluate.ts reads it, act.ts changes it.
import { Pairs, type BodyResult } from '../bodies/contract.ts';
import type { CompiledRule, Program } from '../compile/program.ts';
import type { OperatorFacts } from '../operators/index.ts';
import type { EngineMode, RuleChoice, Target } from '../seclang/model.ts';
import { variables } from '../variables/registry.ts';
import type { Interruption, RuleMatch } from './report.ts';
import type { CollectionStore, StoredRecord } from './store.ts';
import { TxVariables } from './tx-variables.ts';

export interface Connection {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
  /** Identifies the transaction in reports and in UNIQUE_ID. */
  readonly uniqueId: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Zones of `@rbl` that list the client, looked up beforehand; null when block lists are not configured. */
  readonly reputation: ReadonlyMap<string, string> | null;
}

const noBags: (Pairs | null)[] = variables().map(() => null);

/** A removal of targets at run time: which rules, which target. */
export interface RemovedTarget { readonly by: RuleChoice; readonly target: Target }

export class TransactionState implements OperatorFacts {
  readonly program: Program;
  readonly connection: Connection;
  readonly store: CollectionStore | null;
  readonly tx: TxVariables;
  nowMs: number;
  mode: EngineMode;
  phase = 0;
  /** Cached collections by variable id; null where not read yet. */
  readonly bags: (Pairs | null)[] = noBags.slice();

  method = '';
  target = '';
  protocol = '';
  requestLine = '';
  uri = '';
  path = '';
  query = '';
  readonly requestHeaders = new Pairs();
  readonly argsGet = new Pairs();
  cookies: Pairs | null = null;
  urlencodedError = false;
  bodyProcessor = '';
  bodyError = '';
  requestBody = '';
  requestBodyLength = 0;
  inboundDataError = false;
  forceRequestBody = false;
  body: BodyResult | null = null;

  status = 0;
  responseProtocol = '';
  statusLine = '';
  readonly responseHeaders = new Pairs();
  responseBody = '';
  responseBodyLength = 0;
  outboundDataError = false;

  requestBodyAccess: boolean;
  responseBodyAccess: boolean;
  requestBodyLimitBytes: number;
  responseBodyLimitBytes: number;
  auditEngine = '';
  auditWanted = false;

  /** Removals by ctl: null while there are none. */
  removed: Uint8Array | null = null;
  removedTargets: RemovedTarget[] | null = null;

  readonly records = new Map<string, StoredRecord>();
  env: Map<string, string> | null = null;
  geo: Readonly<Record<string, string>> | null = null;
  userId = '';
  sessionId = '';
  remoteUser = '';

  matchedVar = '';
  matchedVarName = '';
  readonly matchedVars = new Pairs();
  highestSeverity = 255;
  /** The rule under evaluation, for RULE. */
  rule: CompiledRule | null = null;
  masks: { kind: string; name: string }[] = [];

  allowed: 'no' | 'phase' | 'request' | 'all' = 'no';
  interruption: Interruption | null = null;
  readonly matches: RuleMatch[] = [];

  constructor(program: Program, connection: Connection, store: CollectionStore | null) {
    this.program = program;
    this.connection = connection;
    this.store = store;
    this.tx = new TxVariables(program.layout);
    this.nowMs = connection.nowMs;
    const { settings } = program;
    this.mode = settings.mode;
    this.requestBodyAccess = settings.requestBodyAccess;
    this.responseBodyAccess = settings.responseBodyAccess;
    this.requestBodyLimitBytes = settings.requestBodyLimitBytes;
    this.responseBodyLimitBytes = settings.responseBodyLimitBytes;
  }

  get clientAddress(): string {
    return this.connection.clientAddress;
  }

  get reputation(): ReadonlyMap<string, string> | null {
    return this.connection.reputation;
  }

  setGeo(record: Readonly<Record<string, string>>): void {
    this.geo = record;
  }

  /** The value of a header field, the first when there are several; the name in lower case. */
  requestHeader(name: string): string | undefined {
    const { requestHeaders } = this;
    for (let i = 0; i < requestHeaders.keys.length; i++) if (requestHeaders.lowerKey(i) === name) return requestHeaders.values[i];
    return undefined;
  }

  responseHeader(name: string): string | undefined {
    const { responseHeaders } = this;
    for (let i = 0; i < responseHeaders.keys.length; i++) if (responseHeaders.lowerKey(i) === name) return responseHeaders.values[i];
    return undefined;
  }
}
