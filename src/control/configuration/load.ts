// Loads a configuration: reads, joins, checks the schema, checks references, and gives either a typed configuration or
// every problem at once. Applies nothing (transaction.ts) and opens nothing but the configuration files.
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { statSync } from 'node:fs';
import type { GatewayManifest } from '#contract/gateway.ts';
import { wafFindings } from '../waf/prepare.ts';
import { versionOf } from './canonical.ts';
import { fileFindings } from './files.ts';
import { findingsOf } from './issues.ts';
import { toJsonSchema } from './json-schema.ts';
import type { ConfigDocument } from './merge.ts';
import { isRecord, mergeSources, readSources } from './merge.ts';
import type { ConfigPath, Finding, Place, Problem } from './problem.ts';
import { formatPath } from './problem.ts';
import { checkReferences } from './references.ts';
import type { Configuration, SectionName } from './schema.ts';
import { buildSchema, sectionNames, sectionSchemas } from './schema.ts';
import { boundsProblem } from './source.ts';
import type { Source } from './source.ts';

/** Files and directories, texts at hand, or a document that is already plain data (history, admin API, a worker). */
export type ConfigurationInput =
  | { paths: readonly string[] }
  | { texts: readonly Source[] }
  | { document: ConfigDocument };

export interface LoadResult {
  /** No errors; there may be warnings. */
  ok: boolean;
  /** As written, plain data: what diff, history and the admin API work on. */
  document: ConfigDocument;
  /** Checked, with defaults; undefined unless `ok`. */
  configuration: Configuration | undefined;
  /** In the order of files and lines. */
  problems: Problem[];
  /** SHA-256 of the canonical document; '' when it could not be read. */
  version: string;
  sources: Source[];
  /** Directory that relative paths of the configuration start from. */
  baseDirectory: string;
}

export interface LoadOptions {
  /** Where relative paths start, when it is not the directory of the files. */
  readonly baseDirectory?: string | undefined;
  /** Instead of runtime.stateDirectory. */
  readonly stateDirectory?: string | undefined;
  /** Firewall rules are left alone: for who only wants to know a setting. */
  readonly withoutRules?: boolean | undefined;
  /** The files that it names are looked at as well, and warned about: for a person who asks whether all is well. */
  readonly withFiles?: boolean | undefined;
}

export function loadConfiguration(input: ConfigurationInput, manifests: readonly GatewayManifest[], options: LoadOptions = {}): LoadResult {
  if ('document' in input) return loadDocument(input.document, manifests, options);
  const { sources, problems: unreadable } = 'paths' in input ? readSources(input.paths) : { sources: [...input.texts], problems: [] };
  const baseDirectory = options.baseDirectory ?? ('paths' in input ? baseOf(input.paths[0] ?? '.') : process.cwd());
  const merged = mergeSources(sources);
  const problems = [...unreadable, ...merged.problems];
  if (unreadable.length > 0 || !merged.complete) {
    return { ok: false, document: merged.document, configuration: undefined, problems: inOrder(problems, sources), version: '', sources, baseDirectory };
  }
  const checked = checkDocument(merged.document, manifests, { ...options, baseDirectory });
  const place = (path: ConfigPath, atKey?: boolean): Place => merged.locate(path, atKey);
  // What the text itself cannot be is said once.
  const said = new Set(problems.map((problem) => `${problem.file}:${problem.line}:${problem.column}`));
  const found = checked.findings.map((finding) => placed(finding, place));
  problems.push(...found.filter((problem) => problem.severity === 'warning' || !said.has(`${problem.file}:${problem.line}:${problem.column}`)));
  const ok = !problems.some((problem) => problem.severity === 'error');
  return {
    ok, document: merged.document, configuration: ok ? checked.configuration : undefined, problems: inOrder(problems, sources),
    version: versionOf(merged.document), sources, baseDirectory,
  };
}

function loadDocument(document: ConfigDocument, manifests: readonly GatewayManifest[], options: LoadOptions): LoadResult {
  const baseDirectory = options.baseDirectory ?? process.cwd();
  const unbounded = boundsProblem(document);
  if (unbounded !== undefined) {
    const problem = placed({ code: 'yaml.limit', path: [], message: unbounded }, () => ({ file: '', line: 0, column: 0 }));
    return { ok: false, document: {}, configuration: undefined, problems: [problem], version: '', sources: [], baseDirectory };
  }
  const copy = structuredClone(document);
  const { configuration, findings } = checkDocument(copy, manifests, { ...options, baseDirectory });
  const problems = findings.map((finding) => placed(finding, () => ({ file: '', line: 0, column: 0 })));
  const ok = !problems.some((problem) => problem.severity === 'error');
  return {
    ok, document: copy, configuration: ok ? configuration : undefined, problems, version: versionOf(copy), sources: [], baseDirectory,
  };
}

function baseOf(path: string): string {
  const full = resolve(path);
  try { return statSync(full).isDirectory() ? full : dirname(full); } catch { return dirname(full); }
}

function placed(finding: Finding, place: (path: ConfigPath, atKey?: boolean) => Place): Problem {
  const related = finding.related ? { ...place(finding.related.path, true), message: finding.related.message } : undefined;
  return {
    ...place(finding.path, finding.atKey), severity: finding.severity ?? 'error', code: finding.code, path: formatPath(finding.path),
    message: finding.message, found: finding.found ?? '', wanted: finding.wanted ?? '', hint: finding.hint ?? '', ...(related ? { related } : {}),
  };
}

function inOrder(problems: Problem[], sources: readonly Source[]): Problem[] {
  const order = new Map(sources.map((source, index) => [source.file, index]));
  return problems.sort((a, b) => (order.get(a.file) ?? -1) - (order.get(b.file) ?? -1) || a.line - b.line || a.column - b.column);
}

/** Checks everything that can be checked: sections with faults do not hide faults elsewhere. Drops empty sections from `document`. */
function checkDocument(document: ConfigDocument, manifests: readonly GatewayManifest[],
  options: LoadOptions & { baseDirectory: string }): { configuration: Configuration | undefined; findings: Finding[] } {
  for (const name of sectionNames) if (document[name] === null) delete document[name];
  const whole = buildSchema(manifests).safeParse(document);
  if (whole.success) return { configuration: whole.data, findings: [
    ...checkReferences(whole.data, document, manifests), ...checkRules(whole.data, manifests, options),
    ...options.withFiles === true ? fileFindings(whole.data, options.baseDirectory, Date.now()) : [],
  ] };
  const findings = findingsOf(whole.error.issues, { schema: toJsonSchema(manifests), document });
  // That nothing uses a resource is no news when it has faults itself.
  const faulty = new Set(findings.map((finding) => formatPath(finding.path.slice(0, 2))));
  const references = checkReferences(soundParts(document, manifests), document, manifests);
  findings.push(...references.filter((finding) => !finding.code.startsWith('reference.unused') || !faulty.has(formatPath(finding.path))));
  return { configuration: undefined, findings };
}

/** Firewall rules are loaded and compiled: a set with faults must not get as far as the workers. */
function checkRules(configuration: Configuration, manifests: readonly GatewayManifest[], options: LoadOptions & { baseDirectory: string }): Finding[] {
  if (options.withoutRules === true) return [];
  const { baseDirectory } = options;
  const { stateDirectory } = configuration.runtime;
  const state = options.stateDirectory ?? (isAbsolute(stateDirectory) ? stateDirectory : join(baseDirectory, stateDirectory));
  return wafFindings(configuration, { baseDirectory, stateDirectory: state }, manifests)
    .map(({ path, severity, message }) => ({ code: 'waf.rules', path: [...path], severity, message }));
}

/** What of a faulty document can still be understood: every resource that is right by itself. */
function soundParts(document: ConfigDocument, manifests: readonly GatewayManifest[]): Configuration {
  const sections = sectionSchemas(manifests);
  const sound: Record<string, unknown> = {};
  for (const name of sectionNames) {
    const { whole, entry } = sections[name];
    const written = document[name];
    const parsed = whole.safeParse(written);
    const nothing: unknown = whole.safeParse(undefined).data;
    if (parsed.success) sound[name] = parsed.data;
    else if (entry && isRecord(written) && isRecord(nothing)) sound[name] = soundEntries(written, entry);
    else if (entry && Array.isArray(written) && Array.isArray(nothing)) sound[name] = soundItems(written, entry);
    else sound[name] = nothing;
  }
  return sound as unknown as Configuration;
}

type EntrySchema = NonNullable<ReturnType<typeof sectionSchemas>[SectionName]['entry']>;

function soundEntries(written: Record<string, unknown>, entry: EntrySchema): Record<string, unknown> {
  const sound: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(written)) {
    const parsed = entry.safeParse(value);
    if (parsed.success) sound[key] = parsed.data;
  }
  return sound;
}

/** Keeps the positions, which paths speak of: faulty items are holes. */
function soundItems(written: unknown[], entry: EntrySchema): unknown[] {
  const sound: unknown[] = [];
  written.forEach((item, index) => {
    const parsed = entry.safeParse(item);
    if (parsed.success) sound[index] = parsed.data;
  });
  return sound;
}
