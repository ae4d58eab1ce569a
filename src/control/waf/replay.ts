// `sallyport waf test`: runs described or recorded requests through the rules as they are and as a draft would make them, and
// says what differs. Compiles in this process and sends nothing. Recorded requests are what records kept of them: values that
// were masked, and bodies that were not kept, are said so.
import type { FieldLines, WebMatch } from '#contract/web-inspection.ts';
import type { EngineInspector } from '#inspection/web/inspector.ts';
import { readable } from '#inspection/web/report.ts';
import type { RecordedRequest } from './facts.ts';

export interface ReplayRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly version: string;
  readonly headers: readonly (readonly [string, string])[];
  /** latin1. */
  readonly body: string;
  readonly client: string;
}

export interface ReplayMatch { readonly rule: number; readonly message: string; readonly variable: string; readonly value: string; readonly part: string;
  readonly logOnly: boolean }

export interface ReplayResult {
  readonly blocked: boolean;
  readonly by: string;
  readonly status: number;
  readonly rules: readonly number[];
  readonly matches: readonly ReplayMatch[];
  readonly scores: Readonly<Record<string, number>>;
}

class Lines implements FieldLines {
  readonly #lines: readonly (readonly [string, string])[];
  constructor(lines: readonly (readonly [string, string])[]) { this.#lines = lines; }
  get count(): number { return this.#lines.length; }
  name(i: number): string { return this.#lines[i]![0]; }
  value(i: number): string { return this.#lines[i]![1]; }
}

export function requestOfRecord(recorded: RecordedRequest, client: string): ReplayRequest {
  const headers = Object.entries(recorded.headers).flatMap(([name, value]) => (typeof value === 'string' ? [value] : value).map((one): [string, string] => [name, one]));
  return { method: recorded.method, target: recorded.target, version: recorded.version, headers, body: recorded.body, client };
}

const maxMatches = 200;

function shownMatches(matches: readonly WebMatch[]): ReplayMatch[] {
  return matches.filter(({ logged }) => logged).flatMap(({ rule, message, logOnly, values }) => values.map((one) => ({
    rule, message: readable(message, 300), variable: readable(one.variable, 200), value: readable(one.value, 400), part: readable(one.part, 200), logOnly,
  }))).slice(0, maxMatches);
}

export function replay(inspector: EngineInspector, request: ReplayRequest, nowMs: number): ReplayResult {
  const { method, target, version, headers, body, client } = request;
  const inspection = inspector.begin({ clientAddress: client, clientPort: 50_000, serverAddress: '127.0.0.1', serverPort: 80, user: '', id: 'test', timeMs: nowMs, listed: null });
  const bytes = Buffer.from(body, 'latin1');
  let verdict = inspection.request(method, target, version, new Lines(headers));
  if (verdict === undefined && inspection.wantsRequestBody && bytes.length > 0) {
    verdict = inspection.expectRequestBody(bytes.length) ?? inspection.requestBody(bytes, 0, bytes.length);
  }
  verdict ??= inspection.requestDone();
  inspection.finish(nowMs);
  const matches = inspection.matches();
  return {
    blocked: verdict !== undefined, by: verdict?.rule ?? '', status: verdict?.status ?? 0,
    rules: [...new Set(matches.filter(({ logged }) => logged).map(({ rule }) => rule))].sort((a, b) => a - b), matches: shownMatches(matches),
    scores: Object.fromEntries(Object.entries(inspection.scores).filter(([, value]) => value > 0)),
  };
}

export interface ReplayDifference {
  readonly record: string;
  readonly method: string;
  readonly target: string;
  readonly client: string;
  readonly before: 'blocked' | 'pass';
  readonly after: 'blocked' | 'pass';
  /** Rules that match now and would not with the draft, and the other way round. */
  readonly gone: readonly number[];
  readonly new: readonly number[];
}

export function differenceOf(record: string, request: ReplayRequest, before: ReplayResult, after: ReplayResult): ReplayDifference | undefined {
  const gone = before.rules.filter((rule) => !after.rules.includes(rule));
  const added = after.rules.filter((rule) => !before.rules.includes(rule));
  if (before.blocked === after.blocked && gone.length + added.length === 0) return undefined;
  const word = (blocked: boolean): 'blocked' | 'pass' => (blocked ? 'blocked' : 'pass');
  return { record, method: request.method, target: request.target, client: request.client, before: word(before.blocked), after: word(after.blocked), gone, new: added };
}

/** Requests of a text in the form of .http files: request line, fields, an empty line, the body; several parted by lines of ###. */
export function parseHttpText(text: string): ReplayRequest[] {
  const found: ReplayRequest[] = [];
  for (const piece of text.replaceAll('\r\n', '\n').split(/^###.*$/m)) {
    const lines = piece.replace(/^(\s*\n|[ \t]*(#|\/\/).*\n)+/, '').split('\n');
    const [, method = 'GET', url = ''] = /^(?:([A-Z][A-Z-]*) )?(\S+)(?: HTTP\/[\d.]+)?\s*$/.exec(lines[0] ?? '') ?? [];
    if (url === '') continue;
    const end = lines.findIndex((line, index) => index > 0 && line.trim() === '');
    const fields = lines.slice(1, end < 0 ? undefined : end).map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, Math.max(0, colon)).trim(), line.slice(colon + 1).trim()];
    }).filter(([name]) => name !== '');
    const body = end < 0 ? '' : lines.slice(end + 1).join('\n').replace(/\n+$/, '');
    found.push(describedRequest(method, url, fields, Buffer.from(body, 'utf8').toString('latin1')));
  }
  return found;
}

/** Adds what every client sends: Host from the address, Content-Length. */
export function describedRequest(method: string, url: string, fields: readonly (readonly [string, string])[], body: string, client = '127.0.0.1'): ReplayRequest {
  const [, host = '', rest = ''] = /^(?:https?:\/\/([^/?#]*))?(.*)$/s.exec(url) ?? [];
  const has = (name: string): boolean => fields.some(([field]) => field.toLowerCase() === name);
  const headers: (readonly [string, string])[] = [...has('host') ? [] : [['Host', host || 'localhost'] as const], ...fields];
  if (body !== '' && !has('content-length') && !has('transfer-encoding')) headers.push(['Content-Length', String(body.length)]);
  return { method, target: rest === '' ? '/' : rest.startsWith('/') || rest === '*' ? rest : `/${rest}`, version: 'HTTP/1.1', headers, body, client };
}
