// What the rest of control and the command line use of the configuration: loading, checking, comparing, applying.
export { loadConfiguration } from './load.ts';
export type { ConfigurationInput, LoadResult } from './load.ts';
export { buildSchema, sectionNames } from './schema.ts';
export type { Configuration, SectionName, ServiceConfiguration } from './schema.ts';
export type { ConfigDocument } from './merge.ts';
export type { Problem, Severity } from './problem.ts';
export { shortVersion, versionOf } from './canonical.ts';
