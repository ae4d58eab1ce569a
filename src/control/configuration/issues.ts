// Turns what zod says into findings in plain words: where, found, wanted, hint. Picks the branch of a union that the
// author most likely meant. Does not know lines and columns.
import type { z } from 'zod';
import type { ConfigPath, Finding } from './problem.ts';
import { describeValue, formatPath, isSecretPath, nearest, nearestValue } from './problem.ts';
import type { JsonSchema } from './json-schema.ts';
import { knownKeys, schemasAt } from './json-schema.ts';

type Issue = z.core.$ZodIssue;

export interface IssueContext { schema: JsonSchema; document: unknown }

export function findingsOf(issues: readonly Issue[], context: IssueContext, base: ConfigPath = []): Finding[] {
  const findings = issues.flatMap((issue) => findingOf(issue, context, base));
  // A key that is misspelt is not reported as missing on top.
  const meant = new Set(findings.flatMap((finding) => finding.code === 'schema.unknown-key' ? [`${formatPath(finding.path.slice(0, -1))} ${meantIn(finding.hint ?? '')}`] : []));
  return findings.filter((finding) => finding.code !== 'schema.missing' || !meant.has(`${formatPath(finding.path.slice(0, -1))} ${String(finding.path.at(-1))}`));
}

function meantIn(hint: string): string { return /^did you mean "(.*)"\?$/.exec(hint)?.[1] ?? ''; }

function valueAt(document: unknown, path: ConfigPath): unknown {
  let value = document;
  for (const part of path) value = typeof value === 'object' && value !== null && Object.hasOwn(value, part) ? (value as Record<string | number, unknown>)[part] : undefined;
  return value;
}

function findingOf(issue: Issue, context: IssueContext, base: ConfigPath): Finding[] {
  const path = [...base, ...issue.path.map((part) => typeof part === 'symbol' ? String(part) : part)];
  const found = shown(path, valueAt(context.document, path));
  switch (issue.code) {
    case 'unrecognized_keys': return issue.keys.map((key) => unknownKey(key, path, context));
    case 'invalid_type': return [wrongType(issue.expected, path, found, context)];
    case 'invalid_value': return [wrongValue(issue.values, path, found, context)];
    case 'invalid_union': return wrongUnion(issue, path, found, context);
    case 'invalid_key': {
      const wanted = wantedOf(issue.issues[0]?.message ?? '');
      const name = String(path.at(-1) ?? '');
      return [{ code: 'schema.key', path, atKey: true, message: `"${name}" cannot be a name here: wanted ${wanted}`, found: describeValue(name), wanted, hint: '' }];
    }
    case 'too_small':
    case 'too_big': return [outOfRange(issue, path, found)];
    default: {
      const wanted = issue.message.startsWith('wanted ') || issue.message.startsWith('Invalid') ? wantedOf(issue.message) : '';
      const message = wanted === '' ? `${nameOf(path)}: ${issue.message}` : `${nameOf(path)}: wanted ${wanted}, found ${found}`;
      const hint = /for example|such as/.test(wanted) ? '' : exampleHint(path, context);
      return [{ code: issue.code === 'custom' ? 'schema.check' : 'schema.format', path, message, found, wanted: wanted || issue.message, hint }];
    }
  }
}

function nameOf(path: ConfigPath): string { return path.length === 0 ? 'the document' : formatPath(path); }

function wantedOf(message: string): string { return message.replace(/^wanted /, '').replace(/^Invalid (input|string|option): /, ''); }

function shown(path: ConfigPath, value: unknown): string {
  return isSecretPath(formatPath(path)) && value !== undefined ? '(not shown)' : describeValue(value);
}

function unknownKey(key: string, path: ConfigPath, context: IssueContext): Finding {
  const known = knownKeys(context.schema, path, context.document);
  const written = valueAt(context.document, path);
  const free = known.filter((name) => typeof written !== 'object' || written === null || !Object.hasOwn(written, name));
  const near = nearest(key, free);
  const twin = near === undefined ? nearest(key, known) : undefined;
  const hint = near !== undefined ? `did you mean "${near}"?`
    : twin !== undefined ? `"${twin}" is there already: remove one of the two`
      : elsewhere(key, path, context) ?? (known.length > 0 ? `possible here: ${known.slice(0, 20).join(', ')}` : '');
  const where = path.length === 0 ? 'at the top level' : `in ${formatPath(path)}`;
  return {
    code: 'schema.unknown-key', path: [...path, key], atKey: true, message: `unknown key "${key}" ${where}`, found: describeValue(key),
    wanted: known.length > 0 ? `one of ${known.join(', ')}` : 'no further keys', hint,
  };
}

/** A key that belongs one level up or one down: a wrong indentation. */
function elsewhere(key: string, path: ConfigPath, context: IssueContext): string | undefined {
  for (let length = path.length - 1; length >= 0; length--) {
    const above = path.slice(0, length);
    if (!knownKeys(context.schema, above, context.document).includes(key)) continue;
    return `"${key}" belongs ${length === 0 ? 'at the top level' : `in ${formatPath(above)}`}: is it indented too far?`;
  }
  for (const child of knownKeys(context.schema, path, context.document)) {
    const below = schemasAt(context.schema, [...path, child], undefined);
    if (below.some((schema) => schema.properties && Object.hasOwn(schema.properties, key))) return `"${key}" belongs in ${formatPath([...path, child])}`;
  }
  return undefined;
}

const typeNames: Record<string, string> = {
  string: 'text', number: 'a number', int: 'a whole number', boolean: 'true or false', object: 'a map', array: 'a list', record: 'a map', null: 'nothing',
};

function wrongType(expected: string, path: ConfigPath, found: string, context: IssueContext): Finding {
  const value = valueAt(context.document, path);
  const wanted = titled(path, context) ?? typeNames[expected] ?? expected;
  if (value === undefined) {
    const key = String(path.at(-1) ?? '');
    const where = path.length > 1 ? ` in ${formatPath(path.slice(0, -1))}` : '';
    const parents = schemasAt(context.schema, path.slice(0, -1), context.document);
    const description = parents
      .map(({ properties }) => properties && Object.hasOwn(properties, key) ? properties[key]?.description : undefined)
      .find((text) => text !== undefined);
    return {
      code: 'schema.missing', path, message: `"${key}" is missing${where}`, found: 'nothing', wanted,
      hint: description === undefined ? exampleHint(path, context) : firstSentence(description),
    };
  }
  return { code: 'schema.type', path, message: `${nameOf(path)}: wanted ${wanted}, found ${found}`, found, wanted, hint: typeHint(expected, value, path, context) };
}

function typeHint(expected: string, value: unknown, path: ConfigPath, context: IssueContext): string {
  if (expected === 'boolean' && typeof value === 'string' && /^(yes|no|on|off)$/i.test(value)) return 'write true or false: yes, no, on and off are text in YAML 1.2';
  if (expected === 'string' && typeof value === 'number') return exampleHint(path, context) || 'put it in quotes';
  if (expected === 'object' && typeof value === 'string' && /^[\w.-]+:\S/.test(value)) return 'a space is missing after the colon';
  if (expected === 'array' && value !== null && typeof value !== 'object') return `write a list: [${String(value)}]`;
  if (expected === 'array') return 'write a list: each entry on a line that starts with a dash';
  if (value === null) return 'is the value missing, or what follows not indented?';
  if ((expected === 'object' || expected === 'record') && Array.isArray(value)) return 'write names instead of dashes: "name:" and below it, indented, its settings';
  return exampleHint(path, context);
}

function titled(path: ConfigPath, context: IssueContext): string | undefined {
  const title = schemasAt(context.schema, path, context.document).find((schema) => schema.title !== undefined)?.title;
  return title === undefined ? undefined : `a ${title}`.replace(/^a ([aeiou])/, 'an $1');
}

function exampleHint(path: ConfigPath, context: IssueContext): string {
  const examples = schemasAt(context.schema, path, context.document).flatMap((schema) => schema.examples ?? []);
  if (examples.length === 0) return '';
  return `for example ${[...new Set(examples)].slice(0, 3).map((example) => typeof example === 'string' ? example : JSON.stringify(example)).join(', ')}`;
}

function firstSentence(text: string): string { return /^.*?(?=\.(\s|$)|$)/.exec(text)?.[0] ?? text; }

function wrongValue(values: readonly unknown[], path: ConfigPath, found: string, context: IssueContext): Finding {
  const value = valueAt(context.document, path);
  const names = values.map(String);
  const wanted = names.length === 1 ? names[0]! : `one of ${names.join(', ')}`;
  if (value === undefined) {
    // Which keys there may be depends on this one, so a misspelt one is not reported as such.
    const key = String(path.at(-1) ?? '');
    const meant = nearest(key, Object.keys((valueAt(context.document, path.slice(0, -1)) ?? {}) as object));
    return { ...wrongType('string', path, found, context), wanted, hint: meant === undefined ? `write ${wanted}` : `did you mean "${key}" where "${meant}" is written?` };
  }
  const near = typeof value === 'string' ? nearestValue(value, names) : undefined;
  return { code: 'schema.value', path, message: `${nameOf(path)}: wanted ${wanted}, found ${found}`, found, wanted, hint: near === undefined ? '' : `did you mean "${near}"?` };
}

function wrongUnion(issue: Extract<Issue, { code: 'invalid_union' }>, path: ConfigPath, found: string, context: IssueContext): Finding[] {
  if (issue.errors.length === 0) {
    const options = (issue as { options?: unknown }).options;
    return [wrongValue(Array.isArray(options) ? options : [], path, found, context)];
  }
  // Branches that the value is of the right type for; among them the one that gets furthest.
  const branches = issue.errors.map((errors) => ({ errors, misfit: errors.some((error) => error.path.length === 0 && isMisfit(error)) }));
  const near = branches.filter((branch) => !branch.misfit).sort((a, b) => cost(a.errors) - cost(b.errors))[0];
  if (near) return findingsOf(near.errors, context, path);
  const value = valueAt(context.document, path);
  if (value === undefined) return [wrongType('string', path, found, context)];
  const wanted = [...new Set(branches.flatMap((branch) => branch.errors.filter((error) => error.path.length === 0).map(wantedByIssue)))].filter(Boolean).join(' or ');
  const values = branches.flatMap((branch) => branch.errors.flatMap((error) => error.code === 'invalid_value' ? error.values.map(String) : []));
  const meant = typeof value === 'string' ? nearestValue(value, values) : undefined;
  return [{
    code: 'schema.type', path, message: `${nameOf(path)}: wanted ${wanted}, found ${found}`, found, wanted,
    hint: meant === undefined ? exampleHint(path, context) : `did you mean "${meant}"?`,
  }];
}

function isMisfit(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value'
    || (issue.code === 'invalid_union' && issue.errors.length > 0 && issue.errors.every((errors) => errors.some((error) => error.path.length === 0 && isMisfit(error))));
}

/** Fewer and milder faults mean nearer: an unknown key weighs more than a value out of range. */
function cost(errors: readonly Issue[]): number {
  return errors.reduce((sum, error) => sum + (error.code === 'unrecognized_keys' ? 2 * error.keys.length : error.code === 'invalid_type' ? 2 : 1), 0);
}

function wantedByIssue(issue: Issue): string {
  if (issue.code === 'invalid_value') return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.join(', ')}`;
  if (issue.code === 'invalid_type') return typeNames[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_union') return [...new Set(issue.errors.flat().map(wantedByIssue))].join(' or ');
  return wantedOf(issue.message);
}

function outOfRange(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>, path: ConfigPath, found: string): Finding {
  const small = issue.code === 'too_small';
  const bound = String(small ? issue.minimum : issue.maximum);
  const unit = issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' entries' : '';
  const custom = issue.message.startsWith('wanted ') ? wantedOf(issue.message) : undefined;
  if (custom === undefined && !issue.message.startsWith('Too ')) return { code: 'schema.range', path, message: `${nameOf(path)}: ${issue.message}`, found, wanted: issue.message };
  const wanted = custom ?? `${issue.inclusive === false ? (small ? 'more than' : 'less than') : (small ? 'at least' : 'at most')} ${bound}${unit}`;
  return { code: 'schema.range', path, message: `${nameOf(path)}: wanted ${wanted}, found ${found}`, found, wanted, hint: '' };
}
