// Our engine over a request taken apart, for comparison with libmodsecurity.
import type { RuleSet, Summary } from '#inspection/waf/index.ts';
import type { Exchange } from './judge.ts';

/** What our engine says of an exchange. */
export function summaryOf(ruleSet: RuleSet, exchange: Exchange): Summary {
  const tx = ruleSet.begin({
    clientAddress: '127.0.0.1', clientPort: 50000, serverAddress: '127.0.0.1', serverPort: 80, uniqueId: 'differential', nowMs: 0, reputation: null,
  });
  tx.requestLine(exchange.method, exchange.target, `HTTP/${exchange.version}`);
  for (const [name, value] of exchange.headers) tx.requestHeader(name, value);
  tx.endRequestHeaders();
  if (exchange.body !== '') tx.requestBody(Buffer.from(exchange.body, 'latin1'));
  tx.endRequestBody();
  tx.responseHead(exchange.response.status, 'HTTP/1.1');
  for (const [name, value] of exchange.response.headers) tx.responseHeader(name, value);
  tx.endResponseHeaders();
  tx.endResponseBody();
  return tx.finish(0);
}
