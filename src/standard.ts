// What ships: the one explicit list of gateways, as values. Only composition roots (the command line, the worker process)
// import it.
import type { GatewayManifest } from '#contract/gateway.ts';
import { autoManifest } from '#gateways/auto/manifest.ts';
import { ftpManifest } from '#gateways/ftp/manifest.ts';
import { httpManifest } from '#gateways/http/manifest.ts';
import { telnetManifest } from '#gateways/telnet/manifest.ts';

export const gateways: readonly GatewayManifest[] = [
  httpManifest as unknown as GatewayManifest,
  ftpManifest as unknown as GatewayManifest,
  telnetManifest as unknown as GatewayManifest,
  autoManifest as unknown as GatewayManifest,
];

export const productName = 'sallyport';
