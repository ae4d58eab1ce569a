// What the Fastify and Express examples share: load the baseline rules, inspect one node:http request.
// In an application outside of this repository the imports are from 'sallyport/waf'.
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { baselineParts } from '#inspection/waf/baseline/index.ts';
import { loadRuleSet, memorySource, MemoryStore, type Interruption, type RuleSet } from '#inspection/waf/index.ts';

export function loadBaseline(): RuleSet {
  const result = loadRuleSet({ parts: baselineParts(), source: memorySource({}) });
  if (!result.ok) throw new Error(result.errors.map(({ message }) => message).join('\n'));
  return result.ruleSet.withStore(new MemoryStore());
}

/** The verdict on a request with its whole body (or null), before the application acts. An engine error throws: let it become a 500. */
export function inspectRequest(ruleSet: RuleSet, request: IncomingMessage, body: Uint8Array | null): Interruption | null {
  const { socket } = request;
  const tx = ruleSet.begin({
    clientAddress: socket.remoteAddress ?? '', clientPort: socket.remotePort ?? 0, serverAddress: socket.localAddress ?? '', serverPort: socket.localPort ?? 0,
    uniqueId: crypto.randomUUID(), nowMs: Date.now(), reputation: null,
  });
  tx.requestLine(request.method ?? '', request.url ?? '', `HTTP/${request.httpVersion}`);
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) tx.requestHeader(request.rawHeaders[i]!, request.rawHeaders[i + 1]!);
  tx.endRequestHeaders();
  if (body && tx.wantsRequestBody) tx.requestBody(body);
  tx.endRequestBody();
  return tx.finish(Date.now()).interruption;
}

/** A body read to its end, and a stream of the same for whoever comes next. @throws an error with statusCode 413 beyond `limit` bytes. */
export async function wholeBody(payload: AsyncIterable<Buffer | string>, limit: number): Promise<{ bytes: Buffer; again: Readable }> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of payload) {
    pieces.push(Buffer.from(piece));
    length += pieces[pieces.length - 1]!.length;
    if (length > limit) throw Object.assign(new Error('body too long'), { statusCode: 413 });
  }
  const bytes = Buffer.concat(pieces);
  return { bytes, again: Readable.from(length === 0 ? [] : [bytes]) };
}
