// Patterns for host names, as policy rules and routes write them: `shop.example` (that name alone), `*.shop.example`
// (one or more labels before it, never `shop.example` itself), `*` (any host, also none). Addresses are written as they
// are, IPv6 with or without brackets. Compares names in lower-case, without a final dot. Does not resolve names.
import { canonicalAddress } from '../network.ts';

export type HostPatternKind = 'any' | 'exact' | 'suffix';

/** The form in which hosts are compared: lower-case, no final dot, IPv6 canonical and without brackets. Allocates only
 *  when the host is not in that form yet; the caller has lower-cased it already. */
export function hostForMatching(host: string): string {
  const length = host.length;
  if (length === 0) return host;
  if (host.charCodeAt(length - 1) === 46 /* . */) return hostForMatching(host.slice(0, length - 1));
  if (host.charCodeAt(0) === 91 /* [ */ && host.charCodeAt(length - 1) === 93 /* ] */) {
    const inner = host.slice(1, -1);
    return canonicalAddress(inner) ?? inner;
  }
  return host.includes(':') ? canonicalAddress(host) ?? host : host;
}

export class HostPattern {
  /** As written. */
  readonly text: string;
  readonly kind: HostPatternKind;
  /** The whole name for `exact`; `.shop.example` for `suffix`; '' for `any`. */
  readonly name: string;

  constructor(text: string) {
    const problem = hostPatternProblem(text);
    if (problem !== undefined) throw new Error(problem);
    this.text = text;
    const lower = text.toLowerCase();
    if (lower === '*') {
      this.kind = 'any';
      this.name = '';
    } else if (lower.startsWith('*.')) {
      this.kind = 'suffix';
      this.name = hostForMatching(lower.slice(1));
    } else {
      this.kind = 'exact';
      this.name = canonicalAddress(lower) ?? hostForMatching(lower);
    }
  }

  /** `host` in lower-case without port. */
  matches(host: string): boolean {
    if (this.kind === 'any') return true;
    const name = hostForMatching(host);
    if (this.kind === 'exact') return name === this.name;
    return name.length > this.name.length && name.endsWith(this.name);
  }

  /** Sort helper: greater is more specific. Exact before every wildcard, longer wildcards before shorter, `*` last. */
  get specificity(): number {
    if (this.kind === 'any') return 0;
    return this.kind === 'exact' ? 1000 : this.name.length;
  }
}

/** What is wrong with a host pattern, or undefined. */
export function hostPatternProblem(text: string): string | undefined {
  if (text === '*') return undefined;
  if (text === '') return 'a host pattern cannot be empty';
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (canonicalAddress(bare) !== undefined) return undefined;
  const name = text.startsWith('*.') ? text.slice(2) : text;
  if (name.includes('*')) return 'a star may only stand for whole labels at the start, as in *.shop.example';
  if (/[:/]/.test(name)) return 'a host pattern has no port and no path';
  if (text.length > 255) return 'a host pattern has at most 255 characters';
  if (!/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(name)) {
    return 'wanted a host name such as shop.example, a wildcard such as *.shop.example, an address, or *';
  }
  return undefined;
}
