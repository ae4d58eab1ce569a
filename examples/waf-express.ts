// The WAF as Express middleware, behind the parsers of bodies, which keep what they have read; without importing Express:
//   const keep = { verify: keepBody };
//   app.use(express.json(keep), express.urlencoded({ ...keep, extended: true }), express.raw({ ...keep, type: () => true }), waf());
import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspectRequest, loadBaseline } from './waf-node.ts';

type Kept = IncomingMessage & { rawBody?: Buffer };

export function keepBody(request: Kept, _response: unknown, body: Buffer): void { request.rawBody = body; }

export function waf(ruleSet = loadBaseline()) {
  return (request: Kept, response: ServerResponse, next: (error?: unknown) => void): void => {
    const verdict = inspectRequest(ruleSet, request, request.rawBody ?? null);
    if (!verdict) { next(); return; }
    response.writeHead(verdict.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: 'blocked', rule: verdict.ruleId }));
  };
}
