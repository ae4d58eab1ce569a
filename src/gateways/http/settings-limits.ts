// Schemas of the limits, time limits, retries and message rules of an HTTP service: what people may write, with defaults.
// Does not enforce anything: the codec, the session machine and rewriting.ts do. docs/protocols/http.md, docs/limits.md.
import { z } from 'zod';
import { defaultHttp1Limits } from '#codecs/http1/limits.ts';
import type { Http1Limits } from '#codecs/http1/limits.ts';
import { http1SettingTable } from '#codecs/http1/settings.ts';
import type { Http1SettingName, Http1Settings, SettingEntry } from '#codecs/http1/settings.ts';
import { byteSize, duration } from '#core/settings/primitives.ts';

/** What `unlimited` becomes: a number that no body reaches, and that JSON can carry between processes (Infinity cannot). */
export const unlimitedBytes = Number.MAX_SAFE_INTEGER;

function durationOrOff() {
  return z.union([z.literal('off').transform(() => 0), duration()]).meta({ title: 'duration or off', examples: ['30s', 'off'] });
}

function sizeOrUnlimited() {
  return z.union([z.literal('unlimited').transform(() => unlimitedBytes), byteSize()]).meta({ title: 'size or unlimited', examples: ['10MiB', 'unlimited'] });
}

// Time limits. A route may give its own for those that begin after the route is known.
const aboutTime = {
  clientHeader: 'Longest time from the first byte of a request to the end of its head (and from accept to the first byte of a connection). 408, then close.',
  clientIdle: 'How long a kept-alive client connection may wait between two requests. Closed without a word, as clients expect.',
  clientBody: 'Longest pause while a request body arrives. 408, then close. See also limits.minBodyBytesPerSecond.',
  clientSend: 'Longest time that a client may take nothing of a response that is waiting for it (slow-read protection). Reset.',
  serverFirstByte: 'Longest time from the end of the request to the first byte of the response. 504.',
  serverIdle: 'Longest pause inside a response body, or while the server takes nothing of the request. Long polls and event streams need more than their '
    + 'pause here. Reset, because the response has begun.',
  total: 'Longest time of one request from its first byte to the last byte of the response; `off` for none, as downloads may take long.',
  upgradeIdle: 'Longest time without a byte in either direction after an upgrade (WebSocket). Closed.',
} as const;

export type TimeoutName = keyof typeof aboutTime;



/** Section `timeouts` of a service. */
export const serviceTimeouts = z.strictObject({
  clientHeader: duration().prefault('10s').describe(aboutTime.clientHeader).meta({ limit: true }),
  clientIdle: duration().prefault('60s').describe(aboutTime.clientIdle).meta({ limit: true }),
  clientBody: duration().prefault('20s').describe(aboutTime.clientBody).meta({ limit: true }),
  clientSend: duration().prefault('60s').describe(aboutTime.clientSend).meta({ limit: true }),
  serverFirstByte: duration().prefault('60s').describe(aboutTime.serverFirstByte).meta({ limit: true }),
  serverIdle: duration().prefault('60s').describe(aboutTime.serverIdle).meta({ limit: true }),
  total: durationOrOff().prefault('off').describe(aboutTime.total).meta({ limit: true }),
  upgradeIdle: duration().prefault('1h').describe(aboutTime.upgradeIdle).meta({ limit: true }),
});

/** Section `timeouts` of a route: what is not given is the service's. */
export const routeTimeouts = z.strictObject({
  clientBody: duration().optional().describe(aboutTime.clientBody),
  clientSend: duration().optional().describe(aboutTime.clientSend),
  serverFirstByte: duration().optional().describe(aboutTime.serverFirstByte),
  serverIdle: duration().optional().describe(aboutTime.serverIdle),
  total: durationOrOff().optional().describe(aboutTime.total),
  upgradeIdle: duration().optional().describe(aboutTime.upgradeIdle),
});

// Size and count limits: the codec's by name, and the gateway's own.
const aboutCodecLimit: Record<keyof Http1Limits, string> = {
  maxLeadingCrlf: 'Empty lines ignored before a request line.',
  maxMethodBytes: 'Longest method name.',
  maxRequestLineBytes: 'Longest request line or status line, without its line end. 414.',
  maxHeadBytes: 'Largest head of a request or response: first line, all field lines, the empty line. 431.',
  maxHeaderCount: 'Most header lines in one head. 431.',
  maxHeaderLineBytes: 'Longest header line, without its line end. 431.',
  maxHeaderNameBytes: 'Longest header name. 431.',
  maxChunkSizeDigits: 'Most hexadecimal digits of a chunk size, leading zeros included.',
  maxChunkExtensionBytes: 'Most extension bytes of one chunk.',
  maxBodyChunkExtensionBytes: 'Most extension bytes of all chunks of one body.',
  maxTinyChunks: 'Most chunks below `tinyChunkBytes` in one body: protection against bodies sent a byte a chunk.',
  tinyChunkBytes: 'A chunk with fewer data bytes than this is tiny. Not a limit by itself.',
  maxTrailerBytes: 'Most bytes of all trailer lines.',
  maxTrailerCount: 'Most trailer lines.',
};

type CodecLimitShape = { [Name in keyof Http1Limits]: z.ZodPrefault<z.ZodType<number, string | number>> };

function codecLimitShape(): CodecLimitShape {
  const shape: Partial<CodecLimitShape> = {};
  for (const name of Object.keys(aboutCodecLimit) as (keyof Http1Limits)[]) {
    const kind: z.ZodType<number, string | number> = name.endsWith('Bytes') ? byteSize() : z.number().int().nonnegative();
    shape[name] = kind.prefault(defaultHttp1Limits[name]).describe(aboutCodecLimit[name]).meta({ limit: true });
  }
  return shape as CodecLimitShape;
}

const aboutBody = 'Largest request body; more is refused with 413, before the server sees anything of it when Content-Length says so.';
const aboutResponse = 'Largest response body; a larger one is cut off by a reset. Off by default as `unlimited`: downloads may be of any size and are never held in memory.';

/** Section `limits` of a service. */
export const serviceLimits = z.strictObject({
  ...codecLimitShape(),
  maxBodyBytes: sizeOrUnlimited().prefault('10MiB').describe(aboutBody).meta({ limit: true }),
  maxResponseBodyBytes: sizeOrUnlimited().prefault('unlimited').describe(aboutResponse).meta({ limit: true }),
  minBodyBytesPerSecond: z.number().int().nonnegative().prefault(128)
    .describe('Slowest average rate of a request body, in bytes a second, measured once `minBodyRateGrace` has passed. 408, then close. 0 for none.').meta({ limit: true }),
  minBodyRateGrace: duration().prefault('10s').describe('How long a request body may be slower than `minBodyBytesPerSecond`.').meta({ limit: true }),
  maxRequestsPerConnection: z.number().int().positive().prefault(10_000)
    .describe('Requests on one client connection, after which it is closed in good order (`Connection: close`).').meta({ limit: true }),
  maxPipelinedBytes: byteSize().prefault('64KiB')
    .describe('Bytes of further requests that a client may send ahead while one is being answered; then reading stops until it is.').meta({ limit: true }),
  maxDiscardedBytes: byteSize().prefault('64KiB')
    .describe('Bytes of the body of a request that is answered without it (denied, limited, no server) that are read over, chunk framing included, so that '
      + 'the connection can serve the next request, for at most `timeouts.clientBody` in all. A longer body ends the connection; with 0 every body does.')
    .meta({ limit: true }),
  maxQueryParameters: z.number().int().positive().prefault(256)
    .describe('Query parameters that routes and rules look at. A request with more is refused with 400 where something looks at its query.').meta({ limit: true }),
  maxCookies: z.number().int().positive().prefault(128)
    .describe('Cookies that routes and rules look at. A request with more is refused with 400 where something looks at its cookies.').meta({ limit: true }),
});

/** Section `limits` of a route: what is not given is the service's. */
export const routeLimits = z.strictObject({
  maxBodyBytes: sizeOrUnlimited().optional().describe(aboutBody),
  maxResponseBodyBytes: sizeOrUnlimited().optional().describe(aboutResponse),
  minBodyBytesPerSecond: z.number().int().nonnegative().optional().describe('Slowest average rate of a request body in bytes a second; 0 for none.'),
});

// The codec's rules on messages that peers are known to read differently.
type NormalizationShape = { [Name in Http1SettingName]: z.ZodPrefault<z.ZodType<Http1Settings[Name], Http1Settings[Name]>> };

function normalizationShape(): NormalizationShape {
  const shape: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(http1SettingTable) as [string, SettingEntry][]) {
    shape[name] = z.enum(entry.values).prefault(entry.default).describe(entry.about);
  }
  return shape as NormalizationShape;
}

/** Section `normalization` of a service: one setting for each point where HTTP implementations are known to differ. */
export const normalizationSettings = z.strictObject(normalizationShape());

const idempotent = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'] as const;
const safe = ['GET', 'HEAD', 'OPTIONS', 'TRACE'] as const;

/** Section `retries`. */
export const retrySettings = z.strictObject({
  attempts: z.number().int().min(1).max(10).optional()
    .describe('Most attempts for one request, the first included; 1 never retries. 2 unless given. The budget of the pool applies as well.').meta({ limit: true }),
  on: z.array(z.enum(['connect', 'reset-before-response'])).optional()
    .describe('After which failures another server is tried. `connect`: no connection came to be, so nothing was sent (any method). '
      + '`reset-before-response`: the connection ended before the first byte of a response. Both unless given.'),
  methods: z.union([z.enum(['safe', 'idempotent']), z.array(z.enum(idempotent)).min(1)]).optional()
    .describe('Methods that are sent again after `reset-before-response`: `safe` (GET, HEAD, OPTIONS, TRACE), `idempotent` (these, PUT and DELETE; RFC 9110 '
      + 'section 9.2.2) or a list. POST and PATCH cannot be listed: the first attempt may have taken effect. `safe` unless given.'),
});

/** The methods that a `retries.methods` stands for. */
export function retryMethods(setting: z.output<typeof retrySettings>['methods']): readonly string[] {
  if (setting === 'idempotent') return idempotent;
  return setting === undefined || setting === 'safe' ? safe : setting;
}
