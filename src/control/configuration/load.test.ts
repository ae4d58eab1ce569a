// Loading: files and directories, positions, limits on the text, all problems at once, printing. The many kinds of
// faults are a table of their own: test/configuration/bad.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { simpleDocument, simpleManifests } from '#test/configuration/simple-manifest.ts';
import { loadConfiguration } from './load.ts';
import type { LoadResult } from './load.ts';
import { printProblems, problemsAsJson } from './print.ts';
import { documentLimits } from './source.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-load-'));
after(() => { rmSync(directory, { recursive: true, force: true }); });

function load(text: string): LoadResult { return loadConfiguration({ texts: [{ file: 'a.yaml', text }] }, simpleManifests); }
function places(result: LoadResult): string[] { return result.problems.map((problem) => `${problem.file}:${problem.line}:${problem.column} ${problem.code}`); }

const sound = stringify(simpleDocument());

describe('loading', () => {
  it('gives the document as written, and the configuration with defaults', () => {
    const result = load(sound);
    assert.deepEqual(result.problems, []);
    assert.deepEqual(result.document, simpleDocument());
    assert.deepEqual(result.configuration?.services.echo, { protocol: 'simple', settings: { pool: 'back', from: 'office', greeting: 'hello', maxLines: 10 } });
    assert.deepEqual(result.configuration?.listeners.main?.bind, [{ host: '127.0.0.1', port: 7777 }]);
    assert.equal(result.configuration?.runtime.drainTimeout, 30_000);
    assert.match(result.version, /^[0-9a-f]{64}$/);
  });

  it('of a document gives the same version as of its text', () => {
    assert.equal(loadConfiguration({ document: simpleDocument() }, simpleManifests).version, load(`# comment\n${sound}`).version);
  });

  it('of nothing warns only', () => {
    for (const text of ['', '# nothing\n', 'zones:\nlisteners:\n']) {
      const result = load(text);
      assert.equal(result.ok, true);
      assert.deepEqual(result.problems.map((problem) => problem.code), ['listener.none']);
    }
  });

  it('finds problems of syntax only while there are any', () => {
    const result = load('zones:\n  a: [1\nlisteners: 5\n');
    assert.equal(result.ok, false);
    assert.ok(result.problems.length > 0 && result.problems.every((problem) => problem.code === 'yaml.syntax'));
    assert.deepEqual([result.configuration, result.version], [undefined, '']);
  });

  it('checks references in what is sound beside what is not', () => {
    const result = load(sound.replace('simple', 'smple').replace('service: echo', 'service: ecoh'));
    assert.deepEqual(result.problems.map((problem) => [problem.path, problem.hint]), [
      ['listeners.main.service', 'did you mean "echo"?'], ['services.echo.protocol', 'did you mean "simple"?'],
    ]);
  });

  it('gives the place through aliases', () => {
    const result = load('pools:\n  a: &p\n    servers: [10.0.0.1:80]\n    balance: rond-robin\n  b: *p\n');
    assert.deepEqual(places(result).filter((place) => place.endsWith('schema.type')), ['a.yaml:4:14 schema.type', 'a.yaml:4:14 schema.type']);
  });
});

describe('several files', () => {
  it('are joined; lists are joined in the order of the names', () => {
    const where = join(directory, 'several');
    mkdirSync(where);
    const { policy, ...rest } = simpleDocument();
    writeFileSync(join(where, '20-rules.yml'), stringify({ policy }));
    writeFileSync(join(where, '10-base.yaml'), stringify({ ...rest, policy: [{ ...policy[0] as object, id: 'base', listener: 'main' }] }));
    writeFileSync(join(where, '.hidden.yaml'), 'x: 1');
    writeFileSync(join(where, 'notes.txt'), 'x: 1');
    const result = loadConfiguration({ paths: [where] }, simpleManifests);
    assert.deepEqual(result.problems, []);
    assert.deepEqual(result.configuration?.policy.map((rule) => rule.id), ['base', 'open']);
    assert.equal(result.baseDirectory, where);
  });

  it('that declare a resource twice are told both places; faults name their own file', () => {
    const result = loadConfiguration({ texts: [
      { file: 'one.yaml', text: sound },
      { file: 'two.yaml', text: 'policy:\n  - { id: x, then: allow, from: offce }\npools:\n  back: { servers: [a:1] }\nzones: [1]\n' },
    ] }, simpleManifests);
    assert.deepEqual(places(result), ['two.yaml:2:33 reference.unknown-zone', 'two.yaml:4:3 merge.duplicate', 'two.yaml:5:1 merge.duplicate']);
    assert.deepEqual(result.problems[1]?.related, { file: 'one.yaml', line: 15, column: 3, message: 'first declared here' });
  });

  it('that are missing or empty directories are said to be', () => {
    mkdirSync(join(directory, 'empty'));
    const result = loadConfiguration({ paths: [join(directory, 'empty'), join(directory, 'none.yaml')] }, simpleManifests);
    assert.equal(result.ok, false);
    assert.deepEqual(result.problems.map((problem) => problem.message), ['the directory has no *.yaml file', 'cannot be read: no such file']);
  });
});

describe('limits on the text', () => {
  const limited = (text: string): [boolean, string] => {
    const result = load(text);
    return [result.problems.some((problem) => problem.code === 'yaml.limit'), result.problems.map((problem) => problem.message).join('; ')];
  };
  const nested = (levels: number): string => `${Array.from({ length: levels }, (_, level) => `${' '.repeat(level)}a:`).join('\n')} 1\n`;
  const flow = (levels: number): string => `a: ${'['.repeat(levels)}${']'.repeat(levels)}\n`;

  it('maxDepth', () => {
    assert.deepEqual(limited(nested(documentLimits.maxDepth))[0], false);
    const [over, message] = limited(nested(documentLimits.maxDepth + 1));
    assert.ok(over);
    assert.match(message, /nested too deep, at most 32 \(maxDepth\)/);
    assert.equal(limited(flow(documentLimits.maxDepth - 1))[0], false);
    assert.equal(limited(flow(documentLimits.maxDepth + 1))[0], true);
  });

  it('absurd depth does not reach the parser', () => {
    for (const character of ['[', '{', '{a: [']) {
      const started = process.cpuUsage();
      assert.ok(limited(`a: ${character.repeat(1_000_000)}`)[0]);
      assert.ok(process.cpuUsage(started).user < 1_000_000);
    }
  });

  it('maxBytes', () => {
    const text = (bytes: number): string => `# ${'x'.repeat(bytes - 2)}`;
    assert.equal(limited(text(documentLimits.maxBytes))[0], false);
    assert.equal(limited(text(documentLimits.maxBytes + 1))[0], true);
  });

  it('hold for documents that are plain data already', () => {
    const deep = (levels: number): unknown => { let value: unknown = 1; for (let level = 0; level < levels; level++) value = { a: value }; return value; };
    const of = (document: unknown): LoadResult => loadConfiguration({ document: document as Record<string, unknown> }, simpleManifests);
    assert.deepEqual(of(deep(200_000)).problems.map((problem) => problem.code), ['yaml.limit']);
    assert.ok(of(deep(documentLimits.maxDepth)).problems.every((problem) => problem.code !== 'yaml.limit'));
    assert.ok(of(deep(documentLimits.maxDepth + 1)).problems.some((problem) => problem.code === 'yaml.limit'));
  });

  it('maxNodes, counted after aliases are expanded', () => {
    const bomb = `a: &a [${'x,'.repeat(9)}x]\n${'bcdefghi'.split('').map((name, index) => `${name}: &${name} [${`*${'abcdefgh'[index]},`.repeat(9)}x]\n`).join('')}`;
    const [over, message] = limited(bomb);
    assert.ok(over);
    assert.match(message, /too many values, at most 500000 \(maxNodes\)/);
  });
});

describe('printing', () => {
  const result = load('runtime:\n  wrkers: 4\nadmin: { http: { bind: "127.0.0.1:1", tokens: [{ name: a, rol: x, tokenSha256: swordfish }] } }\n');

  it('shows the line with a mark, and never a secret', () => {
    const text = printProblems(result, { colours: false });
    assert.match(text, /a\.yaml:2:3: error: unknown key "wrkers" in runtime \[schema\.unknown-key\]\n {2}2 \| {3}wrkers: 4\n {4}\| {3}\^{6}\n {2}hint: did you mean "workers"\?/);
    assert.match(text, /3 errors, 1 warning\n$/);
    assert.doesNotMatch(text, /swordfish/);
    assert.doesNotMatch(problemsAsJson(result), /swordfish/);
  });

  it('has colours only when asked for', () => {
    assert.doesNotMatch(printProblems(result, { colours: false }), /\u001b/);
    assert.match(printProblems(result, { colours: true }), /\u001b\[31merror\u001b\[0m/);
  });

  it('keeps control characters of the text from the terminal', () => {
    const hostile = load('runtime: { "\\e[2Jx": 1, user: "\\e]0;x\\a" }\nzones:\n  "\u202e": 1\n');
    assert.doesNotMatch(printProblems(hostile, { colours: false }), /[\u001b\u0007\u202e]/);
  });

  it('counts what is too much', () => {
    assert.match(printProblems(result, { colours: false, maxProblems: 1 }), /\.\.\. and 3 more/);
  });
});
