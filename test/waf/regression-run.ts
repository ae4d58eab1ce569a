// Runs the rule set's regression stages in process: request, a reflected response, the ids in the log. Judges each stage
// as go-ftw does: expect_ids must all be logged, no_expect_ids none, match_regex is searched in the log text.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RuleSet, Summary } from '#inspection/waf/index.ts';
import { crsFolder } from './files.ts';
import { readRequest, type RawRequest } from './raw-request.ts';

export interface Stage {
  readonly rule: number;
  readonly test: number;
  readonly stage: number;
  readonly req: string;
  readonly out: {
    readonly status?: number;
    readonly expect_error?: boolean;
    readonly log?: { readonly expect_ids?: number[]; readonly no_expect_ids?: number[]; readonly match_regex?: string; readonly no_match_regex?: string };
  };
  readonly modsecurity_ids: readonly number[];
}

export interface StageOutcome { readonly passed: boolean; readonly why: string; readonly ids: readonly number[] }

export function readStages(): Stage[] {
  return readFileSync(join(crsFolder, 'regression.jsonl'), 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Stage);
}

interface Reflection { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: string; readonly encodedBody?: string }

/** What the reflector of the rule set's tests answers: /reflect gives back what the request's JSON asks for. */
function reflect(request: RawRequest): { status: number; headers: [string, string][]; body: Buffer } {
  const plain = { status: 200, headers: [['Content-Type', 'text/plain']] as [string, string][], body: Buffer.alloc(0) };
  if (!request.target.includes('/reflect')) return plain;
  try {
    const asked = JSON.parse(request.body.toString('utf8')) as Reflection;
    const headers = Object.entries(asked.headers ?? {});
    if (!headers.some(([name]) => name.toLowerCase() === 'content-type')) headers.push(['Content-Type', 'text/plain; charset=utf-8']);
    const body = asked.encodedBody === undefined ? Buffer.from(asked.body ?? '', 'utf8') : Buffer.from(asked.encodedBody, 'base64');
    return { status: asked.status ?? 200, headers, body };
  } catch {
    return plain;
  }
}

export function runRequest(ruleSet: RuleSet, request: RawRequest): Summary {
  const tx = ruleSet.begin({
    clientAddress: '127.0.0.1', clientPort: 50000, serverAddress: '127.0.0.1', serverPort: 80, uniqueId: 'regression', nowMs: 0, reputation: null,
  });
  tx.requestLine(request.method, request.target, request.protocol, request.line);
  for (const [name, value] of request.headers) tx.requestHeader(name, value);
  tx.endRequestHeaders();
  if (request.body.length > 0) tx.requestBody(request.body);
  tx.endRequestBody();
  const response = reflect(request);
  tx.responseHead(response.status, 'HTTP/1.1');
  for (const [name, value] of response.headers) tx.responseHeader(name, value);
  tx.endResponseHeaders();
  if (response.body.length > 0) tx.responseBody(response.body);
  tx.endResponseBody();
  return tx.finish(0);
}

export function logOf(summary: Summary): string {
  const lines = summary.matches.filter((match) => match.logged).map((match) => `[id "${match.ruleId}"] [msg "${match.message}"] [data "${match.logData}"]`);
  if (summary.bodyError !== '') lines.push(`Multipart parsing error: ${summary.bodyError}`);
  return lines.join('\n');
}

export function runStage(ruleSet: RuleSet, stage: Stage): StageOutcome {
  const request = readRequest(Buffer.from(stage.req, 'base64'));
  const { status, log } = stage.out;
  // What HTTP refuses, no rule sees: the stage is judged with an empty log.
  const refused = request.refusal !== null && (status === 400 || stage.out.expect_error === true);
  if (refused && stage.out.expect_error === true) return { passed: true, why: '', ids: [] };
  const summary = refused ? null : runRequest(ruleSet, request);
  const logged = summary === null ? [] : summary.matches.filter((match) => match.logged);
  const ids = [...new Set(logged.map((match) => match.ruleId))].sort((a, b) => a - b);
  const fail = (why: string): StageOutcome => ({ passed: false, why, ids });
  if (status === 400 && request.refusal === null) return fail('an HTTP server would not refuse the request');
  for (const id of log?.expect_ids ?? []) if (!ids.includes(id)) return fail(`${id} expected`);
  for (const id of log?.no_expect_ids ?? []) if (ids.includes(id)) return fail(`${id} not expected`);
  const text = summary === null ? '' : logOf(summary);
  if (log?.match_regex !== undefined && !new RegExp(log.match_regex, 's').test(text)) return fail(`log does not match ${log.match_regex}`);
  if (log?.no_match_regex !== undefined && new RegExp(log.no_match_regex, 's').test(text)) return fail(`log matches ${log.no_match_regex}`);
  return { passed: true, why: '', ids };
}
