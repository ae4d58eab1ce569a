// The key of an operation for pools that balance by hash. Speaks only the attribute kinds of the contract, so that any
// protocol which offers `header` or `cookie` attributes can be balanced by them.
import type { Operation } from '#contract/operation.ts';
import type { AffinitySource } from './settings.ts';

/** '' when the pool needs no key or the operation has none. For `uri`: host and path, without the query. */
export function affinityOf(operation: Operation, source: AffinitySource | undefined): string {
  if (source === undefined) return '';
  if (source.kind === 'address') return operation.subject.address;
  if (source.kind === 'uri') return operation.host + operation.path;
  return operation.attribute(source.kind, source.name) ?? '';
}
