// Schema of the configuration section `tls`: named profiles of certificates, keys and trust, for either end of a handshake.
// Reads no files (control does, before the workers give up their rights) and makes no contexts (profiles.ts).
import { z } from 'zod';
import { resourceName } from '#core/settings/primitives.ts';

const pemFile = z.string().min(1).max(1024).meta({ title: 'file', examples: ['/etc/sallyport/site.pem'] });
const version = z.enum(['TLSv1.2', 'TLSv1.3']);

export const tlsProfileSettings = z.strictObject({
  certificates: z.array(z.strictObject({
    certificate: pemFile.describe('PEM file of the certificate, followed by the intermediate ones.'),
    key: pemFile.describe('PEM file of its private key.'),
  })).max(100).prefault([])
    .describe('What the gateway shows of itself: towards clients, and to servers that ask. With several, the name that the client asks for (SNI) chooses; '
      + 'the first is for the rest.'),
  minVersion: version.prefault('TLSv1.2').describe('Oldest version accepted.'),
  maxVersion: version.prefault('TLSv1.3').describe('Newest version offered.'),
  ciphers: z.string().max(2000).optional().describe('OpenSSL cipher list for TLS 1.2. The list of Node unless given.'),
  verify: z.boolean().prefault(true)
    .describe('Whether certificates of servers are verified: chain, validity and name. `false` is for tests and closed networks.'),
  ca: pemFile.optional().describe('PEM file of the authorities to trust instead of the built-in ones.'),
  serverName: z.string().max(255).optional().describe('Name to ask servers for and to verify, instead of the host that is connected to.'),
  clientCertificates: z.enum(['off', 'request', 'require']).prefault('off')
    .describe('Whether clients are asked for a certificate of an authority in `ca`. `require`: no certificate, no connection.'),
  handshakeTimeoutMs: z.number().int().min(100).max(120_000).prefault(10_000).describe('Longest handshake, in milliseconds.').meta({ limit: true }),
});

/** Section `tls`. */
export const tlsSchema = z.record(resourceName(), tlsProfileSettings);

export type TlsProfileSettings = z.infer<typeof tlsProfileSettings>;

/** A profile with what its files hold, as it travels to the workers. */
export interface TlsProfile extends Omit<TlsProfileSettings, 'certificates' | 'ca'> {
  readonly certificates: readonly { readonly certificate: string; readonly key: string }[];
  readonly ca: string | undefined;
}
