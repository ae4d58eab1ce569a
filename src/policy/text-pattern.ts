// Patterns for attribute values, users and groups: an exact text, a `*` glob, `/regex/flags`, `{ present: true }`,
// `{ absent: true }`, `{ exact: text }` (for a text that looks like a glob or a regex), or a list of which one must
// match. Compiled once. Regular expressions come from the configuration, never from traffic.
import { z } from 'zod';
import { Glob } from '#core/match/index.ts';

export type OnePattern = string | { readonly present: true } | { readonly absent: true } | { readonly exact: string };
export type PatternSettings = OnePattern | readonly OnePattern[];

const regexForm = /^\/(.+)\/([imsu]*)$/s;

/** What is wrong with a pattern text, or undefined. */
export function patternProblem(text: string): string | undefined {
  const form = regexForm.exec(text);
  return form ? regexProblem(form[1]!, form[2]!) : undefined;
}

export function regexProblem(source: string, flags = ''): string | undefined {
  try {
    // oxlint-disable-next-line no-new
    new RegExp(source, flags);
    return undefined;
  } catch (error) {
    return `not a regular expression: ${(error as Error).message}`;
  }
}

/** The schema of a pattern. */
export function textPattern() {
  const text = z.string().superRefine((value, context) => {
    const problem = patternProblem(value);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  }).describe('An exact text, a text with * for any characters, or a regular expression between slashes, as in /^curl/i.');
  const one = z.union([
    text,
    z.strictObject({ present: z.literal(true).describe('Holds when there is a value, whatever it is.') }),
    z.strictObject({ absent: z.literal(true).describe('Holds when there is no value.') }),
    z.strictObject({ exact: z.string().describe('This text and no other; stars and slashes mean themselves.') }),
  ]);
  return z.union([one, z.array(one).min(1).describe('Holds when one of them does.')])
    .meta({ title: 'pattern', examples: ['internal', 'curl/*', '/^curl/i'] });
}

const forms = { exact: 0, glob: 1, regex: 2, present: 3, absent: 4 } as const;

interface Alternative { readonly form: number; readonly exact: string; readonly glob: Glob | undefined; readonly regex: RegExp | undefined }

function compileOne(pattern: OnePattern): Alternative {
  if (typeof pattern !== 'string') {
    if ('exact' in pattern) return { form: forms.exact, exact: pattern.exact, glob: undefined, regex: undefined };
    return { form: 'present' in pattern ? forms.present : forms.absent, exact: '', glob: undefined, regex: undefined };
  }
  const form = regexForm.exec(pattern);
  if (form) return { form: forms.regex, exact: '', glob: undefined, regex: new RegExp(form[1]!, form[2]) };
  const glob = new Glob(pattern);
  if (glob.literal !== undefined) return { form: forms.exact, exact: glob.literal, glob: undefined, regex: undefined };
  return { form: forms.glob, exact: '', glob, regex: undefined };
}

export class TextPattern {
  /** For people: `curl/*`, `present`, `a or b`. */
  readonly text: string;
  readonly #alternatives: readonly Alternative[];

  constructor(settings: PatternSettings) {
    const list = Array.isArray(settings) ? settings as readonly OnePattern[] : [settings as OnePattern];
    this.#alternatives = list.map(compileOne);
    this.text = list.map((one) => typeof one === 'string' ? one : 'exact' in one ? `"${one.exact}"` : Object.keys(one)[0]!).join(' or ');
  }

  matches(value: string | undefined): boolean {
    const alternatives = this.#alternatives;
    for (let i = 0; i < alternatives.length; i += 1) {
      const one = alternatives[i]!;
      if (value === undefined) {
        if (one.form === forms.absent) return true;
      } else if (one.form === forms.exact) {
        if (value === one.exact) return true;
      } else if (one.form === forms.glob) {
        if (one.glob!.matches(value)) return true;
      } else if (one.form === forms.regex) {
        if (one.regex!.test(value)) return true;
      } else if (one.form === forms.present) {
        return true;
      }
    }
    return false;
  }
}
