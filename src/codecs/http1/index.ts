// The HTTP/1.x codec: what other layers may use. RFC 9110, RFC 9112. No sockets, no clock, no policy.
export * from './messages.ts';
export * from './header-names.ts';
export * from './limits.ts';
export * from './settings.ts';
export * from './parser.ts';
export * from './serializer.ts';
export { ChunkedDecoder } from './chunked.ts';
export { isProtectedOption } from './framing.ts';
export { Authority } from './authority.ts';
export { describeFault, limitTable, violationTable } from './violations.ts';
