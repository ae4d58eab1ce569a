// What policy is told of each protocol: what its verbs are called and which attributes its operations have. Taken from
// gateway manifests by the composition root; policy itself knows no protocol.
import type { AttributeKind } from '#contract/gateway.ts';

/** The part of a GatewayManifest that policy needs. */
export interface Vocabulary {
  readonly protocol: string;
  readonly verbsKey: string;
  readonly verbs?: readonly string[];
  readonly attributes: readonly AttributeKind[];
}

/** An attribute that some rule or limit looks at. Keys of case-insensitive kinds in lower-case. */
export interface ObservedAttribute { readonly kind: string; readonly key: string }

/** The lists put together, each attribute once. */
export function mergeObserved(...lists: readonly (readonly ObservedAttribute[])[]): ObservedAttribute[] {
  const known = new Map<string, ObservedAttribute>();
  for (const observed of lists.flat()) known.set(`${observed.kind} ${observed.key}`, observed);
  return [...known.values()];
}

/** The key as operations spell it. A kind has one spelling rule: lower-case when any protocol that has it says so. */
export function attributeKey(vocabularies: readonly Vocabulary[], kind: string, key: string): string {
  const insensitive = vocabularies.some((vocabulary) => vocabulary.attributes.some((attribute) => attribute.kind === kind && attribute.caseInsensitiveKey));
  return insensitive ? key.toLowerCase() : key;
}

/** The verbs that protocols with this word for them have; undefined when one of them takes any. */
export function verbsOf(vocabularies: readonly Vocabulary[], verbsKey: string): readonly string[] | undefined {
  const lists = vocabularies.filter((vocabulary) => vocabulary.verbsKey === verbsKey).map((vocabulary) => vocabulary.verbs);
  return lists.includes(undefined) ? undefined : [...new Set(lists.flatMap((list) => list ?? []))];
}

/** The keys that attributes of this kind have; undefined when a protocol takes any. */
export function keysOf(vocabularies: readonly Vocabulary[], kind: string): readonly string[] | undefined {
  const lists = vocabularies.flatMap((vocabulary) => vocabulary.attributes).filter((attribute) => attribute.kind === kind).map((attribute) => attribute.keys);
  return lists.includes(undefined) ? undefined : [...new Set(lists.flatMap((list) => list ?? []))];
}

/** Protocols whose operations have attributes of this kind. */
export function protocolsWithAttribute(vocabularies: readonly Vocabulary[], kind: string): string[] {
  return vocabularies.filter((vocabulary) => vocabulary.attributes.some((attribute) => attribute.kind === kind)).map((vocabulary) => vocabulary.protocol);
}
