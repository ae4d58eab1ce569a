// `sallyport waf learn`: which arguments the paths of a service have been seen with, of what kind and how long, from stored records;
// and rules that say so, on trial at first. Records in, figures and texts out; reads nothing itself. Only requests that were
// allowed and in which the firewall found nothing teach anything.
import type { StoredRecord } from '#audit/record.ts';
import { inspectionOf } from './facts.ts';

/** From the narrowest to the widest. `secret`: its values are masked in records. */
export const argumentKinds = ['integer', 'number', 'boolean', 'date', 'uuid', 'hex', 'email', 'word', 'text', 'secret'] as const;
export type ArgumentKind = (typeof argumentKinds)[number];

export interface LearnedArgument {
  readonly name: string;
  readonly requests: number;
  readonly kind: ArgumentKind;
  readonly maxLength: number;
  /** Seen several times in one request. */
  readonly repeated: boolean;
}

export interface LearnedPath {
  readonly service: string;
  /** Segments that are numbers or keys are `*`. */
  readonly path: string;
  readonly methods: readonly string[];
  readonly requests: number;
  readonly clients: number;
  readonly arguments: readonly LearnedArgument[];
  /** More names than are kept apart: what the path takes cannot be listed. */
  readonly open: boolean;
}

/** What is kept apart, at most. */
export const learningLimits = { maxPaths: 2000, maxArguments: 100, maxClients: 1000 };

const patterns: Readonly<Record<Exclude<ArgumentKind, 'text' | 'secret'>, RegExp>> = {
  integer: /^-?\d{1,19}$/, number: /^-?\d+(?:\.\d+)?$/, boolean: /^(?:true|false|on|off|yes|no)$/i,
  date: /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/,
  uuid: /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i, hex: /^[\da-f]{8,}$/i, email: /^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$/, word: /^[\w.,:-]*$/,
};
const tested = argumentKinds.filter((kind) => kind !== 'text' && kind !== 'secret');

function fits(kind: ArgumentKind, value: string): boolean { return kind === 'text' || (kind !== 'secret' && patterns[kind].test(value)); }

class Argument {
  requests = 0;
  maxLength = 0;
  repeated = false;
  secret = false;
  /** Those that every value so far has been. */
  kinds: ArgumentKind[] = [...tested];
  seen(value: string): void {
    if (value === '***') { this.secret = true; return; }
    this.maxLength = Math.max(this.maxLength, value.length);
    if (value !== '') this.kinds = this.kinds.filter((kind) => fits(kind, value));
  }

  get kind(): ArgumentKind { return this.secret ? 'secret' : this.kinds[0] ?? 'text'; }
}

class Path {
  requests = 0;
  open = false;
  readonly methods = new Set<string>();
  readonly clients = new Set<string>();
  readonly arguments = new Map<string, Argument>();
  readonly service: string;
  readonly path: string;
  constructor(service: string, path: string) {
    this.service = service;
    this.path = path;
  }
}

/** Segments that name one thing of many are alike: numbers, UUIDs, long hexadecimal keys. */
export function pathPattern(path: string): string {
  return path.split('/').map((segment) => (patterns.integer.test(segment) || patterns.uuid.test(segment) || (segment.length >= 16 && patterns.hex.test(segment))
    ? '*' : segment)).join('/');
}

export class LearningBuilder {
  readonly #paths = new Map<string, Path>();
  #skipped = 0;

  add(record: StoredRecord): void {
    const inspection = inspectionOf(record);
    const harmless = record.outcome === 'allowed' && (record.status ?? 200) < 400 && (inspection?.rules.length ?? 0) === 0;
    if (record.kind !== 'operation' || record.path === undefined || !harmless) {
      this.#skipped++;
      return;
    }
    const pattern = pathPattern(record.path);
    const key = `${record.service ?? ''}\0${pattern}`;
    let path = this.#paths.get(key);
    if (path === undefined) {
      if (this.#paths.size >= learningLimits.maxPaths) { this.#skipped++; return; }
      this.#paths.set(key, path = new Path(record.service ?? '', pattern));
    }
    path.requests++;
    path.methods.add(record.verb ?? 'GET');
    if (path.clients.size < learningLimits.maxClients) path.clients.add(record.client ?? '');
    const body = inspection?.request?.body ?? '';
    learn(path, [...new URLSearchParams(record.params ?? ''), .../^[^\s<{[]*=/.test(body) ? new URLSearchParams(body) : []]);
  }

  report(minRequests: number): { paths: LearnedPath[]; skipped: number } {
    const paths = [...this.#paths.values()].filter(({ requests }) => requests >= minRequests).sort((a, b) => b.requests - a.requests || (a.path < b.path ? -1 : 1))
      .map(({ service, path, methods, requests, clients, open, arguments: found }): LearnedPath => ({
        service, path, methods: [...methods].sort(), requests, clients: clients.size, open,
        arguments: [...found].map(([name, { requests: count, kind, maxLength, repeated }]) => ({ name, requests: count, kind, maxLength, repeated }))
          .sort((a, b) => b.requests - a.requests || (a.name < b.name ? -1 : 1)),
      }));
    return { paths, skipped: this.#skipped };
  }
}

function learn(path: Path, pairs: readonly (readonly [string, string])[]): void {
  const here = new Set<Argument>();
  for (const [name, value] of pairs) {
    let argument = path.arguments.get(name);
    if (argument === undefined) {
      if (path.arguments.size >= learningLimits.maxArguments) { path.open = true; continue; }
      path.arguments.set(name, argument = new Argument());
    }
    if (here.has(argument)) argument.repeated = true;
    else argument.requests++;
    here.add(argument);
    argument.seen(value);
  }
}

const ruleKinds: Readonly<Partial<Record<ArgumentKind, string>>> = {
  integer: String.raw`-?\d`, number: String.raw`-?[\d.]`, boolean: '[A-Za-z]', date: String.raw`[\dTZ: .+-]`, uuid: '[0-9A-Fa-f-]', hex: '[0-9A-Fa-f]', word: String.raw`[\w.,:-]`,
};

/** Nothing that could end the text in which it stands. */
const plainName = /^[\w.[\]-]{1,64}$/;
const plainPath = /^\/[\w./~*@:+-]*$/;

/** Rules that report (and no more) an argument that is new, or of another kind or far longer than it was; ids from `firstId` on.
 *  Patterns are of whole values: "^" and "$" would be content with one line of them. */
export function proposedRules(paths: readonly LearnedPath[], firstId: number): string {
  let id = firstId;
  let text = '# What the paths have been seen with. Each rule only reports: watch them, then let those that are right deny.\n';
  const rule = (pattern: string, second: string, message: string): string => `SecRule REQUEST_FILENAME "@rx \\A${pattern}\\z" \\\n`
    + `    "id:${id++},phase:2,pass,log,t:none,msg:'${message}',`
    + `tag:'learned',severity:NOTICE,chain"\n    ${second}\n`;
  for (const { path, open, arguments: found } of paths) {
    if (open || !plainPath.test(path) || found.some(({ name }) => !plainName.test(name))) {
      text += `# left out: ${JSON.stringify(path).replaceAll(/[^\x20-\x7e]/g, '?')} takes names of its own making\n`;
      continue;
    }
    const pattern = path.replaceAll(/[.+~]/g, String.raw`\$&`).replaceAll('*', '[^/]+');
    const names = found.map(({ name }) => name.replaceAll(/[.[\]]/g, String.raw`\$&`));
    text += rule(pattern, String.raw`SecRule ARGS_NAMES "!@rx \A(?:${names.join('|')})\z" "t:none"`, 'Argument that this path has not been seen with');
    for (const { name, kind, maxLength } of found) {
      const characters = ruleKinds[kind];
      if (characters !== undefined) {
        const most = Math.max(8, maxLength * 2);
        const prefix = characters.startsWith('-?') ? '-?' : '';
        text += rule(pattern, String.raw`SecRule ARGS:${name} "!@rx \A${prefix}${characters.slice(prefix.length)}{0,${most}}\z" "t:none"`,
          `Argument ${name} is no ${kind} of up to ${most} characters`);
      }
    }
  }
  return text;
}
