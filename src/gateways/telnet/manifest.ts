// What the Telnet gateway declares of itself. Listed in standard.ts.
import type { GatewayEnvironment, GatewayManifest } from '#contract/gateway.ts';
import type { HealthProbe } from '#contract/health-probe.ts';
import { telnetHealthProbe } from './health-probe.ts';
import { attributeKinds, telnetVerbs } from './operations.ts';
import { TelnetService } from './service.ts';
import { checkTelnetSettings, poolReferences } from './settings-check.ts';
import { telnetSettings, type TelnetSettings } from './settings.ts';

export const telnetManifest: GatewayManifest<TelnetSettings> = {
  protocol: 'telnet',
  title: 'Telnet gateway',
  maturity: 'beta',
  faces: ['hostile-clients', 'hostile-servers'],
  transport: 'tcp',
  defaultPort: 23,
  verbsKey: 'actions',
  verbs: telnetVerbs,
  attributes: attributeKinds,
  settings: telnetSettings,
  check: checkTelnetSettings,
  poolReferences,
  health: telnetHealthProbe as HealthProbe,
  compile: (name: string, settings: TelnetSettings, environment: GatewayEnvironment) => new TelnetService(name, settings, environment),
};
