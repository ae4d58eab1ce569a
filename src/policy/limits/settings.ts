// Schema of the configuration section `limits`: rates, concurrent operations and connections, counted per key.
import { z } from 'zod';
import { rate, resourceName } from '#core/settings/primitives.ts';
import { conditionShape, listOf, oneOrMany } from '../settings.ts';
import type { ConditionSettings, ExceptionSettings, OneOrMany } from '../settings.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { connectionKeys, keyPartProblem } from './key.ts';

export interface LimitSettings extends Omit<ConditionSettings, 'when'> {
  description?: string | undefined;
  key?: OneOrMany<string> | undefined;
  requests?: { count: number; perMs: number } | undefined;
  burst?: number | undefined;
  concurrent?: number | undefined;
  connections?: number | undefined;
  action?: 'deny' | 'drop' | undefined;
  status?: number | undefined;
  message?: string | undefined;
  maxKeys?: number | undefined;
  enabled?: boolean | undefined;
}

export type LimitsSettings = Readonly<Record<string, LimitSettings>>;

export const defaultMaxKeys = 50_000;

/** Schema of the section `limits`. */
export function buildLimitSettings(vocabularies: readonly Vocabulary[]): z.ZodType<LimitsSettings> {
  const keyPart = z.string().superRefine((text, context) => {
    const problem = keyPartProblem(text, vocabularies);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  }).meta({ title: 'key', examples: ['address', 'address/24/56', 'header:x-api-key', 'path', 'none'] });
  const limit = z.strictObject({
    description: z.string().max(500).optional().describe('What it is for, in words.'),
    ...conditionShape(vocabularies),
    key: oneOrMany(keyPart).default('address').describe('What is counted apart: address (IPv6: its /64), address/24 or address/24/56 (networks of this size), '
      + 'host, path, user, verb, service, listener, an attribute such as header:x-api-key, a list of these (their combination), or none (all together).'),
    requests: rate().refine(({ count, perMs }) => count > 0 && perMs > 0, 'wanted a rate above zero').optional()
      .describe('Operations per time, as in 100/s or 30/m (a token bucket).'),
    burst: z.int().min(1).max(1_000_000_000).optional().describe('How many operations may come at once before the rate counts. The count of the rate when left out.'),
    concurrent: z.int().min(1).max(1_000_000).optional().describe('Operations under way at the same time.'),
    connections: z.int().min(1).max(10_000_000).optional().describe('Client connections open at the same time; counted when they are accepted.'),
    action: z.enum(['deny', 'drop']).default('deny').describe('deny: a reply of the protocol (HTTP 429); drop: no reply.'),
    status: z.int().min(100).max(999).optional().describe('Reply code of the protocol. The protocol chooses when left out.'),
    message: z.string().max(500).optional().describe('Text for the client.'),
    maxKeys: z.int().min(1).max(10_000_000).default(defaultMaxKeys)
      .describe('Keys remembered per worker. Only idle keys are forgotten; when all are in use, further ones share one count.'),
    enabled: z.boolean().default(true).describe('False keeps the limit in the file without effect.'),
  }).superRefine((value, context) => {
    for (const problem of limitProblems(value as LimitSettings)) context.addIssue({ code: 'custom', path: problem.path, message: problem.message });
  });
  return z.record(resourceName(), limit).default({})
    .describe('Limits by name. Every limit that applies to an operation must have room for it.') as unknown as z.ZodType<LimitsSettings>;
}

function limitProblems(limit: LimitSettings): { path: (string | number)[]; message: string }[] {
  const problems: { path: (string | number)[]; message: string }[] = [];
  if (limit.requests === undefined && limit.concurrent === undefined && limit.connections === undefined) {
    problems.push({ path: [], message: 'a limit needs requests, concurrent or connections' });
  }
  if (limit.burst !== undefined && limit.requests === undefined) problems.push({ path: ['burst'], message: 'burst belongs to requests' });
  const keys = listOf(limit.key);
  if (keys.includes('none') && keys.length > 1) problems.push({ path: ['key'], message: 'none cannot be combined' });
  if (limit.connections === undefined) return problems;
  // At accept nothing is known yet but who connects to what.
  const known = 'connections are counted when they are accepted, and then';
  if (!keys.every((key) => connectionKeys.test(key))) problems.push({ path: ['key'], message: `${known} only address, listener, service and none can be keys` });
  for (const field of ['operation', 'user', 'group', 'protocol'] as const) {
    if (limit[field] !== undefined) problems.push({ path: [field], message: `${known} ${field} is not known: use another limit for it` });
  }
  if (listOf<ExceptionSettings>(limit.unless).some((one) => one.operation !== undefined || one.user !== undefined || one.group !== undefined)) {
    problems.push({ path: ['unless'], message: `${known} only from can be an exception` });
  }
  return problems;
}
