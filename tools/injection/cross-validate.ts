// How well the table of SQL fingerprints does on samples that it has not seen: for each of several seeds it is made from two thirds of the
// samples and tried on the rest; once by input, once by fingerprint (all samples of a fingerprint on one side), once from rules alone.
// Usage: node tools/injection/cross-validate.ts --samples FILE [--seeds 5]
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { detectXss } from '../../src/inspection/waf/injection/xss.ts';
import { fingerprintsByRule, fingerprintsFrom, inTable, readSamples, type Sample } from './generate.ts';

const { values: options } = parseArgs({ options: { samples: { type: 'string' }, seeds: { type: 'string', default: '5' } } });
if (options.samples === undefined) throw new Error('usage: cross-validate.ts --samples FILE [--seeds 5]');
const samples = await readSamples(options.samples);

function report(what: string, table: ReadonlySet<string>, tried: readonly Sample[]): void {
  const found = (sample: Sample): boolean => sample.readings.some(({ fingerprint, credible }) => credible && table.has(inTable(fingerprint)));
  const attacks = tried.filter(({ sqli }) => sqli);
  const harmless = tried.filter(({ sqli }) => !sqli);
  const hits = attacks.filter(found).length;
  const missed = [...new Set(attacks.filter((sample) => !found(sample)).map(({ fingerprint }) => fingerprint))];
  console.log(`${what.padEnd(26)} attacks ${hits} of ${attacks.length} (${(100 * hits / attacks.length).toFixed(2)} %), `
    + `alarms ${harmless.filter(found).length} of ${harmless.length}` + (missed.length > 0 ? `; missed ${missed.join(' ')}` : ''));
}

const isThird = (key: string): boolean => createHash('sha256').update(key).digest()[0]! % 3 === 0;
for (let seed = 1; seed <= Number(options.seeds); seed++) {
  for (const [what, keyOf] of [['input', (sample: Sample) => sample.input], ['fingerprint', (sample: Sample) => sample.fingerprint ?? sample.input]] as const) {
    const apart = samples.filter((sample) => isThird(`${seed} ${keyOf(sample)}`));
    report(`seed ${seed}, by ${what}`, fingerprintsFrom(samples.filter((sample) => !apart.includes(sample))), apart);
  }
}
report('rules alone', fingerprintsByRule(), samples);
report('all', fingerprintsFrom(samples), samples);
const markup = samples.filter(({ xss }) => xss);
const alarms = samples.filter(({ xss, text }) => !xss && detectXss(text)).length;
console.log(`markup: ${markup.filter(({ text }) => detectXss(text)).length} of ${markup.length}, alarms ${alarms} of ${samples.length - markup.length}`);
