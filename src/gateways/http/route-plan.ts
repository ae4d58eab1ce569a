// What a route means once it was chosen: limits, times, retries, affinity as numbers and functions, made when the service
// is compiled. Choosing it is in routing.ts.
import type { HttpSettings, RouteSettings } from './settings.ts';
import { retryMethods } from './settings-limits.ts';
import type { RequestContext } from './variables.ts';

/** Milliseconds; 0 for `totalMs` means none. */
export interface HttpTimeouts {
  readonly clientHeaderMs: number;
  readonly clientIdleMs: number;
  readonly clientBodyMs: number;
  readonly clientSendMs: number;
  readonly serverFirstByteMs: number;
  readonly serverIdleMs: number;
  readonly totalMs: number;
  readonly upgradeIdleMs: number;
}

export function compileTimeouts(service: HttpSettings['timeouts'], route: RouteSettings['timeouts']): HttpTimeouts {
  return {
    clientHeaderMs: service.clientHeader,
    clientIdleMs: service.clientIdle,
    clientBodyMs: route?.clientBody ?? service.clientBody,
    clientSendMs: route?.clientSend ?? service.clientSend,
    serverFirstByteMs: route?.serverFirstByte ?? service.serverFirstByte,
    serverIdleMs: route?.serverIdle ?? service.serverIdle,
    totalMs: route?.total ?? service.total,
    upgradeIdleMs: route?.upgradeIdle ?? service.upgradeIdle,
  };
}

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly maxResponseBodyBytes: number;
  /** 0 for none. */
  readonly minBodyBytesPerSecond: number;
  readonly minBodyRateGraceMs: number;
}

export function compileBodyLimits(service: HttpSettings['limits'], route: RouteSettings['limits']): BodyLimits {
  return {
    maxBodyBytes: route?.maxBodyBytes ?? service.maxBodyBytes,
    maxResponseBodyBytes: route?.maxResponseBodyBytes ?? service.maxResponseBodyBytes,
    minBodyBytesPerSecond: route?.minBodyBytesPerSecond ?? service.minBodyBytesPerSecond,
    minBodyRateGraceMs: service.minBodyRateGrace,
  };
}

/** When another attempt is made. */
export class RetryPlan {
  /** The first included. */
  readonly attempts: number;
  readonly #onConnect: boolean;
  readonly #onReset: boolean;
  readonly #methods: readonly string[];

  constructor(service: HttpSettings['retries'], route: RouteSettings['retries']) {
    const on = route?.on ?? service.on ?? ['connect', 'reset-before-response'];
    this.attempts = route?.attempts ?? service.attempts ?? 2;
    this.#onConnect = on.includes('connect');
    this.#onReset = on.includes('reset-before-response');
    this.#methods = retryMethods(route?.methods ?? service.methods);
  }

  /** `made`: attempts so far. `sent`: bytes of the request may have reached the server. That its body can still be sent again is the caller's to know. */
  permits(method: string, made: number, sent: boolean): boolean {
    if (made >= this.attempts) return false;
    return sent ? this.#onReset && this.#methods.includes(method) : this.#onConnect;
  }
}

type AffinityKind = 'address' | 'uri' | 'path' | 'host' | 'header' | 'cookie' | 'query';

/** What a pool that balances by hash is given. */
export class Affinity {
  readonly kind: AffinityKind;
  readonly key: string;

  constructor(setting: string) {
    const colon = setting.indexOf(':');
    this.kind = (colon < 0 ? setting : setting.slice(0, colon)) as AffinityKind;
    const key = colon < 0 ? '' : setting.slice(colon + 1);
    this.key = this.kind === 'header' ? key.toLowerCase() : key;
  }

  /** Requests without the header, cookie or parameter go by the client's address: '' would send all of them to one server. */
  of(context: RequestContext): string {
    const view = context.view;
    switch (this.kind) {
      case 'address': return context.clientAddress;
      case 'uri': return view.head.query === undefined ? view.path : `${view.path}?${view.head.query}`;
      case 'path': return view.path;
      case 'host': return view.host;
      case 'header': return view.header(this.key) ?? context.clientAddress;
      case 'cookie': return view.cookie(this.key) ?? context.clientAddress;
      case 'query': return view.queryParameter(this.key) ?? context.clientAddress;
    }
  }
}

/** What routes have that ask for nothing else. One for all of them: of a thousand, each request would find its own out of the cache. */
export interface UsualPlan { readonly timeouts: HttpTimeouts; readonly limits: BodyLimits; readonly retries: RetryPlan; readonly affinity: Affinity | undefined }

export function usualPlan(settings: HttpSettings): UsualPlan {
  return {
    timeouts: compileTimeouts(settings.timeouts, undefined), limits: compileBodyLimits(settings.limits, undefined),
    retries: new RetryPlan(settings.retries, undefined), affinity: settings.affinity === undefined ? undefined : new Affinity(settings.affinity),
  };
}
