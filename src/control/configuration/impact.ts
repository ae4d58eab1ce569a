// What applying a change interrupts: listeners that close, servers and pools that drain, settings that need a restart.
// Reads a diff and the two documents; interrupts nothing itself.
import { availableParallelism } from 'node:os';
import { canonicalText } from './canonical.ts';
import type { ConfigurationDiff, ResourceChange } from './diff.ts';
import type { ConfigDocument } from './merge.ts';
import { isRecord } from './merge.ts';
import { painter, printable } from './print.ts';
import { describeValue } from './problem.ts';

/**
 * `none`: nobody notices. `new-sessions`: sessions under way keep the plan that they began with, new ones get the new.
 * `drain`: sessions finish within `runtime.drainTimeout`, then are closed. `restart`: takes effect at the next start only.
 */
export type ImpactKind = 'none' | 'new-sessions' | 'drain' | 'restart';

export interface Impact {
  kind: ImpactKind;
  /** `listeners/plain`. */
  resource: string;
  /** What happens, for people. */
  effect: string;
}

export interface ImpactReport {
  /** The worst of all. */
  kind: ImpactKind;
  impacts: Impact[];
}

const severityOrder: readonly ImpactKind[] = ['none', 'new-sessions', 'drain', 'restart'];

export function impactOf(diff: ConfigurationDiff): ImpactReport {
  const impacts = diff.resources.flatMap(impactsOf);
  const kind = impacts.reduce<ImpactKind>((worst, impact) => severityOrder.indexOf(impact.kind) > severityOrder.indexOf(worst) ? impact.kind : worst, 'none');
  return { kind, impacts };
}

function impactsOf(change: ResourceChange): Impact[] {
  const resource = change.section === change.name ? change.section : `${change.section}/${change.name}`;
  const impact = (kind: ImpactKind, effect: string): Impact[] => [{ kind, resource, effect }];
  switch (change.section) {
    case 'listeners': return listenerImpact(change, impact);
    case 'services':
      if (change.kind === 'added') return impact('none', 'starts when a listener leads to it');
      if (change.kind === 'removed') return impact('drain', 'its sessions are drained');
      return change.changes.some((one) => one.path === 'protocol')
        ? impact('drain', 'another protocol: its sessions are drained')
        : impact('new-sessions', 'new sessions follow the new settings, and HTTP connections from their next request on');
    case 'pools': return poolImpact(change, impact);
    case 'zones': case 'policy': case 'limits': case 'inspectors':
      return impact('new-sessions', 'decides for new sessions, and for HTTP connections from their next request on; no session is interrupted');
    case 'tls': return impact('new-sessions', change.kind === 'removed' ? 'no new connection uses it' : 'new connections use it; those that stand keep what they agreed on');
    case 'users': return impact('new-sessions', 'decides about logins of new sessions; nobody is logged out');
    case 'recordings': return impact('none', 'new recordings follow it; maxAge counts for those that are there too');
    case 'audit': return impact('none', 'records go to where the new settings say, from now on');
    case 'admin': return impact('none', 'the admin API opens anew; requests under way are finished');
    case 'runtime': return runtimeImpact(change);
  }
}

/** Documents with faults are compared too: anything may stand anywhere. */
function textOf(value: unknown): string { return typeof value === 'string' ? value : describeValue(value); }

type Impacting = (kind: ImpactKind, effect: string) => Impact[];

function bindsOf(listener: unknown): string[] {
  const bind = isRecord(listener) ? listener.bind : undefined;
  return (Array.isArray(bind) ? bind : [bind]).map(textOf);
}

function listenerImpact(change: ResourceChange, impact: Impacting): Impact[] {
  if (change.kind === 'added') return impact('none', `starts to listen on ${bindsOf(change.after).join(', ')}`);
  if (change.kind === 'removed') return impact('drain', `stops listening on ${bindsOf(change.before).join(', ')}; its connections are drained`);
  const after = bindsOf(change.after);
  const before = bindsOf(change.before);
  const closed = before.filter((bind) => !after.includes(bind));
  const opened = after.filter((bind) => !before.includes(bind));
  const impacts: Impact[] = [];
  if (closed.length > 0) impacts.push(...impact('drain', `stops listening on ${closed.join(', ')}; connections that arrived there are drained`));
  if (opened.length > 0) impacts.push(...impact('none', `starts to listen on ${opened.join(', ')}`));
  for (const one of change.changes) {
    if (one.path === 'service') impacts.push(...impact('new-sessions', `new connections go to service ${textOf(one.after)}; those under way stay with ${textOf(one.before)}`));
    if (one.path === 'backlog' || one.path === 'transport') impacts.push(...impact('new-sessions', `${one.path} counts from the next time that the port is opened`));
  }
  return impacts.length > 0 ? impacts : impact('none', 'nothing');
}

/** Servers of a pool by name, as canonical text. */
function serversOf(pool: unknown): Map<string, string> {
  const servers: unknown = isRecord(pool) ? pool.servers : undefined;
  const named = new Map<string, string>();
  for (const server of Array.isArray(servers) ? servers as unknown[] : []) {
    const address = isRecord(server) ? textOf(server.address) : textOf(server);
    const name = isRecord(server) && typeof server.name === 'string' ? server.name : address;
    named.set(name, isRecord(server) ? canonicalText(server) : canonicalText({ address }));
  }
  return named;
}

function addressIn(text: string): string { return textOf((JSON.parse(text) as { address?: unknown }).address); }

function poolImpact(change: ResourceChange, impact: Impacting): Impact[] {
  if (change.kind === 'added') return impact('none', 'starts when a service uses it');
  if (change.kind === 'removed') return impact('drain', 'its connections are drained, then closed');
  const before = serversOf(change.before);
  const after = serversOf(change.after);
  const impacts: Impact[] = [];
  for (const [name, text] of before) {
    const now = after.get(name);
    if (now === undefined) impacts.push(...impact('drain', `server ${name} gets no new requests; those under way are finished`));
    else if (addressIn(now) !== addressIn(text)) {
      impacts.push(...impact('drain', `server ${name} moves from ${addressIn(text)} to ${addressIn(now)}; requests under way are finished at the old address`));
    }
  }
  const added = [...after.keys()].filter((name) => !before.has(name));
  if (added.length > 0) impacts.push(...impact('none', `gets server${added.length > 1 ? 's' : ''} ${added.join(', ')}`));
  if (change.changes.some((one) => one.steps[0] !== 'servers' || one.steps.length > 2)) impacts.push(...impact('none', 'settings count from the next request on'));
  return impacts.length > 0 ? impacts : impact('none', 'nothing');
}

function runtimeImpact(change: ResourceChange): Impact[] {
  const impacts: Impact[] = [];
  for (const one of change.changes) {
    const resource = `runtime.${one.path}`;
    const key = one.steps[0];
    if (key === 'workers') impacts.push(workersImpact(resource, one.before ?? 'auto', one.after ?? 'auto'));
    else if (key === 'stateDirectory' || key === 'user') impacts.push({ kind: 'restart', resource, effect: 'counts from the next start of the gateway' });
    else impacts.push({ kind: 'none', resource, effect: 'counts from now on' });
  }
  return impacts;
}

function workersImpact(resource: string, before: unknown, after: unknown): Impact {
  if (before === 0 || after === 0) {
    const effect = after === 0 ? 'one worker inside the process of the gateway takes over: the sessions of the others are drained'
      : 'worker processes take over: the sessions inside the process of the gateway are drained';
    return { kind: 'drain', resource, effect };
  }
  // The comparison is made where the gateway runs.
  const countOf = (value: unknown): number => typeof value === 'number' ? value : availableParallelism();
  const more = countOf(after) - countOf(before);
  const count = Math.abs(more);
  const auto = before === 'auto' || after === 'auto' ? ` (auto is ${availableParallelism()} here)` : '';
  if (more === 0) return { kind: 'none', resource, effect: `as many as before${auto}` };
  if (more > 0) return { kind: 'none', resource, effect: `${count} more ${count === 1 ? 'worker' : 'workers'} will be started${auto}` };
  return { kind: 'drain', resource, effect: `${count === 1 ? '1 worker will be retired: its' : `${count} workers will be retired: their`} sessions are drained${auto}` };
}

/** Names of services that a change of documents takes their listener away from, for a last question before applying. */
export function unreachableServices(before: ConfigDocument, after: ConfigDocument): string[] {
  const reached = (document: ConfigDocument): Set<string> => {
    const listeners = isRecord(document.listeners) ? Object.values(document.listeners) : [];
    return new Set(listeners.flatMap((listener) => isRecord(listener) && typeof listener.service === 'string' ? [listener.service] : []));
  };
  const now = reached(after);
  return [...reached(before)].filter((service) => !now.has(service));
}

export function printImpact(report: ImpactReport, options: { colours: boolean }): string {
  const paint = painter(options.colours);
  if (report.impacts.length === 0) return 'nothing is interrupted\n';
  const colours = { none: 'dim', 'new-sessions': 'blue', drain: 'yellow', restart: 'red' } as const;
  const lines = report.impacts.map((impact) => `  ${paint(impact.kind.padEnd(12), colours[impact.kind])}  ${printable(`${impact.resource}: ${impact.effect}`)}`);
  const summary = report.kind === 'none' ? 'nothing is interrupted'
    : report.kind === 'new-sessions' ? 'no session is interrupted'
      : report.kind === 'drain' ? 'sessions are drained (runtime.drainTimeout)' : 'some of it needs a restart';
  return `${lines.join('\n')}\n${summary}\n`;
}
