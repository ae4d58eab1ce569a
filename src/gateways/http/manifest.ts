// What the HTTP gateway declares of itself. Listed in standard.ts.
import type { GatewayEnvironment, GatewayManifest } from '#contract/gateway.ts';
import { attributeKinds } from './operations.ts';
import { HttpService } from './service.ts';
import { webInspections } from './settings-check.ts';
import { unreachableRoutes, zoneReferences } from './settings-reachable.ts';
import { checkHttpSettings, httpSettings, poolReferences, type HttpSettings } from './settings.ts';

export const httpManifest: GatewayManifest<HttpSettings> = {
  protocol: 'http',
  title: 'HTTP/1.1 reverse proxy',
  maturity: 'beta',
  faces: ['hostile-clients', 'hostile-servers'],
  transport: 'tcp',
  defaultPort: 80,
  verbsKey: 'methods',
  attributes: attributeKinds,
  settings: httpSettings,
  check: (settings) => [...checkHttpSettings(settings), ...unreachableRoutes(settings)],
  poolReferences,
  zoneReferences,
  webInspections,
  compile: (name: string, settings: HttpSettings, environment: GatewayEnvironment) => new HttpService(name, settings, environment),
};
