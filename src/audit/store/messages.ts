// What the store's thread and the supervisor's main thread say to each other.
import type { AuditPage, AuditQuery } from '../query.ts';
import type { StoredRecord } from '../record.ts';
import type { LineDigest } from './block-index.ts';
import type { StoreEvent, StoreLimits, StoreOptions, StoreStatus } from './store-core.ts';

export type ToThread =
  | { kind: 'append'; lines: Uint8Array; count: number; digest: LineDigest }
  | { kind: 'configure'; limits: StoreLimits }
  | { kind: 'page'; call: number; query: AuditQuery; budgetMs: number }
  | { kind: 'find'; call: number; id: string }
  | { kind: 'flush'; call: number }
  | { kind: 'close'; call: number };

export type FromThread =
  | { kind: 'acknowledge'; blocks: number }
  | { kind: 'event'; event: StoreEvent }
  | { kind: 'status'; status: StoreStatus }
  | { kind: 'answer'; call: number; value: AuditPage | StoredRecord | boolean | undefined }
  | { kind: 'failure'; call: number; message: string };

export interface ThreadData { options: StoreOptions }
