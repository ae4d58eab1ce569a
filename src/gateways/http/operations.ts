// An HTTP request as the operation that policy and limits see: a view on the parsed head, nothing copied.
// Does not parse (codecs/http1) and decides nothing. RFC 9110 section 9 for methods.
import type { AttributeKind } from '#contract/gateway.ts';
import type { Operation, Subject } from '#contract/operation.ts';
import type { RequestView } from './request-view.ts';

/** What rules and limits may ask of a request beyond method, host and path. */
export const attributeKinds: readonly AttributeKind[] = [
  { kind: 'header', description: 'a request header; several lines of one name are joined by a comma', caseInsensitiveKey: true },
  { kind: 'query', description: 'a decoded query parameter', caseInsensitiveKey: false },
  { kind: 'cookie', description: 'a cookie', caseInsensitiveKey: false },
];

const classes: Readonly<Record<string, string>> = {
  GET: 'read', HEAD: 'read', OPTIONS: 'read', TRACE: 'admin', POST: 'write', PUT: 'write', PATCH: 'write', DELETE: 'delete',
  CONNECT: 'session', PROPFIND: 'list', MKCOL: 'write', COPY: 'write', MOVE: 'rename', LOCK: 'write', UNLOCK: 'write', PROPPATCH: 'write',
};

export class HttpOperation implements Operation {
  readonly protocol = 'http';
  service: string;
  readonly listener: string;
  subject: Subject;
  readonly view: RequestView;
  /** The limiter's. */
  admission: unknown = undefined;

  constructor(view: RequestView, service: string, listener: string, subject: Subject) {
    this.view = view;
    this.service = service;
    this.listener = listener;
    this.subject = subject;
  }

  get verb(): string { return this.view.method; }
  get verbClass(): string { return classes[this.view.method] ?? ''; }
  get host(): string { return this.view.host; }
  get path(): string { return this.view.path; }

  attribute(kind: string, key: string): string | undefined {
    switch (kind) {
      case 'header': return this.view.header(key);
      case 'query': return this.view.queryParameter(key);
      case 'cookie': return this.view.cookie(key);
      default: return undefined;
    }
  }
}
