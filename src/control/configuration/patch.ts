// Changes of single resources in a configuration document: `pools/api`, `policy/admin-from-office-only`, `audit`.
// Gives a new document and leaves the old one as it is. Does not check the result: the loader does.
import type { ConfigDocument } from './merge.ts';
import { isRecord } from './merge.ts';
import { suggestion } from './problem.ts';
import type { SectionName } from './schema.ts';
import { sectionNames } from './schema.ts';
import { boundsProblem, forbiddenKeys } from './source.ts';

export interface ResourcePatch {
  /** `section/name`; a rule by its id; `audit`, `admin` and `runtime` without a name. */
  resource: string;
  /** The new value; undefined removes the resource. */
  value: unknown;
  /** `create` refuses when it is there, `replace` when it is not; `put` (unless given) does either. */
  mode?: 'create' | 'replace' | 'put';
  /** For rules: the id of the rule to stand before or after. A new rule goes last, a known one stays, unless given. */
  before?: string;
  after?: string;
}

export interface PatchFailure { kind: 'patch-failure'; code: 'bad-resource' | 'bad-value' | 'not-found' | 'exists'; resource: string; message: string; hint: string }

export type PatchResult = { document: ConfigDocument } | PatchFailure;

export function isPatchFailure(result: PatchResult): result is PatchFailure { return 'kind' in result; }

const singleSections: readonly string[] = ['recordings', 'audit', 'admin', 'runtime'];

/** The short form of one patch; throws nothing, a document that is not what it should be is replaced. */
export function patchResource(document: ConfigDocument, resource: string, value: unknown): PatchResult {
  return applyPatches(document, [{ resource, value }]);
}

/** All patches or none: the first that cannot be done is the answer. */
export function applyPatches(document: ConfigDocument, patches: readonly ResourcePatch[]): PatchResult {
  let next: ConfigDocument = { ...document };
  for (const patch of patches) {
    const result = applyOne(next, patch);
    if (isPatchFailure(result)) return result;
    next = result.document;
  }
  return { document: structuredClone(next) };
}

export interface ResourceAddress { section: SectionName; name: string }

/** Splits `section/name`. Undefined when it is no resource. */
export function parseResource(resource: string): ResourceAddress | undefined {
  const slash = resource.indexOf('/');
  const section = slash < 0 ? resource : resource.slice(0, slash);
  const name = slash < 0 ? '' : resource.slice(slash + 1);
  if (!(sectionNames as readonly string[]).includes(section) || singleSections.includes(section) !== (name === '')) return undefined;
  if (forbiddenKeys.has(name)) return undefined;
  return { section: section as SectionName, name };
}

/** The written value of a resource, or undefined. */
export function readResource(document: ConfigDocument, resource: string): unknown {
  const address = parseResource(resource);
  if (!address) return undefined;
  const section = document[address.section];
  if (address.name === '') return section;
  if (Array.isArray(section)) return section.find((rule: unknown) => isRecord(rule) && rule.id === address.name);
  return isRecord(section) && Object.hasOwn(section, address.name) ? section[address.name] : undefined;
}

function applyOne(document: ConfigDocument, patch: ResourcePatch): PatchResult {
  const failure = (code: PatchFailure['code'], message: string, hint: string): PatchFailure => ({ kind: 'patch-failure', code, resource: patch.resource, message, hint });
  const address = parseResource(patch.resource);
  if (!address) return failure('bad-resource', `"${patch.resource}" is no resource`, `write section/name, or ${singleSections.join(', ')}; sections: ${sectionNames.join(', ')}`);
  const unbounded = boundsProblem(patch.value);
  if (unbounded !== undefined) return failure('bad-value', `${patch.resource}: ${unbounded}`, '');
  const { section, name } = address;
  const there = readResource(document, patch.resource) !== undefined;
  if (patch.mode === 'create' && there) return failure('exists', `${patch.resource} exists already`, 'change it, or choose another name');
  if (!there && (patch.value === undefined || patch.mode === 'replace')) {
    return failure('not-found', `there is no ${patch.resource}`, suggestion(name, namesIn(document, section), section));
  }
  if (name === '') {
    const { [section]: _, ...rest } = document;
    return { document: patch.value === undefined ? rest : { ...rest, [section]: patch.value } };
  }
  if (section === 'policy') return patchRule(document, name, patch, failure);
  const resources = isRecord(document[section]) ? { ...document[section] } : {};
  if (patch.value === undefined) delete resources[name];
  else resources[name] = patch.value;
  return { document: { ...document, [section]: resources } };
}

function namesIn(document: ConfigDocument, section: SectionName): string[] {
  const written = document[section];
  if (Array.isArray(written)) return written.map((rule: unknown) => isRecord(rule) && typeof rule.id === 'string' ? rule.id : '');
  return isRecord(written) ? Object.keys(written) : [];
}

type Failing = (code: PatchFailure['code'], message: string, hint: string) => PatchFailure;

function patchRule(document: ConfigDocument, id: string, patch: ResourcePatch, failure: Failing): PatchResult {
  const rules: unknown[] = Array.isArray(document.policy) ? [...document.policy as unknown[]] : [];
  const indexOf = (wanted: string): number => rules.findIndex((rule) => isRecord(rule) && rule.id === wanted);
  let index = indexOf(id);
  const there = index >= 0;
  if (there) rules.splice(index, 1);
  if (patch.value === undefined) return { document: { ...document, policy: rules } };
  const rule = isRecord(patch.value) ? { id, ...patch.value } : patch.value;
  const neighbour = patch.before ?? patch.after;
  if (neighbour !== undefined) {
    const at = indexOf(neighbour);
    if (at < 0) return failure('not-found', `there is no rule "${neighbour}" to stand next to`, suggestion(neighbour, namesIn({ policy: rules }, 'policy'), 'rule'));
    index = patch.before === undefined ? at + 1 : at;
  } else if (!there) index = rules.length;
  rules.splice(index, 0, rule);
  return { document: { ...document, policy: rules } };
}
