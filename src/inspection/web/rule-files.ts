// The parts of a rule set in the order in which they are read, and its files as plain data: the supervisor reads the disk once,
// remembers what was asked for, and workers load the same rules from that memory without touching files. Reads nothing itself.
import type { WebInspectionSettings } from '#contract/web-inspection.ts';
import { baselineParts } from '../waf/baseline/index.ts';
import type { RulePart } from '../waf/engine/rule-set.ts';
import type { RuleSource } from '../waf/seclang/source.ts';
import { closingDirectives, conditionalExclusions, engineDirectives, variableDirectives } from './directives.ts';

/** Where one entry of `ruleset` was found. Patterns may match nothing. */
export interface FoundRules {
  readonly setup: readonly string[];
  /** Configuration of plugins, then what comes before the rules. */
  readonly before: readonly string[];
  /** The baseline that comes with the gateway, instead of files. */
  readonly baseline: boolean;
  readonly rules: readonly string[];
  readonly after: readonly string[];
}

export function rulePartsOf(settings: WebInspectionSettings, found: readonly FoundRules[]): RulePart[] {
  const parts: RulePart[] = [{ name: 'sallyport:engine', text: engineDirectives(settings) }];
  const files = (paths: readonly string[]): void => { for (const file of paths) parts.push({ file }); };
  for (const one of found) files(one.setup);
  parts.push({ name: 'sallyport:settings', text: variableDirectives(settings) + conditionalExclusions(settings.exclusions) });
  for (const one of found) {
    files(one.before);
    if (one.baseline) parts.push(...baselineParts());
    files(one.rules);
    files(one.after);
  }
  parts.push({ name: 'sallyport:closing', text: closingDirectives(settings) });
  return parts;
}

/** Texts (latin1) by path, and what patterns gave. Shared by all rule sets of a configuration. */
export interface RuleFiles {
  readonly texts: Readonly<Record<string, string>>;
  readonly globs: Readonly<Record<string, readonly string[]>>;
  /** Geographic databases by path. */
  readonly databases: Readonly<Record<string, Uint8Array>>;
}

/** Where the inspectors' files come from: rule files, and databases as bytes. */
export interface InspectionSource extends RuleSource {
  /** Null when there is none. */
  bytes(path: string): Uint8Array | null;
}

/** What a worker needs to load one rule set. */
export interface RuleSetPlan {
  readonly settings: WebInspectionSettings;
  readonly parts: readonly RulePart[];
  /** Path of the geographic database that the configuration names, or ''. */
  readonly geo: string;
  /** Of settings, parts and the text of every file read: the same hash is the same rule set. */
  readonly hash: string;
}

/** All that a configuration inspects with. */
export interface InspectionPlan {
  readonly files: RuleFiles;
  /** By `webInspectionKey`. */
  readonly sets: Readonly<Record<string, RuleSetPlan>>;
}

/** Remembers everything that was read through it. */
export class RecordingSource implements InspectionSource {
  readonly texts: Record<string, string> = {};
  readonly globs: Record<string, string[]> = {};
  readonly databases: Record<string, Uint8Array> = {};
  readonly #source: InspectionSource;

  constructor(source: InspectionSource) {
    this.#source = source;
  }

  read(path: string): string | null {
    const text = this.#source.read(path);
    if (text !== null) this.texts[path] = text;
    return text;
  }

  glob(pattern: string): string[] {
    return this.globs[pattern] ??= this.#source.glob(pattern);
  }

  bytes(path: string): Uint8Array | null {
    const bytes = this.#source.bytes(path);
    if (bytes !== null) this.databases[path] = bytes;
    return bytes;
  }
}

export function plannedSource(files: RuleFiles): InspectionSource {
  return {
    read: (path) => (Object.hasOwn(files.texts, path) ? files.texts[path]! : null),
    glob: (pattern) => (Object.hasOwn(files.globs, pattern) ? [...files.globs[pattern]!] : []),
    bytes: (path) => (Object.hasOwn(files.databases, path) ? files.databases[path]! : null),
  };
}
