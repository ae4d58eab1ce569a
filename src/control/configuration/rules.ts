// Warnings about the rules as a whole: rules that can never decide because an earlier one always does, and services that
// no rule allows. Says only what is certain; does not evaluate rules (policy does).
import { listOf } from '#policy/settings.ts';
import type { OneOrMany, RuleSettings } from '#policy/settings.ts';
import { anyZone } from '#policy/settings.ts';
import { canonicalText } from './canonical.ts';
import type { ConfigDocument } from './merge.ts';
import { isRecord } from './merge.ts';
import type { Finding } from './problem.ts';
import type { Configuration } from './schema.ts';

export function ruleFindings(configuration: Configuration, document: ConfigDocument): Finding[] {
  return [...unreachable(configuration.policy), ...deniedServices(configuration, document)];
}

const narrowing = ['service', 'listener', 'protocol', 'from'] as const;

/** Conditions that only say where: a rule with no others decides for all of it. */
function isBroad(rule: RuleSettings): boolean {
  return rule.operation === undefined && rule.user === undefined && rule.group === undefined && rule.when === undefined && rule.unless === undefined;
}

function namesOf(value: OneOrMany<string> | undefined, field: typeof narrowing[number]): readonly string[] {
  const names = listOf(value);
  return field === 'from' && names.includes(anyZone) ? [] : names;
}

/** True when everything that `rule` could match, `broad` matches before it. */
function covers(broad: RuleSettings, rule: RuleSettings): boolean {
  return narrowing.every((field) => {
    const wide = namesOf(broad[field], field);
    if (wide.length === 0) return true;
    const narrow = namesOf(rule[field], field);
    return narrow.length > 0 && narrow.every((name) => wide.includes(name));
  });
}

function conditionsOf(rule: RuleSettings): string {
  const { service, listener, protocol, from, user, group, operation, when, unless } = rule;
  return canonicalText({ service, listener, protocol, from, user, group, operation, when, unless });
}

function unreachable(rules: readonly RuleSettings[]): Finding[] {
  const findings: Finding[] = [];
  // By their first service, or '' for all: a rule is looked at with those only that may cover it.
  const broad = new Map<string, { rule: RuleSettings; index: number }[]>();
  const byConditions = new Map<string, { rule: RuleSettings; index: number }>();
  rules.forEach((rule, index) => {
    if (rule.enabled === false) return;
    const conditions = conditionsOf(rule);
    const services = listOf(rule.service);
    const candidates = [...broad.get('') ?? [], ...services[0] === undefined ? [] : broad.get(services[0]) ?? []];
    const earlier = candidates.find((candidate) => covers(candidate.rule, rule)) ?? byConditions.get(conditions);
    if (earlier) {
      findings.push({
        severity: 'warning', code: 'rule.unreachable', path: ['policy', index],
        message: `rule "${rule.id}" never decides: rule "${earlier.rule.id}" matches all that it does, and comes first`,
        hint: 'move it up, or remove it', related: { path: ['policy', earlier.index], message: 'decides first' },
      });
      return;
    }
    byConditions.set(conditions, { rule, index });
    if (!isBroad(rule)) return;
    for (const service of services.length === 0 ? [''] : services) {
      const known = broad.get(service);
      if (known) known.push({ rule, index });
      else broad.set(service, [{ rule, index }]);
    }
  });
  return findings;
}

function deniedServices(configuration: Configuration, document: ConfigDocument): Finding[] {
  const rules = configuration.policy;
  const written: unknown = document.policy;
  // A rule with faults may be the one that allows it.
  if (Array.isArray(written) && written.length > Object.keys(rules).length) return [];
  const findings: Finding[] = [];
  // By the services that they name, '' for all.
  const allowing = new Map<string, RuleSettings[]>();
  for (const rule of rules) {
    if (rule.enabled === false || rule.then !== 'allow') continue;
    for (const name of rule.service === undefined ? [''] : listOf(rule.service)) {
      const known = allowing.get(name);
      if (known) known.push(rule);
      else allowing.set(name, [rule]);
    }
  }
  const general = allowing.get('') ?? [];
  for (const [name, service] of Object.entries(configuration.services)) {
    const allows = (rule: RuleSettings): boolean => includes(rule.protocol, service.protocol) && reaches(rule, name, configuration);
    const allowed = (allowing.get(name) ?? []).some(allows) || general.some(allows);
    if (allowed || !isRecord(document.services)) continue;
    findings.push({
      severity: 'warning', code: 'service.no-rule', path: ['services', name], atKey: true, message: `no rule allows anything of service "${name}": everything will be denied`,
      hint: `add a rule to policy, for example { id: ${name}-open, service: ${name}, then: allow }`,
    });
  }
  return findings;
}

function includes(names: OneOrMany<string> | undefined, name: string): boolean {
  return names === undefined || listOf(names).includes(name);
}

/** True when one of the listeners that the rule is for leads to the service. */
function reaches(rule: RuleSettings, service: string, configuration: Configuration): boolean {
  return rule.listener === undefined || listOf(rule.listener).some((listener) => {
    const known = configuration.listeners[listener];
    // A misspelt one is reported as such.
    return known === undefined || known.service === service;
  });
}
