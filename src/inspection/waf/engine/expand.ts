// Expands macros with the values of a transaction.
import type { Macro } from '../seclang/model.ts';
import type { TransactionState } from './state.ts';
import { readMacroValue } from './variables.ts';

export function expand(state: TransactionState, macro: Macro): string {
  if (macro.constant !== null) return macro.constant;
  let text = '';
  for (const part of macro.parts) text += typeof part === 'string' ? part : readMacroValue(state, part.variable, part.key);
  return text;
}
