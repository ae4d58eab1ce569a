// The Telnet codec: what other layers may use. RFC 854, RFC 855, RFC 1143 and the options' own. No sockets, no clock, no policy.
export * from './messages.ts';
export * from './limits.ts';
export * from './option-states.ts';
export * from './suboptions.ts';
export * from './environment.ts';
export * from './serializer.ts';
export { TelnetParser } from './parser.ts';
export { limitRows, violation, violationRows, type ViolationName } from './violations.ts';
