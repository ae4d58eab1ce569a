// Where the gateway of a configuration has its admin socket: by the same schema and defaults that it runs with. Undefined
// when the configuration does not say, because it cannot be read.
import { isAbsolute, join } from 'node:path';
import { loadConfiguration } from '#control/configuration/index.ts';
import { socketPathOf } from '#control/api/socket-file.ts';
import { gateways } from '../standard.ts';

export function socketOfConfiguration(files: readonly string[]): string | undefined {
  const load = loadConfiguration({ paths: files }, gateways, { withoutRules: true });
  if (load.configuration === undefined) return undefined;
  const { runtime, admin } = load.configuration;
  const state = isAbsolute(runtime.stateDirectory) ? runtime.stateDirectory : join(load.baseDirectory, runtime.stateDirectory);
  return socketPathOf(admin, state);
}
