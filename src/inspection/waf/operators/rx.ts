// @rx and @rxGlobal: a PCRE pattern, searched anywhere in the value. The translation and its limits: ../regex/.
import { Pattern } from '../regex/pattern.ts';
import { PatternError } from '../regex/translate.ts';
import { ArgumentError, type OperatorDefinition, type PreparedOperator } from './contract.ts';

export function prepareRx(argument: string): PreparedOperator {
  let pattern: Pattern;
  try {
    pattern = new Pattern(argument);
  } catch (error) {
    if (error instanceof PatternError) throw new ArgumentError(`pattern: ${error.message}`, error.offset);
    throw new ArgumentError(`pattern: ${error instanceof Error ? error.message : String(error)}`);
  }
  return {
    test: (value) => pattern.test(value),
    exec: (value) => pattern.exec(value),
    gates: () => pattern.gates(),
    needsFacts: false,
  };
}

export const rx: OperatorDefinition = { kind: 'prepared', name: 'rx', prepare: prepareRx };
export const rxGlobal: OperatorDefinition = { kind: 'prepared', name: 'rxGlobal', prepare: prepareRx };
