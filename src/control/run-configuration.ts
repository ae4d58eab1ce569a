// What of a checked configuration the workers need. The rest (admin, runtime, the store) stays with the supervisor.
import type { LimitsSettings } from '#policy/limits/settings.ts';
import type { RunConfiguration } from '#session/configuration.ts';
import type { Configuration } from './configuration/index.ts';

export function runConfigurationOf(configuration: Configuration): RunConfiguration {
  const { zones, listeners, services, pools, policy, limits, audit } = configuration;
  return {
    zones, services, pools, policy, limits: limits as LimitsSettings,
    listeners: Object.fromEntries(Object.entries(listeners).map(([name, { bind, service, backlog }]) => [name, { bind, service, backlog }])),
    audit: { mask: audit.mask, onOverflow: audit.onOverflow },
  };
}
