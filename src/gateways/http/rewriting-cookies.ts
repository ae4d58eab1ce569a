// Attributes of Set-Cookie on the way to the client: Domain, Path, Secure, HttpOnly, SameSite. RFC 6265 section 4.1, and its
// successor for SameSite and the `__Host-` prefix. Names and values stay byte for byte.
import { outsidePath } from './rewriting-target.ts';
import type { PrefixChange } from './rewriting-target.ts';
import type { CookieRewriteSettings } from './settings-rewrite.ts';

export class SetCookieRewriter {
  readonly #settings: CookieRewriteSettings;
  readonly #prefixes: PrefixChange | undefined;
  /** False: no cookie is ever changed. */
  readonly active: boolean;

  constructor(settings: CookieRewriteSettings | undefined, prefixes: PrefixChange | undefined) {
    this.#settings = settings ?? {};
    this.#prefixes = prefixes;
    this.active = prefixes !== undefined || Object.values(this.#settings).some((value) => value !== undefined);
  }

  rewrite(value: string): string {
    const parts = value.split(';');
    const first = parts[0] as string;
    // Such a cookie is only taken with Path=/ and without Domain: a change would lose it.
    const bound = /^\s*__host-/i.test(first);
    const { secure, httpOnly, sameSite } = this.#settings;
    let result = first;
    let hasSecure = false;
    let hasHttpOnly = false;
    for (let i = 1; i < parts.length; i++) {
      const part = parts[i] as string;
      const equals = part.indexOf('=');
      const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
      if (name === 'secure') {
        if (secure === false || hasSecure) continue;
        hasSecure = true;
      } else if (name === 'httponly') {
        if (httpOnly === false || hasHttpOnly) continue;
        hasHttpOnly = true;
      } else if (name === 'samesite' && sameSite !== undefined) {
        continue;
      } else if ((name === 'domain' || name === 'path') && !bound && equals >= 0) {
        result += name === 'domain' ? this.#domain(part) : this.#path(part, part.slice(equals + 1).trim());
        continue;
      }
      result += `;${part}`;
    }
    if (secure === true && !hasSecure) result += '; Secure';
    if (httpOnly === true && !hasHttpOnly) result += '; HttpOnly';
    return sameSite === undefined ? result : `${result}; SameSite=${sameSite}`;
  }

  #domain(part: string): string {
    const { domain } = this.#settings;
    if (domain === undefined) return `;${part}`;
    return domain === 'remove' ? '' : `; Domain=${domain}`;
  }

  /** `/` also covers the outer prefix, so it needs no change. */
  #path(part: string, path: string): string {
    if (this.#settings.path !== undefined) return `; Path=${this.#settings.path}`;
    if (this.#prefixes === undefined || !path.startsWith('/') || path === '/') return `;${part}`;
    const outside = outsidePath(path, this.#prefixes);
    return outside === path ? `;${part}` : `; Path=${outside}`;
  }
}
