// The conditions of a route that the candidate index does not decide: path by regular expression, headers, query, cookies.
// Each can also say in words why it does not hold. Host, path, method and zone are in routing.ts.
import { Glob } from '#core/match/index.ts';
import type { RequestView } from './request-view.ts';
import { compilePattern } from './settings-rewrite.ts';
import type { MatchSettings, ValueCondition } from './settings.ts';

export interface Condition {
  test(view: RequestView): boolean;
  /** Why it does not hold, for people. */
  explain(view: RequestView): string;
}

/** A condition on one value, whatever it is the value of. */
class ValueTest {
  readonly kind: 'present' | 'absent' | 'globs' | 'regex';
  readonly wanted: string;
  readonly #globs: readonly Glob[];
  readonly #regex: RegExp | undefined;

  constructor(setting: ValueCondition) {
    const texts = typeof setting === 'string' ? [setting] : Array.isArray(setting) ? setting : [];
    this.#globs = texts.map((text) => new Glob(text));
    this.#regex = typeof setting === 'object' && !Array.isArray(setting) ? compilePattern(setting.regex, '') : undefined;
    this.kind = typeof setting === 'boolean' ? (setting ? 'present' : 'absent') : this.#regex !== undefined ? 'regex' : 'globs';
    this.wanted = this.#regex !== undefined ? String(this.#regex) : texts.map((text) => `"${text}"`).join(' or ');
  }

  fits(value: string): boolean {
    if (this.#regex !== undefined) return this.#regex.test(value);
    for (let i = 0; i < this.#globs.length; i++) if ((this.#globs[i] as Glob).matches(value)) return true;
    return this.kind === 'present';
  }

  explain(what: string, found: string | undefined): string {
    if (this.kind === 'absent') return `${what} is there, and should not be`;
    if (found === undefined) return `there is no ${what}`;
    return `${what} is "${found}", not ${this.wanted}`;
  }
}

class HeaderCondition implements Condition {
  readonly #name: string;
  readonly #lowerName: string;
  readonly #value: ValueTest;

  constructor(name: string, setting: ValueCondition) {
    this.#name = name;
    this.#lowerName = name.toLowerCase();
    this.#value = new ValueTest(setting);
  }

  test(view: RequestView): boolean {
    const headers = view.head.headers;
    let i = headers.find(this.#lowerName);
    if (this.#value.kind === 'absent') return i < 0;
    for (; i >= 0; i = headers.find(this.#lowerName, i + 1)) if (this.#value.fits(headers.value(i))) return true;
    return false;
  }

  /** Secrets must not show in explanations and logs. */
  explain(view: RequestView): string {
    const secret = /^(authorization|cookie|proxy-authorization)$/.test(this.#lowerName);
    const found = view.header(this.#lowerName);
    return this.#value.explain(`header ${this.#name}`, found !== undefined && secret ? '(masked)' : found);
  }
}

class NamedValueCondition implements Condition {
  readonly #kind: 'query' | 'cookie';
  readonly #name: string;
  readonly #value: ValueTest;

  constructor(kind: 'query' | 'cookie', name: string, setting: ValueCondition) {
    this.#kind = kind;
    this.#name = name;
    this.#value = new ValueTest(setting);
  }

  test(view: RequestView): boolean {
    const { names, values } = this.#kind === 'query' ? view.queryParameters() : view.cookies();
    let present = false;
    for (let i = 0; i < names.length; i++) {
      if (names[i] !== this.#name) continue;
      if (this.#value.kind !== 'absent' && this.#value.fits(values[i] as string)) return true;
      present = true;
    }
    return !present && this.#value.kind === 'absent';
  }

  explain(view: RequestView): string {
    if (this.#kind === 'query') return this.#value.explain(`query parameter ${this.#name}`, view.queryParameter(this.#name));
    return this.#value.explain(`cookie ${this.#name}`, view.cookie(this.#name) === undefined ? undefined : '(masked)');
  }
}

class PathRegexCondition implements Condition {
  readonly #regex: RegExp;

  constructor(text: string) { this.#regex = compilePattern(text, '') as RegExp; }

  test(view: RequestView): boolean { return this.#regex.test(view.path); }
  explain(view: RequestView): string { return `path ${view.path} does not fit ${String(this.#regex)}`; }
}

/** The cheap ones first: they are asked in this order. */
export function compileConditions(match: MatchSettings): Condition[] {
  const conditions: Condition[] = [];
  for (const [name, setting] of Object.entries(match.headers ?? {})) conditions.push(new HeaderCondition(name, setting));
  if (match.pathRegex !== undefined) conditions.push(new PathRegexCondition(match.pathRegex));
  for (const [name, setting] of Object.entries(match.query ?? {})) conditions.push(new NamedValueCondition('query', name, setting));
  for (const [name, setting] of Object.entries(match.cookies ?? {})) conditions.push(new NamedValueCondition('cookie', name, setting));
  return conditions;
}
