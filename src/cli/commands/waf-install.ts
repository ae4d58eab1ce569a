// `sallyport waf install-crs`: puts a release of the OWASP Core Rule Set into the state directory, from an archive at hand or
// from GitHub. The checksum is compared, the rules are loaded once, and only then is the version in use switched.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { loadConfiguration } from '#control/configuration/index.ts';
import { prepareRules } from '#control/waf/prepare.ts';
import { unpackTar } from '#control/waf/tar.ts';
import { installedFolder } from '#runtime/rule-files.ts';
import type { WebInspectionSettings } from '#contract/web-inspection.ts';
import { gateways } from '../../standard.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { printJson, type Output } from '../output.ts';

export interface InstallOptions { readonly file?: string; readonly version?: string; readonly sha256?: string; readonly config?: string[]; readonly stateDir?: string }

const maxArchiveBytes = 64 * 1024 * 1024;
const maxUnpackedBytes = 256 * 1024 * 1024;
const fetchTimeoutMs = 60_000;
const releases = 'https://api.github.com/repos/coreruleset/coreruleset/releases/tags';

interface Archive { readonly bytes: Buffer; readonly name: string; readonly checked: string; readonly signature: Buffer | undefined }

export async function installCrs(options: InstallOptions, out: Output): Promise<number> {
  if ((options.file === undefined) === (options.version === undefined)) {
    throw new CommandFailure('say which: --file ARCHIVE.tar.gz, or --version NUMBER', 'releases: https://github.com/coreruleset/coreruleset/releases', exitCodes.usage);
  }
  const state = stateDirectory(options);
  const archive = options.file === undefined ? await fetched(options.version!.replace(/^v/, '')) : atHand(options.file);
  const sha256 = createHash('sha256').update(archive.bytes).digest('hex');
  if (options.sha256 !== undefined && options.sha256.toLowerCase() !== sha256) {
    throw new CommandFailure(`the archive has SHA-256 ${sha256}, not ${options.sha256.toLowerCase()}: nothing was installed`);
  }
  const signature = archive.signature === undefined ? 'none at hand' : verified(archive.bytes, archive.signature);
  const { directory, version, rules } = install(archive, sha256, state);
  const checked = options.sha256 === undefined ? archive.checked : 'as given';
  if (out.json) printJson(out, { version, directory, rules, sha256, checked, signature });
  else {
    out.write(`${out.paint('installed', 'green')}: Core Rule Set ${version}, ${rules} rules, in ${directory}\nSHA-256 ${sha256} (${checked}); signature: ${signature}\n`);
    out.write('in the configuration: waf: { ruleset: crs }   then: sallyport reload\n');
  }
  return exitCodes.ok;
}

function stateDirectory(options: InstallOptions): string {
  if (options.stateDir !== undefined) return resolve(options.stateDir);
  const files = options.config ?? (existsSync('sallyport.yaml') ? ['sallyport.yaml'] : []);
  if (files.length === 0) return resolve('.sallyport');
  const load = loadConfiguration({ paths: files }, gateways, { withoutRules: true });
  if (load.configuration === undefined) throw new CommandFailure(`${files.join(', ')} has errors`, 'see them with "sallyport check", or give --state-dir');
  return resolve(load.baseDirectory, load.configuration.runtime.stateDirectory);
}

function atHand(file: string): Archive {
  try {
    const signature = existsSync(`${file}.asc`) ? readFileSync(`${file}.asc`) : undefined;
    return { bytes: readFileSync(file), name: file, checked: 'not compared: give --sha256', signature };
  } catch (error) { throw new CommandFailure(`${file} cannot be read: ${(error as Error).message}`, '', exitCodes.usage); }
}

async function get(url: string, what: string): Promise<Buffer> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(fetchTimeoutMs), headers: { 'User-Agent': 'sallyport' } });
  } catch (error) {
    const { cause } = error as { cause?: Error };
    throw new CommandFailure(`${what} cannot be fetched from ${new URL(url).host}: ${cause?.message ?? (error as Error).message}`,
      'without a network: download coreruleset-VERSION-minimal.tar.gz elsewhere and install it with --file');
  }
  if (!response.ok) throw new CommandFailure(`${what}: ${new URL(url).host} answered ${response.status}`, 'versions: https://github.com/coreruleset/coreruleset/releases');
  const bytes = Buffer.from(await response.arrayBuffer());
  if (bytes.length > maxArchiveBytes) throw new CommandFailure(`${what} is larger than ${maxArchiveBytes} bytes`);
  return bytes;
}

interface Asset { name: string; browser_download_url: string; digest?: string | null }

async function fetched(version: string): Promise<Archive> {
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new CommandFailure(`"${version}" is no version`, 'for example 4.28.0', exitCodes.usage);
  const release = JSON.parse((await get(`${releases}/v${version}`, `the list of files of release ${version}`)).toString('utf8')) as { assets?: Asset[] };
  const asset = release.assets?.find(({ name }) => name.endsWith('minimal.tar.gz')) ?? release.assets?.find(({ name }) => name.endsWith('.tar.gz'));
  if (asset === undefined) throw new CommandFailure(`release ${version} has no archive`);
  const bytes = await get(asset.browser_download_url, asset.name);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const announced = asset.digest?.replace(/^sha256:/, '');
  if (announced === undefined) throw new CommandFailure(`release ${version} announces no checksum`, 'download it, check it by hand, and install it with --file and --sha256');
  if (announced !== sha256) throw new CommandFailure(`${asset.name} has SHA-256 ${sha256}, the release announces ${announced}: nothing was installed`);
  const signed = release.assets?.find(({ name }) => name === `${asset.name}.asc`);
  return { bytes, name: asset.name, checked: 'as the release announces', signature: signed === undefined ? undefined : await get(signed.browser_download_url, signed.name) };
}

/** By gpg, when it is there and knows the key of the project; a bad signature installs nothing. */
function verified(bytes: Buffer, signature: Buffer): string {
  const directory = mkdtempSync(join(process.env['TMPDIR'] ?? '/tmp', 'sallyport-crs-'));
  try {
    writeFileSync(join(directory, 'archive'), bytes);
    writeFileSync(join(directory, 'archive.asc'), signature);
    const run = spawnSync('gpg', ['--batch', '--status-fd', '1', '--verify', join(directory, 'archive.asc'), join(directory, 'archive')], { encoding: 'utf8', timeout: 20_000 });
    if (run.error !== undefined) return 'not checked: there is no gpg';
    if (run.stdout.includes('[GNUPG:] GOODSIG')) return 'good';
    if (run.stdout.includes('[GNUPG:] NO_PUBKEY')) return 'not checked: gpg does not know the key of the project';
    throw new CommandFailure('the signature of the archive is bad: nothing was installed');
  } finally { rmSync(directory, { recursive: true, force: true }); }
}

function install(archive: Archive, sha256: string, state: string): { directory: string; version: string; rules: number } {
  const root = join(state, installedFolder);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const staging = mkdtempSync(join(root, '.new-'));
  try {
    let files: Map<string, Buffer>;
    try {
      files = unpackTar(gunzipSync(archive.bytes, { maxOutputLength: maxUnpackedBytes }));
    } catch (error) { throw new CommandFailure(`${archive.name} is no .tar.gz that can be unpacked: ${(error as Error).message}`); }
    // Everything is in one folder, as archives of releases are.
    const setup = [...files.keys()].find((path) => /(^|\/)crs-setup\.conf\.example$/.test(path));
    if (setup === undefined) throw new CommandFailure(`${archive.name} holds no crs-setup.conf.example: it is no Core Rule Set`);
    const prefix = setup.slice(0, -'crs-setup.conf.example'.length);
    for (const [path, bytes] of files) {
      if (!path.startsWith(prefix) || !/^(rules\/|plugins\/|crs-setup\.conf\.example$|LICENSE$)/.test(path.slice(prefix.length))) continue;
      const to = join(staging, path.slice(prefix.length));
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, bytes);
    }
    const version = /(?:^|[-/])v?(\d+\.\d+\.\d+)[^/]*\/$/.exec(prefix)?.[1] ?? /ver\.(\d+\.\d+\.\d+)/.exec(files.get(setup)!.toString('latin1'))?.[1] ?? sha256.slice(0, 12);
    const { inspector } = prepareRules({ ...probe(), path: staging }, { baseDirectory: staging, stateDirectory: state });
    const directory = join(root, `coreruleset-${version}`);
    rmSync(directory, { recursive: true, force: true });
    renameSync(staging, directory);
    // Replaced as a whole: a gateway that reads meanwhile finds the old or the new one.
    const link = join(root, `.current-${process.pid}`);
    symlinkSync(`coreruleset-${version}`, link);
    renameSync(link, join(root, 'current'));
    return { directory, version, rules: inspector.ruleSet.stats.rulesRead };
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(`the rules cannot be used: ${(error as Error).message}`);
  }
}

/** Settings to load the rules with once. */
function probe(): WebInspectionSettings {
  const manifest = gateways.find(({ webInspections }) => webInspections !== undefined)!;
  return manifest.webInspections!(manifest.settings.parse({ pool: 'none', waf: { ruleset: 'crs', mode: 'detect', paranoia: 4, responseBody: { inspect: true } } }))[0]!.settings;
}
