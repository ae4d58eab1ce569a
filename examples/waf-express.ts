// The WAF as Express (or Connect) middleware, without importing Express: app.use(express.raw({ type: () => true }), waf()).
import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspectRequest, loadBaseline } from './waf-node.ts';

export function waf(ruleSet = loadBaseline()) {
  return (request: IncomingMessage & { body?: unknown }, response: ServerResponse, next: (error?: unknown) => void): void => {
    const verdict = inspectRequest(ruleSet, request, Buffer.isBuffer(request.body) ? request.body : null);
    if (!verdict) { next(); return; }
    response.writeHead(verdict.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: 'blocked', rule: verdict.ruleId }));
  };
}
