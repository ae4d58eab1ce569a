// The admin API as servers: Fastify on the Unix socket and, if configured, on loopback TCP. Authenticates, checks what
// comes in, answers problems in one shape, and writes refused attempts to the audit log. Resources are in routes/.
import swagger from '@fastify/swagger';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { performance } from 'node:perf_hooks';
import type { AdminSettings } from '#runtime/settings.ts';
import { formatBind } from '#runtime/settings.ts';
import type { ControlPlane } from '../control-plane.ts';
import { AttemptLog, isLoopbackHost, loudly, mayAct, TokenAccess, type Identity } from './access.ts';
import { documented, openApiOptions } from './openapi.ts';
import { ApiProblem } from './problem.ts';
import { parsed, type AnyRoute } from './route.ts';
import { routes } from './routes/index.ts';
import { listenOnSocket, removeSocket, socketPathOf } from './socket-file.ts';

/** Bodies of resources that do not take a configuration. */
const maxBodyBytes = 64 * 1024;
const requestTimeoutMs = 30_000;
/** Over the socket a client may say who acts; longer names are cut. */
const maxAuthorLength = 100;

type Access = { readonly kind: 'socket' } | { readonly kind: 'http'; readonly tokens: TokenAccess };

export class AdminApi {
  readonly #plane: ControlPlane;
  readonly #tokens = new TokenAccess(() => performance.now());
  #socket: { app: FastifyInstance; path: string } | undefined = undefined;
  /** `bind` as configured; `address` with the port that was had, which the system chooses for port 0. */
  #http: { app: FastifyInstance; bind: string; address: string } | undefined = undefined;
  #last: Promise<void> = Promise.resolve();
  readonly #changed = (): void => {
    const admin = this.#plane.transactions.active?.configuration.admin;
    if (admin === undefined) return;
    this.#last = this.#last.then(() => this.#adopt(admin)).catch((error: unknown) => {
      this.#plane.notice({ severity: 'error', message: `admin API: ${error instanceof Error ? error.message : String(error)}` });
    });
  };

  private constructor(plane: ControlPlane) { this.#plane = plane; }

  /** @throws Error when the socket or the port cannot be had. */
  static async start(plane: ControlPlane): Promise<AdminApi> {
    const api = new AdminApi(plane);
    try {
      await api.#adopt(plane.transactions.active!.configuration.admin);
    } catch (error) {
      await api.close();
      throw error;
    }
    plane.onChange(api.#changed);
    return api;
  }

  get socketPath(): string { return this.#socket?.path ?? ''; }
  /** Where it is reached over TCP, `127.0.0.1:9080`, or ''. */
  get httpAddress(): string { return this.#http?.address ?? ''; }

  /** Brings what is open to what is configured; what stays the same stays open. */
  async #adopt(settings: AdminSettings): Promise<void> {
    const path = socketPathOf(settings, this.#plane.stateDirectory);
    if (this.#socket?.path !== path) {
      const app = await buildApp(this.#plane, { kind: 'socket' });
      await listenOnSocket(app.server, path);
      const before = this.#socket;
      this.#socket = { app, path };
      if (before !== undefined) await this.#closeSocket(before);
    }
    for (const fault of this.#tokens.adopt(settings.http?.tokens ?? [])) this.#plane.notice({ severity: 'error', message: fault });
    const bind = settings.http === undefined ? '' : formatBind(settings.http.bind);
    if ((this.#http?.bind ?? '') === bind) return;
    const before = this.#http;
    this.#http = undefined;
    void before?.app.close();
    if (settings.http === undefined) return;
    const app = await buildApp(this.#plane, { kind: 'http', tokens: this.#tokens });
    const { host, port } = settings.http.bind;
    await app.listen({ host, port });
    const bound = app.server.address();
    this.#http = { app, bind, address: formatBind({ host, port: typeof bound === 'object' && bound !== null ? bound.port : port }) };
  }

  async #closeSocket({ app, path }: { app: FastifyInstance; path: string }): Promise<void> {
    await app.close();
    removeSocket(path);
  }

  async close(): Promise<void> {
    this.#plane.offChange(this.#changed);
    await this.#last;
    await this.#http?.app.close();
    if (this.#socket !== undefined) await this.#closeSocket(this.#socket);
    this.#socket = undefined;
    this.#http = undefined;
  }
}

/** The description of the API (OpenAPI), without a gateway. */
export async function describeApi(version: string): Promise<object> {
  const app = await buildApp({ options: { version } } as ControlPlane, { kind: 'socket' });
  try { return app.swagger(); } finally { await app.close(); }
}

/** One Fastify with every resource. */
async function buildApp(plane: ControlPlane, access: Access): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false, bodyLimit: maxBodyBytes, requestTimeout: requestTimeoutMs, exposeHeadRoutes: false,
    // Followers of the log would keep the server open for ever.
    forceCloseConnections: true, routerOptions: { maxParamLength: 400 },
  });
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  await app.register(swagger, openApiOptions(plane.options.version));
  app.decorateRequest('identity', null);
  app.addHook('onRequest', async (request) => { authenticate(request, access); });
  const attempts = new AttemptLog();
  app.setErrorHandler((error: FastifyError, request, reply) => { answerProblem(plane, attempts, error, request, reply); });
  app.setNotFoundHandler((request) => {
    throw new ApiProblem('not-found', `there is no ${request.method} ${request.url.split('?')[0]}`, 'the description of this API is at /v1/openapi.json');
  });
  for (const one of routes) addRoute(app, plane, access, one);
  app.get('/v1/openapi.json', { schema: { hide: true } }, async (_request, reply) => reply.type('application/json').send(JSON.stringify(app.swagger())));
  await app.ready();
  return app;
}

function addRoute(app: FastifyInstance, plane: ControlPlane, access: Access, one: AnyRoute): void {
  app.route({
    method: one.method, url: one.url, schema: documented(one), ...(one.maxBodyBytes === undefined ? {} : { bodyLimit: one.maxBodyBytes }),
    onRequest: async (request) => {
      const identity = identityOf(request);
      if (one.role === undefined || mayAct(identity, one.role)) return;
      throw loudly(new ApiProblem('forbidden', `${identity.name} is ${identity.role}; this needs ${one.role}`));
    },
    handler: async (request, reply) => {
      const identity = identityOf(request);
      const body = one.body === undefined ? undefined : parsed(one.body, 'body', request.body ?? {});
      const answer = await one.handle({
        plane, identity, request, reply, author: authorOf(request, access, identity), proven: access.kind === 'http',
        params: parsed(one.params, 'path', request.params), query: parsed(one.query, 'query', request.query), body,
      });
      if (reply.sent || answer === undefined) return reply;
      return answer;
    },
  });
}

function identityOf(request: FastifyRequest): Identity { return (request as FastifyRequest & { identity: Identity }).identity; }

function authenticate(request: FastifyRequest, access: Access): void {
  const open = request.url === '/healthz';
  let identity: Identity = { name: access.kind === 'socket' ? 'socket' : 'anonymous', role: access.kind === 'socket' ? 'admin' : 'viewer' };
  if (access.kind === 'http') {
    if (!isLoopbackHost(request.headers.host)) {
      const host = String(request.headers.host ?? '').slice(0, 200);
      throw loudly(new ApiProblem('bad-host', `"${host}" is no name of this machine's loopback interface`, 'use localhost, 127.0.0.1 or [::1]'));
    }
    if (!open) identity = access.tokens.identify(request.headers.authorization);
  }
  (request as FastifyRequest & { identity: Identity }).identity = identity;
}

/** Over TCP the token says who it is; over the socket whoever calls does, since they could do anything anyway. */
function authorOf(request: FastifyRequest, access: Access, identity: Identity): string {
  if (access.kind === 'http') return identity.name;
  const said = request.headers['sallyport-author'];
  // Shown on terminals and in logs: no control characters, and nothing that turns the direction of writing.
  const name = typeof said === 'string' ? decoded(said).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').trim().slice(0, maxAuthorLength) : '';
  return name === '' ? identity.name : name;
}

function decoded(text: string): string {
  try { return decodeURIComponent(text); } catch { return text; }
}

function answerProblem(plane: ControlPlane, attempts: AttemptLog, error: FastifyError | ApiProblem, request: FastifyRequest, reply: FastifyReply): void {
  const problem = error instanceof ApiProblem ? error : problemOf(error);
  const written = problem.loud ? attempts.note(problem.message, Date.now()) : undefined;
  if (written !== undefined) {
    const author = (request as FastifyRequest & { identity: Identity | null }).identity?.name ?? 'unknown';
    plane.recordControl(request.method, author, request.url.slice(0, 500), written, 'denied');
  }
  if (problem.code === 'bug') plane.notice({ severity: 'error', message: `admin API, ${request.method} ${request.url.slice(0, 200)}: ${error.stack ?? error.message}` });
  if (problem.code === 'unauthenticated') reply.header('WWW-Authenticate', 'Bearer realm="sallyport"');
  if (typeof problem.more['retryAfter'] === 'number') reply.header('Retry-After', String(problem.more['retryAfter']));
  reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem.body()));
}

/** What Fastify itself refuses. */
function problemOf(error: FastifyError): ApiProblem {
  switch (error.statusCode) {
    case 400: return new ApiProblem('bad-request', error.message);
    case 413: return new ApiProblem('too-large', error.message);
    case 415: return new ApiProblem('media-type', error.message, 'send Content-Type: application/json');
    default: return new ApiProblem('bug', 'the request failed by a fault of the gateway', 'its log says more');
  }
}
