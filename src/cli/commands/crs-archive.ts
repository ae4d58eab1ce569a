// The archive of a release of the Core Rule Set, and what is known of its origin: from the project's releases on GitHub, from a
// mirror, or a file at hand. Its SHA-256 is compared with what was announced or given, its signature with the key of the
// project. Unpacks and installs nothing (waf-install.ts does).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandFailure, exitCodes } from '../exit-codes.ts';

export const archiveLimits = {
  /** Of the archive as it is fetched, and of its signature and checksum. */
  maxArchiveBytes: 64 * 1024 * 1024, maxSmallBytes: 1024 * 1024,
  /** For everything that is fetched. */
  fetchTimeoutMs: 60_000,
};

/** Where the project announces its releases, and the key that signs them. */
export const projectReleases = 'https://api.github.com/repos/coreruleset/coreruleset/releases';
export const projectKey = '36006F0E0BA167832158821138EEACA1AB8A6E72';
const releasesPage = 'https://github.com/coreruleset/coreruleset/releases';
const offline = 'without a network: download coreruleset-VERSION-minimal.tar.gz elsewhere and install it with --file';

export interface Archive {
  readonly bytes: Buffer;
  readonly name: string;
  readonly sha256: string;
  /** What its checksum was compared with; '' when with nothing. */
  readonly announcedBy: string;
  readonly signature: Buffer | undefined;
  /** It came over a connection that nobody vouches for. */
  readonly open: boolean;
}

function sha256Of(bytes: Buffer): string { return createHash('sha256').update(bytes).digest('hex'); }

export function archiveAtHand(file: string): Archive {
  try {
    const bytes = readFileSync(file);
    return { bytes, name: file, sha256: sha256Of(bytes), announcedBy: '', signature: existsSync(`${file}.asc`) ? readFileSync(`${file}.asc`) : undefined, open: false };
  } catch (error) { throw new CommandFailure(`${file} cannot be read: ${(error as Error).message}`, '', exitCodes.usage); }
}

/** The body, or undefined when there is no such thing (404). */
async function get(url: string, what: string, maxBytes: number): Promise<Buffer | undefined> {
  const { host } = new URL(url);
  const failed = (error: unknown): CommandFailure => {
    const { cause, message } = error as Error & { cause?: Error };
    return new CommandFailure(`${what} cannot be fetched from ${host}: ${cause?.message ?? message}`, offline);
  };
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(archiveLimits.fetchTimeoutMs), headers: { 'User-Agent': 'sallyport' } });
  } catch (error) { throw failed(error); }
  if (response.status === 404) return undefined;
  if (!response.ok) throw new CommandFailure(`${what}: ${host} answered ${response.status}`, offline);
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of response.body ?? []) {
      pieces.push(piece);
      length += piece.length;
      if (length > maxBytes) break;
    }
  } catch (error) { throw failed(error); }
  if (length > maxBytes) throw new CommandFailure(`${what} is larger than ${maxBytes} bytes: nothing was installed`);
  return Buffer.concat(pieces);
}

async function mustGet(url: string, what: string, maxBytes: number): Promise<Buffer> {
  const body = await get(url, what, maxBytes);
  if (body === undefined) throw new CommandFailure(`${what} is not at ${url}`, `versions: ${releasesPage}`);
  return body;
}

interface Asset { name: string; browser_download_url: string; digest?: string | null }

function assetsIn(text: string, version: string): Asset[] {
  let release: unknown;
  try { release = JSON.parse(text); } catch { release = undefined; }
  const assets = (release as { assets?: unknown } | undefined)?.assets;
  if (!Array.isArray(assets)) throw new CommandFailure(`the list of files of release ${version} cannot be understood`, offline);
  return (assets as Asset[]).filter(({ name, browser_download_url: url }) => typeof name === 'string' && typeof url === 'string');
}

function versionOf(given: string): string {
  const version = given.replace(/^v/, '');
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new CommandFailure(`"${given}" is no version`, 'for example 4.28.0', exitCodes.usage);
  return version;
}

function compared(bytes: Buffer, name: string, announced: string): string {
  const sha256 = sha256Of(bytes);
  if (announced.toLowerCase() !== sha256) throw new CommandFailure(`${name} has SHA-256 ${sha256}, announced is ${announced}: nothing was installed`);
  return sha256;
}

/** A release as GitHub's API lists it, with its checksum. `api`: for tests. */
export async function releaseArchive(given: string, api = projectReleases): Promise<Archive> {
  const version = versionOf(given);
  const list = await mustGet(`${api}/tags/v${version}`, `the list of files of release ${version}`, archiveLimits.maxSmallBytes);
  const assets = assetsIn(list.toString('utf8'), version);
  const asset = assets.find(({ name }) => name.endsWith('minimal.tar.gz')) ?? assets.find(({ name }) => name.endsWith('.tar.gz'));
  if (asset === undefined) throw new CommandFailure(`release ${version} has no archive`);
  const bytes = await mustGet(asset.browser_download_url, asset.name, archiveLimits.maxArchiveBytes);
  const announced = asset.digest?.replace(/^sha256:/, '');
  if (announced === undefined) throw new CommandFailure(`release ${version} announces no checksum`, 'download it, check it by hand, and install it with --file and --sha256');
  const sha256 = compared(bytes, asset.name, announced);
  const signed = assets.find(({ name }) => name === `${asset.name}.asc`);
  const signature = signed === undefined ? undefined : await get(signed.browser_download_url, signed.name, archiveLimits.maxSmallBytes);
  return { bytes, name: asset.name, sha256, announcedBy: 'as the release announces', signature, open: false };
}

/** From a folder on a server that has the archive and, beside it, `.sha256` and `.asc`. */
export async function mirroredArchive(given: string, base: string): Promise<Archive> {
  const version = versionOf(given);
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw new CommandFailure(`"${base}" is no address`, 'for example https://mirror.example/crs/', exitCodes.usage);
  }
  const name = `coreruleset-${version}-minimal.tar.gz`;
  const at = (file: string): string => `${base.replace(/\/*$/, '')}/${file}`;
  const bytes = await mustGet(at(name), name, archiveLimits.maxArchiveBytes);
  const listed = await get(at(`${name}.sha256`), `${name}.sha256`, archiveLimits.maxSmallBytes);
  const announced = /^\s*([0-9a-fA-F]{64})\b/.exec(listed?.toString('latin1') ?? '')?.[1];
  if (listed !== undefined && announced === undefined) throw new CommandFailure(`${name}.sha256 holds no checksum: nothing was installed`);
  const sha256 = announced === undefined ? sha256Of(bytes) : compared(bytes, name, announced);
  const signature = await get(at(`${name}.asc`), `${name}.asc`, archiveLimits.maxSmallBytes);
  return { bytes, name, sha256, announcedBy: announced === undefined ? '' : 'as the mirror announces', signature, open: new URL(base).protocol === 'http:' };
}

export type Verdict = { readonly good: true; readonly text: string } | { readonly good: false; readonly text: string };

/** Whether the key has signed the archive. @throws CommandFailure when somebody else has, or nobody: a bad signature installs nothing. */
export function signatureOf({ bytes, signature }: Archive, key: string): Verdict {
  if (signature === undefined) return { good: false, text: 'none at hand' };
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-crs-'));
  try {
    writeFileSync(join(directory, 'archive'), bytes);
    writeFileSync(join(directory, 'archive.asc'), signature);
    const run = spawnSync('gpg', ['--batch', '--no-auto-key-retrieve', '--status-fd', '1', '--verify', join(directory, 'archive.asc'), join(directory, 'archive')],
      { encoding: 'utf8', timeout: 20_000 });
    if (run.error !== undefined) return { good: false, text: 'not checked: there is no gpg' };
    const status = (word: string): string | undefined => new RegExp(`^\\[GNUPG:\\] ${word}(?: (.*))?$`, 'm').exec(run.stdout)?.[1];
    const valid = status('VALIDSIG')?.split(' ');
    if (run.status === 0 && status('GOODSIG') !== undefined && valid !== undefined) {
      // The last word is the fingerprint of the primary key.
      if (valid[0] === key || valid.at(-1) === key) return { good: true, text: 'good' };
      throw new CommandFailure(`the archive is signed by ${valid.at(-1)}, not by ${key}: nothing was installed`, 'another key that you trust: --key FINGERPRINT');
    }
    if (status('NO_PUBKEY') !== undefined) {
      return { good: false, text: `not checked: gpg does not know the key (gpg --fetch-key https://coreruleset.org/security.asc; fingerprint ${key})` };
    }
    throw new CommandFailure('the signature of the archive is bad: nothing was installed');
  } finally { rmSync(directory, { recursive: true, force: true }); }
}
