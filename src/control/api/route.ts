// What a resource of the admin API is: method, address, role, schemas of what it takes and gives, and what it does. The
// server checks and documents by the same schemas. Knows nothing of HTTP beyond that.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AdminRole } from '#runtime/settings.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { Identity } from './access.ts';
import { ApiProblem } from './problem.ts';

export interface Call<Params, Query, Body> {
  readonly plane: ControlPlane;
  readonly identity: Identity;
  /** Who is written in the audit log and in the history. */
  readonly author: string;
  /** The author's name is that of a token; otherwise it is what the caller on the socket said. */
  readonly proven: boolean;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export interface RouteDefinition<Params, Query, Body> {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly url: string;
  /** Undefined: anybody who reaches the API. */
  readonly role: AdminRole | undefined;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly maxBodyBytes?: number;
  /** Whether If-Match has to, or may, say which version of the configuration a change is made for. */
  readonly version?: 'required' | 'optional';
  /** What a success gives. */
  readonly answer: z.ZodType;
  readonly answerType?: string;
  /** Undefined: the reply was sent, or is being sent. */
  handle(call: Call<Params, Query, Body>): Promise<unknown>;
}

export type AnyRoute = RouteDefinition<unknown, unknown, unknown>;

/** Only for the types: what the schemas give is what the handler gets. */
export function route<Params = undefined, Query = undefined, Body = undefined>(definition: RouteDefinition<Params, Query, Body>): AnyRoute {
  return definition as unknown as AnyRoute;
}

/** A query parameter that may be given several times, or with commas. */
export function many<Item>(item: z.ZodType<Item, string>, what: string) {
  return z.union([z.string(), z.array(z.string())])
    .transform((given) => (Array.isArray(given) ? given : [given]).flatMap((text) => text.split(',')).filter((text) => text !== ''))
    .pipe(z.array(item)).optional().describe(what);
}

/** Parses a part of a request by its schema. @throws ApiProblem that names every fault. */
export function parsed<Value>(schema: z.ZodType<Value> | undefined, part: string, value: unknown): Value {
  if (schema === undefined) return undefined as Value;
  const result = schema.safeParse(value ?? undefined);
  if (result.success) return result.data;
  const faults = result.error.issues.slice(0, 20).map((issue) => ({ in: part, path: issue.path.map(String).join('.'), message: issue.message }));
  const [first] = faults;
  throw new ApiProblem('bad-request', `${part}${first!.path === '' ? '' : ` ${first!.path}`}: ${first!.message}`, 'the description of this API is at /v1/openapi.json', { faults });
}
