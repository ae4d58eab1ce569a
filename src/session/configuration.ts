// The parsed configuration as the lower layers need it: plain data, already checked, sent from supervisor to workers.
// Does not know where it came from; control/configuration produces it.
import type { LimitsSettings } from '#policy/limits/settings.ts';
import type { RuleSettings, ZonesSettings } from '#policy/settings.ts';
import type { PoolSettings } from '#upstream/settings.ts';

export interface ListenerConfiguration {
  readonly bind: readonly { readonly host: string; readonly port: number }[];
  readonly service: string;
  readonly backlog: number;
}

export interface RunConfiguration {
  readonly zones: ZonesSettings;
  readonly listeners: Readonly<Record<string, ListenerConfiguration>>;
  readonly services: Readonly<Record<string, { readonly protocol: string; readonly settings: unknown }>>;
  readonly pools: Readonly<Record<string, PoolSettings>>;
  readonly policy: readonly RuleSettings[];
  readonly limits: LimitsSettings;
  /** What workers must know of the audit section. */
  readonly audit: { readonly mask: readonly string[] | undefined; readonly onOverflow: 'drop' | 'refuse' };
}
