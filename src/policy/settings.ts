// Schemas of the configuration sections `zones` and `policy`, and of the conditions that rules and limits share. Built
// from the vocabularies of the protocols present, so that `methods` or `header` come from gateways and not from here.
// Names that refer to other sections are checked in check.ts. Limits have their schema in limits/settings.ts.
import { z } from 'zod';
import { hostPatternProblem, pathPatternProblem } from '#core/match/index.ts';
import { parseNetwork } from '#core/network.ts';
import { network, resourceName } from '#core/settings/primitives.ts';
import { regexProblem, textPattern } from './text-pattern.ts';
import type { PatternSettings } from './text-pattern.ts';
import { timeWindow } from './time-window.ts';
import type { TimeWindowSettings } from './time-window.ts';
import { keysOf, verbsOf, type Vocabulary } from './vocabulary.ts';

export type { LimitSettings, LimitsSettings } from './limits/settings.ts';

export type OneOrMany<Value> = Value | readonly Value[];

/** Names of operation conditions that are the same for every protocol. */
export const commonOperationKeys = ['verbs', 'class', 'host', 'path', 'pathRegex'] as const;

export interface OperationSettings {
  verbs?: OneOrMany<string> | undefined;
  class?: OneOrMany<string> | undefined;
  host?: OneOrMany<string> | undefined;
  path?: OneOrMany<string> | undefined;
  pathRegex?: string | undefined;
  /** A verbs key of a protocol (`methods`: names), or an attribute kind (`header`: key to pattern). */
  [key: string]: unknown;
}

export interface ExceptionSettings {
  from?: OneOrMany<string> | undefined;
  user?: PatternSettings | undefined;
  group?: PatternSettings | undefined;
  operation?: OperationSettings | undefined;
}

/** What rules and limits have in common: when they apply. */
export interface ConditionSettings {
  service?: OneOrMany<string> | undefined;
  listener?: OneOrMany<string> | undefined;
  protocol?: OneOrMany<string> | undefined;
  from?: OneOrMany<string> | undefined;
  user?: PatternSettings | undefined;
  group?: PatternSettings | undefined;
  operation?: OperationSettings | undefined;
  when?: TimeWindowSettings | undefined;
  unless?: OneOrMany<ExceptionSettings> | undefined;
}

export type SimpleEffect = 'allow' | 'deny' | 'drop' | 'close';
export type ThenSettings = SimpleEffect | { deny: { status?: number | undefined; message?: string | undefined } };

export interface RuleSettings extends ConditionSettings {
  id: string;
  description?: string | undefined;
  then: ThenSettings;
  audit?: boolean | undefined;
  enabled?: boolean | undefined;
}

export interface ZoneSettings {
  networks: readonly string[];
  includes?: readonly string[] | undefined;
  description?: string | undefined;
}

export type ZonesSettings = Readonly<Record<string, ZoneSettings>>;

/** The zone that everybody is in. */
export const anyZone = 'any';
/** Rule id of the answer when no rule matched. */
export const defaultRule = 'default';

export function oneOrMany<Schema extends z.ZodType>(schema: Schema) {
  return z.union([schema, z.array(schema).min(1)]);
}

/** The value as a list; nothing as an empty one. */
export function listOf<Value>(value: OneOrMany<Value> | undefined): readonly Value[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value as readonly Value[] : [value as Value];
}

function checked(schema: z.ZodString, problemOf: (text: string) => string | undefined) {
  return schema.superRefine((text, context) => {
    const problem = problemOf(text);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });
}

/** A zone name or a network. */
function source() {
  return z.string()
    .refine((text) => parseNetwork(text) !== undefined || /^[a-z0-9][a-z0-9._-]{0,62}$/i.test(text), 'wanted the name of a zone, or a network such as 10.0.0.0/8')
    .meta({ title: 'zone or network', examples: ['office', '10.0.0.0/8', anyZone] });
}

function operationSettings(vocabularies: readonly Vocabulary[]): z.ZodType<OperationSettings> {
  const verb = z.string().min(1).max(64);
  const shape: Record<string, z.ZodType> = {
    verbs: oneOrMany(verb).optional().describe('Verbs of any protocol, spelt as the protocol does.'),
    class: oneOrMany(z.enum(['read', 'list', 'write', 'delete', 'rename', 'admin', 'session', 'negotiate'])).optional()
      .describe('Kinds of verbs, the same for every protocol: one rule can cover reading over HTTP and FTP.'),
    host: oneOrMany(checked(z.string(), hostPatternProblem)).optional()
      .describe('Host that the operation is for: shop.example, or *.shop.example for every name below it (not itself), or an address.'),
    path: oneOrMany(checked(z.string(), pathPatternProblem)).optional()
      .describe('Path or name of the object: /a is that path, /a/** is /a and everything below, * is one segment, *.php is part of one.'),
    pathRegex: checked(z.string().min(1).max(2048), (text) => regexProblem(text)).optional()
      .describe('Regular expression for the path, not anchored. Prefer path, which is faster and easier to read.'),
  };
  for (const vocabulary of vocabularies) {
    if (vocabulary.verbsKey !== 'verbs') {
      if (shape[vocabulary.verbsKey] !== undefined && !vocabularies.some((other) => other !== vocabulary && other.verbsKey === vocabulary.verbsKey)) {
        throw new Error(`verbs key "${vocabulary.verbsKey}" of ${vocabulary.protocol} is taken`);
      }
      const protocols = vocabularies.filter((other) => other.verbsKey === vocabulary.verbsKey).map((other) => other.protocol).join(', ');
      const verbs = verbsOf(vocabularies, vocabulary.verbsKey);
      shape[vocabulary.verbsKey] = oneOrMany(verbs === undefined ? verb : z.enum(verbs)).optional()
        .describe(`Verbs, for ${protocols} only: ${vocabulary.verbsKey} as the protocol spells them.`);
    }
  }
  for (const attribute of vocabularies.flatMap((vocabulary) => vocabulary.attributes)) {
    if ((commonOperationKeys as readonly string[]).includes(attribute.kind) || vocabularies.some((one) => one.verbsKey === attribute.kind)) {
      throw new Error(`attribute kind "${attribute.kind}" is taken`);
    }
    const keys = keysOf(vocabularies, attribute.kind);
    const patterns = keys === undefined ? z.record(z.string().min(1), textPattern())
      : z.strictObject(Object.fromEntries(keys.map((key) => [key, textPattern().optional()])));
    shape[attribute.kind] ??= patterns.optional().describe(`${attribute.description} Name to pattern; all must hold.`);
  }
  return z.strictObject(shape) as unknown as z.ZodType<OperationSettings>;
}

/** Fields of rules and limits that say when they apply. */
export function conditionShape(vocabularies: readonly Vocabulary[]) {
  const operation = operationSettings(vocabularies);
  const who = {
    from: oneOrMany(source()).optional().describe('Where the client is: zones or networks, one of which must contain its address.'),
    user: textPattern().optional().describe('Who the client has proved to be. Nobody yet counts as absent.'),
    group: textPattern().optional().describe('A group of the user; holds when one of the groups matches.'),
    operation: operation.optional().describe('What is done to what. All conditions must hold.'),
  };
  const exception = z.strictObject(who).refine((value) => Object.values(value).some((one) => one !== undefined), 'an exception needs at least one condition');
  return {
    service: oneOrMany(resourceName()).optional().describe('Services that this applies to. All when left out.'),
    listener: oneOrMany(resourceName()).optional().describe('Listeners that this applies to. All when left out.'),
    protocol: oneOrMany(resourceName()).optional().describe('Protocols that this applies to. All when left out.'),
    ...who,
    unless: oneOrMany(exception).optional().describe('Exceptions: it does not apply when all conditions of one of these hold.'),
  };
}

/** Schema of the section `policy`: a list of rules of which the first that matches decides. */
export function buildRuleSettings(vocabularies: readonly Vocabulary[]): z.ZodType<RuleSettings[]> {
  const effect = z.enum(['allow', 'deny', 'drop', 'close']);
  const denial = z.strictObject({
    status: z.int().min(200).max(599).optional().describe('Reply code of the protocol (HTTP 403, FTP 550). The protocol chooses when left out.'),
    message: z.string().max(500).optional().describe('Text for the client.'),
  });
  const rule = z.strictObject({
    id: resourceName().refine((id) => id !== defaultRule, `"${defaultRule}" is the id of the answer when no rule matches`)
      .describe('Name of the rule, in every decision and every audit record.'),
    description: z.string().max(500).optional().describe('What it is for, in words.'),
    ...conditionShape(vocabularies),
    when: timeWindow().optional().describe('When the rule applies. Always when left out.'),
    // oxlint-disable-next-line unicorn/no-thenable -- the word that rules use; the object is never awaited
    then: z.union([effect, z.strictObject({ deny: denial.describe('Deny with this reply.') })])
      .describe('allow; deny (with a reply of the protocol); drop (no answer for the operation); close (end the session).'),
    audit: z.boolean().default(true).describe('Whether allowed operations are recorded, and counted in the figures of their service, one by one. Denials always are.'),
    enabled: z.boolean().default(true).describe('False keeps the rule in the file without effect.'),
  });
  return z.array(rule).superRefine((rules, context) => {
    const seen = new Map<string, number>();
    rules.forEach((one, index) => {
      const first = seen.get(one.id);
      if (first !== undefined) context.addIssue({ code: 'custom', path: [index, 'id'], message: `rule id "${one.id}" is used twice (first by rule ${first + 1})` });
      else seen.set(one.id, index);
    });
  }).default([]).describe('Rules, in order: the first that matches decides. Without a match the operation is denied (rule id "default").') as unknown as z.ZodType<RuleSettings[]>;
}

/** Schema of the section `zones`. */
export function zonesSettings() {
  const zone = z.strictObject({
    networks: z.array(network()).default([])
      .describe('Networks and addresses of the zone.'),
    includes: z.array(resourceName()).optional().describe('Zones that are part of this one, as if their networks were listed here.'),
    description: z.string().max(500).optional().describe('What the zone is, in words.'),
  });
  return z.record(resourceName(), zone).superRefine((zones, context) => {
    for (const [name, settings] of Object.entries(zones)) {
      if (name === anyZone) context.addIssue({ code: 'custom', path: [name], message: `"${anyZone}" is built in: every address is in it` });
      if (settings.networks.length === 0 && (settings.includes ?? []).length === 0) {
        context.addIssue({ code: 'custom', path: [name], message: 'a zone needs networks, or zones that it includes' });
      }
      settings.includes?.forEach((included, index) => {
        if (!Object.hasOwn(zones, included)) context.addIssue({ code: 'custom', path: [name, 'includes', index], message: `there is no zone "${included}"` });
        else if (reaches(zones, included, name)) context.addIssue({ code: 'custom', path: [name, 'includes', index], message: `zone "${included}" includes "${name}": a circle` });
      });
    }
  }).default({}).describe('Named sets of networks, for rules and limits. The built-in zone "any" contains every address.');
}

function reaches(zones: ZonesSettings, from: string, to: string, seen = new Set<string>()): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return (zones[from]?.includes ?? []).some((next) => reaches(zones, next, to, seen));
}
