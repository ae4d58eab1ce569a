// An HTTP service as compiled: routes, limits, normalisation, and the parsers that its connections share. One per service
// and configuration; sessions hold on to the one they began an operation with. Does no matching itself (routing.ts).
import type { ExplainRequest, Gateway, GatewayEnvironment, ServicePlan, SessionPort } from '#contract/gateway.ts';
import type { Trace } from '#contract/decision.ts';
import type { BlockLists } from '#contract/web-inspection.ts';
import { Exchange } from './exchange.ts';
import { explainRequest } from './explain.ts';
import { ForwardedReader } from './forwarded.ts';
import { HttpGateway } from './gateway.ts';
import { compileTimeouts, type HttpTimeouts } from './route-plan.ts';
import { compileRoutes, type RouteTable } from './routing.ts';
import type { HttpSettings } from './settings.ts';

/** Exchanges (parsers and buffers) kept for the next connection that has something to say. */
const maxSpareExchanges = 256;

/** All that any route wants to know. */
function joinedLists(routes: RouteTable['routes']): BlockLists | undefined {
  const wanted = routes.flatMap(({ inspector }) => inspector?.blockLists ?? []);
  if (wanted.length === 0) return undefined;
  return {
    zones: [...new Set(wanted.flatMap(({ zones }) => zones))], servers: [...new Set(wanted.flatMap(({ servers }) => servers))],
    timeoutMs: Math.max(...wanted.map(({ timeoutMs }) => timeoutMs)),
  };
}

export class HttpService implements ServicePlan {
  readonly protocol = 'http';
  readonly alpn: readonly string[] = ['http/1.1'];
  readonly name: string;
  readonly pools: readonly string[];
  readonly routes: RouteTable;
  readonly forwarded: ForwardedReader;
  readonly timeouts: HttpTimeouts;
  readonly limits: HttpSettings['limits'];
  readonly normalization: HttpSettings['normalization'];
  readonly observed: GatewayEnvironment['observed'];
  /** Block lists that a client must be looked up in before its request is begun; undefined: none. */
  readonly blockLists: BlockLists | undefined;
  readonly #requestIdField: string;
  readonly #spare: Exchange[] = [];

  constructor(name: string, settings: HttpSettings, environment: GatewayEnvironment) {
    this.name = name;
    this.routes = compileRoutes(settings, environment.webInspector);
    this.pools = [...new Set(this.routes.routes.map((route) => route.pool).filter((pool) => pool !== ''))];
    this.blockLists = joinedLists(this.routes.routes);
    this.forwarded = new ForwardedReader(settings.forwarded);
    this.timeouts = compileTimeouts(settings.timeouts, undefined);
    this.limits = settings.limits;
    this.normalization = settings.normalization;
    this.observed = environment.observed;
    this.#requestIdField = settings.requestId === 'off' || !settings.requestIdInResponse ? '' : settings.requestId;
  }

  accept(port: SessionPort): Gateway {
    return new HttpGateway(port, this);
  }

  explain(port: SessionPort, request: ExplainRequest, trace: Trace): void {
    explainRequest(this, port, request, trace);
  }

  takeExchange(gateway: HttpGateway): Exchange {
    const exchange = this.#spare.pop() ?? new Exchange(this);
    exchange.attach(gateway);
    return exchange;
  }

  giveExchange(exchange: Exchange): void {
    if (this.#spare.length >= maxSpareExchanges) return;
    exchange.parser.reset();
    this.#spare.push(exchange);
  }

  /** Header lines of answers that the gateway makes itself. */
  localLines(id: string): string {
    return this.#requestIdField === '' ? '' : `${this.#requestIdField}: ${id}\r\n`;
  }
}
