// @pm (phrases in the rule, separated by white space; |41 42| are bytes, and |20| a space that separates nothing), @pmFromFile and @pmf (one phrase a line, # comments).
import { lowerAscii } from '../transformations/lowercase.ts';
import { gateOf } from '../regex/literals.ts';
import { ArgumentError, type OperatorDefinition, type OperatorSources, type PreparedOperator } from './contract.ts';
import { PhraseMatcher } from './phrases.ts';

function phraseOperator(phrases: readonly string[]): PreparedOperator {
  const lower = phrases.map(lowerAscii);
  const matcher = new PhraseMatcher(lower);
  return {
    test: (value) => matcher.find(value) !== null,
    exec: (value) => {
      const found = matcher.find(value);
      return found === null ? null : [found];
    },
    gates: () => {
      const gate = gateOf(lower);
      return gate ? [gate] : [];
    },
    needsFacts: false,
  };
}

function bytesOf(argument: string): string {
  return argument.replaceAll(/\|((?:[\dA-Fa-f]{2}\s?)+)\|/g, (_, pairs: string) => Buffer.from(pairs.replaceAll(/\s/g, ''), 'hex').toString('latin1'));
}

/** A phrase: bytes in bars, and anything that is no white space. */
const phrase = /(?:\|(?:[\dA-Fa-f]{2}\s?)+\||[^\t-\r ])+/g;

/** The phrases of a list file. */
export function phrasesOf(text: string): string[] {
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
}

function preparePm(argument: string): PreparedOperator {
  const phrases = (argument.match(phrase) ?? []).map(bytesOf);
  if (phrases.length === 0) throw new ArgumentError('@pm without phrases');
  return phraseOperator(phrases);
}

function preparePmFromFile(argument: string, sources: OperatorSources): PreparedOperator {
  const phrases: string[] = [];
  for (const path of argument.split(/[\t-\r ]+/).filter((part) => part !== '')) {
    const text = sources.readFile(path);
    if (text === null) throw new ArgumentError(`cannot read the phrase file ${path}`);
    phrases.push(...phrasesOf(text));
  }
  if (phrases.length === 0) throw new ArgumentError('the phrase file is empty');
  return phraseOperator(phrases);
}

export const pm: OperatorDefinition = { kind: 'prepared', name: 'pm', prepare: preparePm };
export const pmFromFile: OperatorDefinition = { kind: 'prepared', name: 'pmFromFile', prepare: preparePmFromFile };
export const pmf: OperatorDefinition = { kind: 'prepared', name: 'pmf', prepare: preparePmFromFile };
