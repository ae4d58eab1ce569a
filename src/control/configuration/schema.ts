// The root schema of a configuration, put together from the sections that each layer owns and from the services of the
// gateways that ship. Does not check references between sections (references.ts).
import { z } from 'zod';
import type { GatewayManifest } from '#contract/gateway.ts';
import { resourceName } from '#core/settings/primitives.ts';
import { auditSettings } from '#audit/settings.ts';
import type { AuditSettings } from '#audit/settings.ts';
import { buildLimitSettings } from '#policy/limits/settings.ts';
import type { LimitSettings } from '#policy/limits/settings.ts';
import { buildRuleSettings, zonesSettings } from '#policy/settings.ts';
import type { RuleSettings, ZoneSettings } from '#policy/settings.ts';
import { adminSchema, listenersSchema, recordingsSchema, runtimeSchema } from '#runtime/settings.ts';
import type { AdminSettings, ListenerSettings, RecordingsSettings, RuntimeSettings } from '#runtime/settings.ts';
import { tlsSchema } from '#runtime/tls/settings.ts';
import type { TlsProfileSettings } from '#runtime/tls/settings.ts';
import { usersSchema } from '#runtime/users.ts';
import type { UserSettings } from '#runtime/users.ts';
import { buildInspectorSettings } from '#session/inspectors.ts';
import type { InspectorSettings } from '#session/inspectors.ts';
import { poolSettingsWith } from '#upstream/settings.ts';
import type { PoolSettings } from '#upstream/settings.ts';

/** A service as configured: its protocol, and the settings that its gateway's manifest understands. */
export interface ServiceConfiguration { protocol: string; settings: unknown }

/** A checked configuration with defaults filled in: durations in milliseconds, sizes in bytes. */
export interface Configuration {
  zones: Record<string, ZoneSettings>;
  listeners: Record<string, ListenerSettings>;
  services: Record<string, ServiceConfiguration>;
  pools: Record<string, PoolSettings>;
  policy: RuleSettings[];
  limits: Record<string, LimitSettings>;
  inspectors: Record<string, InspectorSettings>;
  tls: Record<string, TlsProfileSettings>;
  users: Record<string, UserSettings>;
  recordings: RecordingsSettings;
  audit: AuditSettings;
  admin: AdminSettings;
  runtime: RuntimeSettings;
}

export const sectionNames = ['zones', 'listeners', 'services', 'pools', 'policy', 'limits', 'inspectors', 'tls', 'users', 'recordings', 'audit', 'admin', 'runtime'] as const;
export type SectionName = typeof sectionNames[number];

/** Order of sections in texts that are made for people. */
export const sectionSummaries: Record<SectionName, string> = {
  zones: 'Named sets of networks, for rules to speak of.',
  listeners: 'Addresses and ports where clients arrive, and the service that each leads to.',
  services: 'What clients reach: one protocol gateway each, with its settings.',
  pools: 'Servers that services forward to, how they are balanced and how their health is known.',
  policy: 'Rules, asked from top to bottom for every operation: the first that matches decides; what none matches is denied.',
  limits: 'Rates and numbers that operations and connections must stay within.',
  inspectors: 'What looks at the files that are transferred, and at which: every inspector that applies must be content.',
  tls: 'Certificates, keys and trust, by name, for listeners and pools.',
  users: 'The gateway\'s own users, for protocols that let the gateway ask who somebody is.',
  recordings: 'Recordings of terminal sessions.',
  audit: 'What is kept of every operation, where and for how long.',
  admin: 'How the gateway is administered while it runs.',
  runtime: 'Processes, their user, and how they stop.',
};

/** Schema of one service: the settings of its gateway and the key `protocol`. */
function serviceSchema(manifest: GatewayManifest) {
  if (!(manifest.settings instanceof z.ZodObject)) throw new TypeError(`settings of gateway "${manifest.protocol}" must be a z.strictObject`);
  const object = manifest.settings as z.ZodObject;
  return object
    .safeExtend({ protocol: z.literal(manifest.protocol).describe(`The protocol: ${manifest.title}.`) })
    .transform(({ protocol, ...settings }): ServiceConfiguration => ({ protocol: String(protocol), settings }));
}

export function servicesEntrySchema(manifests: readonly GatewayManifest[]): z.ZodType<ServiceConfiguration> {
  const [first, ...rest] = manifests.map(serviceSchema);
  if (!first) throw new TypeError('no gateway is listed');
  return z.discriminatedUnion('protocol', [first, ...rest]) as unknown as z.ZodType<ServiceConfiguration>;
}

/** Schemas of the sections: `entry` is that of one resource where the section is a map or list of resources. */
export interface SectionSchema { whole: z.ZodType; entry: z.ZodType | undefined }

export function sectionSchemas(manifests: readonly GatewayManifest[]): Record<SectionName, SectionSchema> {
  const service = servicesEntrySchema(manifests);
  const section = (whole: z.ZodType, entry?: z.ZodType): SectionSchema => ({ whole, entry });
  const zones = zonesSettings();
  const policy = buildRuleSettings(manifests) as unknown as z.ZodDefault<z.ZodArray<z.ZodType<RuleSettings>>>;
  const limits = buildLimitSettings(manifests) as unknown as z.ZodDefault<z.ZodRecord<z.ZodString, z.ZodType<LimitSettings>>>;
  const inspectors = buildInspectorSettings(manifests);
  const map = (entry: z.ZodType): SectionSchema => section(z.record(resourceName(), entry).prefault({}), entry);
  return {
    zones: section(zones, zones.unwrap().valueType),
    listeners: section(listenersSchema.prefault({}), listenersSchema.valueType),
    services: map(service),
    pools: map(poolSettingsWith(manifests.flatMap(({ health }) => health ?? []))),
    policy: section(policy, policy.unwrap().element),
    limits: section(limits, limits.unwrap().valueType),
    inspectors: section(inspectors, inspectors.unwrap().valueType),
    tls: section(tlsSchema.prefault({}), tlsSchema.valueType),
    users: section(usersSchema.prefault({}), usersSchema.valueType),
    recordings: section(recordingsSchema.prefault({})),
    audit: section(auditSettings),
    admin: section(adminSchema.prefault({})),
    runtime: section(runtimeSchema.prefault({})),
  };
}

const built = new WeakMap<readonly GatewayManifest[], z.ZodType<Configuration>>();

/** The root schema. Kept for each list of manifests: building it takes milliseconds. */
export function buildSchema(manifests: readonly GatewayManifest[]): z.ZodType<Configuration> {
  const known = built.get(manifests);
  if (known) return known;
  const sections = sectionSchemas(manifests);
  const shape: Record<string, z.ZodType> = {};
  for (const name of sectionNames) shape[name] = sections[name].whole.describe(sectionSummaries[name]);
  const schema = z.strictObject(shape) as unknown as z.ZodType<Configuration>;
  built.set(manifests, schema);
  return schema;
}
