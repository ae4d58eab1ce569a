// What of an inspection goes into the audit record: JSON members without braces. Values stand under the name of their variable
// (`"ARGS:password":"..."`), so that the audit layer masks them by name like every other parameter. Bounded: a record that is
// too long would lose all its facts. docs/waf/gateway.md lists the members.
import type { FieldLines, WebMatch, WebVerdict } from '#contract/web-inspection.ts';

export interface KeptRequest {
  /** '' when the record has it. */
  readonly target: string;
  readonly version: string;
  readonly headers: FieldLines;
  readonly body: Buffer | undefined;
  readonly bodyBytes: number;
}

export interface ReportFacts {
  readonly mode: 'block' | 'detect';
  readonly verdict: WebVerdict | undefined;
  readonly error: string;
  /** Inbound and outbound. */
  readonly scores: readonly [number, number];
  readonly matches: readonly WebMatch[];
  readonly kept: KeptRequest | undefined;
}

const maxRules = 24;
const maxValuesPerRule = 4;
const maxValueLength = 160;
/** Characters of JSON: together with what else a record holds these stay below the longest facts of the audit layer. */
const maxRulesLength = 5000;
const maxKeptLength = 8000;
const maxKeptHeaderBytes = 4096;

const beyondAscii = /[\x80-\xff]/;

/** As people read it: UTF-8 where the bytes are UTF-8. */
export function readable(latin1: string, maxLength = maxValueLength): string {
  const cut = latin1.length > maxLength ? latin1.slice(0, maxLength) : latin1;
  if (!beyondAscii.test(cut)) return cut.length < latin1.length ? `${cut}...` : cut;
  const text = Buffer.from(cut, 'latin1').toString('utf8');
  return `${text.includes('\ufffd') ? cut : text}${cut.length < latin1.length ? '...' : ''}`;
}

const inboundNames = ['blocking_inbound_anomaly_score', 'detection_inbound_anomaly_score', 'inbound_anomaly_score', 'anomaly_score', 'sally_score'];
const outboundNames = ['blocking_outbound_anomaly_score', 'detection_outbound_anomaly_score', 'outbound_anomaly_score'];

/** By the names of the Core Rule Set 4 and 3.3, and of the baseline. */
export function anomalyScores(tx: { txNumber(name: string): number }): [number, number] {
  const first = (names: readonly string[]): number => {
    for (const name of names) {
      const score = tx.txNumber(name);
      if (score > 0) return score;
    }
    return 0;
  };
  return [first(inboundNames), first(outboundNames)];
}

/** What is shown of a match of a whole text: only the part, because the text may hold secrets under other names. */
const wholeTexts = /^(REQUEST_BODY|QUERY_STRING|REQUEST_URI|REQUEST_URI_RAW|REQUEST_LINE|FULL_REQUEST|RESPONSE_BODY|XML|MATCHED_VAR)/;

function shown(variable: string, value: string, part: string): string {
  // Some operators report a name for what they found, such as the fingerprint of an injection.
  if (part !== '' && value.includes(part)) return readable(part);
  return wholeTexts.test(variable) ? `${value.length} bytes` : readable(value);
}

function ruleEntry(match: WebMatch): Record<string, unknown> {
  const values: Record<string, string> = {};
  const seen = new Set<string>();
  for (const { variable, value, part } of match.values) {
    if (seen.size >= maxValuesPerRule) break;
    const name = readable(variable, 100);
    if (seen.has(name)) continue;
    seen.add(name);
    values[name] = shown(variable, value, part);
  }
  return {
    id: match.rule, msg: readable(match.message, 120), ...(match.severity >= 0 ? { sev: match.severity } : {}), phase: match.phase,
    ...(match.values.length > 1 ? { n: match.values.length } : {}), ...(match.logOnly ? { logOnly: true } : {}), values,
  };
}

/** Fields whose values are secret in any case: only that they were there is kept, which also spares the audit layer a closer look. */
const secretFields = new Set(['cookie', 'authorization', 'proxy-authorization']);

function keptHeaders(headers: FieldLines): { headers: Record<string, string | string[]>; hidden?: string[] } {
  const kept: Record<string, string | string[]> = {};
  const secret: string[] = [];
  let room = maxKeptHeaderBytes;
  for (let i = 0; i < headers.count; i++) {
    const name = headers.name(i);
    const value = headers.value(i);
    room -= name.length + value.length + 8;
    if (room < 0) break;
    if (secretFields.has(name.toLowerCase())) {
      secret.push(name);
      continue;
    }
    const before = Object.hasOwn(kept, name) ? kept[name] : undefined;
    kept[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return secret.length === 0 ? { headers: kept } : { headers: kept, hidden: secret };
}

/** Forms as `?a=b`, so that the audit layer masks secret parameters in them; JSON as JSON, for the same reason. */
function keptBody(kept: KeptRequest): Record<string, unknown> {
  if (kept.bodyBytes === 0) return {};
  const { body } = kept;
  if (body === undefined) return { bodyBytes: kept.bodyBytes };
  const text = body.toString('latin1');
  const complete = body.length === kept.bodyBytes;
  if (complete && /^\s*[[{]/.test(text)) {
    try { return { json: JSON.parse(body.toString('utf8')) as unknown }; } catch { /* kept as text */ }
  }
  if (/^[^\s<{[]*=/.test(text)) return { form: `?${text}`, ...(complete ? {} : { bodyBytes: kept.bodyBytes }) };
  return { body: text, ...(complete ? {} : { bodyBytes: kept.bodyBytes }) };
}

/** The rules as JSON, as many as there is room for. */
function listedRules(matches: readonly WebMatch[]): { text: string; more: number } {
  let text = '';
  let listed = 0;
  for (; listed < matches.length && listed < maxRules; listed++) {
    const entry = JSON.stringify(ruleEntry(matches[listed]!));
    if (text.length + entry.length > maxRulesLength) break;
    text += text === '' ? entry : `,${entry}`;
  }
  return { text, more: matches.length - listed };
}

/** What can be replayed, when there is room for it. */
function keptText(kept: KeptRequest | undefined): string {
  if (kept === undefined) return '';
  const text = JSON.stringify({
    ...(kept.target === '' ? {} : { target: kept.target.slice(0, 2048) }), version: kept.version, ...keptHeaders(kept.headers), ...keptBody(kept),
  });
  return text.length > maxKeptLength ? '' : `,"request":${text}`;
}

export function attributesOf(facts: ReportFacts): string {
  const { mode, verdict, error, matches, kept } = facts;
  const [inbound, outbound] = facts.scores;
  const { text, more } = listedRules(matches);
  const head = JSON.stringify({
    mode, action: verdict === undefined ? 'pass' : verdict.action, ...(verdict === undefined ? {} : { by: verdict.rule.replace('waf.', '') }),
    in: inbound, out: outbound, ...(error === '' ? {} : { error: error.slice(0, 200) }), ...(more > 0 ? { more } : {}),
  });
  return `"waf":${head.slice(0, -1)},"rules":[${text}]${keptText(kept)}}`;
}
