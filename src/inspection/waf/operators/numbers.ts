// Numeric comparisons: @eq @ne @ge @gt @le @lt. Both sides are read as atoi() reads them: what is no number is 0.
import type { OperatorDefinition } from './contract.ts';

/** The decimal number at the start of the text, 0 when there is none; saturates like a 32-bit integer would not: exactly. */
export function leadingInteger(text: string): number {
  let i = 0;
  while (i < text.length && (text.charCodeAt(i) === 32 || (text.charCodeAt(i) >= 9 && text.charCodeAt(i) <= 13))) i++;
  const sign = text.charCodeAt(i);
  const negative = sign === 45;
  if (negative || sign === 43) i++;
  let number = 0;
  for (; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) break;
    number = number * 10 + digit;
  }
  return negative ? -number : number;
}

const numeric = (name: string, compare: (a: number, b: number) => boolean): OperatorDefinition =>
  ({ kind: 'comparison', name, compare: (value, argument) => compare(leadingInteger(value), leadingInteger(argument)), literal: null });

export const eq = numeric('eq', (a, b) => a === b);
export const ne = numeric('ne', (a, b) => a !== b);
export const ge = numeric('ge', (a, b) => a >= b);
export const gt = numeric('gt', (a, b) => a > b);
export const le = numeric('le', (a, b) => a <= b);
export const lt = numeric('lt', (a, b) => a < b);
