// What of a checked configuration the workers need, with the certificate and key files read: workers may have given up the
// right to. The rest (admin, runtime, the store) stays with the supervisor.
import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { parseSums } from '#inspection/content/list.ts';
import type { InspectorSettings } from '#session/inspectors.ts';
import type { TlsProfile, TlsProfileSettings } from '#runtime/tls/settings.ts';
import { inspectionPlanOf } from './waf/prepare.ts';
import type { GatewayManifest } from '#contract/gateway.ts';
import type { RunConfiguration } from '#session/configuration.ts';
import type { Configuration } from './configuration/index.ts';

export interface FilePlaces {
  /** Where relative paths of certificates and keys start: the directory of the configuration. */
  readonly baseDirectory: string;
  readonly stateDirectory: string;
}

/** @throws Error naming the file that cannot be read. */
export function runConfigurationOf(configuration: Configuration, places: FilePlaces, manifests: readonly GatewayManifest[]): RunConfiguration {
  const { zones, listeners, services, pools, policy, limits, tls, users, recordings, audit } = configuration;
  return {
    zones, services, pools, policy, users, limits,
    listeners: Object.fromEntries(Object.entries(listeners).map(([name, listener]) => {
      const { bind, service, backlog } = listener;
      return [name, { bind, service, backlog, tls: listener.tls }];
    })),
    tls: Object.fromEntries(Object.entries(tls).map(([name, profile]) => [name, readProfile(profile, places.baseDirectory)])),
    recordings: recordings.enabled ? {
      directory: within(places.stateDirectory, recordings.directory),
      key: recordings.keyFile === undefined ? undefined : readKey(within(places.baseDirectory, recordings.keyFile)),
      maxBytes: recordings.maxBytes,
      required: recordings.required,
    } : undefined,
    inspectors: Object.fromEntries(Object.entries(configuration.inspectors).map(([name, settings]) => [name, { settings, sums: readSums(settings, places.baseDirectory) }])),
    inspection: inspectionPlanOf(configuration, places, manifests),
    audit: { mask: audit.mask, onOverflow: audit.onOverflow },
  };
}

function within(directory: string, path: string): string {
  return isAbsolute(path) ? path : join(directory, path);
}

function readProfile(profile: TlsProfileSettings, baseDirectory: string): TlsProfile {
  const read = (path: string): string => readFileSync(within(baseDirectory, path), 'utf8');
  return {
    ...profile,
    certificates: profile.certificates.map(({ certificate, key }) => ({ certificate: read(certificate), key: read(key) })),
    ca: profile.ca === undefined ? undefined : read(profile.ca),
  };
}

/** @throws Error naming the list file. */
function readSums({ denySha256Files }: InspectorSettings, baseDirectory: string): string[] {
  return denySha256Files.flatMap((file) => {
    const path = within(baseDirectory, file);
    try { return parseSums(readFileSync(path, 'utf8')); } catch (error) {
      throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  });
}

function readKey(path: string): string {
  const key = readFileSync(path, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/i.test(key)) throw new Error(`${path}: wanted a key of 64 hexadecimal digits`);
  return key;
}
