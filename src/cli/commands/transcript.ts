// A session's records as a transcript: what the client did in order, the reply with its code, what the gateway made of it on
// the way (before and after), files that moved, and what was refused and why. Pure: records in, lines out, all harmless.
import type { StoredRecord } from '#audit/record.ts';
import { formatNumber, humanBytes, humanDate, humanTime, visible, type Output } from '../output.ts';

const indent = ' '.repeat(11);
/** Columns of what was done, before its reply. */
const actColumns = 44;

type Facts = Record<string, unknown>;

function text(facts: Facts, name: string): string {
  const value = facts[name];
  return typeof value === 'string' ? value : '';
}

function texts(facts: Facts, name: string): string[] {
  const value = facts[name];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** What the client did, as it said it where the record keeps that. */
function actOf(record: StoredRecord, facts: Facts): string {
  const command = text(facts, 'command');
  if (command !== '') return command;
  if (record.protocol === 'telnet' && record.verb === 'COMMAND') return `typed: ${record.params ?? ''}`;
  const target = `${record.host ?? ''}${record.path ?? ''}${record.params === undefined ? '' : `?${record.params}`}`;
  if (record.kind === 'control') return `${record.verb ?? 'control'} by ${record.user ?? 'an administrator'}`;
  return [record.kind === 'operation' ? '' : record.kind, record.verb ?? '', target].filter((part) => part !== '').join(' ');
}

function replyOf(record: StoredRecord, facts: Facts): string {
  const reply = text(facts, 'reply');
  if (reply !== '') return reply;
  return record.status === undefined ? '' : String(record.status);
}

/** Pairs of before and after: what the client said and what the server got, what the server said and what the client got. */
function rewritesOf(facts: Facts): { what: string; before: string; after: string }[] {
  const rewrites: { what: string; before: string; after: string }[] = [];
  const command = text(facts, 'command');
  const sent = texts(facts, 'sent');
  if (command !== '' && sent.length > 0 && !(sent.length === 1 && sent[0] === command)) rewrites.push({ what: 'command', before: command, after: sent.join('; ') });
  const reply = text(facts, 'reply');
  const received = texts(facts, 'received');
  if (reply !== '' && received.length > 0 && received.at(-1) !== reply) rewrites.push({ what: 'reply', before: received.join('; '), after: reply });
  return rewrites;
}

/** What moved: the file or the listing, its sum, and over which connections. */
function transferOf(record: StoredRecord, facts: Facts): [what: string, about: string][] {
  const direction = text(facts, 'direction');
  if (direction === '') return [];
  const listing = facts['listing'] === true;
  const bytes = direction === 'upload' ? record.in ?? 0 : record.out ?? 0;
  const side = (name: 'client' | 'server'): string => {
    const parts = [text(facts, `${name}Mode`), text(facts, `${name}Tls`), text(facts, `${name}Lease`).replace(/^(?=.)/, 'lease ')].filter((part) => part !== '');
    return parts.length === 0 ? '' : `${name} ${parts.join(', ')}`;
  };
  const rate = facts['bytesPerSecond'];
  const moved = `${listing ? 'listing' : direction} of ${formatNumber(bytes)} bytes${typeof rate === 'number' && !listing ? `, ${humanBytes(rate)}/s` : ''}`;
  const type = text(facts, 'type');
  const declared = text(facts, 'declaredType');
  const rest = typeof facts['restOffset'] === 'number' ? `from byte ${formatNumber(facts['restOffset'])}` : '';
  const pairs: [string, string][] = [
    [listing ? 'list' : 'file', [moved, rest, type, type !== '' && declared !== '' && declared !== type ? `named as ${declared}` : ''].filter((part) => part !== '').join(', ')],
    ['sha256', listing ? '' : text(facts, 'sha256')],
    ['data', [side('client'), side('server')].filter((part) => part !== '').join('; ')],
    ['verdict', text(facts, 'verdict')],
  ];
  return pairs;
}

function whyOf(record: StoredRecord): string {
  const { outcome, rule, reason, kind } = record;
  if (kind === 'control') return reason ?? '';
  if (outcome === 'allowed') return kind === 'operation' && record.protocol === 'telnet' ? reason ?? '' : '';
  // What failed was permitted by its rule, and did not fail by it.
  if (outcome === 'failed' || outcome === 'aborted') return `${outcome}${reason === undefined ? '' : `: ${reason}`}${rule === undefined ? '' : ` (${rule})`}`;
  return `${outcome}${rule === undefined ? '' : ` by ${rule}`}${reason === undefined ? '' : `: ${reason}`}`;
}

/** Lines of one session, in the order of its records. */
export class Transcript {
  readonly #out: Output;
  #startMs: number | undefined = undefined;

  constructor(out: Output) { this.#out = out; }

  /** Once, from any record of the session; `whole` is the record of its end. */
  head(record: StoredRecord, whole: StoredRecord | undefined): string {
    this.#startMs = whole?.time ?? record.time;
    const { paint } = this.#out;
    const where = [record.service === undefined ? '' : `service ${record.service}`, record.listener === undefined ? '' : `listener ${record.listener}`,
      record.zone === undefined ? '' : `zone ${record.zone}`].filter((part) => part !== '').join(', ');
    const from = `${record.client ?? '?'}${record.port === undefined ? '' : ` port ${record.port}`}`;
    return `${paint(`session ${visible(record.session ?? '?')}`, 'bold')}  ${visible(`${record.protocol ?? ''} from ${from}, ${where}`)}\n`
      + `${paint(`began ${humanDate(this.#startMs)}`, 'dim')}\n`;
  }

  entry(record: StoredRecord): string {
    const { paint } = this.#out;
    this.#startMs ??= record.time;
    const facts = record.facts ?? {};
    const offset = `+${(Math.max(0, record.time - this.#startMs) / 1000).toFixed(3)}`.padStart(9);
    const bad = record.outcome !== 'allowed';
    const act = visible(actOf(record, facts));
    const reply = visible(replyOf(record, facts));
    const lines = [`${paint(offset, 'dim')}  ${reply === '' ? act : act.padEnd(actColumns)}${reply === '' ? '' : ` ${paint(reply, bad ? 'red' : 'green')}`}`];
    const note = (what: string, value: string, ...colours: Parameters<Output['paint']>[1][]): void => {
      if (value !== '') lines.push(`${indent}${paint(what.padEnd(8), 'dim')} ${paint(visible(value), ...colours)}`);
    };
    for (const { what, before, after } of rewritesOf(facts)) {
      note(what, `before  ${before}`, 'yellow');
      note('', `after   ${after}`, 'yellow');
    }
    if (texts(facts, 'sent').length === 0 && text(facts, 'command') !== '' && !bad) note('', 'answered by the gateway itself', 'dim');
    const shown = text(facts, 'shown');
    if (shown !== '') note('shown', shown);
    for (const [what, about] of transferOf(record, facts)) note(what, about);
    note('', whyOf(record), bad ? 'red' : 'dim');
    return `${lines.join('\n')}\n`;
  }

  /** From the record of the session's end. */
  foot(whole: StoredRecord): string {
    const { paint } = this.#out;
    const bytes = `${humanBytes(whole.in ?? 0)} in, ${humanBytes(whole.out ?? 0)} out`;
    const ended = `${whole.outcome}${whole.reason === undefined ? '' : `: ${whole.reason}`}`;
    return `${paint(`ended after ${humanTime(whole.ms ?? 0)}`, 'dim')}  ${visible(ended)}, ${bytes}\n`;
  }
}

/** All of it. `records` in any order; of several that began at once the one kept first comes first. */
export function transcript(records: readonly StoredRecord[], out: Output): string {
  const whole = records.find(({ kind, verb }) => kind === 'session' && verb === undefined);
  const ordered = records.filter((record) => record !== whole).sort((a, b) => a.time - b.time);
  const first = whole ?? ordered.find(({ session }) => session !== undefined);
  if (first === undefined) return '';
  const lines = new Transcript(out);
  const endMs = whole === undefined ? Infinity : whole.time + (whole.ms ?? 0);
  const entries = (part: readonly StoredRecord[]): string => part.map((record) => lines.entry(record)).join('');
  const head = lines.head(first, whole);
  const during = entries(ordered.filter(({ time }) => time <= endMs));
  const foot = whole === undefined ? 'it goes on, or its end is not kept\n' : lines.foot(whole);
  return `${head}${during}${foot}${entries(ordered.filter(({ time }) => time > endMs))}`;
}
