// What the configuration resources share: versions in If-Match, results of transactions as answers or problems, and what
// is hidden from roles below admin.
import type { ApplyFailure, ApplyResult, ApplySuccess, ChangePlan, ConfigDocument } from '../configuration/index.ts';
import { ApiProblem } from './problem.ts';
import type { Call } from './route.ts';

type AnyCall = Pick<Call<unknown, unknown, unknown>, 'plane' | 'identity' | 'author' | 'request' | 'reply'>;

/** The version in If-Match, or undefined. `*` is any. */
export function givenTag(call: Pick<AnyCall, 'request'>): string | undefined {
  const given = call.request.headers['if-match'];
  if (given === undefined || given.trim() === '*') return undefined;
  const match = /^\s*"([0-9a-f]{12,64})"\s*$/.exec(given);
  if (match === null) throw new ApiProblem('bad-request', 'If-Match is not a version in quotes', 'send the ETag of /v1/configuration as it came');
  return match[1]!;
}

/** For changes of single resources, which must say what they were made for. */
export function expectedVersion(call: Pick<AnyCall, 'request'>): string | undefined {
  if (call.request.headers['if-match'] === undefined) {
    throw new ApiProblem('version-required', 'the change does not say which version it was made for', 'send If-Match with the ETag of /v1/configuration, or If-Match: * for any');
  }
  return givenTag(call);
}

/** @throws ApiProblem when it was not done; the attempt is written down. */
export function carriedOut(result: ApplyResult, call?: AnyCall, verb = ''): Omit<ApplySuccess, 'ok'> {
  if (result.ok) {
    const { ok: _, ...rest } = result;
    call?.reply.header('ETag', `"${result.version}"`);
    return rest;
  }
  if (call !== undefined) recordRefusal(call, verb, result.message);
  throw problemOf(result);
}

/** @throws ApiProblem when there is no plan. */
export function planned(plan: ChangePlan | ApplyFailure): ChangePlan {
  if ('ok' in plan) throw problemOf(plan);
  return plan;
}

export function recordRefusal(call: AnyCall, verb: string, reason: string): void {
  call.plane.recordControl(verb, call.author, call.request.url.slice(0, 500), reason, 'refused');
}

const privilegedHint = 'workers that have given up root (runtime.user) cannot open ports below 1024 any more: restart the gateway, or let it run with CAP_NET_BIND_SERVICE';

function problemOf(failure: ApplyFailure): ApiProblem {
  const { message } = failure;
  switch (failure.reason) {
    case 'invalid': return new ApiProblem('invalid', message, '', { problems: failure.problems });
    case 'conflict': return new ApiProblem('conflict', message, 'read /v1/configuration again', { expected: failure.expected, current: failure.current });
    case 'pending': return new ApiProblem('pending', message, 'sallyport confirm, or sallyport revert', { pending: failure.pending });
    case 'patch': {
      const { code, hint, resource } = failure.failure;
      return new ApiProblem(code === 'exists' ? 'exists' : 'not-found', message, hint, { resource });
    }
    case 'not-found': return new ApiProblem('not-found', message);
    case 'failed': return new ApiProblem('not-applied', message, /listen EACCES/.test(message) ? privilegedHint : '');
  }
}

/** Hashes of tokens are for admins only: a weak token could be guessed from its hash. */
export function documentFor(call: Pick<AnyCall, 'identity' | 'plane'>, document: ConfigDocument): ConfigDocument {
  if (call.identity.role === 'admin') return document;
  return covered(document, '') as ConfigDocument;
}

function covered(value: unknown, key: string): unknown {
  if (/token(Sha256)?$|secret|password|passphrase/i.test(key) && typeof value === 'string') return '***';
  if (Array.isArray(value)) return value.map((item) => covered(item, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, covered(member, name)]));
}
