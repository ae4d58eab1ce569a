// Agreement of the detectors with the reference's verdicts on the published samples, which lie beside the checkout and are never
// copied into it. Skipped by name where they are absent, except in CI.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { detectSqli, detectXss } from '#inspection/waf/injection/index.ts';

const samples = new URL('../../../shared/data/injection-samples/samples.jsonl', import.meta.url);
const skip = !existsSync(samples) && !process.env.CI ? `SKIPPED: no samples at ${samples.pathname}` : false;

interface Sample { kind: string; input: string; sqli: boolean; fingerprint: string | null; xss: boolean }

class Agreement {
  attacks = 0;
  found = 0;
  harmless = 0;
  alarms: string[] = [];
  missed: string[] = [];

  add(value: string, expected: boolean, actual: boolean): void {
    if (expected) this.attacks++;
    else this.harmless++;
    if (expected && actual) this.found++;
    else if (expected) this.missed.push(value.slice(0, 120));
    else if (actual) this.alarms.push(value.slice(0, 120));
  }

  text(): string {
    return `${this.found} of ${this.attacks} attacks, ${this.alarms.length} alarms on ${this.harmless} others`;
  }
}

test('the detectors agree with the reference on the samples', { skip }, () => {
  const sqli = new Agreement();
  const xss = new Agreement();
  let fingerprints = 0;
  for (const line of readFileSync(samples, 'latin1').split('\n')) {
    if (line === '') continue;
    const sample = JSON.parse(line) as Sample;
    const value = Buffer.from(sample.input, 'base64').toString('latin1');
    const verdict = detectSqli(value);
    sqli.add(value, sample.sqli, verdict.match);
    if (sample.sqli && verdict.fingerprint === sample.fingerprint) fingerprints++;
    xss.add(value, sample.xss, detectXss(value));
  }
  console.log(`sqli: ${sqli.text()}; same fingerprint ${fingerprints}`);
  console.log(`xss: ${xss.text()}`);
  assert.ok(sqli.attacks > 10000 && xss.attacks > 1000, 'the samples are there');
  assert.ok(sqli.found / sqli.attacks >= 0.999, sqli.missed.join('\n'));
  assert.ok(fingerprints / sqli.attacks >= 0.999, `${fingerprints} same fingerprints`);
  assert.deepEqual(sqli.alarms, []);
  assert.ok(xss.found / xss.attacks >= 0.999, xss.missed.join('\n'));
  assert.deepEqual(xss.alarms, []);
});
