// The parsed configuration as the lower layers need it: plain data, already checked, sent from supervisor to workers.
// Does not know where it came from; control/configuration produces it.
import type { InspectionPlan } from '#inspection/web/rule-files.ts';
import type { LimitsSettings } from '#policy/limits/settings.ts';
import type { RuleSettings, ZonesSettings } from '#policy/settings.ts';
import type { PoolSettings } from '#upstream/settings.ts';
import type { InspectorPlan } from './inspectors.ts';

export interface ListenerConfiguration {
  readonly bind: readonly { readonly host: string; readonly port: number }[];
  readonly service: string;
  readonly backlog: number;
  readonly tls?: string | undefined;
}

export interface RunConfiguration {
  readonly zones: ZonesSettings;
  readonly listeners: Readonly<Record<string, ListenerConfiguration>>;
  readonly services: Readonly<Record<string, { readonly protocol: string; readonly settings: unknown }>>;
  readonly pools: Readonly<Record<string, PoolSettings>>;
  readonly policy: readonly RuleSettings[];
  readonly limits: LimitsSettings;
  /** What the files of the TLS profiles hold. Plain data for the runtime; opaque to sessions. */
  readonly tls?: Readonly<Record<string, unknown>> | undefined;
  /** Directory for session recordings, the key (32 bytes, hexadecimal) that encrypts them, how long one may be, and whether a session ends without. */
  readonly recordings?: { readonly directory: string; readonly key: string | undefined; readonly maxBytes: number; readonly required: boolean } | undefined;
  /** The gateway's own users; opaque to sessions. */
  readonly users?: Readonly<Record<string, unknown>> | undefined;
  /** Content inspectors, in order. */
  readonly inspectors?: Readonly<Record<string, InspectorPlan>> | undefined;
  /** Firewall rules of the services, read from their files. */
  readonly inspection?: InspectionPlan | undefined;
  /** What workers must know of the audit section. */
  readonly audit: { readonly mask: readonly string[] | undefined; readonly onOverflow: 'drop' | 'refuse' };
}
