// A loaded rule set: immutable, shared by all transactions of a worker. Loading reports every fault at once; a set with
// errors is not made.
import { compileProgram } from '../compile/compile.ts';
import type { Program, ProgramStats } from '../compile/program.ts';
import type { GeoSource } from '../operators/index.ts';
import type { EngineMode, EngineSettings, Marker, Rule } from '../seclang/model.ts';
import { SecLangParser } from '../seclang/parser.ts';
import type { Fault } from '../seclang/place.ts';
import type { RuleSource } from '../seclang/source.ts';
import type { Connection } from './state.ts';
import type { CollectionStore } from './store.ts';
import { Transaction } from './transaction.ts';

/** A piece of configuration: a file of the source (patterns allowed), or a text with a name for its faults. */
export type RulePart = { readonly file: string } | { readonly name: string; readonly text: string };

export interface LoadOptions {
  /** Read in this order. */
  readonly parts: readonly RulePart[];
  readonly source: RuleSource;
  /** For `@geoLookup`; null: no record is ever found, unless a directive names a database. */
  readonly geo?: GeoSource | null;
  /** Opens the database that SecGeoLookupDb names; a text says why it cannot. Without it the directive has no effect. */
  readonly openGeo?: (path: string) => GeoSource | string;
  /** Transaction variables that hold for every request, such as blocking_paranoia_level. */
  readonly preset?: Readonly<Record<string, string>>;
  /** Overrides SecRuleEngine. */
  readonly mode?: EngineMode;
  /** Rules on trial: when they match they are reported, and neither add to a score nor interrupt. Ids (`942100`), ranges, tags. */
  readonly logOnly?: { readonly rules: readonly string[]; readonly tags: readonly string[] };
  /** False leaves every rule to run time, for tests that compare; true unless given. */
  readonly resolveConstants?: boolean;
}

export type LoadResult =
  | { readonly ok: true; readonly ruleSet: RuleSet; readonly warnings: readonly Fault[] }
  | { readonly ok: false; readonly errors: readonly Fault[]; readonly warnings: readonly Fault[] };

export interface RuleInfo {
  readonly id: number;
  readonly phase: number;
  readonly message: string;
  readonly tags: readonly string[];
  readonly severity: number | null;
  readonly file: string;
  readonly line: number;
}

export class RuleSet {
  private readonly program: Program;
  private readonly store: CollectionStore | null;
  /** Block lists that `@rbl` asks about: what they say of the client is to be given to `begin`. */
  readonly zones: readonly string[];

  constructor(program: Program, store: CollectionStore | null, zones: readonly string[] = []) {
    this.program = program;
    this.store = store;
    this.zones = zones;
  }

  /** Begins a transaction. */
  begin(connection: Connection): Transaction {
    return new Transaction(this.program, connection, this.store);
  }

  /** The same rules over another store of persistent collections. */
  withStore(store: CollectionStore | null): RuleSet {
    return new RuleSet(this.program, store, this.zones);
  }

  get settings(): Readonly<EngineSettings> {
    return this.program.settings;
  }

  get stats(): ProgramStats {
    return this.program.stats;
  }

  /** The rules that are left to run, for listings. */
  rules(): RuleInfo[] {
    return this.program.rules.map(({ id, phase, head }) => ({
      id, phase, message: head.actions.msg?.text ?? '', tags: head.actions.tags.map((tag) => tag.text), severity: head.actions.severity,
      file: head.place.file, line: head.place.line,
    }));
  }
}

/** Loads and compiles. Never throws for what is wrong in the rules: all faults come back with file, line and column. */
export function loadRuleSet(options: LoadOptions): LoadResult {
  const parser = new SecLangParser(options.source, options.geo ?? null, options.openGeo ?? null);
  const { errors, warnings } = parser.faults;
  for (const part of options.parts) {
    if ('text' in part) parser.text(part.name, part.text);
    else if (!parser.file(part.file)) errors.push({ place: { file: part.file, line: 1, column: 1 }, message: 'no such file' });
  }
  if (errors.length > 0) return { ok: false, errors, warnings };
  if (options.mode) parser.model.settings.mode = options.mode;
  if (options.logOnly) makeLogOnly(parser.model.items, options.logOnly);
  const program = compileProgram(parser.model, {
    preset: new Map(Object.entries(options.preset ?? {})), resolveConstants: options.resolveConstants ?? true,
  });
  return { ok: true, ruleSet: new RuleSet(program, null, parser.zones), warnings };
}

function makeLogOnly(items: readonly (Rule | Marker)[], { rules, tags }: NonNullable<LoadOptions['logOnly']>): void {
  const ranges = rules.map((text) => text.split('-').map(Number)).map(([from = 0, to = from]) => [from, to] as const);
  for (const item of items) {
    if (item.kind === 'marker') continue;
    const { actions } = item;
    if (!ranges.some(([from, to]) => actions.id >= from && actions.id <= to) && !actions.tags.some((tag) => tags.includes(tag.text))) continue;
    for (let link: Rule | null = item; link; link = link.next) link.actions.setVars = link.actions.setVars.filter((setVar) => !/score/i.test(setVar.name.text));
    actions.disruptive = 'pass';
    actions.log = true;
  }
}
