// What a limit counts apart: the key of an operation, put together from parts such as `address/24` or `header:x-api-key`.
// Keys are short: longer ones are replaced by their hash, because clients choose them and tables keep them.
import { hash } from 'node:crypto';
import type { Operation } from '#contract/operation.ts';
import { networkOf } from '#core/network.ts';
import { attributeKey, keysOf, protocolsWithAttribute } from '../vocabulary.ts';
import type { ObservedAttribute, Vocabulary } from '../vocabulary.ts';

/** Parts that are known when a connection is accepted. */
export const connectionKeys = /^(address(\/.*)?|listener|service|none)$/;

const addressForm = /^address(?:\/(\d{1,3}))?(?:\/(\d{1,3}))?$/;
const fields = ['host', 'path', 'user', 'verb', 'service', 'listener'] as const;
type KeyField = typeof fields[number];
/** Longest key that is kept as it is. */
export const maximumKeyLength = 96;
const rememberedAddresses = 1024;

/** IPv4 and IPv6 prefix lengths. One IPv6 client has a whole /64 at its disposal, so that is what counts as one. */
function addressBits(text: string): { bits4: number; bits6: number } | undefined {
  const form = addressForm.exec(text);
  if (!form) return undefined;
  const first = form[1] === undefined ? undefined : Number(form[1]);
  const second = form[2] === undefined ? undefined : Number(form[2]);
  if (first === undefined) return { bits4: 32, bits6: 64 };
  if (second !== undefined) return first <= 32 && second <= 128 ? { bits4: first, bits6: second } : undefined;
  if (first <= 32) return { bits4: first, bits6: 64 };
  return first <= 128 ? { bits4: 32, bits6: first } : undefined;
}

export function keyPartProblem(text: string, vocabularies: readonly Vocabulary[]): string | undefined {
  if (text === 'none' || (fields as readonly string[]).includes(text)) return undefined;
  if (text.startsWith('address')) return addressBits(text) === undefined ? 'wanted address, address/24 (IPv4), address/56 (IPv6) or address/24/56 (both)' : undefined;
  const colon = text.indexOf(':');
  const kinds = [...new Set(vocabularies.flatMap((vocabulary) => vocabulary.attributes.map((attribute) => attribute.kind)))];
  if (colon > 0 && colon < text.length - 1 && kinds.includes(text.slice(0, colon))) {
    const kind = text.slice(0, colon);
    const keys = keysOf(vocabularies, kind);
    const known = keys === undefined || keys.includes(attributeKey(vocabularies, kind, text.slice(colon + 1)));
    return known ? undefined : `wanted one of ${keys.map((key) => `${kind}:${key}`).join(', ')}`;
  }
  const attributes = kinds.map((kind) => `${kind}:NAME`).join(', ');
  return `wanted address, ${fields.join(', ')}, none${attributes === '' ? '' : ` or an attribute (${attributes})`}`;
}

interface KeyPart { of(operation: Operation): string }

class AddressPart implements KeyPart {
  readonly #bits4: number;
  readonly #bits6: number;
  /** Clients come again: what was worked out is kept for some. */
  readonly #remembered = new Map<string, string>();

  constructor(bits4: number, bits6: number) {
    this.#bits4 = bits4;
    this.#bits6 = bits6;
  }

  of(operation: Operation): string {
    const address = operation.subject.address;
    if (this.#bits4 === 32 && !address.includes(':')) return address;
    let network = this.#remembered.get(address);
    if (network === undefined) {
      if (this.#remembered.size >= rememberedAddresses) this.#remembered.clear();
      network = networkOf(address, this.#bits4, this.#bits6);
      this.#remembered.set(address, network);
    }
    return network;
  }
}

class FieldPart implements KeyPart {
  readonly #field: KeyField;
  constructor(field: KeyField) { this.#field = field; }
  of(operation: Operation): string { return this.#field === 'user' ? operation.subject.user ?? '' : operation[this.#field]; }
}

/** Operations without the attribute share one count, so that leaving it out is no way around the limit. */
class AttributePart implements KeyPart {
  readonly #kind: string;
  readonly #key: string;
  constructor(kind: string, key: string) {
    this.#kind = kind;
    this.#key = key;
  }
  of(operation: Operation): string { return operation.attribute(this.#kind, this.#key) ?? ''; }
}

export class LimitKey {
  /** As written; names the key in the exchange between workers. */
  readonly text: string;
  readonly observed: readonly ObservedAttribute[];
  readonly #parts: readonly KeyPart[];

  constructor(texts: readonly string[], vocabularies: readonly Vocabulary[]) {
    const observed: ObservedAttribute[] = [];
    this.text = texts.join(' ');
    this.#parts = texts.filter((text) => text !== 'none').map((text) => {
      const bits = addressBits(text);
      if (bits !== undefined) return new AddressPart(bits.bits4, bits.bits6);
      if ((fields as readonly string[]).includes(text)) return new FieldPart(text as KeyField);
      const kind = text.slice(0, text.indexOf(':'));
      if (protocolsWithAttribute(vocabularies, kind).length === 0) throw new Error(`not a key of a limit: ${text}`);
      const key = attributeKey(vocabularies, kind, text.slice(kind.length + 1));
      observed.push({ kind, key });
      return new AttributePart(kind, key);
    });
    this.observed = observed;
  }

  of(operation: Operation): string {
    const parts = this.#parts;
    if (parts.length === 0) return '';
    let key = parts[0]!.of(operation);
    if (parts.length > 1) {
      // Lengths in front, so that no choice of values makes two combinations the same text.
      key = `${key.length}:${key}`;
      for (let i = 1; i < parts.length; i += 1) {
        const part = parts[i]!.of(operation);
        key += `${part.length}:${part}`;
      }
    }
    return key.length <= maximumKeyLength ? key : `#${hash('sha256', Buffer.from(key, 'utf16le'), 'base64url')}`;
  }
}
