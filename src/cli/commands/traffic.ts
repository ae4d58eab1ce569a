// `sallyport sessions`, `kill`, `backends` and `rules`: traffic as it is now, and steering it.
import type { SessionReport } from '#runtime/messages.ts';
import type { AdministrativeState, PoolReport, ServerReport } from '#upstream/messages.ts';
import type { AdminClient } from '../client.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { count, formatNumber, humanBytes, humanTime, jsonText, printJson, table, visible, type Colour, type Output } from '../output.ts';
import { untilSignal } from '../watching.ts';

export interface SessionsOptions { readonly watch?: boolean; readonly service?: string; readonly client?: string; readonly limit?: string }
interface SessionsAnswer { total: number; sessions: SessionReport[] }

export async function sessions(client: AdminClient, options: SessionsOptions, out: Output): Promise<number> {
  const query = new URLSearchParams();
  if (options.service !== undefined) query.set('service', options.service);
  if (options.client !== undefined) query.set('client', options.client);
  if (options.limit !== undefined) query.set('limit', options.limit);
  const ask = async (): Promise<SessionsAnswer> => await client.get<SessionsAnswer>(`/v1/sessions?${query.toString()}`);
  if (options.watch === true) return await watchSessions(ask, out);
  const answer = await ask();
  if (out.json) printJson(out, answer);
  else out.write(sessionsText(answer, out));
  return exitCodes.ok;
}

function sessionsText({ total, sessions }: SessionsAnswer, out: Output): string {
  if (total === 0) return 'no open sessions\n';
  const rows = table(out, [
    { title: 'SESSION', value: ({ id }) => id },
    { title: 'CLIENT', value: ({ client }) => client },
    { title: 'ZONE', drop: 6, value: ({ zone }) => zone || '-' },
    { title: 'SERVICE', drop: 1, value: ({ service }) => service },
    { title: 'AGE', value: ({ ageMs }) => humanTime(ageMs), right: true },
    { title: 'OPS', drop: 3, value: ({ operations }) => formatNumber(operations), right: true },
    { title: 'IN', drop: 5, value: ({ bytesIn }) => humanBytes(bytesIn), right: true },
    { title: 'OUT', drop: 2, value: ({ bytesOut }) => humanBytes(bytesOut), right: true },
    { title: 'SERVER', drop: 4, value: ({ servers }) => servers.join(',') || '-' },
    { title: 'DOING', value: ({ doing }) => doing },
  ], sessions);
  return `${rows}${total > sessions.length ? `... and ${formatNumber(total - sessions.length)} more (--limit)\n` : ''}`;
}

const redrawMs = 1000;

/** Redraws in place on a terminal; elsewhere a table, or a JSON line, a second. */
async function watchSessions(ask: () => Promise<SessionsAnswer>, out: Output): Promise<number> {
  return await untilSignal(async (signal, pause) => {
    while (!signal.aborted) {
      const answer = await ask();
      if (out.json) out.write(`${jsonText(answer)}\n`);
      else {
        const shown = out.terminal ? { ...answer, sessions: answer.sessions.slice(0, Math.max(1, (process.stdout.rows ?? 40) - 4)) } : answer;
        const text = `${count(answer.total, 'open session')} at ${new Date().toTimeString().slice(0, 8)}\n${answer.total === 0 ? '' : sessionsText(shown, out)}`;
        // Home, the lines each cleared to their end, then what was below: without the flicker of a cleared screen.
        out.write(out.terminal ? `\u001b[H${text.replaceAll('\n', '\u001b[K\n')}\u001b[J` : text);
      }
      await pause(redrawMs);
    }
  }, () => { if (out.terminal && !out.json) out.write('\u001b[2J'); });
}

export async function kill(client: AdminClient, id: string, options: { reason?: string | undefined }, out: Output): Promise<number> {
  const { body } = await client.call('DELETE', `/v1/sessions/${encodeURIComponent(id)}?${new URLSearchParams({ reason: options.reason ?? '' }).toString()}`);
  if (out.json) printJson(out, body);
  else out.write(`session ${visible(id)} was ended\n`);
  return exitCodes.ok;
}

export async function backends(client: AdminClient, options: { pool?: string | undefined }, out: Output): Promise<number> {
  const answer = await client.get<{ pools: PoolReport[] }>('/v1/backends');
  const pools = answer.pools.filter(({ pool }) => options.pool === undefined || pool === options.pool);
  if (options.pool !== undefined && pools.length === 0)
    throw new CommandFailure(`there is no pool ${options.pool}`, `there is: ${answer.pools.map(({ pool }) => pool).join(', ') || 'none'}`);
  if (out.json) printJson(out, { pools });
  else out.write(backendsText(pools, out));
  return exitCodes.ok;
}

function stateOf({ administrative, health, ejectedForMs, removed }: ServerReport): string {
  if (removed) return 'removed';
  if (administrative !== 'ready') return administrative;
  if (health === 'down') return 'down';
  if (ejectedForMs > 0) return 'ejected';
  return health === 'unknown' ? 'ready' : 'up';
}

function colourOf(server: ServerReport): Colour[] {
  const state = stateOf(server);
  if (state === 'up' || state === 'ready') return ['green'];
  return state === 'down' || state === 'ejected' ? ['red'] : ['yellow'];
}

/** State and, while the server is not down anyway, how requests failed lately. */
function whyOf({ explanation, failures, requests, lastFailure, lastFailureAgoMs, health }: ServerReport): string {
  if (failures === 0 || health === 'down') return explanation;
  const last = `${humanTime(lastFailureAgoMs)} ago${lastFailure === '' ? '' : `: ${lastFailure}`}`;
  return `${explanation}, ${formatNumber(failures)} of ${formatNumber(requests)} requests failed, the last ${last}`;
}

function backendsText(pools: readonly PoolReport[], out: Output): string {
  if (pools.length === 0) return 'the configuration has no pools\n';
  const rows = pools.flatMap((pool) => pool.servers.map((server) => ({ pool, server })));
  return table(out, [
    { title: 'POOL', value: ({ pool }) => pool.pool },
    { title: 'SERVER', value: ({ server }) => server.name },
    { title: 'STATE', value: ({ server }) => stateOf(server), colours: ({ server }) => colourOf(server) },
    { title: 'WEIGHT', drop: 6, value: ({ server }) => `${server.weight}${server.backup ? ' backup' : ''}`, right: true },
    { title: 'ACTIVE', drop: 3, value: ({ server }) => formatNumber(server.activeRequests), right: true },
    { title: 'WAITING', drop: 5, value: ({ server }) => formatNumber(server.waiting), right: true },
    { title: 'REQUESTS', drop: 2, value: ({ server }) => formatNumber(server.requests), right: true },
    { title: 'FAILED', drop: 1, value: ({ server }) => formatNumber(server.failures), right: true, colours: ({ server }) => server.failures > 0 ? ['yellow'] : [] },
    { title: 'LATENCY', drop: 4, value: ({ server }) => server.latencyMs === 0 ? '-' : humanTime(server.latencyMs), right: true },
    { title: 'WHY', value: ({ server }) => whyOf(server) },
  ], rows);
}

/** `POOL/SERVER`; the name of a server may hold slashes nowhere, but colons. */
export async function setState(client: AdminClient, state: AdministrativeState, target: string, options: { reason?: string | undefined }, out: Output): Promise<number> {
  const slash = target.indexOf('/');
  if (slash <= 0 || slash === target.length - 1) throw new CommandFailure(`"${target}" is not POOL/SERVER`, 'names are shown by: sallyport backends', exitCodes.usage);
  const pool = target.slice(0, slash);
  const server = target.slice(slash + 1);
  const { body } = await client.call('PUT', `/v1/backends/${encodeURIComponent(pool)}/${encodeURIComponent(server)}/state`, { state, reason: options.reason ?? '' });
  const effects = { ready: 'gets requests again', drain: 'gets no new requests; those under way are finished', maintenance: 'gets no new requests and is not reported as a fault' };
  if (out.json) printJson(out, body);
  else out.write(`${visible(target)} ${effects[state]}\n`);
  return exitCodes.ok;
}

interface RuleRow { id: string; description: string; effect: string; enabled: boolean; hits: number }
interface LimitRow { limit: string; measure: string; keys: number; admitted: number; refused: number }

export async function rules(client: AdminClient, out: Output): Promise<number> {
  const answer = await client.get<{ rules: RuleRow[] }>('/v1/rules');
  const { limits } = await client.get<{ limits: LimitRow[] }>('/v1/limits');
  if (out.json) {
    printJson(out, { ...answer, limits });
    return exitCodes.ok;
  }
  out.write(table(out, [
    { title: 'RULE', value: ({ id }) => id },
    { title: 'EFFECT', value: ({ effect, enabled }) => enabled ? effect : 'off', colours: ({ effect, enabled }) => !enabled ? ['dim'] : effect === 'allow' ? ['green'] : ['red'] },
    { title: 'DECIDED', value: ({ hits }) => formatNumber(hits), right: true },
    { title: 'DESCRIPTION', value: ({ description }) => description },
  ], answer.rules));
  if (limits.length > 0) {
    out.write(`\n${table(out, [
      { title: 'LIMIT', value: ({ limit }) => limit },
      { title: 'COUNTS', value: ({ measure }) => measure },
      { title: 'KEYS', value: ({ keys }) => formatNumber(keys), right: true },
      { title: 'ADMITTED', value: ({ admitted }) => formatNumber(admitted), right: true },
      { title: 'REFUSED', value: ({ refused }) => formatNumber(refused), right: true, colours: ({ refused }) => refused > 0 ? ['yellow'] : [] },
    ], limits)}`);
  }
  return exitCodes.ok;
}
