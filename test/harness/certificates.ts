// Certificates for tests, made anew by openssl in a temporary directory: nothing secret is ever committed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needs, pathOf } from './installed.ts';

export interface TestCertificate { readonly directory: string; readonly certificate: string; readonly key: string; readonly certificateFile: string; readonly keyFile: string }

/** A self-signed certificate for the names and addresses (RSA 2048, 2 days). Undefined when there is no openssl and none can be had. */
export function makeCertificate(names: readonly string[] = ['localhost'], addresses: readonly string[] = ['127.0.0.1']): TestCertificate | undefined {
  if (needs('openssl') !== false) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-tls-'));
  const certificateFile = join(directory, 'certificate.pem');
  const keyFile = join(directory, 'key.pem');
  const alternatives = [...names.map((name) => `DNS:${name}`), ...addresses.map((address) => `IP:${address}`)].join(',');
  execFileSync(pathOf('openssl'), [
    'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${names[0] ?? 'test'}`, '-addext', `subjectAltName=${alternatives}`,
    '-keyout', keyFile, '-out', certificateFile,
  ], { stdio: 'ignore' });
  return { directory, certificateFile, keyFile, certificate: readFileSync(certificateFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}
