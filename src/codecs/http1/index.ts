// The HTTP/1.x codec: what other layers may use. RFC 9110, RFC 9112. No sockets, no clock, no policy.
export * from './messages.ts';
export * from './header-names.ts';
export * from './limits.ts';
