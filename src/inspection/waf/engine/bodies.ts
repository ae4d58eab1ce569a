// Chooses and runs the body processor once a request body is complete.
import { emptyResult, type BodyLimits, type BodyResult } from '../bodies/contract.ts';
import { parseJson } from '../bodies/json.ts';
import { parseMultipart } from '../bodies/multipart.ts';
import { parseUrlencoded } from '../bodies/urlencoded.ts';
import { parseXml } from '../bodies/xml.ts';
import type { TransactionState } from './state.ts';

/** The processor that a media type stands for by itself; JSON and XML are chosen by rules (ctl:requestBodyProcessor). */
export function processorFor(contentType: string): string {
  const lower = contentType.trimStart().toLowerCase();
  if (lower.startsWith('application/x-www-form-urlencoded')) return 'URLENCODED';
  return lower.startsWith('multipart/form-data') ? 'MULTIPART' : '';
}

/** A body gathered from chunks, up to a limit. */
export class BodyBuffer {
  private readonly chunks: Buffer[] = [];
  /** Bytes kept. */
  length = 0;
  /** Bytes seen, kept or not. */
  seen = 0;

  /** Keeps what fits under `limit`; returns false when the body is longer. */
  add(chunk: Uint8Array, limit: number): boolean {
    this.seen += chunk.length;
    const room = limit - this.length;
    if (room > 0) {
      const kept = chunk.length > room ? chunk.subarray(0, room) : chunk;
      // The caller may reuse its memory.
      this.chunks.push(Buffer.from(kept));
      this.length += kept.length;
    }
    return chunk.length <= room;
  }

  text(): string {
    const whole = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    this.chunks.length = 0;
    return whole.toString('latin1');
  }
}

export function processBody(state: TransactionState): BodyResult {
  const { settings } = state.program;
  const limits: BodyLimits = {
    maxArguments: Math.max(0, settings.argumentsLimit - state.argsGet.keys.length), maxDepth: settings.jsonDepthLimit, maxFiles: settings.uploadFileLimit,
  };
  const text = state.requestBody;
  switch (state.bodyProcessor) {
    case 'URLENCODED': return parseUrlencoded(text, settings.argumentSeparator, limits);
    case 'MULTIPART': return parseMultipart(text, state.requestHeader('content-type') ?? '', limits, state.program.wantsFileContents);
    case 'JSON': return text === '' ? emptyResult() : parseJson(text, limits);
    case 'XML': return text === '' ? emptyResult() : parseXml(text, limits);
    default: return emptyResult();
  }
}
