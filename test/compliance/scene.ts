// One gateway with one server behind it, on a virtual clock, and what must be true of every session in it whatever happened:
// one session record each, one record an operation, no secret, nothing left. Knows protocols through their drivers only.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { StoredRecord } from '#audit/record.ts';
import type { GatewayManifest } from '#contract/gateway.ts';
import { VirtualClock } from '#core/clock.ts';
import { startGateway, type GatewayUnderTest } from '../harness/gateway.ts';
import { RawClient } from '../harness/raw.ts';
import { assertNothingLeft, eventually } from '../harness/site.ts';
import type { ComplianceDriver, ComplianceServer } from './driver.ts';

/** Fails when it takes longer than anything here does: a test that hangs says nothing. */
export async function inTime<T>(what: () => string, task: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => { timer = setTimeout(() => { reject(new assert.AssertionError({ message: `waited in vain: ${what()}` })); }, 8_000); });
  return Promise.race([task, late]).finally(() => { clearTimeout(timer); });
}

/** Waits for what the gateway does at once: looks at every turn of the event loop, so that time does not matter. */
export async function soon(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 8_000;
  while (!await holds()) {
    if (performance.now() > deadline) assert.fail(`never came to be: ${what}`);
    await new Promise((resolve) => { setImmediate(resolve); });
  }
}

/** A turn of the event loop, twice: what is in the sockets has been read and answered. */
export async function turn(): Promise<void> {
  for (let count = 0; count < 2; count++) await new Promise((resolve) => { setImmediate(resolve); });
}

export interface SceneOptions {
  readonly rules?: string;
  readonly limits?: string;
  /** Lines of the service: beside the driver's, and instead of them. */
  readonly service?: string;
  readonly serviceInstead?: string;
  readonly audit?: string;
  /** False: the listener is gone. */
  readonly listens?: boolean;
  /** Port of another server than the driver's. */
  readonly serverPort?: number;
  readonly manifests?: readonly GatewayManifest[];
}

const open = '  - { id: open, then: allow }\n';

function configurationOf(driver: ComplianceDriver, port: number, options: SceneOptions): string {
  return `listeners: ${options.listens === false ? '{}' : '{ here: { bind: "127.0.0.1:0", service: subject } }'}
services:
  subject:
    protocol: ${driver.protocol}
${options.serviceInstead ?? driver.service}
${options.service ?? ''}
${driver.services ?? ''}
pools: { servers: { servers: ["127.0.0.1:${port}"] } }
policy:
${options.rules ?? open}
limits:
  held: { key: none, concurrent: 1000000 }
  open: { key: none, connections: 1000000 }
${options.limits ?? ''}
${options.audit ?? ''}
${driver.sections ?? ''}
`;
}

/** A client that is somewhere in the canonical session. */
export class Visit {
  readonly client: RawClient;
  readonly #driver: ComplianceDriver;
  /** Connections beside its own, such as those for data. */
  readonly beside: RawClient[] = [];
  #at = 0;
  steps = 0;

  constructor(client: RawClient, driver: ComplianceDriver) {
    this.client = client;
    this.#driver = driver;
  }

  /** What has come since the last step. */
  get fresh(): string { return this.client.received.slice(this.#at); }

  /** All that has come, also on connections beside. */
  get everything(): string { return [this.client, ...this.beside].map(({ received }) => received).join(''); }

  send(bytes: string): this {
    this.#at = this.client.received.length;
    this.client.send(bytes);
    return this;
  }

  async expect(pattern: RegExp): Promise<string> {
    await inTime(() => `${pattern} in ${JSON.stringify(this.fresh)}`, this.client.until(() => pattern.test(this.fresh)));
    return this.fresh;
  }

  /** Up to so many steps of the canonical session. */
  async to(steps: number): Promise<this> {
    for (const step of this.#driver.steps.slice(this.steps, steps)) {
      if (step.send !== undefined) this.send(step.send);
      if (step.expect !== undefined) await this.expect(step.expect);
      const text = this.fresh;
      this.#at = this.client.received.length;
      if (step.run !== undefined) this.beside.push(...await step.run(this.client, text));
      this.steps++;
    }
    return this;
  }

  /** Waits for the end of what the gateway says, of whatever kind. */
  async over(): Promise<string> {
    await inTime(() => `the end behind ${JSON.stringify(this.fresh)}`, this.client.untilEnd());
    return this.fresh;
  }

  gone(): void {
    this.client.abort();
    for (const client of this.beside) client.destroy();
  }
}

export interface Scene {
  readonly gateway: GatewayUnderTest;
  readonly server: ComplianceServer;
  readonly clock: VirtualClock;
  visit(): Visit;
  /** Time passes, and alarms that are due ring. */
  pass(ms: number): Promise<void>;
  /** Passes all but the last millisecond of so many, alarms ringing every 100 ms as in a process. */
  toEdge(ms: number): Promise<void>;
  /** Lets time pass until no session is left: fails when there still is one after a day. */
  untilEmpty(): Promise<void>;
  configure(options: SceneOptions): Promise<void>;
  /** The first record, past or to come, that fits. */
  record(fits: (record: StoredRecord) => boolean): Promise<StoredRecord>;
  /** Records of one session, once it has ended. */
  ended(session: string): Promise<readonly StoredRecord[]>;
  session(): Promise<string>;
}

/** Handles of this process that a gateway may not leave behind. */
function handles(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Pipe|Server/.test(name)).sort();
}

function assertRecords(driver: ComplianceDriver, gateway: GatewayUnderTest, sessions: number): void {
  const records = gateway.records.filter(({ kind }) => kind !== 'system');
  const ends = records.filter(({ kind }) => kind === 'session');
  assert.equal(new Set(ends.map(({ session }) => session)).size, ends.length, 'a session has two session records');
  assert.equal(ends.length, sessions, 'each session has one session record');
  const ids = records.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, 'an operation was recorded twice');
  for (const record of records) {
    assert.ok(ends.some(({ session }) => session === record.session), `a record of a session that has no session record: ${JSON.stringify(record)}`);
    assert.equal(record.service !== '' && record.listener === 'here' && record.client === '127.0.0.1', true, `facts of the session: ${JSON.stringify(record)}`);
    if (driver.secret !== '') assert.ok(!JSON.stringify(record).includes(driver.secret), `the secret is in a record: ${JSON.stringify(record)}`);
  }
}

export async function withScene(driver: ComplianceDriver, options: SceneOptions, run: (scene: Scene) => Promise<void>, expectedBugs = 0): Promise<void> {
  const before = handles();
  const clock = new VirtualClock(1000, Date.now());
  const server = await driver.startServer();
  const port = options.serverPort ?? server.port;
  const manifests = options.manifests === undefined ? {} : { manifests: options.manifests };
  const gateway = await startGateway(configurationOf(driver, port, options), undefined, { clock, ...manifests });
  const visits: Visit[] = [];
  const scene: Scene = {
    gateway, server, clock,
    visit: () => {
      const visit = new Visit(new RawClient(gateway.port()), driver);
      visits.push(visit);
      return visit;
    },
    pass: async (ms) => {
      await turn();
      clock.advance(ms);
      gateway.worker.sweep();
      await turn();
    },
    toEdge: async (ms) => {
      for (let at = 0; at + 100 < ms; at += 100) await scene.pass(100);
      await scene.pass(99);
    },
    untilEmpty: async () => {
      for (let minutes = 0; minutes < 25 * 60 && gateway.status().sessions > 0; minutes += 5) await scene.pass(5 * 60_000);
      // A connection that is being closed may still be on its way; time stands still meanwhile.
      await eventually('no session', () => gateway.status().sessions === 0, 2_000).catch(async () => {
        assert.fail(`a session is still there after a day: ${JSON.stringify(await gateway.sessions())}`);
      });
    },
    configure: async (next) => gateway.configure(configurationOf(driver, next.serverPort ?? port, { ...options, ...next })),
    session: async () => {
      let found: string | undefined;
      await soon('a session', async () => { found = (await gateway.sessions()).at(-1)?.id; return found !== undefined; });
      return found!;
    },
    record: async (fits) => {
      let found: StoredRecord | undefined;
      await soon(`a record with ${String(fits)}`, () => {
        gateway.worker.flushAudit();
        found = gateway.records.find(fits);
        return found !== undefined;
      });
      return found!;
    },
    ended: async (session) => {
      await scene.record((record) => record.kind === 'session' && record.session === session);
      return gateway.records.filter((record) => record.session === session);
    },
  };
  try {
    await run(scene);
    for (const visit of visits) visit.gone();
    if (!gateway.stopped()) {
      await assertNothingLeft(gateway, expectedBugs);
      const answer = await gateway.ask({ what: 'leases' });
      assert.deepEqual(answer.what === 'leases' ? answer.leases : answer, [], 'leases left');
      await gateway.flushed();
    }
    const { sessionsTotal, refusedConnections } = gateway.status();
    assertRecords(driver, gateway, sessionsTotal + refusedConnections);
  } finally {
    for (const visit of visits) visit.gone();
    await gateway.stop();
    await server.close();
  }
  await eventually('no handle left', () => handles().length <= before.length).catch(() => { assert.deepEqual(handles(), before, 'handles left'); });
}

/** A whole session that is sent in pieces, each read by the gateway before the next is sent. Answers what the client got. */
export async function sendInPieces(scene: Scene, pieces: readonly string[], done: RegExp): Promise<string> {
  const visit = scene.visit();
  const { client } = visit;
  await once(client.socket, 'connect');
  const session = await scene.session();
  let sent = 0;
  for (const piece of pieces) {
    client.send(piece);
    sent += piece.length;
    if (pieces.length === 1) break;
    await soon('the piece is read', async () => {
      const found = (await scene.gateway.sessions()).find(({ id }) => id === session);
      return found === undefined || found.bytesIn >= sent;
    });
  }
  await inTime(() => `${done} in ${JSON.stringify(client.received)}`, client.until((text) => done.test(text)));
  visit.gone();
  await scene.ended(session);
  return client.received;
}
