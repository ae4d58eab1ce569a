// The web application firewall as gateways see it: an inspector for each distinct set of settings, an inspection for each
// request. Values and interfaces only. Layer inspection implements it (inspection/web); gateways/http feeds it.
// Feed-then-collect, in the order of the messages; a verdict may come from every call. Never throws: a fault of the engine
// is a verdict too, or is counted and let pass when the configuration says so.

/** Field lines in the order received; the codec's header block is one. Texts are latin1, one character a byte. */
export interface FieldLines {
  readonly count: number;
  name(i: number): string;
  value(i: number): string;
}

/** Whose request it is, from where to where. */
export interface WebClientFacts {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
  readonly user: string;
  /** Id of the operation: what the record has. */
  readonly id: string;
  /** Wall clock, ms since the epoch. */
  readonly timeMs: number;
  /** Block lists that have the client; null when none were asked. */
  readonly listed: ReadonlyMap<string, string> | null;
}

/** What is to be done instead of going on. */
export interface WebVerdict {
  /** `drop`: no answer, the connection is reset. */
  readonly action: 'deny' | 'drop' | 'redirect';
  readonly status: number;
  /** For `redirect`. */
  readonly location: string;
  /** `waf.942100`, `waf.request-body-limit`, `waf.engine-error`. */
  readonly rule: string;
  readonly reason: string;
  readonly outcome: 'denied' | 'limited' | 'error';
}

/** One value that a rule matched, as latin1 text. */
export interface WebMatchedValue {
  /** `ARGS:q`. */
  readonly variable: string;
  /** After all transformations. */
  readonly value: string;
  /** What the operator found in it, or ''. */
  readonly part: string;
}

export interface WebMatch {
  readonly rule: number;
  readonly phase: number;
  readonly message: string;
  /** What the rule says of the data, with what it matched. */
  readonly logData: string;
  readonly tags: readonly string[];
  readonly severity: number;
  readonly file: string;
  readonly line: number;
  /** False: bookkeeping of the rule set (`nolog`). */
  readonly logged: boolean;
  /** Matched, but neither scores nor blocks, as configured. */
  readonly logOnly: boolean;
  readonly values: readonly WebMatchedValue[];
}

/** One request and its response. Bytes may be reused by the caller after each call. */
export interface WebInspection {
  /** Head of the request: `version` as on the wire (`HTTP/1.1`). */
  request(method: string, target: string, version: string, headers: FieldLines): WebVerdict | undefined;
  /** The body is to be fed. Known after `request`. */
  readonly wantsRequestBody: boolean;
  /** Bodies may go on only when all was fed and nothing was said against them; else a copy is fed as they pass. Known after `request`. */
  readonly holdsBodies: boolean;
  /** The body is over the limit and what was fed is all that is looked at: feed no more, call `requestDone`. */
  readonly requestBodyFull: boolean;
  /** `length`: Content-Length, or -1: a body that is announced too long is refused before it comes. */
  expectRequestBody(length: number): WebVerdict | undefined;
  requestBody(bytes: Uint8Array, start: number, end: number): WebVerdict | undefined;
  /** All of the request was fed; to be called for each request, body or not. */
  requestDone(): WebVerdict | undefined;
  response(status: number, version: string, reason: string, headers: FieldLines): WebVerdict | undefined;
  readonly wantsResponseBody: boolean;
  readonly responseBodyFull: boolean;
  responseBody(bytes: Uint8Array, start: number, end: number): WebVerdict | undefined;
  responseDone(): WebVerdict | undefined;
  /** Once, whatever happened: logging rules run, hits are counted. True: there is something that the record must show. */
  finish(nowMs: number): boolean;
  /** JSON member without braces for the record's attributes (`"waf":{...}`), after `finish`. `recorded`: the target as the
   *  record shows it anyway. */
  attributes(recorded: string): string;
  matches(): readonly WebMatch[];
  readonly scores: Readonly<Record<string, number>>;
}

export interface WebRuleCount {
  readonly rule: number;
  readonly hits: number;
  /** Requests that this rule was part of and that were blocked. */
  readonly blocked: number;
}

/** What an inspector tells of itself. Counts are of one worker, since the rule set was loaded. */
export interface WebInspectorReport {
  readonly key: string;
  readonly ruleset: string;
  readonly mode: 'block' | 'detect';
  readonly onEngineError: 'block' | 'pass';
  readonly rules: number;
  readonly loadMs: number;
  readonly requests: number;
  readonly blocked: number;
  readonly errors: number;
  /** Of those, how many were let pass because the configuration says so. */
  readonly passedOnError: number;
  readonly hits: readonly WebRuleCount[];
}

/** Block lists (DNS zones, RFC 5782) that rules ask about, and how to ask. */
export interface BlockLists {
  readonly zones: readonly string[];
  /** Name servers, `address` or `address:port`; the system's when empty. */
  readonly servers: readonly string[];
  /** How long a request waits for the answers; what is not known then counts as not listed. */
  readonly timeoutMs: number;
}

/** A compiled rule set with its settings. */
export interface WebInspector {
  readonly key: string;
  /** What has to be known of a client before `begin`; undefined: nothing. */
  readonly blockLists: BlockLists | undefined;
  begin(client: WebClientFacts): WebInspection;
  report(): WebInspectorReport;
}

export interface WebExclusion {
  /** Id or range (`942100`, `942100-942199`); '' when chosen by tag. */
  readonly rule: string;
  readonly tag: string;
  /** Variables that the rule no longer looks at (`ARGS:comment`); empty: the rule does not run at all. */
  readonly targets: readonly string[];
  /** Only for this path: exact, `/below/**`, or with `*` for one segment; '' for all. */
  readonly path: string;
  readonly methods: readonly string[];
}

/** Settings of the firewall with defaults filled in: plain data, one object for each distinct combination. */
export interface WebInspectionSettings {
  /** `crs`, `baseline`, or files and patterns of files. */
  readonly ruleset: readonly string[];
  /** Directory of the Core Rule Set, or '' to look for it. */
  readonly path: string;
  readonly setup: string;
  readonly plugins: string;
  /** Geographic database (mmdb) for `@geoLookup`, or ''. */
  readonly geoDatabase: string;
  /** Whether `@rbl` asks at all, whom, and for how long. */
  readonly askBlockLists: boolean;
  readonly blockListServers: readonly string[];
  readonly blockListTimeoutMs: number;
  readonly mode: 'block' | 'detect';
  /** 0: the rule set's own. The same for the rest of this part. */
  readonly paranoia: number;
  readonly inboundThreshold: number;
  readonly outboundThreshold: number;
  readonly allowedMethods: readonly string[];
  readonly allowedContentTypes: readonly string[];
  readonly allowedVersions: readonly string[];
  readonly exclusions: readonly WebExclusion[];
  readonly logOnlyRules: readonly string[];
  readonly logOnlyTags: readonly string[];
  readonly inspectRequestBody: boolean;
  /** Bytes; -1: what the rule files say, or the default. */
  readonly requestBodyLimit: number;
  readonly requestBodyNoFilesLimit: number;
  readonly requestBodyOnLimit: 'reject' | 'process-partial';
  readonly inspectResponseBody: boolean;
  readonly responseBodyLimit: number;
  readonly responseBodyTypes: readonly string[];
  readonly responseBodyOnLimit: 'reject' | 'process-partial';
  readonly onEngineError: 'block' | 'pass';
  /** Which requests the record keeps so much of that they can be replayed. */
  readonly keepRequests: 'no' | 'matched' | 'all';
  /** Bytes of the body that are kept with them. */
  readonly keepBodyBytes: number;
}

/** What tells one set of settings from another. */
export function webInspectionKey(settings: WebInspectionSettings): string {
  return JSON.stringify(settings);
}
