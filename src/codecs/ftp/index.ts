// The FTP codec: what other layers may use. RFC 959, 1123, 2228, 2389, 2428, 2640, 3659, 4217. No sockets, no clock, no policy.
export * from './messages.ts';
export * from './limits.ts';
export * from './violations.ts';
export * from './parser.ts';
export * from './serializer.ts';
export * from './addresses.ts';
export * from './features.ts';
export * from './paths.ts';
export * from './verbs.ts';
