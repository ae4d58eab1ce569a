// The canonical text of a configuration document and its version hash: the same document gives the same hash, whatever
// the order of its keys, its comments and its spread over files. Does not know the schema: the document is as written.
import { createHash } from 'node:crypto';

export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain };

/** JSON with keys in code point order and no spaces. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members: string[] = [];
    for (const key of Object.keys(value).sort()) {
      const member: unknown = (value as Record<string, unknown>)[key];
      if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalText(member)}`);
    }
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** SHA-256 of the canonical text, hexadecimal. */
export function versionOf(document: unknown): string {
  return createHash('sha256').update(canonicalText(document)).digest('hex');
}

/** How versions are shown and written in audit records. */
export function shortVersion(version: string): string {
  return version.slice(0, 12);
}

/** True when two documents, or parts of them, mean the same as written. */
export function sameValue(a: unknown, b: unknown): boolean {
  return a === b || canonicalText(a) === canonicalText(b);
}
