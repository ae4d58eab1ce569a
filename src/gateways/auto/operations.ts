// Recognising a protocol as an operation: policy may refuse what was recognised, by name, before a service sees it.
import type { AttributeKind } from '#contract/gateway.ts';
import type { Operation, Subject } from '#contract/operation.ts';
import type { Identification } from '#codecs/identify/index.ts';

export const attributeKinds: readonly AttributeKind[] = [
  {
    kind: 'identified', description: 'what was recognised at the listener: `protocol`, `confidence`, `evidence`', caseInsensitiveKey: true,
    keys: ['protocol', 'confidence', 'evidence'],
  },
];

export class IdentifyOperation implements Operation {
  readonly protocol = 'auto';
  readonly verb = 'IDENTIFY';
  readonly verbClass = 'session';
  readonly host = '';
  readonly service: string;
  readonly listener: string;
  readonly subject: Subject;
  /** `/` and the protocol, `/unknown` for none. */
  readonly path: string;
  admission: unknown = undefined;
  readonly #found: Identification;

  constructor(place: { readonly service: string; readonly listener: string }, subject: Subject, found: Identification) {
    this.service = place.service;
    this.listener = place.listener;
    this.subject = subject;
    this.path = `/${found.protocol === '' ? 'unknown' : found.protocol}`;
    this.#found = found;
  }

  attribute(kind: string, key: string): string | undefined {
    if (kind !== 'identified') return undefined;
    if (key === 'protocol') return this.#found.protocol === '' ? 'unknown' : this.#found.protocol;
    return key === 'confidence' ? String(this.#found.confidence) : key === 'evidence' ? this.#found.evidence : undefined;
  }
}
