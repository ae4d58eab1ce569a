// @verifyCC, @verifySSN, @verifyCPF, @verifySVNR: numbers found by a pattern whose check digits hold.
import { Pattern } from '../regex/pattern.ts';
import { ArgumentError, type OperatorDefinition, type PreparedOperator } from './contract.ts';

function digitsOf(text: string): number[] {
  return [...text].filter((char) => char >= '0' && char <= '9').map(Number);
}

/** ISO/IEC 7812-1, annex B. */
export function luhn(text: string): boolean {
  const digits = digitsOf(text);
  if (digits.length === 0) return false;
  const parity = digits.length % 2;
  const sum = digits.reduce((total, digit, i) => {
    const doubled = i % 2 === parity ? digit * 2 : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

function socialSecurity(text: string): boolean {
  const digits = digitsOf(text).join('');
  if (digits.length !== 9) return false;
  const area = Number(digits.slice(0, 3));
  const sequence = [...digits].every((digit, i) => i === 0 || Number(digit) === (Number(digits[i - 1]) + 1) % 10);
  const same = /^(\d)\1{8}$/.test(digits);
  return area !== 0 && area !== 666 && area < 740 && digits.slice(3, 5) !== '00' && digits.slice(5) !== '0000' && !sequence && !same;
}

function weighted(digits: readonly number[], count: number, from: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += digits[i]! * (from - i);
  const rest = (sum * 10) % 11;
  return rest === 10 ? 0 : rest;
}

/** The Brazilian taxpayer number: two check digits, modulus 11. */
export function taxpayer(text: string): boolean {
  const digits = digitsOf(text);
  if (digits.length !== 11 || digits.every((digit) => digit === digits[0])) return false;
  return weighted(digits, 9, 10) === digits[9] && weighted(digits, 10, 11) === digits[10];
}

/** The Austrian insurance number: weights 3 7 9 x 5 8 4 2 1 6, modulus 11, the check digit fourth. */
function insurance(text: string): boolean {
  const digits = digitsOf(text);
  if (digits.length !== 10) return false;
  const weights = [3, 7, 9, 0, 5, 8, 4, 2, 1, 6];
  const sum = weights.reduce((total, weight, i) => total + weight * digits[i]!, 0);
  return sum % 11 === digits[3];
}

function verifier(name: string, valid: (text: string) => boolean): OperatorDefinition {
  const prepare = (argument: string): PreparedOperator => {
    let pattern: Pattern;
    try {
      pattern = new Pattern(argument);
    } catch (error) {
      throw new ArgumentError(`pattern: ${error instanceof Error ? error.message : String(error)}`);
    }
    const find = (value: string): string[] | null => {
      const every = new RegExp(pattern.regex.source, `${pattern.regex.flags}g`);
      for (const match of value.matchAll(every)) if (valid(match[0])) return [match[0]];
      return null;
    };
    return { test: (value) => find(value) !== null, exec: find, gates: () => pattern.gates(), needsFacts: false };
  };
  return { kind: 'prepared', name, prepare };
}

export const verifyCC = verifier('verifyCC', luhn);
export const verifySSN = verifier('verifySSN', socialSecurity);
export const verifyCPF = verifier('verifyCPF', taxpayer);
export const verifySVNR = verifier('verifySVNR', insurance);
