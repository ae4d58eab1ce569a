// The rule set as parsed: plain data between the parser and the compiler. Nothing here is resolved or optimised.
import type { OperatorDefinition, PreparedOperator } from '../operators/index.ts';
import type { Transformation } from '../transformations/index.ts';
import type { VariableInfo } from '../variables/registry.ts';
import type { Place } from './place.ts';

export interface Selector {
  /** Lower case; compared without case. */
  readonly key: string | null;
  readonly pattern: RegExp | null;
}

export interface Target {
  readonly variable: VariableInfo;
  readonly selector: Selector;
  readonly count: boolean;
  readonly excluded: boolean;
  /** As written, for reports. */
  readonly text: string;
}

/** A text with macros: literal strings and variables in turn. */
export type MacroPart = string | { readonly variable: VariableInfo; readonly key: string | null };
export interface Macro { readonly text: string; readonly parts: readonly MacroPart[]; readonly constant: string | null }

export interface OperatorUse {
  readonly definition: OperatorDefinition;
  readonly negated: boolean;
  readonly argument: Macro;
  /** Null for comparisons, and for prepared operators whose argument holds macros. */
  readonly prepared: PreparedOperator | null;
  /** Prepares with an expanded argument; null for comparisons. */
  readonly prepare: ((argument: string) => PreparedOperator | null) | null;
}

export interface Action {
  /** Lower case. */
  readonly name: string;
  readonly value: string | null;
  readonly place: Place;
}

export interface SetVar {
  readonly collection: string;
  readonly name: Macro;
  readonly operation: 'set' | 'add' | 'subtract' | 'unset';
  readonly value: Macro;
}

export type Ctl =
  | { readonly kind: 'ruleEngine'; readonly mode: EngineMode }
  | { readonly kind: 'requestBodyAccess' | 'responseBodyAccess' | 'forceRequestBodyVariable'; readonly on: boolean }
  | { readonly kind: 'requestBodyProcessor'; readonly processor: string }
  | { readonly kind: 'requestBodyLimit' | 'responseBodyLimit'; readonly bytes: number }
  | { readonly kind: 'auditEngine'; readonly value: string }
  | { readonly kind: 'none'; readonly name: string; readonly reason: string }
  | { readonly kind: 'ruleRemove'; readonly by: RuleChoice }
  | { readonly kind: 'ruleRemoveTarget'; readonly by: RuleChoice; readonly target: Target };

/** Which rules a removal or an update means. */
export type RuleChoice =
  | { readonly kind: 'ids'; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly kind: 'tag' | 'msg'; readonly pattern: RegExp; readonly text: string };

export type EngineMode = 'On' | 'Off' | 'DetectionOnly';
export type DisruptiveKind = 'deny' | 'drop' | 'pass' | 'allow' | 'allow:phase' | 'allow:request' | 'redirect' | 'proxy' | 'block';

/** A rule's actions, defaults merged in. */
export interface RuleActions {
  id: number;
  phase: number;
  disruptive: DisruptiveKind;
  /** True when the rule wrote a disruptive action itself. */
  explicitDisruptive: boolean;
  location: Macro | null;
  status: number | null;
  log: boolean;
  auditLog: boolean;
  msg: Macro | null;
  logData: Macro | null;
  tags: Macro[];
  severity: number | null;
  rev: string;
  ver: string;
  maturity: string;
  accuracy: string;
  capture: boolean;
  multiMatch: boolean;
  skip: number;
  skipAfter: string | null;
  transformations: Transformation[];
  setVars: SetVar[];
  expireVars: { collection: string; name: Macro; seconds: Macro }[];
  initCols: { collection: string; key: Macro }[];
  setEnvs: { name: string; value: Macro }[];
  setUid: Macro | null;
  setSid: Macro | null;
  setRsc: Macro | null;
  ctls: Ctl[];
  /** sanitiseArg, sanitiseMatched and the like: what reports must mask. */
  masks: { kind: 'arg' | 'matched' | 'matchedBytes' | 'requestHeader' | 'responseHeader'; name: string }[];
}

export interface Rule {
  readonly place: Place;
  readonly kind: 'rule' | 'action';
  targets: Target[];
  readonly operator: OperatorUse | null;
  /** As written: SecRuleUpdateActionById adds to it. */
  written: Action[];
  actions: RuleActions;
  /** The next link, for a rule with the action `chain`. */
  next: Rule | null;
}

export interface Marker { readonly kind: 'marker'; readonly label: string }

/** Settings of the engine; defaults are those of modsecurity.conf-recommended, with detection on. */
export interface EngineSettings {
  mode: EngineMode;
  requestBodyAccess: boolean;
  responseBodyAccess: boolean;
  requestBodyLimitBytes: number;
  requestBodyNoFilesLimitBytes: number;
  requestBodyLimitAction: 'Reject' | 'ProcessPartial';
  responseBodyLimitBytes: number;
  responseBodyLimitAction: 'Reject' | 'ProcessPartial';
  responseBodyMimeTypes: string[];
  argumentsLimit: number;
  jsonDepthLimit: number;
  uploadFileLimit: number;
  argumentSeparator: string;
  cookieSeparator: string;
  collectionTimeoutSeconds: number;
  webAppId: string;
  componentSignatures: string[];
}

export function defaultSettings(): EngineSettings {
  return {
    mode: 'Off', requestBodyAccess: false, responseBodyAccess: false,
    requestBodyLimitBytes: 13_107_200, requestBodyNoFilesLimitBytes: 131_072, requestBodyLimitAction: 'Reject',
    responseBodyLimitBytes: 524_288, responseBodyLimitAction: 'ProcessPartial',
    responseBodyMimeTypes: ['text/plain', 'text/html', 'text/xml'],
    argumentsLimit: 1000, jsonDepthLimit: 512, uploadFileLimit: 100, argumentSeparator: '&', cookieSeparator: ';',
    collectionTimeoutSeconds: 3600, webAppId: 'default', componentSignatures: [],
  };
}

/** Everything that the files said. */
export interface RuleSetModel {
  readonly settings: EngineSettings;
  readonly items: (Rule | Marker)[];
}
