// Where the gateway of a configuration has its admin socket. Reads two settings and checks nothing: loading the schemas of
// everything would cost every command half a second. A test holds the defaults against those of the schema.
import { statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { isRecord, mergeSources, readSources } from '#control/configuration/merge.ts';

export const socketDefaults = { stateDirectory: '.sallyport', socket: 'admin.sock' };

/** Undefined when the configuration does not say, because it cannot be read. */
export function socketOfConfiguration(files: readonly string[]): string | undefined {
  const { sources, problems } = readSources(files);
  const { document, complete } = mergeSources(sources);
  if (problems.length > 0 || !complete) return undefined;
  const state = setting(document['runtime'], 'stateDirectory') ?? socketDefaults.stateDirectory;
  const socket = setting(document['admin'], 'socket') ?? socketDefaults.socket;
  return resolve(baseOf(files[0] ?? '.'), state, socket);
}

function setting(section: unknown, key: string): string | undefined {
  const value = isRecord(section) ? section[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** As the loader has it: the directory, or that of the file. */
function baseOf(path: string): string {
  const full = isAbsolute(path) ? path : join(process.cwd(), path);
  try { return statSync(full).isDirectory() ? full : dirname(full); } catch { return dirname(full); }
}
