// The configuration at run time: guarded changes, confirmation within a time, rollback, failures on the way.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { simpleDocument, simpleManifests } from '#test/configuration/simple-manifest.ts';
import { MemoryHistory } from './history.ts';
import { loadConfiguration } from './load.ts';
import type { ConfigDocument } from './merge.ts';
import type { Finding } from './problem.ts';
import { ConfigurationTransactions } from './transaction.ts';
import type { TransactionHost } from './transaction.ts';

interface Timer { atMs: number; task: () => void }

class Host implements TransactionHost {
  now = 1_000_000;
  timers: Timer[] = [];
  activated: ConfigDocument[] = [];
  alarms: string[] = [];
  announced: string[] = [];
  failing = '';
  objecting = '';

  async activate(load: { document: ConfigDocument }): Promise<void> {
    await Promise.resolve();
    if (this.failing !== '') throw new Error(this.failing);
    this.activated.push(load.document);
  }

  objection(): Finding | undefined { return this.objecting === '' ? undefined : { code: 'x.fixed', path: ['runtime', 'workers'], message: this.objecting, hint: 'restart' }; }

  changed(active: { number: number }, what: { reason: string }): void { this.announced.push(`${active.number} ${what.reason}`); }
  alarm(message: string): void { this.alarms.push(message); }
  wallMs(): number { return this.now; }
  setTimer(afterMs: number, task: () => void): Timer { const timer = { atMs: this.now + afterMs, task }; this.timers.push(timer); return timer; }
  clearTimer(timer: unknown): void { this.timers = this.timers.filter((candidate) => candidate !== timer); }

  async advance(ms: number): Promise<void> {
    this.now += ms;
    const due = this.timers.filter((timer) => timer.atMs <= this.now);
    this.timers = this.timers.filter((timer) => timer.atMs > this.now);
    for (const timer of due) timer.task();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }
}

function begun() {
  const host = new Host();
  const history = new MemoryHistory();
  const transactions = new ConfigurationTransactions(simpleManifests, history, host);
  const load = loadConfiguration({ document: simpleDocument() }, simpleManifests);
  assert.deepEqual(load.problems, []);
  transactions.adopt(load, { author: 'start', reason: 'start', source: 'sallyport.yaml' });
  return { host, history, transactions, first: load.version };
}

const who = { author: 'ada', reason: 'because', source: 'api' };
const third = { resource: 'pools/back', value: { servers: ['10.1.0.12:7777'] } };

function poolOf(document: ConfigDocument | undefined): unknown { return (document?.pools as Record<string, unknown> | undefined)?.back; }

describe('a change', () => {
  it('that only a start can bring about is refused before anything happens', async () => {
    const { host, history, transactions, first } = begun();
    host.objecting = 'that takes a restart';
    const result = await transactions.apply({ ...who, patches: [third], expectedVersion: first });
    assert.ok(!result.ok && result.reason === 'invalid');
    assert.equal(result.message, 'nothing was applied: that takes a restart');
    assert.deepEqual(result.problems.at(-1), {
      severity: 'error', code: 'x.fixed', path: 'runtime.workers', message: 'that takes a restart', found: '', wanted: '', hint: 'restart', file: '', line: 0, column: 0,
    });
    assert.deepEqual([host.activated, host.announced, history.get(2), transactions.active?.version], [[], [], undefined, first]);
  });

  it('is checked, put in force and kept with its author and reason', async () => {
    const { host, history, transactions, first } = begun();
    const result = await transactions.apply({ ...who, patches: [third], expectedVersion: first });
    assert.ok(result.ok);
    assert.equal(result.number, 2);
    assert.equal(result.impact.kind, 'drain');
    assert.deepEqual(poolOf(host.activated[0]), third.value);
    assert.deepEqual(poolOf(transactions.active?.document), third.value);
    assert.equal(transactions.active?.version, result.version);
    const { document: _, ...entry } = history.get(2)!;
    assert.deepEqual(entry, { ...who, number: 2, state: 'applied', timeMs: 1_000_000, version: result.version });
    assert.deepEqual(host.announced, ['2 because']);
  });

  it('with errors changes nothing', async () => {
    const { host, history, transactions, first } = begun();
    const result = await transactions.apply({ ...who, patches: [{ resource: 'pools/back', value: undefined }, { resource: 'listeners/main', value: { bind: 'x' } }] });
    assert.ok(!result.ok && result.reason === 'invalid');
    assert.deepEqual(result.problems.map((problem) => problem.path), ['listeners.main.bind', 'listeners.main.service', 'services.echo.pool']);
    assert.deepEqual([host.activated.length, history.list(9).length, transactions.active?.version], [0, 1, first]);
  });

  it('made for another version is a conflict that names both', async () => {
    const { transactions, first } = begun();
    const second = await transactions.apply({ ...who, patches: [third], expectedVersion: first.slice(0, 12) });
    assert.ok(second.ok);
    const result = await transactions.apply({ ...who, patches: [third], expectedVersion: first });
    assert.ok(!result.ok && result.reason === 'conflict');
    assert.deepEqual([result.expected, result.current], [first, second.version]);
    assert.match(result.message, new RegExp(`${second.version.slice(0, 12)}, not ${first.slice(0, 12)}`));
  });

  it('guarded by too short a version is a conflict', async () => {
    const { transactions, first } = begun();
    const result = await transactions.apply({ ...who, patches: [third], expectedVersion: first.slice(0, 11) });
    assert.ok(!result.ok && result.reason === 'conflict');
  });

  it('that means the same does nothing', async () => {
    const { host, transactions } = begun();
    const result = await transactions.apply({ ...who, document: simpleDocument() });
    assert.ok(result.ok && !result.changed && result.number === 1);
    assert.equal(host.activated.length, 0);
  });

  it('of two made at once for one version, the second is the conflict', async () => {
    const { transactions, first } = begun();
    const [a, b] = await Promise.all([
      transactions.apply({ ...who, patches: [third], expectedVersion: first }),
      transactions.apply({ ...who, patches: [{ resource: 'zones/lab', value: { networks: ['10.9.0.0/16'] } }], expectedVersion: first }),
    ]);
    assert.ok(a.ok && !b.ok && b.reason === 'conflict');
  });

  it('that cannot be put in force leaves the old one, and is in the history as failed', async () => {
    const { host, history, transactions, first } = begun();
    host.failing = 'address in use';
    const result = await transactions.apply({ ...who, patches: [third] });
    assert.ok(!result.ok && result.reason === 'failed');
    assert.match(result.message, /old configuration stays: address in use/);
    assert.equal(transactions.active?.version, first);
    assert.deepEqual(history.list(9).map((entry) => entry.state), ['failed', 'applied']);
    host.failing = '';
    assert.ok((await transactions.apply({ ...who, patches: [third] })).ok);
  });

  it('that cannot be written down is not made', async () => {
    const { host, history, transactions } = begun();
    history.add = () => { throw new Error('disk full'); };
    const result = await transactions.apply({ ...who, patches: [third] });
    assert.ok(!result.ok && result.reason === 'failed' && /history cannot be written.*disk full/.test(result.message));
    assert.equal(host.activated.length, 0);
  });

  it('of a resource that is not there says so', async () => {
    const { transactions } = begun();
    const result = await transactions.apply({ ...who, patches: [{ resource: 'pools/bakc', value: undefined }] });
    assert.ok(!result.ok && result.reason === 'patch');
    assert.deepEqual([result.failure.code, result.failure.hint], ['not-found', 'did you mean "back"?']);
  });

  it('can be planned without being made', async () => {
    const { host, transactions } = begun();
    const plan = await transactions.plan({ patches: [{ resource: 'listeners/main', value: undefined }] });
    assert.ok(!('ok' in plan));
    assert.equal(plan.impact.kind, 'drain');
    assert.equal(plan.load.ok, true);
    assert.deepEqual(plan.load.problems.map((problem) => problem.code), ['reference.unused-service', 'listener.none']);
    assert.equal(host.activated.length, 0);
  });
});

describe('a change to be confirmed', () => {
  it('reverts by itself at its time', async () => {
    const { host, history, transactions, first } = begun();
    const result = await transactions.apply({ ...who, patches: [third], confirmWithinMs: 60_000 });
    assert.ok(result.ok && result.pending?.deadlineMs === 1_060_000 && result.pending.revertTo === 1);
    await host.advance(59_999);
    assert.equal(host.activated.length, 1);
    await host.advance(1);
    assert.deepEqual(poolOf(host.activated[1]), poolOf(simpleDocument()));
    assert.deepEqual([transactions.active?.version, transactions.active?.number, transactions.pending], [first, 3, undefined]);
    assert.deepEqual(history.list(9).map((entry) => `${entry.number} ${entry.author} ${entry.state}`), ['3 sallyport applied', '2 ada reverted', '1 start applied']);
  });

  it('stays when it is confirmed', async () => {
    const { host, history, transactions } = begun();
    const result = await transactions.apply({ ...who, patches: [third], confirmWithinMs: 60_000 });
    const confirmed = await transactions.confirm('ada', result.ok ? result.version : '');
    assert.ok(confirmed.ok);
    assert.equal(history.get(2)?.state, 'applied');
    await host.advance(120_000);
    assert.equal(host.activated.length, 1);
    assert.deepEqual(host.timers, []);
  });

  it('refuses other changes until then, but can be reverted at once', async () => {
    const { host, transactions, first } = begun();
    await transactions.apply({ ...who, patches: [third], confirmWithinMs: 60_000 });
    const other = await transactions.apply({ ...who, patches: [{ ...third, value: { servers: ['10.1.0.13:7777'] } }] });
    assert.ok(!other.ok && other.reason === 'pending');
    assert.match(other.message, /version 2 of ada waits 60 s/);
    const reverted = await transactions.revert('bob', 'it hurts');
    assert.ok(reverted.ok && transactions.active?.version === first && host.timers.length === 0);
    assert.ok((await transactions.apply({ ...who, patches: [third] })).ok);
  });

  it('tries again when the revert fails, a bounded number of times, and raises the alarm', async () => {
    const { host, transactions, first } = begun();
    await transactions.apply({ ...who, patches: [third], confirmWithinMs: 1000 });
    host.failing = 'worker hangs';
    await host.advance(1000);
    assert.match(host.alarms[0] ?? '', /version 2 could not be reverted \(attempt 1\): worker hangs/);
    await host.advance(5000);
    assert.equal(host.alarms.length, 2);
    host.failing = '';
    await host.advance(5000);
    assert.equal(transactions.active?.version, first);
    host.alarms.length = 0;
    await transactions.apply({ ...who, patches: [third], confirmWithinMs: 1000 });
    host.failing = 'worker hangs';
    for (let n = 0; n < 30; n++) await host.advance(5000);
    assert.equal(host.alarms.length, 10);
  });

  it('goes back even when the history cannot be written', async () => {
    const { host, history, transactions, first } = begun();
    await transactions.apply({ ...who, patches: [third], confirmWithinMs: 1000 });
    history.add = () => { throw new Error('disk full'); };
    await host.advance(1000);
    assert.equal(transactions.active?.version, first);
    assert.match(host.alarms[0] ?? '', /not in the history: disk full/);
  });

  it('is not there to confirm or revert twice', async () => {
    const { transactions } = begun();
    for (const result of [await transactions.confirm('ada'), await transactions.revert('ada', '')]) assert.ok(!result.ok && result.reason === 'not-found');
  });
});

describe('rollback', () => {
  it('applies an earlier document as a new version', async () => {
    const { history, transactions, first } = begun();
    await transactions.apply({ ...who, patches: [third] });
    const result = await transactions.rollback(1, { author: 'ada', reason: 'it hurts' });
    assert.ok(result.ok && result.number === 3 && result.version === first);
    assert.equal(history.get(3)?.source, 'rollback 1');
    const missing = await transactions.rollback(9, { author: 'ada', reason: '' });
    assert.ok(!missing.ok && missing.reason === 'not-found');
  });
});

describe('adoption', () => {
  it('continues the history when the document is the one applied last', () => {
    const { history, transactions, first } = begun();
    const again = new ConfigurationTransactions(simpleManifests, history, new Host());
    const load = loadConfiguration({ document: simpleDocument() }, simpleManifests);
    assert.equal(again.adopt(load, { author: 'start', reason: 'start', source: 'sallyport.yaml' }).number, 1);
    assert.equal(load.version, first);
    assert.equal(history.list(9).length, 1);
    transactions.close();
  });
});
