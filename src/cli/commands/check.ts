// `sallyport check` and `sallyport schema`: about configuration files, without a running gateway.
import { loadConfiguration, printProblems, problemsAsJson, shortVersion, toJsonSchema } from '#control/configuration/index.ts';
import { gateways } from '../../standard.ts';
import { exitCodes } from '../exit-codes.ts';
import { count, printJson, type Output } from '../output.ts';

export interface CheckOptions { readonly strict?: boolean }

export function check(files: readonly string[], options: CheckOptions, out: Output): number {
  const load = loadConfiguration({ paths: files }, gateways, { withFiles: true });
  const faulty = !load.ok || (options.strict === true && load.problems.length > 0);
  if (out.json) out.write(`${problemsAsJson(load)}\n`);
  else {
    if (load.problems.length > 0) out.write(`${printProblems(load, { colours: out.colours })}\n`);
    if (load.configuration !== undefined) {
      const { listeners, services, pools, policy } = load.configuration;
      const size = (resources: object): number => Object.keys(resources).length;
      out.write(`${out.paint('ok', 'green')}: ${count(size(listeners), 'listener')}, ${count(size(services), 'service')}, ${count(size(pools), 'pool')}, `
        + `${count(policy.length, 'rule')}; version ${shortVersion(load.version)}\n`);
    }
  }
  return faulty ? exitCodes.failed : exitCodes.ok;
}

export function schema(out: Output): number {
  printJson(out, toJsonSchema(gateways));
  return exitCodes.ok;
}
