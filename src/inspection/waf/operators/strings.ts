// String comparisons: @streq @contains @strmatch @containsWord @beginsWith @endsWith @within. Case counts.
import type { OperatorDefinition } from './contract.ts';

function isWord(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 95 || ((code | 32) >= 97 && (code | 32) <= 122);
}

export function containsWord(value: string, argument: string): boolean {
  if (argument === '') return true;
  for (let at = value.indexOf(argument); at >= 0; at = value.indexOf(argument, at + 1)) {
    const end = at + argument.length;
    const openBefore = at === 0 || !isWord(value.charCodeAt(at - 1));
    if (openBefore && (end === value.length || !isWord(value.charCodeAt(end)))) return true;
  }
  return false;
}

type Compare = (value: string, argument: string) => boolean;
const whole = (argument: string): string | null => argument;
const comparison = (name: string, compare: Compare, literal: ((argument: string) => string | null) | null = whole): OperatorDefinition =>
  ({ kind: 'comparison', name, compare, literal });

export const streq = comparison('streq', (value, argument) => value === argument);
export const contains = comparison('contains', (value, argument) => value.includes(argument));
export const strmatch = comparison('strmatch', (value, argument) => value.includes(argument));
export const word = comparison('containsWord', containsWord);
export const beginsWith = comparison('beginsWith', (value, argument) => value.startsWith(argument));
export const endsWith = comparison('endsWith', (value, argument) => value.endsWith(argument));
/** The value is found somewhere inside the argument; an empty value always is. */
export const within = comparison('within', (value, argument) => argument.includes(value), null);
