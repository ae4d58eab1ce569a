// Which protocol a connection speaks, from its first bytes: what other layers may use. Pure, no I/O.
export * from './identification.ts';
export { Identifier, identifyClient, identifyDatagram, identifyServer, maxIdentifyBytes, serverFirst } from './identifier.ts';
