// JSON Schema of the configuration as people write it (draft 2020-12), for editors and for the reference; and a walk
// through it, which tells what may stand at a path. Does not validate: zod does.
import { z } from 'zod';
import type { GatewayManifest } from '#contract/gateway.ts';
import type { ConfigPath } from './problem.ts';
import { buildSchema } from './schema.ts';

export interface JsonSchema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  examples?: unknown[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  propertyNames?: JsonSchema;
  items?: JsonSchema;
  prefixItems?: JsonSchema[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  $schema?: string;
  /** Marks a setting as a limit, for docs/limits.md. */
  limit?: boolean;
}

const exported = new WeakMap<readonly GatewayManifest[], JsonSchema>();

export function toJsonSchema(manifests: readonly GatewayManifest[]): JsonSchema {
  const known = exported.get(manifests);
  if (known) return known;
  const schema = z.toJSONSchema(buildSchema(manifests), { io: 'input', unrepresentable: 'any', reused: 'inline', override: noteDefault }) as JsonSchema;
  schema.title = 'Sallyport configuration';
  exported.set(manifests, schema);
  return schema;
}

interface Definition { type?: string; defaultValue?: unknown; innerType?: z.ZodType }

function definitionOf(schema: z.ZodType): Definition { return (schema as unknown as { _zod: { def: Definition } })._zod.def; }

// zod leaves examples and defaults behind a transformation (`duration().default(1000)`) out of the input side, because
// they might be in the machine's form. Ours are examples of what people write; defaults are put into that form.
function noteDefault(context: { zodSchema: unknown; jsonSchema: object }): void {
  const json = context.jsonSchema as JsonSchema;
  let schema: z.ZodType | undefined = context.zodSchema as z.ZodType;
  while (schema) {
    const definition = definitionOf(schema);
    if (definition.type === 'default' && json.default === undefined && definition.defaultValue !== undefined) {
      json.default = writtenForm(definition.defaultValue, json.title);
    }
    const examples = z.globalRegistry.get(schema)?.examples;
    if (json.examples === undefined && Array.isArray(examples)) json.examples = examples;
    schema = definition.innerType;
  }
}

const durationUnits: readonly (readonly [string, number])[] = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1000], ['ms', 1]];
const byteUnits: readonly (readonly [string, number])[] = [['GiB', 1024 ** 3], ['MiB', 1024 ** 2], ['KiB', 1024]];

/** A number of milliseconds or bytes as people write it. */
export function writtenForm(value: unknown, title: string | undefined): unknown {
  if (typeof value !== 'number') return value;
  const units = title === 'duration' ? durationUnits : title === 'size' ? byteUnits : [];
  for (const [unit, factor] of units) if (value !== 0 && value % factor === 0) return `${value / factor}${unit}`;
  if (title === 'duration') return `${value}ms`;
  return value;
}

/** The same schema with what occurs several times written once, under `$defs`: an eighth of the size. */
export function compactSchema(schema: JsonSchema): JsonSchema {
  const counts = new Map<string, number>();
  const count = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (isShareable(value)) {
      const text = JSON.stringify(value);
      const seen = (counts.get(text) ?? 0) + 1;
      counts.set(text, seen);
      // What is inside a repetition counts once.
      if (seen > 1) return;
    }
    for (const member of Object.values(value)) count(member);
  };
  count(schema);
  const names = new Map<string, string>();
  const definitions: Record<string, unknown> = {};
  const rewrite = (value: unknown, whole: boolean): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((member) => rewrite(member, false));
    const text = !whole && isShareable(value) ? JSON.stringify(value) : '';
    if (text !== '' && (counts.get(text) ?? 0) > 1) {
      const known = names.get(text) ?? `shared${names.size + 1}`;
      if (!names.has(text)) {
        names.set(text, known);
        definitions[known] = rewrite(value, true);
      }
      return { $ref: `#/$defs/${known}` };
    }
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, rewrite(member, false)]));
  };
  const compact = rewrite(schema, true) as JsonSchema;
  return { ...compact, $defs: definitions as Record<string, JsonSchema> };
}

function isShareable(value: object): boolean {
  const schema = value as JsonSchema;
  return (typeof schema.type === 'string' || Array.isArray(schema.anyOf)) && JSON.stringify(value).length > 300;
}

/** Follows `$ref` and gives the alternatives of a schema as a flat list. */
export function alternativesOf(root: JsonSchema, schema: JsonSchema): JsonSchema[] {
  if (schema.$ref?.startsWith('#/$defs/')) {
    const target = root.$defs?.[decodeURIComponent(schema.$ref.slice(8))];
    return target ? alternativesOf(root, target) : [];
  }
  const branches = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  const own = schema.type !== undefined || schema.properties || schema.enum || schema.const !== undefined || branches.length === 0 ? [schema] : [];
  return [...own, ...branches.flatMap((branch) => alternativesOf(root, branch))];
}

/** What may stand at a path of `document`; alternatives that the written `protocol` (or another constant) rules out are left out. */
export function schemasAt(root: JsonSchema, path: ConfigPath, document: unknown): JsonSchema[] {
  let candidates = fitting(alternativesOf(root, root), document, root);
  let value = document;
  for (const part of path) {
    value = typeof value === 'object' && value !== null && Object.hasOwn(value, part) ? (value as Record<string | number, unknown>)[part] : undefined;
    const next: JsonSchema[] = [];
    for (const schema of candidates) {
      const child = typeof part === 'number'
        ? schema.prefixItems?.[part] ?? schema.items
        : (schema.properties && Object.hasOwn(schema.properties, part) ? schema.properties[part] : undefined)
          ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
      if (child) next.push(...alternativesOf(root, child));
    }
    candidates = fitting(next, value, root);
  }
  return candidates;
}

function fitting(schemas: JsonSchema[], value: unknown, root: JsonSchema): JsonSchema[] {
  if (typeof value !== 'object' || value === null) return schemas;
  const fits = schemas.filter((schema) => Object.entries(schema.properties ?? {}).every(([key, property]) => {
    const constant = alternativesOf(root, property)[0]?.const;
    const written: unknown = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
    return constant === undefined || written === undefined || written === constant;
  }));
  return fits.length > 0 ? fits : schemas;
}

/** Keys that may stand in the map at a path. */
export function knownKeys(root: JsonSchema, path: ConfigPath, document: unknown): string[] {
  const keys = new Set<string>();
  for (const schema of schemasAt(root, path, document)) for (const key of Object.keys(schema.properties ?? {})) keys.add(key);
  return [...keys];
}
