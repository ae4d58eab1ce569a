// Checks that imports point down the layer list of ARCHITECTURE.md and nowhere else.
// Does not check style (tools/check-style.ts) and knows nothing of file contents beyond import lines.
import { readFileSync, globSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What each layer may import, besides itself. Types of `contract` are the common language of all. */
export const mayImport: Record<string, readonly string[]> = {
  core: [],
  contract: ['core'],
  codecs: ['core', 'contract'],
  gateways: ['core', 'contract', 'codecs'],
  inspection: ['core', 'contract'],
  policy: ['core', 'contract'],
  upstream: ['core', 'contract'],
  audit: ['core', 'contract'],
  session: ['core', 'contract', 'policy', 'inspection', 'upstream', 'audit'],
  runtime: ['core', 'contract', 'policy', 'inspection', 'upstream', 'audit', 'session'],
  control: ['core', 'contract', 'policy', 'inspection', 'upstream', 'audit', 'session', 'runtime'],
  cli: ['core', 'contract', 'policy', 'inspection', 'upstream', 'audit', 'session', 'runtime', 'control', 'standard'],
  standard: ['core', 'contract', 'codecs', 'gateways', 'inspection', 'policy', 'upstream', 'audit', 'session', 'runtime', 'control'],
};

/** Node modules that only some layers may touch: codecs, gateways, policy and the like stay free of I/O. */
const ioModules = /^node:(net|tls|dgram|dns|dns\/promises|http|https|http2|fs|fs\/promises|child_process|cluster|worker_threads|timers|timers\/promises|process)$/;
const layersWithIo = new Set(['runtime', 'audit', 'control', 'cli', 'standard']);
/** Inside a layer: folders of one protocol or engine that must not know each other. */
const siblingsApart = new Set(['codecs', 'gateways']);

export interface LayerFault { file: string; line: number; what: string }

function layerOf(file: string): string {
  const parts = file.split('/');
  if (parts[0] !== 'src') return parts[0] ?? '';
  return parts[1] === 'standard.ts' || parts[1]?.startsWith('standard.') ? 'standard' : (parts[1] ?? '');
}

function targetOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('#test/')) return `test/${specifier.slice(6)}`;
  if (specifier.startsWith('#')) return `src/${specifier.slice(1)}`;
  if (specifier.startsWith('.')) return normalize(join(dirname(file), specifier));
  return undefined;
}

export function faultsIn(file: string, text: string): LayerFault[] {
  const faults: LayerFault[] = [];
  const layer = layerOf(file);
  const isTest = file.endsWith('.test.ts');
  text.split('\n').forEach((lineText, index) => {
    const match = /^\s*(?:import|export)\b[^'"]*?from\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/.exec(lineText)
      ?? /^\s*\}\s*from\s+['"]([^'"]+)['"]/.exec(lineText);
    const specifier = match?.slice(1).find((part) => part !== undefined);
    if (!specifier) return;
    const fault = (what: string): void => { faults.push({ file, line: index + 1, what }); };
    const target = targetOf(file, specifier);
    if (target === undefined) {
      if (!isTest && ioModules.test(specifier) && !layersWithIo.has(layer)) fault(`layer "${layer}" is free of I/O and may not import ${specifier}`);
      return;
    }
    if (isTest) return;
    const targetLayer = layerOf(target);
    if (!target.startsWith('src/')) { fault(`product code may not import ${target}`); return; }
    if (targetLayer !== layer && !(mayImport[layer] ?? []).includes(targetLayer)) fault(`layer "${layer}" may not import layer "${targetLayer}" (${specifier})`);
    const apart = siblingsApart.has(layer) && file.split('/')[2] !== target.split('/')[2];
    if (targetLayer === layer && apart) fault(`${layer} of one protocol may not import those of another (${specifier})`);
  });
  return faults;
}

if (import.meta.main) {
  const files = globSync('src/**/*.ts', { cwd: root });
  const faults = files.flatMap((file) => faultsIn(relative('.', file), readFileSync(join(root, file), 'utf8')));
  for (const fault of faults) console.error(`${fault.file}:${fault.line}: ${fault.what}`);
  if (faults.length > 0) process.exit(1);
  console.log(`layers: ${files.length} files, imports point down only`);
}
