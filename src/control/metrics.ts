// The gateway's figures as Prometheus text (exposition format 0.0.4): rate, errors and duration per service, pool and
// server, workers, audit log. What is known goes in, text comes out. Counters with a label `worker` start again with that
// worker, as Prometheus expects of counters; sums over workers do not (counter-totals.ts).
import { latencyBoundsMs, type AuditStatistics } from '#audit/statistics.ts';
import type { WorkerStatus } from '#runtime/messages.ts';
import type { PoolReport, ServerReport } from '#upstream/messages.ts';
import type { FirewallCounts, GatewayStatus } from './control-plane.ts';
import type { CounterTotals } from './counter-totals.ts';
import { limitTotals, ruleTotals } from './totals.ts';

export interface MetricSources {
  readonly status: GatewayStatus;
  readonly workers: readonly WorkerStatus[];
  readonly pools: readonly PoolReport[];
  readonly statistics: AuditStatistics;
  readonly firewalls: readonly FirewallCounts[];
  readonly counters: CounterTotals;
  /** Process ids of all workers, also of those that have not answered. */
  readonly pids: readonly number[];
}

type Labels = Readonly<Record<string, string | number>>;

class Exposition {
  #text = '';
  #name = '';

  family(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): void {
    this.#name = `sallyport_${name}`;
    this.#text += `# HELP ${this.#name} ${help}\n# TYPE ${this.#name} ${type}\n`;
  }

  sample(value: number, labels: Labels = {}, suffix = ''): void {
    const inside = Object.entries(labels).map(([key, label]) => `${key}="${escaped(String(label))}"`).join(',');
    this.#text += `${this.#name}${suffix}${inside === '' ? '' : `{${inside}}`} ${value}\n`;
  }

  one(name: string, type: 'counter' | 'gauge', help: string, value: number, labels: Labels = {}): void {
    this.family(name, type, help);
    this.sample(value, labels);
  }

  get text(): string { return this.#text; }
}

function escaped(text: string): string { return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n'); }

export function prometheusText(sources: MetricSources): string {
  const out = new Exposition();
  countWorkers(sources);
  processFigures(out, sources.status);
  serviceFigures(out, sources.statistics);
  serverFigures(out, sources);
  workerFigures(out, sources.workers);
  policyFigures(out, sources);
  firewallFigures(out, sources);
  auditFigures(out, sources);
  return out.text;
}

/** `firewall`: the place in the configuration. */
function firewallFigures(out: Exposition, { firewalls, counters }: MetricSources): void {
  if (firewalls.length === 0) return;
  const family = (name: string, help: string, counter: FirewallCounter): void => {
    out.family(name, 'counter', help);
    for (const { place } of firewalls) out.sample(counters.total(key('firewall', place, counter)), { firewall: place });
  };
  family('waf_requests_total', 'Requests that the firewall looked at.', 'requests');
  family('waf_blocked_total', 'Requests and responses that it refused.', 'blocked');
  family('waf_errors_total', 'Faults of its engine.', 'errors');
  family('waf_errors_passed_total', 'Of these, requests that were let through, as configured.', 'passedOnError');
  out.family('waf_rule_hits_total', 'counter', 'Requests in which a rule matched.');
  for (const { place } of firewalls) for (const [rule, count] of counters.under(key('firewall', place, 'hits', ''))) out.sample(count, { firewall: place, rule });
}

const firewallCounters = ['requests', 'blocked', 'errors', 'passedOnError'] as const;
type FirewallCounter = typeof firewallCounters[number];

/** What is added up over workers, each under the name by which it is written below. */
function countWorkers({ workers, firewalls, counters, pids }: MetricSources): void {
  counters.begin();
  for (const { pid, pools, rules, limits } of workers) {
    for (const report of pools) {
      for (const name of ['queueRefusals', 'queueTimeouts', 'retries', 'retriesRefused'] as const) counters.add(pid, key(name, report.pool), report[name]);
      for (const server of report.servers) {
        if (server.removed) continue;
        for (const name of ['requests', 'failures'] as const) counters.add(pid, key(name, report.pool, server.name), server[name]);
      }
    }
    for (const { id, effect, hits } of rules) counters.add(pid, key('hits', id, effect), hits);
    for (const { limit, measure, refused } of limits) counters.add(pid, key('refused', limit, measure), refused);
  }
  for (const { place, workers: reports } of firewalls) {
    counters.keep(key('firewall', place, ''));
    for (const report of reports) {
      const instance = `${report.loadMs} ${report.key}`;
      for (const name of firewallCounters) counters.add(report.pid, key('firewall', place, name), report[name], instance);
      for (const { rule, hits } of report.hits) counters.add(report.pid, key('firewall', place, 'hits', `${rule}`), hits, instance);
    }
  }
  counters.end(pids);
}

function key(...parts: readonly string[]): string { return parts.join('\n'); }

function processFigures(out: Exposition, status: GatewayStatus): void {
  out.one('info', 'gauge', 'The gateway that runs; always 1.', 1, { version: status.productVersion, configuration: status.configuration.version.slice(0, 12) });
  out.one('start_time_seconds', 'gauge', 'When it was started, in seconds since 1970.', status.startedAtMs / 1000);
  out.one('configuration_number', 'gauge', 'Number of the configuration in force, in the history.', status.configuration.number);
  out.one('configuration_pending', 'gauge', '1 while a change waits for confirmation.', status.configuration.pending === undefined ? 0 : 1);
  out.one('worker_restarts_total', 'counter', 'Workers that ended and were replaced.', status.workerRestarts);
}

function serviceFigures(out: Exposition, statistics: AuditStatistics): void {
  const services = statistics.services();
  out.family('operations_total', 'counter', 'Operations by service and outcome, also those that leave no record (audit: false).');
  for (const { service, outcomes } of services) for (const [outcome, count] of Object.entries(outcomes)) out.sample(count, { service, outcome });
  out.family('responses_total', 'counter', 'Operations by service and first digit of the reply code; none: without one.');
  for (const { service, statusClasses } of services) {
    statusClasses.forEach((count, digit) => { if (count > 0) out.sample(count, { service, class: digit === 0 ? 'none' : `${digit}xx` }); });
  }
  out.family('operation_duration_seconds', 'histogram', 'How long operations took, by service.');
  for (const { service, latency, latencySumMs, operations } of services) {
    let below = 0;
    latencyBoundsMs.forEach((bound, at) => {
      below += latency[at] ?? 0;
      out.sample(below, { service, le: bound / 1000 }, '_bucket');
    });
    out.sample(operations, { service, le: '+Inf' }, '_bucket');
    out.sample(latencySumMs / 1000, { service }, '_sum');
    out.sample(operations, { service }, '_count');
  }
}

function serverFigures(out: Exposition, { pools, counters }: MetricSources): void {
  const family = (name: string, type: 'counter' | 'gauge', help: string, value: (server: ServerReport, pool: string) => number): void => {
    out.family(name, type, help);
    for (const { pool, servers } of pools) for (const server of servers) if (!server.removed) out.sample(value(server, pool), { pool, server: server.name });
  };
  family('server_up', 'gauge', '1 when active checks found the server up or there are none, 0 when down.', (server) => server.health === 'down' ? 0 : 1);
  family('server_eligible', 'gauge', '1 when the server may get new requests.', (server) => server.eligible ? 1 : 0);
  family('server_requests_total', 'counter', 'Requests given to the server.', (server, pool) => counters.total(key('requests', pool, server.name)));
  family('server_failures_total', 'counter', 'Requests that failed at the server.', (server, pool) => counters.total(key('failures', pool, server.name)));
  family('server_ejections_total', 'counter', 'Times that the server was taken out because requests failed.', (server) => server.ejections);
  family('server_active_requests', 'gauge', 'Requests under way.', (server) => server.activeRequests);
  family('server_connections', 'gauge', 'Connections to the server.', (server) => server.connections);
  family('server_latency_seconds', 'gauge', 'Mean time to the first byte, lately.', (server) => server.latencyMs / 1000);
  const ofPools = (name: string, type: 'counter' | 'gauge', help: string, value: (pool: PoolReport) => number): void => {
    out.family(name, type, help);
    for (const report of pools) out.sample(value(report), { pool: report.pool });
  };
  ofPools('pool_waiting', 'gauge', 'Requests that wait for a server.', (pool) => pool.waiting);
  ofPools('pool_queue_refusals_total', 'counter', 'Requests refused because the queue was full.', ({ pool }) => counters.total(key('queueRefusals', pool)));
  ofPools('pool_queue_timeouts_total', 'counter', 'Requests that waited too long.', ({ pool }) => counters.total(key('queueTimeouts', pool)));
  ofPools('pool_retries_total', 'counter', 'Requests tried again.', ({ pool }) => counters.total(key('retries', pool)));
  ofPools('pool_retries_refused_total', 'counter', 'Retries refused by the budget.', ({ pool }) => counters.total(key('retriesRefused', pool)));
}

function workerFigures(out: Exposition, workers: readonly WorkerStatus[]): void {
  const family = (name: string, type: 'counter' | 'gauge', help: string, value: (worker: WorkerStatus) => number): void => {
    out.family(name, type, help);
    for (const worker of workers) out.sample(value(worker), { worker: worker.worker });
  };
  family('sessions', 'gauge', 'Open sessions.', (worker) => worker.sessions);
  family('sessions_total', 'counter', 'Sessions begun.', (worker) => worker.sessionsTotal);
  family('connections_refused_total', 'counter', 'Connections refused by a limit.', (worker) => worker.refusedConnections);
  family('accept_failures_total', 'counter', 'Connections that the system could not hand over.', (worker) => worker.acceptFailures);
  family('worker_cpu_seconds_total', 'counter', 'Processor time of the worker.', (worker) => worker.cpuMs / 1000);
  family('worker_resident_bytes', 'gauge', 'Memory of the worker.', (worker) => worker.residentBytes);
  family('worker_idle_server_links', 'gauge', 'Idle connections to servers.', (worker) => worker.idleServerLinks);
  family('worker_bugs_total', 'counter', 'Faults of the gateway itself that cost one session each.', (worker) => worker.bugs);
}

function policyFigures(out: Exposition, { workers, counters }: MetricSources): void {
  out.family('rule_hits_total', 'counter', 'Operations that a rule decided.');
  for (const { id, effect } of ruleTotals(workers)) out.sample(counters.total(key('hits', id, effect)), { rule: id, effect });
  out.family('limit_refused_total', 'counter', 'Operations and connections that a limit refused.');
  for (const { limit, measure } of limitTotals(workers)) out.sample(counters.total(key('refused', limit, measure)), { limit, measure });
  out.family('limit_keys', 'gauge', 'Keys that a limit keeps counts of.');
  for (const { limit, measure, keys } of limitTotals(workers)) out.sample(keys, { limit, measure });
}

function auditFigures(out: Exposition, { status, statistics }: MetricSources): void {
  out.family('audit_records_total', 'counter', 'Audit records by kind.');
  for (const [kind, count] of Object.entries(statistics.kinds)) out.sample(count, { kind });
  out.family('audit_lost_total', 'counter', 'Audit records that had to be dropped.');
  out.sample(status.audit.lostInWorkers, { where: 'worker' });
  out.sample(status.audit.lostInStore, { where: 'store' });
  out.family('audit_sink_lost_total', 'counter', 'Records that a sink beside the store could not take.');
  for (const { name, counters } of status.audit.sinks) out.sample(counters.dropped, { sink: name });
  out.one('audit_refusing', 'gauge', '1 while operations are refused because nothing can be kept.', status.audit.refusing ? 1 : 0);
}
