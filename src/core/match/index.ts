// Matching by host, path, verb and zone, for policy and for the routing of gateways.
export { HostPattern, hostForMatching, hostPatternProblem } from './host-pattern.ts';
export { PathPattern, isUnder, pathPatternProblem } from './path-pattern.ts';
export { Glob } from './glob.ts';
export { CandidateIndex } from './candidate-index.ts';
export type { CandidateTest, IndexEntry } from './candidate-index.ts';
