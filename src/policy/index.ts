// Policy for the layers above: settings, checks, and what they compile to.
export { anyZone, buildRuleSettings, defaultRule, zonesSettings } from './settings.ts';
export type { RuleSettings, ZoneSettings, ZonesSettings } from './settings.ts';
export { buildLimitSettings } from './limits/settings.ts';
export type { LimitSettings, LimitsSettings } from './limits/settings.ts';
export { checkLimits, checkRules } from './check.ts';
export type { KnownNames } from './check.ts';
export { Zones, compileZones } from './zones.ts';
export { Policy, compilePolicy } from './policy.ts';
export type { RuleHits, RuleSummary, WallClock } from './policy.ts';
export { Limiter, compileLimits } from './limits/limiter.ts';
export type { ConnectionFacts, LimitSummary } from './limits/limiter.ts';
export { LimitLedger } from './limits/deltas.ts';
export type { LimitDelta } from './limits/deltas.ts';
export { mergeObserved } from './vocabulary.ts';
export type { ObservedAttribute, Vocabulary } from './vocabulary.ts';
