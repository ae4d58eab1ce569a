// Text with {variables}: compiled once, rendered per request. Values that come from the request can never bring a line break
// or another control character into a header (RFC 9110 section 5.5). Does not know where the text goes.
import type { ChosenServer, SessionFacts } from '#contract/gateway.ts';
import type { RequestView } from './request-view.ts';

/** Everything that a rewrite may refer to. One per client connection; the session machine fills in what changes per request. */
export class RequestContext {
  view: RequestView;
  readonly facts: SessionFacts;
  /** The client as policy sees it; set by ForwardedReader.identify. */
  clientAddress: string;
  clientPort: number;
  /** The peer of the connection is a trusted proxy. */
  trusted = false;
  /** As the client used it: of the connection, or as a trusted proxy says. */
  scheme: 'http' | 'https';
  /** The host as the client used it, if a trusted proxy says so; else ''. */
  forwardedHost = '';
  /** Verified addresses for X-Forwarded-For, from the client to the peer. */
  forwardedFor: string;
  /** Innermost zone of the client, or ''. */
  zone = '';
  /** Id of the operation. */
  requestId = '';
  /** Wall clock at the start of the request. */
  timeMs = 0;
  /** Id of the route that was chosen. */
  route = '';
  /** The server that was chosen, once it is. */
  server: ChosenServer | undefined = undefined;
  /** Upgrade token that is passed on to the server, or that the server accepted; else ''. */
  upgrade = '';
  /** False: Expect is not passed on, because the gateway has answered 100 itself. */
  forwardExpect = true;
  /** False: `Connection: close` to the server. */
  serverKeepAlive = true;
  /** False: `Connection: close` to the client. */
  clientKeepAlive = true;
  /** Why the last head that was built may not be sent, or ''. */
  fault = '';
  /** Cache of rewriting.ts: the forwarding lines and the authority that they were made for. */
  forwardedLines = '';
  forwardedLinesHost = '';
  forwardedLinesOwner: unknown = undefined;
  /** Cache of forwarded.ts: who looked last (after a reload it is another), and at which fields. */
  forwardedReader: unknown = undefined;
  forwardedSeen = '';

  constructor(facts: SessionFacts, view: RequestView) {
    this.facts = facts;
    this.view = view;
    this.clientAddress = facts.client.address;
    this.clientPort = facts.client.port;
    this.scheme = facts.tls === undefined ? 'http' : 'https';
    this.forwardedFor = facts.client.address;
  }
}

interface VariableEntry { readonly about: string; read(context: RequestContext, key: string): string }

/** Every variable; those that end in a dot take a key. */
export const variableTable: Readonly<Record<string, VariableEntry>> = {
  host: { about: 'host asked for, without port', read: (context) => context.view.head.host },
  path: { about: 'normalised path', read: (context) => context.view.head.path },
  query: { about: 'query as received, without question mark', read: (context) => context.view.head.query ?? '' },
  method: { about: 'method', read: (context) => context.view.head.method },
  scheme: { about: '`http` or `https`, as the client used it', read: (context) => context.scheme },
  'client.address': { about: 'address of the client, as policy sees it', read: (context) => context.clientAddress },
  'client.port': { about: 'port of the client, 0 behind a trusted proxy', read: (context) => String(context.clientPort) },
  zone: { about: 'innermost zone of the client', read: (context) => context.zone },
  listener: { about: 'name of the listener', read: (context) => context.facts.listener },
  'listener.port': { about: 'port where the client arrived', read: (context) => String(context.facts.local.port) },
  service: { about: 'name of the service', read: (context) => context.facts.service },
  route: { about: 'id of the route', read: (context) => context.route },
  session: { about: 'id of the session', read: (context) => context.facts.id },
  server: { about: 'chosen server as the pool names it (request and response rewrites only)', read: (context) => context.server?.name ?? '' },
  'request.id': { about: 'id of the request, as in the audit log', read: (context) => context.requestId },
  time: { about: 'start of the request, such as 2026-01-31T12:00:00.000Z', read: (context) => new Date(context.timeMs).toISOString() },
  'tls.version': { about: 'TLS version of the client connection, or nothing', read: (context) => context.facts.tls?.protocol ?? '' },
  'tls.server-name': { about: 'server name that the client asked for in TLS, or nothing', read: (context) => context.facts.tls?.serverName ?? '' },
  'header.': { about: 'a request header: `{header.User-Agent}`', read: (context, key) => context.view.header(key) ?? '' },
  'query.': { about: 'a decoded query parameter: `{query.id}`', read: (context, key) => context.view.queryParameter(key) ?? '' },
  'cookie.': { about: 'a cookie: `{cookie.theme}`', read: (context, key) => context.view.cookie(key) ?? '' },
};

/** One piece of a template. */
interface Part {
  readonly text: string;
  readonly variable: VariableEntry | undefined;
  readonly key: string;
  /** Group of the pattern: its number, its name, or -1 when this is no group. */
  readonly group: number | string;
}

export interface TemplateProblem { readonly message: string; readonly hint: string }

/** Makes a value from the request fit for a header: control characters go, characters beyond Latin-1 become their UTF-8 bytes. */
export function safeText(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || code === 127 || code > 255) return cleaned(text);
  }
  return text;
}

// A character beyond Latin-1 must never reach a latin1 write: U+010A would leave as a line feed.
function cleaned(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  // oxlint-disable-next-line no-control-regex -- that is what is being removed
  return (/[\u0100-\uffff]/.test(text) ? bytes : text).replaceAll(/[\u0000-\u001f\u007f]/g, '');
}

/** Compiled text with variables. */
export class Template {
  /** The text when it has no variables and no groups. */
  readonly constant: string | undefined;
  readonly #parts: readonly Part[];

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
    this.constant = parts.every((part) => part.variable === undefined && part.group === -1) ? parts.map((part) => part.text).join('') : undefined;
  }

  /** `match` feeds the groups. `encode` is applied to every value that is not literal text. */
  render(context: RequestContext, match: RegExpExecArray | undefined = undefined, encode: ((value: string) => string) | undefined = undefined): string {
    if (this.constant !== undefined) return this.constant;
    let text = '';
    for (let i = 0; i < this.#parts.length; i++) {
      const part = this.#parts[i] as Part;
      if (part.variable !== undefined) {
        const value = part.variable.read(context, part.key);
        text += encode === undefined ? safeText(value) : encode(value);
      } else if (part.group === -1) {
        text += part.text;
      } else if (match !== undefined) {
        text += (typeof part.group === 'number' ? match[part.group] : match.groups?.[part.group]) ?? '';
      }
    }
    return text;
  }
}

export interface TemplateOptions {
  /** The pattern whose groups `$1` and `$<name>` mean; undefined: a dollar sign is just that. */
  readonly pattern?: RegExp;
  /** Variables that do not exist here. */
  readonly without?: readonly string[];
}

/** Compiles text such as `{host}-$1`. `{{` and `}}` stand for braces. Gives the template or what is wrong with it. */
export function compileTemplate(text: string, options: TemplateOptions = {}): Template | TemplateProblem {
  const parts: Part[] = [];
  let literal = '';
  const flush = (): void => {
    if (literal !== '') parts.push({ text: literal, variable: undefined, key: '', group: -1 });
    literal = '';
  };
  for (let i = 0; i < text.length;) {
    const two = text.slice(i, i + 2);
    if (two === '{{' || two === '}}') { literal += two[0] ?? ''; i += 2; continue; }
    if (text[i] === '}') return { message: 'a closing brace without an opening one', hint: 'write }} for a brace' };
    if (text[i] === '{') {
      const end = text.indexOf('}', i);
      if (end < 0) return { message: 'a variable that is not closed', hint: 'write {{ for a brace' };
      const part = variablePart(text.slice(i + 1, end), options.without ?? []);
      if ('message' in part) return part;
      flush();
      parts.push(part);
      i = end + 1;
      continue;
    }
    if (text[i] === '$' && options.pattern !== undefined) {
      const group = groupPart(text, i, options.pattern);
      if ('message' in group) return group;
      if (group.part === undefined) literal += '$';
      else { flush(); parts.push(group.part); }
      i += group.length;
      continue;
    }
    literal += text[i] ?? '';
    i++;
  }
  flush();
  return new Template(parts);
}

/** Compiles text that was checked before. A problem here is a bug. */
export function mustCompileTemplate(text: string, options: TemplateOptions = {}): Template {
  const template = compileTemplate(text, options);
  if (template instanceof Template) return template;
  throw new Error(`text "${text}" was not checked: ${template.message}`);
}

function variablePart(name: string, without: readonly string[]): Part | TemplateProblem {
  const plain = Object.hasOwn(variableTable, name) ? variableTable[name] : undefined;
  if (plain !== undefined && !name.endsWith('.') && !without.includes(name)) return { text: '', variable: plain, key: '', group: -1 };
  if (without.includes(name)) return { message: `{${name}} is not known here`, hint: 'no server has been chosen yet where this text is made' };
  const dot = name.indexOf('.') + 1;
  const family = name.slice(0, dot);
  if (dot > 0 && dot < name.length && Object.hasOwn(variableTable, family)) {
    const variable = variableTable[family] as VariableEntry;
    const key = name.slice(dot);
    return { text: '', variable, key: family === 'header.' ? key.toLowerCase() : key, group: -1 };
  }
  return { message: `there is no variable {${name}}`, hint: suggestion(name) };
}

function groupPart(text: string, at: number, pattern: RegExp): { part: Part | undefined; length: number } | TemplateProblem {
  const match = /^\$(?:(\$)|([0-9&])|<([^>]*)>)/.exec(text.slice(at));
  if (match === null) return { part: undefined, length: 1 };
  if (match[1] !== undefined) return { part: undefined, length: 2 };
  // An alternative that always matches tells how many groups a pattern has, and their names.
  const empty = new RegExp(`${pattern.source}|`, pattern.flags.replace('g', '')).exec('') as RegExpExecArray;
  if (match[2] !== undefined) {
    const group = match[2] === '&' ? 0 : Number(match[2]);
    if (group >= empty.length) {
      return { message: `$${group} has no group in the pattern, which has ${empty.length - 1}`, hint: 'groups are parts in parentheses; write $$ for a dollar sign' };
    }
    return { part: { text: '', variable: undefined, key: '', group }, length: 2 };
  }
  const name = match[3] as string;
  if (empty.groups === undefined || !(name in empty.groups)) return { message: `the pattern has no group named "${name}"`, hint: 'a named group is written (?<name>...)' };
  return { part: { text: '', variable: undefined, key: '', group: name }, length: match[0].length };
}

function suggestion(name: string): string {
  const names = Object.keys(variableTable).map((known) => known.endsWith('.') ? `${known}NAME` : known);
  let best = '';
  let least = 4;
  for (const known of names) {
    const distance = editDistance(name.toLowerCase(), known);
    if (distance < least) { least = distance; best = known; }
  }
  return best === '' ? `variables are ${names.map((known) => `{${known}}`).join(', ')}; write {{ for a brace` : `did you mean {${best}}?`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] as number;
}
