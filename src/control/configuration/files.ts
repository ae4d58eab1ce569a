// Looks at the files that a checked configuration names: are they there, may they be read, are they what they should be. Warnings,
// not errors: the machine that checks a file need not be the one that runs it. Keeps nothing of what it reads.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { parseSums } from '#inspection/content/list.ts';
import type { ConfigPath, Finding } from './problem.ts';
import type { Configuration } from './schema.ts';

const expiresSoonDays = 14;
const dayMs = 86_400_000;

const causes: Readonly<Record<string, string>> = { ENOENT: 'there is no such file', EACCES: 'it may not be read by this user', EISDIR: 'it is a directory' };

class FileCheck {
  readonly findings: Finding[] = [];
  readonly #baseDirectory: string;
  readonly #nowMs: number;

  constructor(baseDirectory: string, nowMs: number) {
    this.#baseDirectory = baseDirectory;
    this.#nowMs = nowMs;
  }

  #warn(code: string, path: ConfigPath, message: string, hint: string): void {
    this.findings.push({ severity: 'warning', code: `file.${code}`, path, message, hint });
  }

  read(path: ConfigPath, file: string): string | undefined {
    const full = isAbsolute(file) ? file : join(this.#baseDirectory, file);
    try { return readFileSync(full, 'utf8'); } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      this.#warn('unreadable', path, `${full} cannot be read: ${causes[code] ?? message}`, isAbsolute(file) ? 'the gateway does not start without it'
        : 'relative paths begin at the directory of the first configuration file; the gateway does not start without it');
      return undefined;
    }
  }

  certificate(path: ConfigPath, file: string): X509Certificate | undefined {
    const text = this.read(path, file);
    if (text === undefined) return undefined;
    let certificate: X509Certificate;
    try { certificate = new X509Certificate(text); } catch {
      this.#warn('certificate', path, `${file} does not begin with a certificate`, 'wanted PEM: -----BEGIN CERTIFICATE-----');
      return undefined;
    }
    const leftMs = certificate.validToDate.getTime() - this.#nowMs;
    const until = certificate.validToDate.toISOString().slice(0, 10);
    if (leftMs < 0) this.#warn('expired', path, `the certificate in ${file} was valid until ${until}`, 'renew it: clients refuse it');
    else if (leftMs < expiresSoonDays * dayMs) this.#warn('expires', path, `the certificate in ${file} is valid until ${until} only`, 'renew it, then run: sallyport reload');
    return certificate;
  }

  /** A certificate and its key. */
  pair(path: ConfigPath, files: { readonly certificate: string; readonly key: string }): void {
    const certificate = this.certificate([...path, 'certificate'], files.certificate);
    const text = this.read([...path, 'key'], files.key);
    if (text === undefined) return;
    try {
      const key = createPrivateKey(text);
      if (certificate?.checkPrivateKey(key) === false) {
        this.#warn('key', [...path, 'key'], `${files.key} is not the key of ${files.certificate}`, 'give the key that the certificate was made with');
      }
    } catch { this.#warn('key', [...path, 'key'], `${files.key} holds no private key that can be used`, 'wanted PEM without a passphrase: -----BEGIN PRIVATE KEY-----'); }
  }

  sums(path: ConfigPath, file: string): void {
    const text = this.read(path, file);
    if (text === undefined) return;
    try { parseSums(text); } catch (error) { this.#warn('list', path, `${file}: ${(error as Error).message}`, 'wanted one SHA-256 a line, as sha256sum writes them'); }
  }
}

/** Files of TLS profiles, lists of inspectors, and the key of recordings. */
export function fileFindings({ tls, inspectors, recordings }: Configuration, baseDirectory: string, nowMs: number): Finding[] {
  const check = new FileCheck(baseDirectory, nowMs);
  for (const [name, { certificates, ca }] of Object.entries(tls)) {
    certificates.forEach((files, at) => { check.pair(['tls', name, 'certificates', at], files); });
    if (ca !== undefined) check.certificate(['tls', name, 'ca'], ca);
  }
  for (const [name, { denySha256Files }] of Object.entries(inspectors)) denySha256Files.forEach((file, at) => { check.sums(['inspectors', name, 'denySha256Files', at], file); });
  if (recordings.enabled && recordings.keyFile !== undefined) check.read(['recordings', 'keyFile'], recordings.keyFile);
  return check.findings;
}
