// What README and docs/ print as configuration is configuration: every YAML block loads, and its services compile. Blocks
// that show a part are completed with what they refer to, and nothing else about them is overlooked. Prose is not tested.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import type { WebInspector } from '#contract/web-inspection.ts';
import { loadConfiguration, type ConfigDocument } from '../../src/control/configuration/index.ts';
import { gateways } from '../../src/standard.ts';

const root = join(import.meta.dirname, '../..');
const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: root }).sort()];

interface Block { readonly place: string; readonly page: string; readonly text: string }

const blocks = pages.flatMap((page): Block[] => {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => ({ page, text: match[1]!, place: `${page}:${text.slice(0, match.index).split('\n').length}` }));
});

/** Not configuration of the gateway: of Prometheus; a comment for an editor. */
const foreign = (document: unknown): boolean => document === null || (typeof document === 'object' && 'scrape_configs' in document);

/** A block as a document: those that show less than a section are put where their page says that they belong. */
function placed(page: string, content: Record<string, unknown>): ConfigDocument {
  if (page === 'docs/protocols/http.md') return { services: content };
  if (page === 'docs/protocols/telnet.md' && 'commands' in content) return { services: { consoles: { protocol: 'telnet', pool: 'consoles', ...content } } };
  return content as ConfigDocument;
}

/** What stands for something that a block refers to and does not show. */
const stands: Record<string, { section: string; value: unknown }> = {
  pool: { section: 'pools', value: { servers: ['127.0.0.1:9'] } },
  zone: { section: 'zones', value: { networks: ['10.0.0.0/8'] } },
  service: { section: 'services', value: { protocol: 'http', pool: 'web' } },
};
/** Services that have to be of another protocol than HTTP. */
const protocols: Record<string, string> = { files: 'ftp', consoles: 'telnet' };

function load(document: ConfigDocument): ReturnType<typeof loadConfiguration> {
  const whole = structuredClone(document) as Record<string, Record<string, unknown>>;
  for (let turn = 0; ; turn++) {
    const result = loadConfiguration({ document: whole as ConfigDocument }, gateways);
    const missing = result.problems.flatMap(({ code, message }) => {
      const match = /^there is no (\w+) "([^"]+)"/.exec(message);
      return code.startsWith('reference.unknown-') && match !== null && Object.hasOwn(stands, match[1]!) ? [{ noun: match[1]!, name: match[2]! }] : [];
    });
    if (missing.length === 0 || turn === 5) return result;
    for (const { noun, name } of missing) {
      const { section, value } = stands[noun]!;
      const protocol = protocols[name];
      (whole[section] ??= {})[name] ??= noun === 'service' && protocol !== undefined ? { protocol, pool: 'web' } : value;
    }
  }
}

describe('configuration in the documentation', () => {
  it('is found', () => { assert.ok(blocks.length >= 20, `${blocks.length} blocks`); });

  for (const { place, page, text } of blocks) {
    const content: unknown = parse(text);
    if (foreign(content)) continue;
    it(place, () => {
      const document = placed(page, content as Record<string, unknown>);
      const { problems, configuration } = load(document);
      assert.deepEqual(problems.filter(({ severity }) => severity === 'error').map(({ message, code }) => `${code}: ${message}`), []);
      const environment = { product: 'sallyport', observed: [], webInspector: () => ({}) as WebInspector };
      for (const [service, { protocol, settings }] of Object.entries(configuration!.services)) {
        assert.equal(gateways.find((manifest) => manifest.protocol === protocol)?.compile(service, settings, environment).name, service);
      }
    });
    const whole = ['listeners', 'services', 'pools', 'policy'].every((section) => section in (content as object));
    if (!whole) continue;
    it(`${place}, whole as it stands`, () => {
      assert.deepEqual(loadConfiguration({ texts: [{ file: place, text }] }, gateways).problems.map(({ line, message }) => `${line}: ${message}`), []);
    });
  }
});
