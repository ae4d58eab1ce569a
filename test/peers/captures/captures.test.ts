// Identification on captures of networks that others made, in source packages of Debian: no connection is taken for another protocol,
// and nearly all of those that are told apart are told right, by what a gateway hears before it decides. Which archives, who says
// what their connections are, and the figures: docs/protocols/identification.md. Nothing is fetched twice on one machine.
import assert from 'node:assert/strict';
import { before, describe, it, type TestContext } from 'node:test';
import { identifyDatagram } from '#codecs/identify/index.ts';
import { archives, fetchCaptures, type Fetched } from './archives.ts';
import type { CapturedFile } from './corpus.ts';
import { judgeHalves, ways, type HalfScore } from './halves.ts';
import { acts, unknownPort, verdictOfGateway } from './judge.ts';
import { labels } from './labels.ts';
import type { Half } from './corpus.ts';

describe('identification on captures of networks', { timeout: 300_000 }, () => {
  let fetched: ReadonlyMap<string, Fetched>;
  let halves: Record<Half, HalfScore>;
  const files: { archive: string; captured: CapturedFile }[] = [];

  before(() => {
    fetched = fetchCaptures();
    halves = judgeHalves(fetched, (archive, captured) => files.push({ archive, captured }));
  });

  /** Skips without captures. They are data and no peer, and a mirror need not have sources: on CI what could not be fetched is not judged,
   *  and says so. */
  function needs(test: TestContext, name?: string): boolean {
    const wanted = archives.filter((one) => name === undefined || one.name === name);
    if (wanted.some((one) => fetched.get(one.name)?.state === 'there')) return true;
    const why = wanted.map((one) => {
      const state = fetched.get(one.name);
      return `${one.name}: ${state?.state === 'there' ? '' : state?.reason ?? ''}`;
    }).join('; ');
    if (process.env.CI === 'true' || wanted.every((one) => fetched.get(one.name)?.state === 'moved')) test.diagnostic(`NOT JUDGED: ${why}`);
    else test.skip(`${why}: as root on Debian, apt-get source --download-only --tar-only ${wanted.map((one) => one.name).join(' ')}`);
    return false;
  }

  for (const { name } of archives) {
    it(`${name}: fetched, and read as it was labelled`, (test) => {
      if (!needs(test, name)) return;
      const mine = files.filter(({ archive }) => archive === name);
      assert.ok(mine.length > 0);
      for (const { captured } of mine) {
        const count = labels.get(`${name}/${captured.file}`)?.count ?? 0;
        assert.equal(captured.conversations.length, count, captured.file);
      }
      const labelled = [...labels.keys()].filter((key) => key.startsWith(`${name}/`));
      const read = new Set(mine.map(({ captured }) => `${name}/${captured.file}`));
      assert.deepEqual(labelled.filter((key) => !read.has(key)), []);
    });
  }

  for (const half of ['development', 'held back'] as const) {
    for (const way of Object.keys(ways) as (keyof typeof ways)[]) {
      it(`${half}, ${way}: nothing is taken for something else, and hardly anything is unknown`, (test) => {
        if (!needs(test)) return;
        const score = halves[half].whole[way];
        const wrong = score.missed.filter(({ result }) => result === 'wrong').map(({ name, label, verdict }) => `${name} is ${label}: ${verdict.protocol}, ${verdict.evidence}`);
        assert.deepEqual(wrong, []);
        const { right, unsure, unknown } = score.total;
        const share = right / (right + unsure + unknown);
        test.diagnostic(`${right} of ${right + unsure + unknown} right, none of ${score.strangers} others taken for one of ours`);
        // Measured: docs/protocols/identification.md. With fewer archives there are fewer of each.
        assert.ok(share >= 0.94, `${share}`);
      });
    }

    it(`${half}: the middle of a connection is hardly ever something else`, (test) => {
      if (!needs(test)) return;
      const { middle } = halves[half];
      assert.deepEqual(middle.missed.filter(({ result }) => result === 'wrong').map(({ name, verdict }) => `${name}: ${verdict.protocol}`), []);
    });
  }

  it('no cut of the first bytes changes what a gateway does', (test) => {
    if (!needs(test)) return;
    let judged = 0;
    for (const { archive, captured } of files) {
      for (const conversation of captured.conversations) {
        const whole = verdictOfGateway(conversation, unknownPort, 'whole');
        for (const cut of ['segments', 1, 7] as const) {
          const other = verdictOfGateway(conversation, unknownPort, cut);
          // Told from less it may be less sure, but not something else.
          if (acts(other) || acts(whole)) assert.equal(other.protocol, whole.protocol, `${archive}/${captured.file} cut ${cut}: ${other.evidence}; ${whole.evidence}`);
        }
        judged++;
      }
    }
    assert.ok(judged > 50, `${judged}`);
  });

  // A service of `auto` has TCP only; datagrams are for services to come. Their labels are their ports.
  it('datagrams: those on ports of DNS are DNS, those on ports of others are nothing of ours', (test) => {
    if (!needs(test)) return;
    let [dns, onItsPort] = [0, 0];
    for (const { archive, captured } of files) {
      for (const { from, to, bytes } of captured.datagrams) {
        const { protocol, evidence } = identifyDatagram(bytes, bytes.length);
        if (/:(?:67|68|69|123|161|162|500|514|1812|1813|3478|4500)$/.test(to)) assert.equal(protocol, '', `${archive}/${captured.file} ${from} ${to}: ${evidence}`);
        if (!to.endsWith(':53')) continue;
        onItsPort++;
        if (protocol === 'dns') dns++;
      }
    }
    test.diagnostic(`${dns} of ${onItsPort} datagrams to port 53 are DNS`);
    assert.ok(dns / Math.max(onItsPort, 1) > 0.9, `${dns} of ${onItsPort}`);
  });
});
