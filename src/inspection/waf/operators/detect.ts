// @detectSQLi and @detectXSS: the injection detectors, with cheap tests in front that cannot lose a finding (fuzzed).
import { detectSqli, detectXss } from '../injection/index.ts';
import type { OperatorDefinition } from './contract.ts';
import { noGates } from './contract.ts';

/** One bare word or one number is a single token, and no fingerprint has but one token of those types. */
function isSingleToken(value: string): boolean {
  const length = value.length;
  if (length === 0) return true;
  const first = value.charCodeAt(0);
  const number = first >= 48 && first <= 57;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    const digit = code >= 48 && code <= 57;
    if (digit) continue;
    const letter = ((code | 32) >= 97 && (code | 32) <= 122) || code === 95;
    if (number || !letter) return false;
  }
  return true;
}

export const sqli: OperatorDefinition = {
  kind: 'prepared', name: 'detectSQLi',
  prepare: () => ({
    test: (value) => !isSingleToken(value) && detectSqli(value).match,
    exec: (value) => {
      const found = detectSqli(value);
      return found.match ? [found.fingerprint] : null;
    },
    gates: noGates,
    needsFacts: false,
  }),
};

export const xss: OperatorDefinition = {
  kind: 'prepared', name: 'detectXSS',
  prepare: () => ({
    test: (value) => detectXss(value),
    exec: (value) => (detectXss(value) ? [value] : null),
    // Every finding is a tag, a comment or a doctype ("<") or an attribute with a value ("=").
    gates: () => [{ literals: ['<', '='], cost: 0.02 }],
    needsFacts: false,
  }),
};
