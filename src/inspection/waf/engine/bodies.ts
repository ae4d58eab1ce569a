// Chooses and runs the body processor once a request body is complete; and tells whether its media type leaves a doubt.
import { charsetOf, contentTypeFault } from '../bodies/charset.ts';
import { emptyResult, type BodyLimits, type BodyResult } from '../bodies/contract.ts';
import { container, guessJson, parseJson } from '../bodies/json.ts';
import { MultipartReader, parseMultipart } from '../bodies/multipart.ts';
import { parseLikelyForm, parseUrlencoded } from '../bodies/urlencoded.ts';
import { parseXml } from '../bodies/xml.ts';
import type { TransactionState } from './state.ts';

/** The processor that a media type stands for by itself; JSON and XML are chosen by rules (ctl:requestBodyProcessor). */
export function processorFor(contentType: string): string {
  const lower = contentType.trimStart().toLowerCase();
  if (lower.startsWith('application/x-www-form-urlencoded')) return 'URLENCODED';
  return lower.startsWith('multipart/form-data') ? 'MULTIPART' : '';
}

/**
 * A body in which rules can read nothing but bytes: files, pictures, frames of other protocols. By its type; what begins like JSON
 * is none (`looksLikeJson`), nor is what has to be unpacked first.
 */
export function isOpaque(state: TransactionState): boolean {
  if (state.bodyProcessor !== '' || state.program.wantsWholeBody || state.requestHeader('content-encoding') !== undefined) return false;
  const type = (state.requestHeader('content-type') ?? '').trim().toLowerCase();
  return type !== '' && !/^(?:text|multipart|message)\/|(?:[/+-]|nd)json|[/+]xml|x-www-form/.test(type);
}

export function looksLikeJson(beginning: Uint8Array): boolean {
  return container.test(Buffer.from(beginning.buffer, beginning.byteOffset, Math.min(beginning.length, 256)).toString('latin1'));
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

function limitsOf(state: TransactionState): BodyLimits {
  const { settings } = state.program;
  return {
    maxArguments: Math.max(0, settings.argumentsLimit - state.argsGet.keys.length), maxDepth: settings.jsonDepthLimit, maxFiles: settings.uploadFileLimit,
  };
}

/** Takes a multipart body apart while it comes. */
export function multipartReader(state: TransactionState): MultipartReader {
  return new MultipartReader(state.requestHeader('content-type') ?? '', limitsOf(state), state.program.wantsFileContents);
}

function parsed(state: TransactionState, reader: MultipartReader | null): BodyResult {
  const { settings } = state.program;
  const text = state.requestBody;
  switch (state.bodyProcessor) {
    case 'URLENCODED': return parseUrlencoded(text, settings.argumentSeparator, limitsOf(state));
    case 'MULTIPART': return (reader ?? multipartReader(state)).end();
    case 'JSON': return text === '' ? emptyResult() : parseJson(text, limitsOf(state));
    case 'XML': return text === '' ? emptyResult() : parseXml(text, limitsOf(state), charsetOf(state.requestHeader('content-type') ?? ''));
    default: return text === '' ? emptyResult() : guessed(state, text);
  }
}

/** Parts that are fields of a form; parts of mails, batches and uploads have no such name. */
function fieldsOf({ args }: BodyResult): BodyResult {
  const result = emptyResult();
  args.keys.forEach((name, i) => { if (name !== '') result.args.add(name, args.values[i]!); });
  return result;
}

/**
 * A body whose type tells nothing, as servers read it that do not ask for the type: parts, JSON that is well formed, and without
 * any type also a form. What does not fit is no error.
 */
function guessed(state: TransactionState, text: string): BodyResult {
  const contentType = state.requestHeader('content-type') ?? '';
  if (/^\s*multipart\//i.test(contentType)) return fieldsOf(parseMultipart(text, contentType, limitsOf(state), false));
  const json = guessJson(text, limitsOf(state));
  if (json !== null) return json;
  return contentType.trim() === '' ? parseLikelyForm(text, state.program.settings.argumentSeparator, limitsOf(state)) : emptyResult();
}

/** What the media type itself leaves in doubt. */
function typeFault(state: TransactionState): string {
  const { requestHeaders } = state;
  const types: string[] = [];
  for (let i = 0; i < requestHeaders.keys.length; i++) {
    if (requestHeaders.lowerKey(i) === 'content-type') types.push(requestHeaders.values[i]!);
  }
  return contentTypeFault(types);
}

export function processBody(state: TransactionState, reader: MultipartReader | null): BodyResult {
  const result = parsed(state, reader);
  // Over the limit, where the rest passes unseen: what was looked at ends somewhere.
  if (result.cut && state.inboundDataError) result.error = '';
  if (result.error === '' && state.requestBodyLength > 0) result.error = typeFault(state);
  return result;
}
