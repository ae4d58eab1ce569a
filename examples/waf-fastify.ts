// The WAF in front of a Fastify application: the baseline rules, blocking. Run: node examples/waf-fastify.ts
// then try: curl "http://127.0.0.1:3000/?q=1'+or+'1'='1"
import Fastify from 'fastify';
import { inspectRequest, loadBaseline } from './waf-node.ts';

const ruleSet = loadBaseline();
const app = Fastify();
// Bodies reach the WAF as received; the application parses them afterwards.
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => { done(null, body); });
app.addHook('preHandler', async (request, reply) => {
  const verdict = inspectRequest(ruleSet, request.raw, Buffer.isBuffer(request.body) ? request.body : null);
  if (verdict) return reply.code(verdict.status).send({ error: 'blocked', rule: verdict.ruleId });
});
app.get('/', async () => ({ hello: 'world' }));

if (import.meta.main) await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT'] ?? 3000) });

export { app };
