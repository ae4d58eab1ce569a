// A change of the configuration's own file, prepared completely before anything happens: the files must say what the gateway
// runs, the changed text must mean exactly the configuration that was wanted, and the new file lies beside the old one, on disk,
// with its mode and owner. Then `commit` renames it, or `abandon` removes it. Knows nothing of what is changed.
import { randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, fchownSync, fstatSync, fsyncSync, openSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { GatewayManifest } from '#contract/gateway.ts';
import { shortVersion } from './canonical.ts';
import type { EditResult } from './edit.ts';
import { loadConfiguration, type LoadOptions } from './load.ts';
import { mergeSources } from './merge.ts';
import type { ConfigPath } from './problem.ts';

export interface WantedEdit {
  readonly paths: readonly string[];
  readonly manifests: readonly GatewayManifest[];
  readonly places: LoadOptions;
  /** Version in force: what the files must say. */
  readonly running: string;
  /** Version that the change leads to: what the changed files must say. */
  readonly wanted: string;
  /** The resource that is changed: its file is the one to write. */
  readonly resource: ConfigPath;
  edit(text: string): EditResult;
}

/** Why the file was left alone, and what can be done. */
export interface EditRefusal { readonly ok: false; readonly message: string; readonly hint: string }

export interface StagedEdit {
  readonly ok: true;
  readonly file: string;
  /** Where in the changed file. */
  readonly line: number;
  /** Replaces the file. A text: why it did not. */
  commit(): string | undefined;
  abandon(): void;
}

const byHand = 'bring both together first: "sallyport diff" shows the difference, "sallyport reload" takes the files, or change the running configuration alone (--no-file)';

export function stageEdit(edit: WantedEdit): StagedEdit | EditRefusal {
  const refusal = (message: string, hint = ''): EditRefusal => ({ ok: false, message, hint });
  const { manifests, paths, places } = edit;
  if (paths.length === 0) return refusal('this gateway runs on an embedded configuration: there is no file to write to', 'change the running configuration alone (--no-file)');
  const options = { ...places, withoutRules: true };
  const now = loadConfiguration({ paths }, manifests, options);
  if (!now.ok) return refusal('the configuration files have errors, and are not what the gateway runs', 'see them with "sallyport check"');
  if (now.version !== edit.running) {
    return refusal(`the configuration files are not what the gateway runs (files ${shortVersion(now.version)}, running ${shortVersion(edit.running)})`, byHand);
  }
  const { file } = mergeSources(now.sources).locate(edit.resource);
  const source = now.sources.find((one) => one.file === file);
  if (source === undefined) return refusal(`${edit.resource.join('.')} is in none of the configuration files`);
  const changed = edit.edit(source.text);
  if (!changed.ok) return refusal(`${file}: ${changed.reason}`, 'change the file by hand, or the running configuration alone (--no-file)');
  const then = loadConfiguration({ texts: now.sources.map((one) => (one === source ? { file, text: changed.text } : one)) }, manifests, options);
  if (!then.ok || then.version !== edit.wanted) {
    return refusal(`${file}: the change cannot be written without changing something else too (is a part of it used in several places by an alias?)`,
      'change the file by hand, or the running configuration alone (--no-file)');
  }
  try { return staged(file, source.text, changed.text, changed.line); } catch (error) {
    return refusal(`${file} cannot be replaced: ${(error as Error).message}`, 'let the gateway write there, or change the running configuration alone (--no-file)');
  }
}

function staged(file: string, before: string, text: string, line: number): StagedEdit {
  // A link stays a link; what it leads to is replaced.
  const real = realpathSync(file);
  const bytes = Buffer.from(before, 'utf8');
  if (!readFileSync(real).equals(bytes)) throw new Error('it is no UTF-8 text, or has just been changed');
  const temporary = join(dirname(real), `.${basename(real)}.${randomBytes(6).toString('hex')}.new`);
  try { writeLike(real, temporary, text); } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  const abandon = (): void => { rmSync(temporary, { force: true }); };
  return {
    ok: true, file, line, abandon,
    commit: () => {
      try {
        if (!readFileSync(real).equals(bytes)) {
          abandon();
          return 'somebody has changed it meanwhile';
        }
        renameSync(temporary, real);
        syncDirectory(dirname(real));
        return undefined;
      } catch (error) {
        abandon();
        return (error as Error).message;
      }
    },
  };
}

/** A new file with the mode and the owner of another. @throws Error when that cannot be. */
function writeLike(original: string, path: string, text: string): void {
  const { mode, uid, gid } = statSync(original);
  const descriptor = openSync(path, 'wx', 0o600);
  try {
    const bytes = Buffer.from(text, 'utf8');
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    const made = fstatSync(descriptor);
    if (made.uid !== uid || made.gid !== gid) fchownSync(descriptor, uid, gid);
    fchmodSync(descriptor, mode & 0o7777);
    fsyncSync(descriptor);
  } finally { closeSync(descriptor); }
}

/** So that the name is on disk as well. Not every file system can. */
function syncDirectory(directory: string): void {
  let descriptor: number | undefined;
  try { fsyncSync(descriptor = openSync(directory, 'r')); } catch { /* the rename itself has happened */ } finally { if (descriptor !== undefined) closeSync(descriptor); }
}
