// Which firewall settings hold for a service and a route of the running configuration. Reads no rules.
import type { GatewayManifest } from '#contract/gateway.ts';
import type { WebInspectionSettings } from '#contract/web-inspection.ts';
import type { Configuration } from '../configuration/schema.ts';

/** Undefined when neither has a firewall. `route` '' takes the service's own, or the first route that has one. */
export function settingsFor(configuration: Configuration, manifests: readonly GatewayManifest[], service: string, route: string): WebInspectionSettings | undefined {
  const configured = configuration.services[service];
  const manifest = manifests.find(({ protocol }) => protocol === configured?.protocol);
  if (configured === undefined || manifest?.webInspections === undefined) return undefined;
  const found = manifest.webInspections(configured.settings);
  const { routes = [] } = configured.settings as { routes?: readonly { id?: string; waf?: unknown }[] };
  const at = routes.findIndex((one, index) => (one.id ?? `route-${index + 1}`) === route);
  const own = found.find(({ path }) => path[0] === 'routes' && path[1] === at);
  if (own !== undefined) return own.settings;
  if (routes[at]?.waf === 'off') return undefined;
  return (found.find(({ path }) => path[0] === 'waf') ?? (route === '' ? found[0] : undefined))?.settings;
}

/** The first service with a firewall, for who does not say which. */
export function firstService(configuration: Configuration, manifests: readonly GatewayManifest[]): string | undefined {
  return Object.keys(configuration.services).find((name) => settingsFor(configuration, manifests, name, '') !== undefined);
}
