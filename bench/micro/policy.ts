// What policy costs: nanoseconds per decision at 10, 100 and 1,000 rules, and per admission against limits.
// Not a test: prints a table. Run with `node bench/micro/policy.ts`; bounded to a few seconds of one core.
/* oxlint-disable unicorn/no-thenable -- `then` is the word that rules use */
import { buildLimitSettings, buildRuleSettings, compileLimits, compilePolicy, compileZones, zonesSettings } from '#policy/index.ts';
import type { Policy } from '#policy/index.ts';
import { operation, vocabularies } from '#policy/fixtures.ts';
import type { TestOperation } from '#policy/fixtures.ts';

const rounds = 7;
const perRoundMs = 60;

/** Median of some rounds: nanoseconds per call. `run` does `count` calls. */
function measure(run: (count: number) => void): number {
  let count = 1000;
  for (let warm = 0; warm < 8; warm += 1) run(count);
  for (;;) {
    const started = process.hrtime.bigint();
    run(count);
    if (Number(process.hrtime.bigint() - started) > perRoundMs * 1e6 / 4 || count > 50_000_000) break;
    count *= 2;
  }
  const figures: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const started = process.hrtime.bigint();
    run(count);
    figures.push(Number(process.hrtime.bigint() - started) / count);
  }
  return figures.sort((a, b) => a - b)[rounds >> 1]!;
}

type RuleText = Record<string, unknown>;

const zones = compileZones(zonesSettings().parse({
  office: { networks: ['10.0.0.0/8', 'fd00::/8'] }, lab: { networks: ['10.1.0.0/16'] }, partners: { networks: ['198.51.100.0/24'] },
}));

function policyOf(rules: readonly RuleText[]): Policy {
  return compilePolicy(buildRuleSettings(vocabularies).parse(rules), zones, vocabularies);
}

function times(count: number, make: (index: number) => RuleText): RuleText[] {
  return Array.from({ length: count }, (_, index) => ({ id: `r${index}`, ...make(index) }));
}

/** Each makes `count` rules and says what the operation of position p looks like. */
const shapes: { name: string; rules(count: number): RuleText[]; operationFor(position: number): TestOperation }[] = [
  {
    name: 'a service each: admin denied but from the office, then methods allowed',
    rules: (count) => times(count, (index) => index % 2 === 0
      ? { service: `s${index >> 1}`, operation: { path: '/admin/**' }, unless: { from: 'office' }, then: 'deny' }
      : { service: `s${index >> 1}`, operation: { methods: ['GET', 'HEAD', 'POST'] }, then: 'allow' }),
    operationFor: (position) => operation({ service: `s${position >> 1}`, path: '/products/17/reviews' }),
  },
  {
    name: 'a host each (every tenth a wildcard)',
    rules: (count) => times(count, (index) => ({ operation: { host: index % 10 === 0 ? `*.h${index}.example` : `h${index}.example`, methods: ['GET', 'POST'] }, then: 'allow' })),
    operationFor: (position) => operation({ host: position % 10 === 0 ? `www.h${position}.example` : `h${position}.example`, path: '/products/17' }),
  },
  {
    name: 'a path prefix each on one service',
    rules: (count) => times(count, (index) => ({ service: 'shop', operation: { path: `/area${index}/v1/**` }, then: 'allow' })),
    operationFor: (position) => operation({ path: `/area${position}/v1/products/17` }),
  },
  {
    name: 'zones and paths, first half for other zones',
    rules: (count) => times(count, (index) => ({ from: index < count / 2 ? 'office' : 'partners', operation: { path: `/a${index}/**` }, then: 'allow' })),
    operationFor: (position) => operation({ path: `/a${position}/x`, subject: { address: '198.51.100.7', zones: zones.zonesOf('198.51.100.7') } }),
  },
  {
    name: 'a header each, nothing else (not keyed: grows)',
    rules: (count) => times(count, (index) => ({ operation: { header: { 'x-tenant': `t${index}` } }, then: 'allow' })),
    operationFor: (position) => operation({ attributes: { 'header:x-tenant': `t${position}` } }),
  },
];

function benchDecide(): void {
  console.log('decide, ns per operation            rules:      10      100    1,000   1,000/10');
  for (const shape of shapes) {
    const figures = [10, 100, 1000].map((count) => {
      const policy = policyOf(shape.rules(count));
      const operations = Array.from({ length: 64 }, (_, index) => shape.operationFor(count - 1 - Math.floor(index * count / 2 / 64)));
      for (const one of operations) if (policy.decide(one).rule === 'default') throw new Error(`${shape.name}: nothing matched`);
      return measure((calls) => {
        for (let i = 0; i < calls; i += 1) policy.decide(operations[i & 63]!);
      });
    });
    console.log(`  ${shape.name}\n${' '.repeat(41)}${figures.map((figure) => figure.toFixed(0).padStart(9)).join('')}${(figures[2]! / figures[0]!).toFixed(2).padStart(11)}`);
  }
}

function benchAdmit(): void {
  const cases: [string, Record<string, unknown>][] = [
    ['no limits', {}],
    ['one rate by address', { a: { requests: '1000000000/s' } }],
    ['rate and concurrency by address', { a: { requests: '1000000000/s', concurrent: 1_000_000 } }],
    ['three rates: address, header, path and address', {
      a: { requests: '1000000000/s' }, b: { requests: '1000000000/s', key: 'header:x-tenant' }, c: { requests: '1000000000/s', key: ['path', 'address/24/56'] },
    }],
    ['1,000 rates, a host each', Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`l${index}`, { operation: { host: `h${index}.example` }, requests: '1000000000/s' }]),
    )],
    ['always refused', { a: { requests: '1/h' } }],
  ];
  console.log('admit and release, ns per operation (5,000 clients)');
  for (const [name, settings] of cases) {
    const limiter = compileLimits(buildLimitSettings(vocabularies).parse(settings), zones, vocabularies);
    const operations = Array.from({ length: 5000 }, (_, index) => operation({
      host: `h${index % 1000}.example`, path: `/p${index % 100}`, attributes: { 'header:x-tenant': `t${index % 500}` },
      subject: { address: `10.${index % 7}.${index >> 8}.${index & 255}` },
    }));
    let nowMs = 0;
    let next = 0;
    const cost = measure((calls) => {
      for (let i = 0; i < calls; i += 1) {
        next = next === 4999 ? 0 : next + 1;
        nowMs += 0.01;
        const one = operations[next]!;
        if (limiter.admit(one, nowMs) === undefined) limiter.release(one);
      }
    });
    console.log(`  ${name.padEnd(52)}${cost.toFixed(0).padStart(6)}`);
  }
}

function benchZones(): void {
  const names = Array.from({ length: 1000 }, (_, index) => [`z${index}`, { networks: [`10.${index >> 2}.${(index & 3) * 64}.0/18`] }]);
  const many = compileZones(zonesSettings().parse(Object.fromEntries(names)));
  const four = measure((calls) => { for (let i = 0; i < calls; i += 1) many.zonesOf('10.77.130.9'); });
  const six = measure((calls) => { for (let i = 0; i < calls; i += 1) many.zonesOf('2001:db8:1:2:3:4:5:6'); });
  console.log(`zonesOf among 1,000 zones, ns per address: IPv4 ${four.toFixed(0)}, IPv6 ${six.toFixed(0)}`);
}

benchDecide();
benchAdmit();
benchZones();
