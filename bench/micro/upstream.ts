// Cost of choosing a server and of the accounts of one request, for each way of balancing and pools of 3 and 100.
// Limits: pick under 150 ns for 3 servers and 1 us for 100 (median of runs). Prints a table; exit code 1 when over.
import { Pool } from '#upstream/pool.ts';
import { poolSettings } from '#upstream/settings.ts';

const picks = 200_000;
const runs = 9;
const balances = ['round-robin', 'least-requests', 'random-two', 'hash', { hash: 'address', boundedLoad: 1.25 }] as const;
const keys = Array.from({ length: 1024 }, (_, index) => `198.51.${index >> 8}.${index & 255}`);
const none: string[] = [];

function makePool(balance: typeof balances[number], servers: number): Pool {
  const settings = poolSettings.parse({
    servers: Array.from({ length: servers }, (_, index) => ({ address: `10.0.${index >> 8}.${index & 255}:80`, weight: 1 + index % 3 })),
    balance,
  });
  return new Pool('bench', settings, { workers: 1, random: Math.random });
}

function medianNs(run: () => void, count: number): number {
  const times: number[] = [];
  for (let index = 0; index < runs + 3; index++) {
    const before = process.hrtime.bigint();
    run();
    times.push(Number(process.hrtime.bigint() - before) / count);
  }
  return times.slice(3).toSorted((a, b) => a - b)[runs >> 1]!;
}

let over = false;
let checksum = 0;
console.log('balance                servers  pick ns  pick + accounts ns');
for (const balance of balances) {
  for (const [servers, limitNs] of [[3, 150], [100, 1000]] as const) {
    const pool = makePool(balance, servers);
    const pick = medianNs(() => {
      for (let index = 0; index < picks; index++) checksum += pool.pick(keys[index & 1023]!, none, index)!.port;
    }, picks);
    const whole = medianNs(() => {
      for (let index = 0; index < picks; index++) {
        const server = pool.pick(keys[index & 1023]!, none, index)!;
        pool.requestStarted(server);
        pool.requestFinished(server, 'success', 1.5, index);
      }
    }, picks);
    const name = typeof balance === 'string' ? balance : 'hash, bounded load';
    const columns = [name.padEnd(22), String(servers).padStart(7), pick.toFixed(0).padStart(8), whole.toFixed(0).padStart(19)];
    console.log(columns.join(' ') + (pick > limitNs ? `  over ${limitNs} ns` : ''));
    over ||= pick > limitNs;
  }
}
if (checksum === 0) throw new Error('nothing was picked');
process.exitCode = over ? 1 : 0;
