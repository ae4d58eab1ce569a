// The description of the admin API (OpenAPI 3.1), made from the zod schemas that check its requests. Answers nothing.
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { problemSchema } from './problem.ts';
import type { AnyRoute } from './route.ts';

type JsonSchema = Record<string, unknown>;

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any', reused: 'inline' }) as JsonSchema;
  return rest;
}

const tags = [
  { name: 'state', description: 'What runs, and how it is.' },
  { name: 'traffic', description: 'Sessions, servers, rules and limits as they are now.' },
  { name: 'recordings', description: 'Recordings of terminal sessions.' },
  { name: 'audit', description: 'The audit log.' },
  { name: 'firewall', description: 'The web application firewall: rules, reports, exclusions, tests.' },
  { name: 'configuration', description: 'What is configured, and changing it as one transaction.' },
];

export function openApiOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sallyport admin API', version,
        description: 'On the Unix socket whoever can open the file is admin. On loopback TCP every request carries a bearer token of admin.http.tokens. '
          + 'Everything that goes wrong is answered with problem details (RFC 9457).',
      },
      tags,
      components: {
        securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'A token of admin.http.tokens. Not needed on the Unix socket.' } },
        schemas: { Problem: jsonSchema(problemSchema, 'output') },
      },
      security: [{ token: [] }],
    },
  };
}

const versionHeader = {
  required: 'Version that the change is made for, as the ETag of /v1/configuration came; `*` is any.',
  optional: 'Version that the change is made for, as the ETag of /v1/configuration came; another one in force is a conflict.',
} as const;

function headersOf(version: 'required' | 'optional'): JsonSchema {
  return { type: 'object', properties: { 'If-Match': { type: 'string', description: versionHeader[version] } }, ...(version === 'required' ? { required: ['If-Match'] } : {}) };
}

export function documented(one: AnyRoute): FastifySchema {
  const type = one.answerType ?? 'application/json';
  const problem = { description: 'A problem.', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } };
  const role = one.role === undefined ? 'Needs no token.' : `Role: ${one.role}.`;
  return {
    tags: [one.tag], summary: one.summary, description: `${one.description === undefined ? '' : `${one.description} `}${role}`,
    ...(one.role === undefined ? { security: [] } : {}),
    ...(one.params === undefined ? {} : { params: jsonSchema(one.params, 'input') }),
    ...(one.query === undefined ? {} : { querystring: jsonSchema(one.query, 'input') }),
    ...(one.version === undefined ? {} : { headers: headersOf(one.version) }),
    ...(one.body === undefined ? {} : { body: jsonSchema(one.body, 'input') }),
    response: {
      200: { description: one.answer.description ?? 'Done.', content: { [type]: { schema: jsonSchema(one.answer, 'output') } } },
      '4xx': problem,
      '5xx': problem,
    },
  } as FastifySchema;
}
