// The operator argument of a rule: "@rx pattern", "!@lt 5", or a bare pattern.
import { ArgumentError, findOperator, type GeoSource, type OperatorSources, type PreparedOperator } from '../operators/index.ts';
import { parseMacro } from './macros.ts';
import type { OperatorUse } from './model.ts';
import { besideFile, type RuleSource } from './source.ts';

export interface OperatorFault { readonly message: string; readonly offset: number }

/** Operators whose argument is taken as it is: "%{" in a pattern or a phrase list is text unless it names a variable. */
const maxRuntimePrepared = 256;

export class OperatorReader {
  private readonly source: RuleSource;
  /** Asked at each look-up: a directive may name the database after the rules that use it. */
  geo: GeoSource | null;
  /** Zones that `@rbl` asks about. */
  readonly zones = new Set<string>();

  constructor(source: RuleSource, geo: GeoSource | null) {
    this.source = source;
    this.geo = geo;
  }

  read(text: string, file: string): OperatorUse | OperatorFault {
    const match = /^(\s*)(!?)\s*(?:@([A-Za-z0-9]+)(?:\s+|$))?/.exec(text)!;
    const name = match[3] ?? 'rx';
    const definition = findOperator(name);
    if (!definition) return { message: `unknown operator @${name}`, offset: match[1]!.length };
    if (definition.kind === 'refused') return { message: `operator @${name} is not supported: ${definition.why}`, offset: match[1]!.length };
    const start = match[0].length;
    const argument = parseMacro(text.slice(start));
    if (typeof argument === 'string') return { message: argument, offset: start };
    const negated = match[2] === '!';
    if (definition.kind === 'comparison') return { definition, negated, argument, prepared: null, prepare: null };
    const sources: OperatorSources = {
      readFile: (path) => this.source.read(besideFile(file, path)), geo: { lookup: (address) => this.geo?.lookup(address) ?? null },
      zone: (zone) => { this.zones.add(zone); },
    };
    if (argument.constant !== null) {
      try {
        return { definition, negated, argument, prepared: definition.prepare(argument.constant, sources), prepare: null };
      } catch (error) {
        if (!(error instanceof ArgumentError)) throw error;
        return { message: error.message, offset: start + error.offset };
      }
    }
    return { definition, negated, argument, prepared: null, prepare: cached((expanded) => definition.prepare(expanded, sources)) };
  }
}

/** Keeps the operators of recent arguments: macros rarely expand to many different texts. */
function cached(prepare: (argument: string) => PreparedOperator): (argument: string) => PreparedOperator | null {
  const known = new Map<string, PreparedOperator | null>();
  return (argument) => {
    let operator = known.get(argument);
    if (operator === undefined) {
      try {
        operator = prepare(argument);
      } catch (error) {
        if (!(error instanceof ArgumentError)) throw error;
        operator = null;
      }
      if (known.size >= maxRuntimePrepared) known.clear();
      known.set(argument, operator);
    }
    return operator;
  };
}
