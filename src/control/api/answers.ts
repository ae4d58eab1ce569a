// Schemas of what the admin API answers, where several resources share it. For its description; nothing is checked by them
// while serving (the tests hold answers against them).
import { z } from 'zod';

export const pendingAnswer = z.looseObject({
  number: z.number(), version: z.string(), revertTo: z.number().describe('Version that comes back unless this one is confirmed.'),
  deadlineMs: z.number().describe('When, in ms since 1970.'), author: z.string(),
});

export const listenerAnswer = z.looseObject({
  name: z.string(), service: z.string(), protocol: z.string(), binds: z.array(z.strictObject({ host: z.string(), port: z.number() })),
});

export const workerAnswer = z.looseObject({
  worker: z.number(), pid: z.number(), version: z.string(), sessions: z.number(), sessionsTotal: z.number(), operations: z.number(),
  idleServerLinks: z.number(), bugs: z.number(), auditLost: z.number(), auditPending: z.number(), refusedConnections: z.number(),
  acceptFailures: z.number(), cpuMs: z.number(), residentBytes: z.number(), uptimeMs: z.number(),
});

export const sessionAnswer = z.looseObject({
  id: z.string(), worker: z.number(), protocol: z.string(), listener: z.string(), service: z.string(), client: z.string(), zone: z.string(),
  user: z.string(), ageMs: z.number(), operations: z.number(), bytesIn: z.number(), bytesOut: z.number(), servers: z.array(z.string()),
  doing: z.string(), configuration: z.string(),
});

export const serverAnswer = z.looseObject({
  name: z.string(), addresses: z.array(z.string()), weight: z.number(), backup: z.boolean(), administrative: z.enum(['ready', 'drain', 'maintenance']),
  health: z.enum(['unknown', 'up', 'down']), healthReason: z.string(), healthForMs: z.number(), ejectedForMs: z.number(), eligible: z.boolean(),
  removed: z.boolean(), explanation: z.string(), activeRequests: z.number(), connections: z.number(), maxConnections: z.number(),
  waiting: z.number(), requests: z.number(), failures: z.number(), lastFailure: z.string(), lastFailureAgoMs: z.number(),
  ejections: z.number(), latencyMs: z.number(),
});

export const poolAnswer = z.looseObject({ pool: z.string(), balance: z.string(), waiting: z.number(), retries: z.number(), servers: z.array(serverAnswer) });

export const leaseAnswer = z.looseObject({
  id: z.string(), session: z.string(), service: z.string(), purpose: z.string(), side: z.enum(['client', 'server']), address: z.string(), port: z.number(),
  peer: z.string().describe('The one address that may connect.'), cause: z.string(), ageMs: z.number(), leftMs: z.number(),
  strangers: z.number().describe('Connections from elsewhere that were closed.'),
});

export const approvalAnswer = z.strictObject({
  id: z.string(), session: z.string(), service: z.string(), client: z.string(), user: z.string(),
  line: z.string().describe('What is asked about, without secrets.'),
});

export const recordingAnswer = z.strictObject({
  session: z.string(), path: z.string(), bytes: z.number(), writtenMs: z.number().describe('Last written, in ms since 1970.'), encrypted: z.boolean(),
});

export const recordAnswer = z.looseObject({ time: z.number().describe('ms since 1970.'), kind: z.string(), outcome: z.string() })
  .describe('An audit record; docs/audit.md is the catalogue of its members.');

export const placedProblem = z.looseObject({
  file: z.string(), line: z.number(), column: z.number(), severity: z.enum(['error', 'warning']), code: z.string(), path: z.string(),
  message: z.string(), found: z.string(), wanted: z.string(), hint: z.string(),
});

export const diffAnswer = z.looseObject({
  same: z.boolean(),
  resources: z.array(z.looseObject({ kind: z.enum(['added', 'removed', 'changed', 'moved']), section: z.string(), name: z.string() })),
});

export const impactAnswer = z.looseObject({
  kind: z.enum(['none', 'new-sessions', 'drain', 'restart']),
  impacts: z.array(z.looseObject({ kind: z.string(), resource: z.string(), effect: z.string() })),
});

export const applyAnswer = z.looseObject({
  changed: z.boolean().describe('False: it means the same as what was in force, and nothing was done.'),
  number: z.number(), version: z.string(), diff: diffAnswer, impact: impactAnswer, problems: z.array(placedProblem).describe('Warnings.'),
  pending: pendingAnswer.optional(),
}).describe('What is in force now.');
