// One YAML text as plain data, with the place of every key and value in it. Refuses what plain data cannot be: duplicate
// keys, unknown tags, alias bombs, texts that are too large or too deep. Knows nothing of the schema. YAML 1.2.2.
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node, Pair, YAMLMap } from 'yaml';
import type { ConfigPath, Place, Problem } from './problem.ts';
import { formatPath } from './problem.ts';

/** Bounds of a configuration text. They protect whoever may send one: the admin API takes documents from others. */
export const documentLimits = {
  /** Bytes of one file. */
  maxBytes: 8 * 1024 * 1024,
  /** Levels of maps and lists inside one another. */
  maxDepth: 32,
  /** Values in one file after aliases are expanded. */
  maxNodes: 500_000,
  /** Syntax errors reported of one file. */
  maxSyntaxErrors: 50,
};

/** Names that every object has already, or that change what it is. */
export const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * What is wrong with plain data from elsewhere (the admin API): too deep, too large, keys that no map may have. Must be asked
 * before anything walks it by calling itself.
 */
export function boundsProblem(data: unknown): string | undefined {
  const waiting: unknown[] = [data];
  const depths: number[] = [0];
  for (let nodes = 1; waiting.length > 0; nodes++) {
    const value = waiting.pop();
    const depth = depths.pop() ?? 0;
    if (nodes > documentLimits.maxNodes) return `too many values, at most ${documentLimits.maxNodes} (maxNodes)`;
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= documentLimits.maxDepth) return `nested too deep, at most ${documentLimits.maxDepth} (maxDepth)`;
    for (const key of Object.keys(value)) {
      if (forbiddenKeys.has(key)) return `"${key}" cannot be used as a key`;
      waiting.push((value as Record<string, unknown>)[key]);
      depths.push(depth + 1);
    }
  }
  return undefined;
}

export interface Source { file: string; text: string }

export interface ParsedSource extends Source {
  /** Plain data; undefined when the text is empty or has syntax errors. */
  value: unknown;
  problems: Problem[];
  /** Place of a key or value; the nearest enclosing one when the path does not exist. */
  locate(path: ConfigPath, atKey?: boolean): Place;
}

const syntaxHints: Record<string, string> = {
  TAB_AS_INDENT: 'indent with spaces: YAML does not allow tabs',
  BAD_INDENT: 'keys of one map must start in the same column',
  MULTILINE_IMPLICIT_KEY: 'a key and its colon must be on one line; is a colon, a quote or a dash missing above?',
  MISSING_CHAR: 'a colon, quote, bracket or comma is missing here or on the line above',
  BAD_SCALAR_START: 'put the text in quotes: it starts with a character that means something in YAML',
  BLOCK_IN_FLOW: 'is a comma missing between two entries of { } or [ ]?',
  BLOCK_AS_IMPLICIT_KEY: 'is this indented too far, or does a value follow on the same line as its key?',
  BAD_ALIAS: 'text that starts with * is an alias: put it in quotes',
  MULTIPLE_DOCS: 'only one document a file: remove the --- line, or make two files in a directory',
  UNEXPECTED_TOKEN: 'is a quote, bracket or comma missing, or one too many?',
};

export function parseSource(source: Source): ParsedSource {
  const lines = new LineCounter();
  const problems: Problem[] = [];
  const placeAt = (offset: number): Place => {
    const position = lines.linePos(offset);
    return { file: source.file, line: Math.max(1, position.line), column: Math.max(1, position.col) };
  };
  const empty: ParsedSource = { ...source, value: undefined, problems, locate: () => ({ file: source.file, line: 1, column: 1 }) };
  const limit = (name: keyof typeof documentLimits, found: string, place: Place, what: string): void => {
    problems.push({
      ...place, severity: 'error', code: 'yaml.limit', path: '', found, wanted: `at most ${documentLimits[name]}`,
      message: `${what}: ${found}, at most ${documentLimits[name]} (${name})`, hint: '',
    });
  };
  const bytes = Buffer.byteLength(source.text);
  if (bytes > documentLimits.maxBytes) { limit('maxBytes', String(bytes), empty.locate([]), 'the file is too large'); return empty; }
  // The parser calls itself for each level: what is nested far too deep must not reach it.
  const deep = deepestFlow(source.text);
  if (deep.depth > documentLimits.maxDepth) {
    limit('maxDepth', `${deep.depth} or more levels`, placeOfOffset(source, deep.offset), 'lists and maps are nested too deep');
    return empty;
  }
  let document: Document;
  try {
    document = parseDocument(source.text, { lineCounter: lines, uniqueKeys: false, stringKeys: true, prettyErrors: false, logLevel: 'error', version: '1.2' });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    limit('maxDepth', 'more', empty.locate([]), 'the text is nested too deep');
    return empty;
  }
  const seen = new Set<number>();
  for (const error of [...document.errors, ...document.warnings].slice(0, documentLimits.maxSyntaxErrors)) {
    // One missing bracket makes several errors where the parser gives up.
    if (seen.has(error.pos[0])) continue;
    seen.add(error.pos[0]);
    problems.push({
      ...placeAt(error.pos[0]), severity: 'error', code: 'yaml.syntax', path: '', found: '', wanted: 'valid YAML',
      message: firstLine(error.message), hint: /^Flow (sequence|map)/.test(error.message) ? 'is a closing bracket or quote missing above?' : syntaxHints[error.code] ?? '',
    });
  }
  if (problems.length > 0) return { ...empty, problems };
  const conversion = new Conversion(document, placeAt, problems);
  const value = conversion.run();
  return { ...source, value, problems, locate: (path, atKey) => placeAt(offsetOf(document, path, atKey === true)) };
}

function firstLine(text: string): string {
  return text.split('\n')[0]!.replace(/ at line \d+.*$/, '').replace(/; please use YAML.*$/, '');
}

/** Deepest nesting of brackets outside quotes and comments, roughly: only to keep absurd texts from the parser. */
function deepestFlow(text: string): { depth: number; offset: number } {
  let depth = 0;
  let deepest = { depth: 0, offset: 0 };
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x5b || code === 0x7b) {
      depth++;
      if (depth > deepest.depth) deepest = { depth, offset: index };
      // Far above the limit it is no accident of brackets in plain text.
      if (depth > documentLimits.maxDepth * 4) return deepest;
    } else if ((code === 0x5d || code === 0x7d) && depth > 0) depth--;
    else if (code === 0x0a && depth > 0 && /^\n[\w-]/.test(text.slice(index, index + 2))) depth = 0;
  }
  return { depth: 0, offset: 0 };
}

function placeOfOffset(source: Source, offset: number): Place {
  const before = source.text.slice(0, offset);
  const line = before.split('\n').length;
  return { file: source.file, line, column: offset - before.lastIndexOf('\n') };
}

/** Turns the tree into plain data and notes what plain data cannot be. */
class Conversion {
  readonly #document: Document;
  readonly #placeAt: (offset: number) => Place;
  readonly #problems: Problem[];
  #nodes = 0;
  #stopped = false;
  #path: (string | number)[] = [];

  constructor(document: Document, placeAt: (offset: number) => Place, problems: Problem[]) {
    this.#document = document;
    this.#placeAt = placeAt;
    this.#problems = problems;
  }

  run(): unknown {
    const value = this.#convert(this.#document.contents, 0);
    return this.#stopped ? undefined : value;
  }

  #fail(node: Node | null | undefined, code: string, message: string, hint: string, related?: Problem['related']): void {
    this.#problems.push({
      ...this.#placeAt(node?.range?.[0] ?? 0), severity: 'error', code, path: formatPath(this.#path), found: '', wanted: '', message, hint,
      ...(related ? { related } : {}),
    });
  }

  #stop(node: Node | null | undefined, name: keyof typeof documentLimits, what: string): void {
    if (!this.#stopped) this.#fail(node, 'yaml.limit', `${what}, at most ${documentLimits[name]} (${name})`, name === 'maxNodes' ? 'aliases count each time they are used' : '');
    this.#stopped = true;
  }

  #convert(node: unknown, depth: number): unknown {
    if (this.#stopped || node === null || node === undefined) return null;
    if (++this.#nodes > documentLimits.maxNodes) { this.#stop(node as Node, 'maxNodes', 'too many values'); return null; }
    if (depth > documentLimits.maxDepth) { this.#stop(node as Node, 'maxDepth', 'nested too deep'); return null; }
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (!target) { this.#fail(node, 'yaml.syntax', `the anchor &${node.source} does not exist`, syntaxHints.BAD_ALIAS!); return null; }
      return this.#convert(target, depth + 1);
    }
    if (isScalar(node)) return this.#scalar(node);
    if (isSeq(node)) {
      const list: unknown[] = [];
      for (const item of node.items) {
        this.#path.push(list.length);
        list.push(this.#convert(item, depth + 1));
        this.#path.pop();
      }
      return list;
    }
    return isMap(node) ? this.#map(node, depth) : null;
  }

  #scalar(node: Node & { value?: unknown }): unknown {
    const value = node.value;
    if (typeof value === 'number' && !Number.isFinite(value)) {
      this.#fail(node, 'schema.type', `${String(value)} is not a number that can be used here`, '');
      return null;
    }
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) return value ?? null;
    this.#fail(node, 'yaml.syntax', 'a value of this type cannot be used here', 'write it as plain text in quotes');
    return null;
  }

  #map(map: YAMLMap, depth: number): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    const seen = new Map<string, Node>();
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const key = isScalar(pair.key) ? String(pair.key.value ?? '') : undefined;
      if (key === undefined) { this.#fail(pair.key, 'yaml.syntax', 'a key must be text', ''); continue; }
      this.#path.push(key);
      const earlier = seen.get(key);
      if (key === '<<') this.#fail(pair.key, 'yaml.syntax', 'merge keys (<<) are not supported', 'write the keys out, or use an alias for the whole value');
      else if (forbiddenKeys.has(key)) this.#fail(pair.key, 'yaml.forbidden-key', `"${key}" cannot be used as a key`, 'choose another name');
      else if (earlier) {
        const place = this.#placeAt(earlier.range?.[0] ?? 0);
        this.#fail(pair.key, 'yaml.duplicate-key', `"${key}" is written twice`, 'remove one of the two', { ...place, message: 'first written here' });
      } else {
        seen.set(key, pair.key);
        value[key] = this.#convert(pair.value, depth + 1);
      }
      this.#path.pop();
    }
    return value;
  }
}

function offsetOf(document: Document, path: ConfigPath, atKey: boolean): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (const [index, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = (node.items as Pair<Node, Node | null>[]).find((item) => isScalar(item.key) && String(item.key.value ?? '') === String(part));
      if (!pair) return offset;
      const last = index === path.length - 1;
      // An empty value has no place worth showing, nor has what begins on the next line; the key has.
      const keyOffset = pair.key.range?.[0] ?? offset;
      const below = (isMap(pair.value) || isSeq(pair.value)) && pair.value.flow !== true;
      const valueOffset = !below && pair.value?.range && pair.value.range[1] > pair.value.range[0] ? pair.value.range[0] : keyOffset;
      offset = last && !atKey ? valueOffset : keyOffset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(part)] as Node | undefined;
      if (!item) return offset;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else return offset;
  }
  return offset;
}
