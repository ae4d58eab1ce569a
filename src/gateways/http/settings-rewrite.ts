// Schema of what is changed in requests and responses on their way: headers, URL, Location, cookies, forwarded headers.
// Does not change anything: rewriting.ts and forwarded.ts do. Text with {variables} is checked by settings-check.ts.
import { z } from 'zod';
import { network } from '#core/settings/primitives.ts';

/** A field name as it may be written in rewrites: a token (RFC 9110 section 5.6.2). */
export function fieldName() {
  return z.string()
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'wanted a header name such as X-Tenant')
    .meta({ title: 'header name', examples: ['X-Tenant'] });
}

/** Text with `{variables}`, without line breaks or other control characters. */
export function template(about: string) {
  return z.string().max(4096)
    // oxlint-disable-next-line no-control-regex -- that is what is being refused
    .regex(/^[^\u0000-\u001f\u007f\u0100-\uffff]*$/, 'wanted text in one line, without control characters or characters beyond Latin-1')
    .meta({ title: 'text with {variables}', examples: ['{host}', '{client.address}'] })
    .describe(about);
}

/** A JavaScript regular expression as text. */
export function pattern(about: string) {
  return z.string().min(1).max(1024)
    .refine((text) => compilePattern(text, '') !== undefined, 'wanted a regular expression in JavaScript syntax')
    .meta({ title: 'regular expression', examples: ['^/api/(.*)'] })
    .describe(about);
}

/** Undefined when the text is no regular expression. */
export function compilePattern(text: string, flags: string): RegExp | undefined {
  try { return new RegExp(text, flags); } catch { return undefined; }
}

const removable = z.string()
  .regex(/^[!#$%&'+.^_`|~0-9A-Za-z-]{1,128}\*?$/, 'wanted a header name such as X-Debug, or the beginning of names such as X-Internal-*')
  .meta({ title: 'header name or beginning', examples: ['X-Debug', 'X-Internal-*'] });

const headerRewrites = z.strictObject({
  set: z.record(fieldName(), template('The value.')).optional()
    .describe('Headers that get exactly this value, whatever the message had. An empty result leaves the header out.'),
  add: z.record(fieldName(), template('The value.')).optional()
    .describe('Header lines added behind those that the message has. An empty result adds nothing.'),
  remove: z.array(removable).optional()
    .describe('Headers taken out; a trailing `*` stands for any ending.'),
  replace: z.array(z.strictObject({
    name: fieldName().describe('Header whose value is changed where it occurs.'),
    pattern: pattern('What to look for in the value; every occurrence is replaced.'),
    with: template('What to put there: text with {variables}; `$1` to `$9` and `$<name>` are groups of the pattern, `$0` the whole match, `$$` a dollar sign.'),
  })).optional().describe('Changes inside header values, in this order, before `remove`, `set` and `add`.'),
});

const pathRewrite = z.union([
  z.strictObject({
    from: pattern('What to look for in the path; the first occurrence is replaced, and the path stays as it is when there is none.'),
    to: template('What to put there: text with {variables}; `$1` to `$9` and `$<name>` are groups of the pattern.'),
  }),
  z.strictObject({
    stripPrefix: z.string().startsWith('/').optional().describe('Beginning of the path that is taken away when it is there, in whole segments.'),
    addPrefix: z.string().startsWith('/').optional().describe('What is put in front of the path.'),
  }),
]);

const requestRewrite = z.strictObject({
  headers: headerRewrites.optional().describe('Changes of request headers.'),
  host: template('Host that the server is told, instead of the one that the client asked for. `{server}` is the chosen server as the pool names it.').optional(),
  path: pathRewrite.optional().describe('Change of the path. Looks at the normalised path, the same that routes and rules see. A result with a dot segment is refused.'),
  query: z.strictObject({
    set: z.record(z.string().min(1).max(256), template('The value; it is percent-encoded.')).optional()
      .describe('Query parameters that get exactly this value; all occurrences that the client sent go.'),
    remove: z.array(z.string().min(1).max(256)).optional()
      .describe('Query parameters taken out; a trailing `*` stands for any ending, so `utm_*` and `*` work.'),
  }).optional().describe('Change of the query. What is not named is forwarded byte for byte.'),
});

const responseRewrite = z.strictObject({
  headers: headerRewrites.optional().describe('Changes of response headers.'),
  location: z.union([
    z.enum(['auto', 'keep']),
    z.strictObject({ from: pattern('What to look for in the address.'), to: template('What to put there, with {variables} and `$1`.') }),
  ]).optional()
    .describe('Addresses in Location, Content-Location and Refresh. `auto` (unless given): those that point to the server or to an internal address point to '
      + 'the gateway again, and a path prefix that was changed on the way in is changed back. `keep`: as the server sent them.'),
  cookies: z.strictObject({
    domain: z.string().regex(/^(remove|\.?[a-z0-9-]+(\.[a-z0-9-]+)*)$/i, 'wanted a domain such as shop.example, or remove').optional()
      .describe('Domain attribute of cookies that have one; `remove` takes it out, so that the cookie belongs to the host asked.'),
    path: z.string().regex(/^\/[\u0021-\u003a\u003c-\u007e]*$/, 'wanted a path such as /shop').optional()
      .describe('Path attribute of cookies that have one. A prefix change in `request.path` is undone by itself unless this is given.'),
    secure: z.boolean().optional().describe('Adds Secure where it is missing; `false` takes it out.'),
    httpOnly: z.boolean().optional().describe('Adds HttpOnly where it is missing; `false` takes it out.'),
    sameSite: z.enum(['Strict', 'Lax', 'None']).optional().describe('SameSite attribute of all cookies.'),
  }).optional().describe('Changes of Set-Cookie attributes.'),
});

/** Section `rewrite` of a route or service. */
export const rewriteSettings = z.strictObject({
  request: requestRewrite.optional().describe('On the way to the server.'),
  response: responseRewrite.optional().describe('On the way back to the client.'),
});

/** Headers by which a client could claim another address or another URL than the gateway saw. Removed unless a trusted proxy sent them. */
export const spoofableHeaders: readonly string[] = [
  'X-Real-IP', 'True-Client-IP', 'CF-Connecting-IP', 'X-Client-IP', 'X-Cluster-Client-IP', 'X-Forwarded-Server', 'X-Forwarded-Prefix',
  'X-Original-URL', 'X-Rewrite-URL',
];

/** Section `forwarded`: what servers are told of the client, and whom to believe about it. */
export const forwardedSettings = z.strictObject({
  headers: z.enum(['x-forwarded', 'forwarded', 'both', 'none']).prefault('x-forwarded')
    .describe('Headers that tell the server who asked: `x-forwarded` (X-Forwarded-For, -Proto, -Host), `forwarded` (RFC 7239), `both` or `none`.'),
  trustedProxies: z.array(network()).max(1024).prefault([])
    .describe('Networks of proxies in front of this gateway. Only what these say about the client is believed and passed on; what anybody else says is replaced.'),
  read: z.enum(['x-forwarded', 'forwarded']).prefault('x-forwarded')
    .describe('Which header of a trusted proxy counts. Only one: a proxy that sets one passes on what a client wrote into the other.'),
  maxHops: z.number().int().min(1).max(64).prefault(16)
    .describe('Most proxies that are followed back from the gateway; the address reached then is the client\'s.').meta({ limit: true }),
  spoofable: z.array(fieldName()).prefault([...spoofableHeaders])
    .describe('Further headers by which a client could claim another address or URL: removed unless a trusted proxy sent them.'),
});

export type RewriteSettings = z.output<typeof rewriteSettings>;
export type RequestRewriteSettings = z.output<typeof requestRewrite>;
export type ResponseRewriteSettings = z.output<typeof responseRewrite>;
export type HeaderRewriteSettings = z.output<typeof headerRewrites>;
export type PathRewriteSettings = z.output<typeof pathRewrite>;
export type CookieRewriteSettings = NonNullable<ResponseRewriteSettings['cookies']>;
export type ForwardedSettings = z.output<typeof forwardedSettings>;
