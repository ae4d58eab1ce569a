// The web application firewall's public face (exported from the package as sallyport/waf): load a rule set, begin a
// transaction, feed it, collect an interruption. No I/O, no clock. See docs/waf/.
export { loadRuleSet, RuleSet, type LoadOptions, type LoadResult, type RuleInfo, type RulePart } from './engine/rule-set.ts';
export type { Interruption, MatchedValue, RuleMatch, Summary } from './engine/report.ts';
export type { Connection } from './engine/state.ts';
export { defaultMaxRecords, MemoryStore, type CollectionStore, type StoredRecord, type StoredVariable } from './engine/store.ts';
export { Transaction } from './engine/transaction.ts';
export type { GeoSource } from './operators/contract.ts';
export type { EngineMode, EngineSettings } from './seclang/model.ts';
export { formatFault, type Fault, type Place } from './seclang/place.ts';
export { memorySource, type RuleSource } from './seclang/source.ts';
