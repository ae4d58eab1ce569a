// Writes what is generated from the configuration schema: docs/reference/configuration.md, its JSON Schema, and
// docs/limits.md. `--check` writes nothing and says whether the files are current.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compactSchema, toJsonSchema } from '../src/control/configuration/json-schema.ts';
import { limitsText, referenceText } from '../src/control/configuration/reference.ts';
import { gateways } from '../src/standard.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Path to text. */
export function generatedFiles(): Record<string, string> {
  const schema = toJsonSchema(gateways);
  return {
    'docs/reference/configuration.md': referenceText(schema),
    'docs/reference/sallyport.schema.json': `${JSON.stringify(compactSchema(schema), undefined, 2)}\n`,
    'docs/limits.md': limitsText(schema),
  };
}

/** Files that differ from what the schema says now. */
export function outdatedFiles(): string[] {
  return Object.entries(generatedFiles()).filter(([file, text]) => {
    try { return readFileSync(join(root, file), 'utf8') !== text; } catch { return true; }
  }).map(([file]) => file);
}

if (import.meta.main) {
  const outdated = outdatedFiles();
  if (process.argv.includes('--check')) {
    for (const file of outdated) console.error(`${file} is not current: run node tools/generate-reference.ts`);
    process.exit(outdated.length > 0 ? 1 : 0);
  }
  for (const [file, text] of Object.entries(generatedFiles())) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  console.log(outdated.length === 0 ? 'reference: current' : `reference: wrote ${outdated.join(', ')}`);
}
