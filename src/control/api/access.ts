// Who may use the admin API over TCP: bearer tokens with roles, compared in constant time, failed attempts bounded, and
// only under loopback host names (a web page elsewhere must not reach it by DNS rebinding). Over the Unix socket the
// file's permissions decide, and whoever can open it is admin.
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AdminRole, AdminTokenSettings } from '#runtime/settings.ts';
import { ApiProblem } from './problem.ts';

export interface Identity { readonly name: string; readonly role: AdminRole }

const rank: Record<AdminRole, number> = { viewer: 0, operator: 1, admin: 2 };

export function mayAct(identity: Identity, role: AdminRole): boolean { return rank[identity.role] >= rank[role]; }

interface KnownToken { readonly identity: Identity; readonly hash: Buffer }

/** Failed attempts in a row that are answered at once, and how fast further ones come back. All of loopback shares them:
 *  an address says nothing there. */
export const failureLimits = { burst: 20, perSecond: 1 };

const maxTokenLength = 1024;
const maxTokenFileBytes = 4096;

export class TokenAccess {
  #tokens: readonly KnownToken[] = [];
  #left = failureLimits.burst;
  #filledMs: number;
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#filledMs = nowMs();
  }

  /** Replaces the tokens. A token whose file cannot be read admits nobody; the answer says which. */
  adopt(tokens: readonly AdminTokenSettings[]): string[] {
    const faults: string[] = [];
    this.#tokens = tokens.flatMap(({ name, role, tokenSha256, tokenFile }) => {
      const identity = { name, role };
      if (tokenSha256 !== undefined) return [{ identity, hash: Buffer.from(tokenSha256, 'hex') }];
      const token = readToken(tokenFile ?? '');
      if (token instanceof Error) {
        faults.push(`admin token ${name}: ${token.message}`);
        return [];
      }
      return [{ identity, hash: sha256(token) }];
    });
    return faults;
  }

  /** @throws ApiProblem. */
  identify(authorization: string | undefined): Identity {
    if (authorization === undefined) throw loudly(new ApiProblem('unauthenticated', 'the request carries no token', 'send it as: Authorization: Bearer TOKEN'));
    const nowMs = this.#nowMs();
    this.#left = Math.min(failureLimits.burst, this.#left + (nowMs - this.#filledMs) / 1000 * failureLimits.perSecond);
    this.#filledMs = nowMs;
    if (this.#left < 1) {
      const retryAfter = Math.ceil((1 - this.#left) / failureLimits.perSecond);
      throw loudly(new ApiProblem('too-many-failures', 'too many attempts with a wrong token', 'wait, or use the Unix socket', { retryAfter }));
    }
    const match = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization);
    const hash = sha256(match !== null && match[1]!.length <= maxTokenLength ? match[1]! : '');
    // Every token is compared, so that time tells nothing of which one nearly fitted.
    let found: Identity | undefined;
    for (const token of this.#tokens) if (timingSafeEqual(hash, token.hash)) found ??= token.identity;
    if (found === undefined || match === null) {
      this.#left -= 1;
      throw loudly(new ApiProblem('unauthenticated', 'the token is not known', 'tokens are configured in admin.http.tokens'));
    }
    return found;
  }
}

/** An attempt that belongs in the audit log. */
export function loudly(problem: ApiProblem): ApiProblem {
  problem.loud = true;
  return problem;
}

/** Refused attempts that are written down a minute; whoever makes more would only fill the log. */
export const recordedAttempts = 60;

/** Bounds what refused attempts write into the audit log. */
export class AttemptLog {
  #minute = -1;
  #count = 0;

  /** What to write for this attempt: its reason, a last word before silence, or undefined. */
  note(reason: string, nowMs: number): string | undefined {
    const minute = Math.floor(nowMs / 60_000);
    if (minute !== this.#minute) this.#count = 0;
    this.#minute = minute;
    this.#count++;
    if (this.#count > recordedAttempts) return undefined;
    return this.#count === recordedAttempts ? `${reason} (further attempts in this minute are not written down)` : reason;
  }
}

function sha256(text: string): Buffer { return createHash('sha256').update(text).digest(); }

function readToken(file: string): string | Error {
  try {
    const text = readFileSync(file, 'utf8').slice(0, maxTokenFileBytes);
    const token = text.split('\n')[0]!.trim();
    return token === '' ? new Error(`${file} is empty`) : token;
  } catch (error) { return new Error(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`); }
}

/** True for host headers that only a client on this machine has reason to send. */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host);
}
