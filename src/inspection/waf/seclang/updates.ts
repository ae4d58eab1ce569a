// Directives that change rules already read: SecRuleRemoveBy..., SecRuleUpdateTargetBy..., SecRuleUpdateActionById.
import type { Marker, Rule, RuleChoice, Target } from './model.ts';

/** True when a rule (the head of a chain) is meant. */
export function isChosen(rule: Rule, choice: RuleChoice): boolean {
  switch (choice.kind) {
    case 'ids': return choice.ranges.some(([from, to]) => rule.actions.id >= from && rule.actions.id <= to);
    case 'tag': return rule.actions.tags.some((tag) => choice.pattern.test(tag.text));
    case 'msg': return rule.actions.msg !== null && choice.pattern.test(rule.actions.msg.text);
  }
}

export function chosenRules(items: readonly (Rule | Marker)[], choice: RuleChoice): Rule[] {
  return items.filter((item): item is Rule => item.kind !== 'marker' && isChosen(item, choice));
}

export function removeRules(items: (Rule | Marker)[], choice: RuleChoice): number {
  const before = items.length;
  const kept = items.filter((item) => item.kind === 'marker' || !isChosen(item, choice));
  items.length = 0;
  items.push(...kept);
  return before - kept.length;
}

/** The link at `offset` of a chain: 0 is its head. */
export function linkAt(rule: Rule, offset: number): Rule | null {
  let link: Rule | null = rule;
  for (let i = 0; i < offset && link; i++) link = link.next;
  return link;
}

/** Adds targets; with `replaced`, takes those away first. */
export function updateTargets(rule: Rule, targets: readonly Target[], replaced: readonly Target[]): void {
  if (replaced.length > 0) {
    const gone = new Set(replaced.map((target) => target.text.toLowerCase()));
    rule.targets = rule.targets.filter((target) => !gone.has(target.text.toLowerCase()));
  }
  rule.targets.push(...targets);
}
