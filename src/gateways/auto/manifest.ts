// What the recognising gateway declares of itself. Listed in standard.ts.
import type { GatewayManifest } from '#contract/gateway.ts';
import { attributeKinds } from './operations.ts';
import { AutoService } from './service.ts';
import { autoSettings, checkAutoSettings, type AutoSettings } from './settings.ts';

export const autoManifest: GatewayManifest<AutoSettings> = {
  protocol: 'auto',
  title: 'Recognises the protocol and gives the session to its service',
  maturity: 'beta',
  faces: ['hostile-clients', 'hostile-servers'],
  transport: 'tcp',
  defaultPort: 0,
  verbsKey: 'actions',
  verbs: ['IDENTIFY'],
  attributes: attributeKinds,
  settings: autoSettings,
  check: checkAutoSettings,
  poolReferences: ({ ask }) => ask === undefined ? [] : [{ path: ['ask'], pool: ask }],
  serviceReferences: ({ services, silent }) => [
    ...Object.entries(services).map(([protocol, service]) => ({ path: ['services', protocol], service })),
    ...silent === undefined ? [] : [{ path: ['silent'], service: silent }],
  ],
  compile: (name: string, settings: AutoSettings) => new AutoService(name, settings),
};
