// What an operation is in the line protocol: one line. Verb and object as they were sent.
import type { SessionFacts } from '#contract/gateway.ts';
import type { Operation, Subject } from '#contract/operation.ts';

export class LineOperation implements Operation {
  readonly protocol = 'line';
  readonly service: string;
  readonly listener: string;
  readonly subject: Subject;
  readonly verb: string;
  readonly verbClass: string;
  readonly host = '';
  readonly path: string;
  admission: unknown = undefined;

  constructor(facts: SessionFacts, subject: Subject, line: string) {
    const space = line.indexOf(' ');
    this.service = facts.service;
    this.listener = facts.listener;
    this.subject = subject;
    this.verb = (space < 0 ? line : line.slice(0, space)).toUpperCase();
    this.verbClass = this.verb === 'LOOKUP' ? 'read' : 'write';
    this.path = `/${space < 0 ? '' : line.slice(space + 1)}`;
  }

  attribute(kind: string, key: string): string | undefined { return kind === 'length' && key === 'object' ? String(this.path.length - 1) : undefined; }
}
