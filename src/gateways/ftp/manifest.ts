// What the FTP gateway declares of itself. Listed in standard.ts.
import type { GatewayEnvironment, GatewayManifest } from '#contract/gateway.ts';
import type { HealthProbe } from '#contract/health-probe.ts';
import { knownVerbs } from '#codecs/ftp/index.ts';
import { ftpHealthProbe } from './health-probe.ts';
import { attributeKinds } from './operations.ts';
import { FtpService } from './service.ts';
import { checkFtpSettings, poolReferences, tlsReferences } from './settings-check.ts';
import { ftpSettings, type FtpSettings } from './settings.ts';

export const ftpManifest: GatewayManifest<FtpSettings> = {
  protocol: 'ftp',
  title: 'FTP and FTPS gateway',
  maturity: 'beta',
  faces: ['hostile-clients', 'hostile-servers'],
  transport: 'tcp',
  defaultPort: 21,
  verbsKey: 'commands',
  verbs: knownVerbs,
  attributes: attributeKinds,
  settings: ftpSettings,
  check: checkFtpSettings,
  poolReferences,
  tlsReferences,
  health: ftpHealthProbe as HealthProbe,
  compile: (name: string, settings: FtpSettings, environment: GatewayEnvironment) => new FtpService(name, settings, environment),
};
