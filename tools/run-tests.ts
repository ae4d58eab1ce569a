// Runs everything under test/ and the unit tests, group by group: a line of progress each, a summary, and one closing line
// `N passed, N failed, N skipped`. A group is a folder. Does not install peers: the tests do, through test/peers/peer.ts.
// Options: --only NAME (part of a group's name; may be repeated).
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** A group that takes longer is ended and counts as failed: a test that hangs must not take the whole run with it. */
const groupTimeoutMs = 8 * 60_000;
/** One test; those that need more say so themselves. */
const testTimeoutMs = 120_000;
/** Groups whose tests start processes or measure time run one file at a time. */
const oneAtATime = /peers|processes|cli|regression/;

interface Result { readonly group: string; passed: number; failed: number; skipped: number; readonly skips: string[]; readonly output: string; readonly ms: number }

function groups(): Map<string, string[]> {
  const files = globSync('test/**/*.test.ts', { cwd: root }).sort();
  const found = new Map<string, string[]>();
  for (const file of files) {
    const parts = dirname(file).split('/');
    const name = parts.slice(1, 3).join('/');
    found.set(name, [...(found.get(name) ?? []), file]);
  }
  return found;
}

const paint = (code: number, text: string): string => process.stdout.isTTY ? `\u001b[${code}m${text}\u001b[0m` : text;

async function run(group: string, files: readonly string[]): Promise<Result> {
  const started = Date.now();
  const concurrency = oneAtATime.test(group) ? 1 : 2;
  const options = [`--test-concurrency=${concurrency}`, '--test-reporter=tap', `--test-timeout=${testTimeoutMs}`, '--import', './test/harness/lingering.ts'];
  // A process group of its own, so that all that a group of tests has started can be ended with it.
  const child = spawn(process.execPath, ['--test', ...options, ...files], {
    cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'tests') },
  });
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => { output += String(bytes); });
  child.stderr.on('data', (bytes: Buffer) => { output += String(bytes); });
  let late = false;
  const endAll = (): void => { try { process.kill(-child.pid!, 'SIGKILL'); } catch { /* all have ended */ } };
  const timer = setTimeout(() => { late = true; endAll(); }, groupTimeoutMs);
  const interrupted = (): void => { endAll(); process.exit(130); };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
  const code = await new Promise<number | null>((resolve) => { child.on('close', resolve); });
  clearTimeout(timer);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
  const count = (name: string): number => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  let failed = count('fail') + count('cancelled');
  if (late || (code !== 0 && failed === 0)) failed += 1;
  const skips = [...output.matchAll(/^\s*ok \d+ - (.*?) # SKIP ?(.*)$/gm)].map(([, name, why]) => `${name}: ${why}`);
  if (late) output += `\nnot done within ${groupTimeoutMs / 60_000} minutes\n`;
  return { group, passed: count('pass'), failed, skipped: count('skipped'), skips, output, ms: Date.now() - started };
}

function report(result: Result): void {
  const { group, passed, failed, skipped, ms } = result;
  const mark = failed > 0 ? paint(31, 'FAILED') : paint(32, 'ok    ');
  const seconds = `${(ms / 1000).toFixed(1)} s`.padStart(8);
  console.log(`${mark} ${group.padEnd(28)} ${String(passed).padStart(5)} passed ${String(failed).padStart(3)} failed ${String(skipped).padStart(3)} skipped ${seconds}`);
  // Tests that say of themselves that they had nothing to look at (test/peers/captures).
  for (const why of new Set([...result.output.matchAll(/^\s*# (NOT JUDGED: .*)$/gm)].map(([, text]) => text!))) console.log(paint(33, `       ${why}`));
  for (const skip of result.skips) console.log(paint(33, `       skipped: ${skip}`));
  if (failed > 0) console.log(failuresOf(result.output));
}

/** The parts of TAP output that say what went wrong, without the tests that passed. */
function failuresOf(output: string): string {
  const lines = output.split('\n');
  const kept: string[] = [];
  let keeping = false;
  for (const line of lines) {
    if (/^\s*not ok /.test(line)) keeping = true;
    else if (/^\s*ok /.test(line)) keeping = false;
    if (keeping && !/^\s*(duration_ms|type|---|\.\.\.)/.test(line)) kept.push(line);
  }
  const text = kept.length > 0 ? kept : lines.slice(-60);
  return text.slice(0, 200).map((line) => `       ${line}`).join('\n');
}

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, 'no-unit': { type: 'boolean' } } });
const wanted = (name: string): boolean => values.only === undefined || values.only.some((part) => name.includes(part));
const results: Result[] = [];
for (const [group, files] of groups()) {
  if (!wanted(group)) continue;
  if (process.stdout.isTTY) process.stdout.write(paint(2, `       ${group} ...\r`));
  const result = await run(group, files);
  results.push(result);
  report(result);
}
const sum = (pick: (result: Result) => number): number => results.reduce((total, result) => total + pick(result), 0);
const failedGroups = results.filter(({ failed }) => failed > 0).map(({ group }) => group);
const skippedOnCi = process.env.CI === 'true' && sum(({ skipped }) => skipped) > 0;
if (skippedOnCi) console.log('a skipped test is a failure on CI: see "skipped:" above');
if (failedGroups.length > 0) console.log(`failed: ${failedGroups.join(', ')}; again with: npm run -s test:wide -- ${failedGroups.map((group) => `--only ${group}`).join(' ')}`);
const skippedTests = sum(({ skipped }) => skipped);
const failedTests = sum(({ failed }) => failed) + (skippedOnCi ? skippedTests : 0);
console.log(`${sum(({ passed }) => passed)} passed, ${failedTests} failed, ${skippedTests} skipped`);
process.exit(failedGroups.length > 0 || skippedOnCi || results.length === 0 ? 1 : 0);
