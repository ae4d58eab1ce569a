// What happens in a Telnet session as operations that policy and limits see: connecting, login, options, environment
// variables, typed lines. One object per question; sessions ask rarely.
import type { AttributeKind } from '#contract/gateway.ts';
import type { Operation, Subject } from '#contract/operation.ts';

export type TelnetVerb = 'CONNECT' | 'LOGIN' | 'OPTION' | 'ENVIRON' | 'COMMAND';

const classes: Readonly<Record<TelnetVerb, string>> = { CONNECT: 'session', LOGIN: 'session', OPTION: 'negotiate', ENVIRON: 'negotiate', COMMAND: 'write' };

export const telnetVerbs = Object.keys(classes);

/** What rules may ask of a Telnet operation beyond action, host and path. */
export const attributeKinds: readonly AttributeKind[] = [{
  kind: 'telnet',
  description: 'a fact of a Telnet operation: `line` (COMMAND: the whole typed line), `value` (ENVIRON), `side` (OPTION: client or server, who performs it), '
    + '`port` (CONNECT: the port that was typed), `login` (the name typed at the host\'s own login prompt)',
  caseInsensitiveKey: true,
  keys: ['line', 'value', 'side', 'port', 'login'],
}];

export interface OperationFacts { readonly [key: string]: string | undefined }

export class TelnetOperation implements Operation {
  readonly protocol = 'telnet';
  readonly service: string;
  readonly listener: string;
  subject: Subject;
  readonly verb: TelnetVerb;
  readonly host: string;
  /** `/` and: the pool or menu entry, the option, the variable, the first word of the line. */
  readonly path: string;
  admission: unknown = undefined;
  readonly #facts: OperationFacts;

  constructor(place: { readonly service: string; readonly listener: string }, subject: Subject, verb: TelnetVerb, path: string, facts: OperationFacts, host = '') {
    this.service = place.service;
    this.listener = place.listener;
    this.subject = subject;
    this.verb = verb;
    this.host = host;
    this.path = path;
    this.#facts = facts;
  }

  get verbClass(): string { return classes[this.verb]; }
  attribute(kind: string, key: string): string | undefined { return kind === 'telnet' ? this.#facts[key] : undefined; }
}
