// The WAF in front of a Fastify application: the baseline rules, blocking. Run: node examples/waf-fastify.ts
// then try: curl "http://127.0.0.1:3000/?q=1'+or+'1'='1"
import Fastify from 'fastify';
import { inspectRequest, loadBaseline, wholeBody } from './waf-node.ts';

const ruleSet = loadBaseline();
const app = Fastify();
// Before any parser: bodies of every type as received, which the parsers then get.
app.addHook('preParsing', async (request, reply, payload) => {
  const body = await wholeBody(payload, app.initialConfig.bodyLimit!);
  const verdict = inspectRequest(ruleSet, request.raw, body.bytes);
  if (verdict) await reply.code(verdict.status).send({ error: 'blocked', rule: verdict.ruleId });
  return body.again;
});
app.get('/', async () => ({ hello: 'world' }));

if (import.meta.main) await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT'] ?? 3000) });

export { app };
