// Runs one described operation through the live plan and writes down every step. A session machine's port without a
// network: policy and limits are the real ones in tracing mode, which count nothing; servers are picked and not used.
import type { AuditRecord } from '#contract/audit-record.ts';
import type { Decision, LimitRefusal, Trace } from '#contract/decision.ts';
import type { ExplainRequest, ServerLinkOwner, ServerRequest, ServicePlan, SessionFacts, SessionPort } from '#contract/gateway.ts';
import type { ContentFacts, ContentInspection } from '#contract/inspection.ts';
import type { Link } from '#contract/link.ts';
import type { Operation, Subject } from '#contract/operation.ts';
import { affinityOf } from '#upstream/affinity.ts';
import type { Clock } from '#core/clock.ts';
import type { ListenerPlan, Plan } from './plan.ts';

export interface ExplainedStep { readonly stage: string; readonly subject: string; readonly outcome: string; readonly detail: string }

class Steps implements Trace {
  readonly steps: ExplainedStep[] = [];
  step(stage: string, subject: string, outcome: string, detail: string): void { this.steps.push({ stage, subject, outcome, detail }); }
}

class ExplainPort implements SessionPort {
  readonly facts: SessionFacts;
  readonly subject: Subject;
  wakeAtMs = Infinity;
  readonly #plan: Plan;
  readonly #service: ServicePlan;
  readonly #clock: Clock;
  readonly #trace: Trace;

  constructor(plan: Plan, listener: ListenerPlan, service: ServicePlan, client: { address: string; port: number }, clock: Clock, trace: Trace) {
    this.#plan = plan;
    this.#service = service;
    this.#clock = clock;
    this.#trace = trace;
    const local = { address: listener.binds[0]!.host, port: listener.binds[0]!.port };
    this.facts = {
      id: 'explained', protocol: service.protocol, listener: listener.name, service: service.name, client, local, tls: undefined, configuration: plan.shortVersion,
    };
    this.subject = this.subjectFor(client.address, client.port);
  }

  get client(): Link { throw new Error('an explanation has no connection'); }

  subjectFor(address: string, port: number, user?: string): Subject {
    return { address, port, zones: this.#plan.zones.zonesOf(address), user, groups: [] };
  }

  nowMs(): number { return this.#clock.nowMs(); }
  wallMs(): number { return this.#clock.wallMs(); }
  operationId(): string { return 'explained'; }

  decide(operation: Operation): Decision { return this.#plan.policy.decide(operation, this.#trace); }
  admit(operation: Operation): LimitRefusal | undefined { return this.#plan.limiter.admit(operation, this.#clock.nowMs(), this.#trace); }
  release(): void { /* nothing was counted */ }
  unrecorded(): void { /* nothing is recorded either */ }

  openServer(request: ServerRequest, owner: ServerLinkOwner): undefined {
    const pool = this.#plan.pools.get(request.pool);
    if (pool === undefined) {
      this.#trace.step('upstream', request.pool, 'missing', 'no such pool');
      return undefined;
    }
    const nowMs = this.#clock.nowMs();
    const affinity = request.affinity !== '' || pool.affinity === undefined ? request.affinity : affinityOf(request.operation, pool.affinity);
    const server = pool.pick(affinity, request.excluded, nowMs, this.#trace);
    if (server === undefined) owner.serverFailed(pool.noServer(nowMs, request.excluded), undefined);
    return undefined;
  }

  releaseLink(): void { /* none was taken */ }
  dial(): never { throw new Error('an explanation dials nobody'); }
  lease(): never { throw new Error('an explanation opens no port'); }
  authenticate(_user: string, _password: string, done: (subject: Subject | undefined) => void): void { done(undefined); }
  listed(): ReadonlyMap<string, string> { return new Map(); }
  inspect(operation: Operation, content: ContentFacts): ContentInspection | undefined {
    return this.#plan.inspectors.open(operation, content, this.#clock.wallMs(), this.#trace);
  }
  recording(): undefined { return undefined; }
  mayRetry(): boolean { return false; }
  record(_record: AuditRecord): void { /* nothing happened */ }
  finished(): void { /* nothing began */ }
  currentService(): ServicePlan { return this.#service; }
  handOver(): undefined { return undefined; }
}

/** Where an address leads, when nobody says so: to a listener of its protocol, of its port where one has that; else to the first. */
function listenerOf(plan: Plan, url: string): ListenerPlan | undefined {
  const all = [...plan.listeners.values()];
  const match = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/@]*@)?(?:\[[^\]]*\]|[^/:?#]*)(?::(\d{1,5}))?(?:[/?#]|$)/i.exec(url);
  if (match === null) return all[0];
  const scheme = match[1]!.toLowerCase();
  const port = Number(match[2] ?? -1);
  const speaks = ({ service }: ListenerPlan): boolean => {
    const protocol = plan.services.get(service)?.protocol;
    return protocol !== undefined && (scheme === protocol || scheme === `${protocol}s`);
  };
  const ofPort = all.filter(({ binds }) => binds.some((bind) => bind.port === port));
  return ofPort.find(speaks) ?? all.find(speaks) ?? ofPort[0] ?? all[0];
}

export function explainOperation(plan: Plan, listenerName: string, client: { address: string; port: number }, request: ExplainRequest,
  clock: Clock & { bug(error: unknown): void }) {
  const startedMs = clock.nowMs();
  const steps = new Steps();
  const listener = listenerName === '' ? listenerOf(plan, request.url) : plan.listeners.get(listenerName);
  const service = listener === undefined ? undefined : plan.services.get(listener.service);
  if (listener === undefined || service === undefined) {
    steps.step('listener', listenerName || '(none)', 'missing', `the configuration has ${[...plan.listeners.keys()].join(', ') || 'no listeners'}`);
  } else {
    const binds = listener.binds.map(({ host, port }) => `${host}:${port}`).join(', ');
    steps.step('listener', listener.name, 'arrives', `${binds} leads to service ${service.name} (${service.protocol})`);
    const port = new ExplainPort(plan, listener, service, client, clock, steps);
    const connection = { listener: listener.name, service: service.name, address: client.address, zones: port.subject.zones };
    const refusal = plan.limiter.admitConnection(connection, clock.nowMs(), steps);
    if (refusal !== undefined) steps.step('decision', refusal.limit, 'limited', `connection refused: ${refusal.reason}`);
    else if (service.explain === undefined) steps.step('service', service.name, 'unexplained', `protocol ${service.protocol} cannot explain operations`);
    else {
      try { service.explain(port, request, steps); } catch (error) {
        clock.bug(error);
        steps.step('decision', service.name, 'failed', `internal error: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  return { version: plan.version, steps: steps.steps, tookMs: clock.nowMs() - startedMs };
}
