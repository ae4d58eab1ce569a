// What is wrong with a configuration, as a value: place, what was found, what was wanted, what to do. Also names of
// places (`services.shop.routes[0].pool`) and the search for the name that was probably meant. Prints nothing.

export type Severity = 'error' | 'warning';
export type ConfigPath = readonly (string | number)[];

/** A place in a configuration file. Line and column start at 1; 0 when the configuration did not come from text. */
export interface Place { file: string; line: number; column: number }

export interface Problem extends Place {
  severity: Severity;
  /** Stable name of the kind, for example `schema.unknown-key`. */
  code: string;
  /** Where in the document: `services.shop.routes[0].pool`. */
  path: string;
  /** One line that makes sense alone. */
  message: string;
  /** What is there, shortened; '' when nothing is. */
  found: string;
  wanted: string;
  /** What to do about it, or ''. */
  hint: string;
  /** Another place that belongs to it, with why. */
  related?: Place & { message: string };
}

/** Members that each check fills in; place and path are added where the document is at hand. */
export interface Finding {
  severity?: Severity;
  code: string;
  path: ConfigPath;
  /** The place is that of the key instead of the value. */
  atKey?: boolean;
  message: string;
  found?: string;
  wanted?: string;
  hint?: string;
  related?: { path: ConfigPath; message: string };
}

/** `services.shop.routes[0].pool`; keys that are no plain words are quoted: `headers["X-A b"]`. */
export function formatPath(path: ConfigPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w-]+$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** True for places whose values must not be shown: somebody may have written the secret itself there. */
export function isSecretPath(path: string): boolean {
  return /(token|secret|password|passphrase)[^.[]*$/i.test(path.replaceAll(/\[\d+\]$/g, '')) && !path.endsWith('tokens');
}

/** A value as it is shown in a message: short, on one line. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') {
    const keys = Object.keys(value);
    if (keys.length === 0) return 'an empty map';
    return `a map with ${keys.slice(0, 3).join(', ')}${keys.length > 3 ? ' ...' : ''}`;
  }
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Number of edits between two words, neighbours swapped counting as one. Stops caring above `limit`. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/** The candidate that was probably meant, or undefined when none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 64) return undefined;
  const folded = fold(word);
  const limit = Math.max(1, Math.floor(folded.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const distance = editDistance(folded, fold(candidate), limit);
    if (distance < bestDistance) { best = candidate; bestDistance = distance; }
  }
  return best;
}

/** As `nearest`, and also short for long or long for short: mon, monday. */
export function nearestValue(word: string, candidates: readonly string[]): string | undefined {
  return nearest(word, candidates)
    ?? candidates.find((candidate) => word.length >= 3 && candidate.length >= 3 && (candidate.startsWith(word) || word.startsWith(candidate)));
}

// `drain_timeout`, `drain-timeout` and `drainTimeout` are the same word to a person.
function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, '');
}

/** `did you mean "api"?`, or the list of what there is, or ''. */
export function suggestion(word: string, candidates: readonly string[], what: string): string {
  const near = nearest(word, candidates);
  if (near !== undefined) return `did you mean "${near}"?`;
  if (candidates.length === 0) return `there is no ${what} in this configuration`;
  const shown = candidates.slice(0, 12).join(', ');
  return `there is: ${shown}${candidates.length > 12 ? ` and ${candidates.length - 12} more` : ''}`;
}
