// The baseline rule set as parts to load: engine settings and rules. See rules.ts.
import type { RulePart } from '../engine/rule-set.ts';
import { baselineEngine, baselineRules } from './rules.ts';

export { baselineIndex } from './rules.ts';

/** Parts for `loadRuleSet`; what an administrator adds comes after them. */
export function baselineParts(): readonly RulePart[] {
  return [{ name: 'baseline/engine', text: baselineEngine }, { name: 'baseline/rules', text: baselineRules }];
}
