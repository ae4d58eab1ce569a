// `sallyport waf install-crs`: puts a release of the OWASP Core Rule Set into the state directory, from an archive at hand, from
// the project or from a mirror. Where the archive comes from and who vouches for it is in crs-archive.ts; the rules are loaded
// once, and only then is the version in use switched.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { makeDirectory } from '#audit/make-directory.ts';
import { loadConfiguration } from '#control/configuration/index.ts';
import { prepareRules } from '#control/waf/prepare.ts';
import { unpackTar } from '#control/waf/tar.ts';
import { installedFolder } from '#runtime/rule-files.ts';
import type { WebInspectionSettings } from '#contract/web-inspection.ts';
import { gateways } from '../../standard.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { printJson, type Output } from '../output.ts';
import { archiveAtHand, mirroredArchive, projectKey, releaseArchive, signatureOf, type Archive } from './crs-archive.ts';

export interface InstallOptions {
  readonly file?: string; readonly version?: string; readonly from?: string; readonly sha256?: string; readonly key?: string; readonly requireSignature?: boolean;
  readonly config?: string[]; readonly stateDir?: string;
}

const maxUnpackedBytes = 256 * 1024 * 1024;
/** Instead of --from, for machines that always use a mirror. */
const mirrorVariable = 'SALLYPORT_CRS_MIRROR';

export async function installCrs(options: InstallOptions, out: Output): Promise<number> {
  if ((options.file === undefined) === (options.version === undefined)) {
    throw new CommandFailure('say which: --file ARCHIVE.tar.gz, or --version NUMBER', 'releases: https://github.com/coreruleset/coreruleset/releases', exitCodes.usage);
  }
  const key = (options.key ?? projectKey).replaceAll(/[\s:]/g, '').toUpperCase();
  if (!/^[0-9A-F]{40}$/.test(key)) throw new CommandFailure('--key wants the fingerprint of a key: 40 hexadecimal digits', '', exitCodes.usage);
  const state = stateDirectory(options);
  const archive = await found(options);
  const { sha256 } = archive;
  if (options.sha256 !== undefined && options.sha256.toLowerCase() !== sha256) {
    throw new CommandFailure(`the archive has SHA-256 ${sha256}, not ${options.sha256.toLowerCase()}: nothing was installed`);
  }
  const signature = signatureOf(archive, key);
  if (options.requireSignature === true && !signature.good) throw new CommandFailure(`the signature is ${signature.text}: nothing was installed`);
  // What comes from elsewhere is not taken on its own word, nor on that of whoever sits in between.
  if (options.file === undefined && options.sha256 === undefined && !signature.good && (archive.open || archive.announcedBy === '')) {
    throw new CommandFailure(`nobody vouches for ${archive.name}${archive.open ? ', which came unencrypted' : ': the mirror has no checksum beside it'}: nothing was installed`,
      'give its checksum with --sha256, or import the key that has signed it');
  }
  const checked = options.sha256 !== undefined ? 'as given' : archive.announcedBy === '' ? 'not compared: give --sha256' : archive.announcedBy;
  const { directory, version, rules } = install(archive, state);
  if (out.json) printJson(out, { version, directory, rules, sha256, checked, signature: signature.text });
  else {
    out.write(`${out.paint('installed', 'green')}: Core Rule Set ${version}, ${rules} rules, in ${directory}\nSHA-256 ${sha256} (${checked}); signature: ${signature.text}\n`);
    out.write('in the configuration: waf: { ruleset: crs }   then: sallyport reload\n');
  }
  return exitCodes.ok;
}

async function found({ file, version, from }: InstallOptions): Promise<Archive> {
  if (file !== undefined) return archiveAtHand(file);
  const mirror = from ?? process.env[mirrorVariable] ?? '';
  return mirror === '' ? await releaseArchive(version!) : await mirroredArchive(version!, mirror);
}

function stateDirectory(options: InstallOptions): string {
  if (options.stateDir !== undefined) return resolve(options.stateDir);
  const files = options.config ?? (existsSync('sallyport.yaml') ? ['sallyport.yaml'] : []);
  if (files.length === 0) return resolve('.sallyport');
  const load = loadConfiguration({ paths: files }, gateways, { withoutRules: true });
  if (load.configuration === undefined) throw new CommandFailure(`${files.join(', ')} has errors`, 'see them with "sallyport check", or give --state-dir');
  return resolve(load.baseDirectory, load.configuration.runtime.stateDirectory);
}

/** What of an archive is installed. */
const installed = /^(?:rules\/|plugins\/|crs-setup\.conf\.example$|LICENSE$)/;

function install(archive: Archive, state: string): { directory: string; version: string; rules: number } {
  const root = join(state, installedFolder);
  makeDirectory(root, 0o777);
  const staging = mkdtempSync(join(root, '.new-'));
  try {
    let files: Map<string, Buffer>;
    try {
      files = unpackTar(gunzipSync(archive.bytes, { maxOutputLength: maxUnpackedBytes }), (path) => installed.test(path.replace(/^[^/]*\//, '')));
    } catch (error) { throw new CommandFailure(`${archive.name} is no .tar.gz that can be unpacked: ${(error as Error).message}`); }
    // Everything is in one folder, as archives of releases are.
    const setup = [...files.keys()].find((path) => /(^|\/)crs-setup\.conf\.example$/.test(path));
    if (setup === undefined) throw new CommandFailure(`${archive.name} holds no crs-setup.conf.example: it is no Core Rule Set`);
    const prefix = setup.slice(0, -'crs-setup.conf.example'.length);
    for (const [path, bytes] of files) {
      if (!path.startsWith(prefix) || !installed.test(path.slice(prefix.length))) continue;
      const to = join(staging, path.slice(prefix.length));
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, bytes);
    }
    const version = /(?:^|[-/])v?(\d+\.\d+\.\d+)[^/]*\/$/.exec(prefix)?.[1]
      ?? /ver\.(\d+\.\d+\.\d+)/.exec(files.get(setup)!.toString('latin1'))?.[1] ?? archive.sha256.slice(0, 12);
    const { inspector } = prepareRules({ ...probe(), path: staging }, { baseDirectory: staging, stateDirectory: state });
    // The gateway may run as another user than the one who installs.
    chmodSync(staging, 0o755);
    // One that is there already may be in use: it is never changed.
    const name = [`coreruleset-${version}`, `coreruleset-${version}-${archive.sha256.slice(0, 12)}`].find((one) => !existsSync(join(root, one)));
    const directory = join(root, name ?? `coreruleset-${version}-${archive.sha256.slice(0, 12)}`);
    if (name === undefined) rmSync(staging, { recursive: true });
    else renameSync(staging, directory);
    // Replaced as a whole: a gateway that reads meanwhile finds the old or the new one.
    const link = join(root, `.current-${process.pid}`);
    rmSync(link, { force: true });
    symlinkSync(basename(directory), link);
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
