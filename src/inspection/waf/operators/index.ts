// The registry of operators by their SecLang names (compared without case). Adding one: a file beside this one, an
// entry here, vectors in testdata/.
import type { OperatorDefinition } from './contract.ts';
import { sqli, xss } from './detect.ts';
import { geoLookup, noMatch, rbl, refused, unconditionalMatch } from './external.ts';
import { ipMatch, ipMatchF, ipMatchFromFile } from './ipMatch.ts';
import { eq, ge, gt, le, lt, ne } from './numbers.ts';
import { pm, pmf, pmFromFile } from './pm.ts';
import { rx, rxGlobal } from './rx.ts';
import { beginsWith, contains, endsWith, streq, strmatch, within, word } from './strings.ts';
import { validateByteRange, validateUrlEncoding, validateUtf8Encoding } from './validate.ts';
import { verifyCC, verifyCPF, verifySSN, verifySVNR } from './verify.ts';

export type { GeoSource, OperatorDefinition, OperatorFacts, OperatorSources, PreparedOperator } from './contract.ts';
export { ArgumentError } from './contract.ts';

const all: readonly OperatorDefinition[] = [
  beginsWith, contains, endsWith, eq, ge, geoLookup, gt, ipMatch, ipMatchF, ipMatchFromFile, le, lt, ne, noMatch, pm, pmf,
  pmFromFile, rbl, rx, rxGlobal, sqli, streq, strmatch, unconditionalMatch, validateByteRange, validateUrlEncoding,
  validateUtf8Encoding, verifyCC, verifyCPF, verifySSN, verifySVNR, within, word, xss, ...refused,
];

const byName = new Map(all.map((one) => [one.name.toLowerCase(), one]));

/** The operator of that name (without "@"), or undefined. */
export function findOperator(name: string): OperatorDefinition | undefined {
  return byName.get(name.toLowerCase());
}

/** All definitions, for the reference pages. */
export function operatorDefinitions(): readonly OperatorDefinition[] {
  return all;
}
