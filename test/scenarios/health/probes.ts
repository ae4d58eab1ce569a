// Runs one health probe as the supervisor does, with the probes that ship, against a port.
import { gateways } from '../../../src/standard.ts';
import { probe, systemTimers, type ProbeTarget } from '#runtime/probes/probe.ts';
import { TlsProfiles } from '#runtime/tls/profiles.ts';
import type { TlsProfile } from '#runtime/tls/settings.ts';
import type { ProbeResult } from '#upstream/health.ts';
import { poolSettingsWith } from '#upstream/settings.ts';

export const declared = gateways.flatMap(({ health }) => health ?? []);

export interface TlsUse { readonly profiles: Readonly<Record<string, TlsProfile>>; readonly first?: string }

export function trusting(ca: string, serverName = 'localhost'): TlsProfile {
  return { certificates: [], ca, serverName, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', ciphers: undefined, verify: true, clientCertificates: 'off', handshakeTimeoutMs: 5000 };
}

export async function check(port: number, health: unknown, tls?: TlsUse): Promise<ProbeResult> {
  const settings = poolSettingsWith(declared).parse({ servers: ['127.0.0.1:1'], health }).health!;
  const target: ProbeTarget = {
    address: '127.0.0.1', port, hostHeader: '127.0.0.1', host: '127.0.0.1', probes: declared, tls: tls?.first,
    ...tls === undefined ? {} : { security: new TlsProfiles(tls.profiles) },
  };
  return await new Promise((resolve) => {
    // The sockets and timers of a probe hold no process; the test does.
    const hold = setInterval(() => { /* nothing */ }, 1000);
    probe(target, settings, systemTimers, () => performance.now(), (result) => {
      clearInterval(hold);
      resolve(result);
    });
  });
}
