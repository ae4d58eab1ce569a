// Reads the files of a configuration (one file, several, or directories of *.yaml) and joins them into one document:
// each resource is declared once, lists (policy) are joined in the order of the files. Does not check the schema.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigPath, Place, Problem } from './problem.ts';
import { describeValue, formatPath } from './problem.ts';
import type { ParsedSource, Source } from './source.ts';
import { documentLimits, parseSource } from './source.ts';

export type ConfigDocument = Record<string, unknown>;

export interface MergedDocument {
  document: ConfigDocument;
  problems: Problem[];
  /** False when a file could not be read or parsed, so that checking what is left would mislead. */
  complete: boolean;
  locate(path: ConfigPath, atKey?: boolean): Place;
}

const maxFiles = 1000;

/** Reads files and directories; a directory gives its *.yaml and *.yml in the order of their names. */
export function readSources(paths: readonly string[]): { sources: Source[]; problems: Problem[] } {
  const sources: Source[] = [];
  const problems: Problem[] = [];
  const fail = (file: string, message: string, hint: string): void => {
    problems.push({ file, line: 0, column: 0, severity: 'error', code: 'file.unreadable', path: '', found: '', wanted: 'a configuration file', message, hint });
  };
  const readOne = (file: string): void => {
    try {
      const { size } = statSync(file);
      if (size > documentLimits.maxBytes) fail(file, `the file is too large: ${size} bytes, at most ${documentLimits.maxBytes} (maxBytes)`, '');
      else sources.push({ file, text: readFileSync(file, 'utf8') });
    } catch (error) { fail(file, `cannot be read: ${reasonOf(error)}`, ''); }
  };
  for (const path of paths) {
    try {
      if (!statSync(path).isDirectory()) { readOne(path); continue; }
      const names = readdirSync(path).filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.')).sort();
      if (names.length === 0) fail(path, 'the directory has no *.yaml file', 'name configuration files *.yaml');
      else if (names.length > maxFiles) fail(path, `the directory has ${names.length} files, at most ${maxFiles}`, '');
      else for (const name of names) readOne(join(path, name));
    } catch (error) { fail(path, `cannot be read: ${reasonOf(error)}`, 'make a first one with: sallyport init'); }
  }
  return { sources, problems };
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EACCES') return 'permission denied';
  return code ?? String(error);
}

/** Where an entry of the joined document came from. */
interface Origin { source: ParsedSource; path: ConfigPath }

export function mergeSources(sources: readonly Source[]): MergedDocument {
  const parsed = sources.map(parseSource);
  const problems = parsed.flatMap((source) => source.problems);
  const document: ConfigDocument = {};
  const origins = new Map<string, Origin>();
  const locate = (path: ConfigPath, atKey?: boolean): Place => {
    for (let length = Math.min(2, path.length); length > 0; length--) {
      const origin = origins.get(formatPath(path.slice(0, length)));
      if (origin) return origin.source.locate([...origin.path, ...path.slice(length)], atKey);
    }
    return { file: parsed[0]?.file ?? '', line: 1, column: 1 };
  };
  for (const source of parsed) mergeOne(source, document, origins, problems);
  const complete = !problems.some((problem) => ['yaml.syntax', 'yaml.limit', 'schema.document'].includes(problem.code));
  return { document, problems, complete, locate };
}

function mergeOne(source: ParsedSource, document: ConfigDocument, origins: Map<string, Origin>, problems: Problem[]): void {
  const fail = (path: ConfigPath, code: string, message: string, hint: string, earlier?: Origin, found = ''): void => {
    const related = earlier ? { ...earlier.source.locate(earlier.path, true), message: 'first declared here' } : undefined;
    problems.push({
      ...source.locate(path, true), severity: 'error', code, path: formatPath(path), found, wanted: '', message, hint, ...(related ? { related } : {}),
    });
  };
  if (source.value === undefined || source.value === null) return;
  if (!isRecord(source.value)) {
    fail([], 'schema.document', 'the file is not a map of sections', 'start with sections such as listeners:, services: and pools:', undefined, describeValue(source.value));
    return;
  }
  for (const [section, content] of Object.entries(source.value)) {
    const existing = document[section];
    const earlierSection = origins.get(formatPath([section]));
    if (!earlierSection) origins.set(formatPath([section]), { source, path: [section] });
    // A section with nothing in it is as good as none.
    if (content === null && existing !== undefined) continue;
    if (existing === undefined || existing === null) document[section] = isRecord(content) ? {} : Array.isArray(content) ? [] : content;
    const target = document[section];
    if (Array.isArray(target) && Array.isArray(content)) {
      content.forEach((item: unknown, index) => {
        origins.set(formatPath([section, target.length]), { source, path: [section, index] });
        target.push(item);
      });
    } else if (isRecord(target) && isRecord(content)) {
      for (const [key, value] of Object.entries(content)) {
        const earlier = origins.get(formatPath([section, key]));
        if (earlier) fail([section, key], 'merge.duplicate', `${section}.${key} is declared twice`, 'keep one of the two', earlier);
        else { origins.set(formatPath([section, key]), { source, path: [section, key] }); target[key] = value; }
      }
    } else if (existing !== undefined && existing !== null) {
      fail([section], 'merge.duplicate', `section ${section} has another form than in the other file`, 'write it the same way in all files', earlierSection);
    }
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
