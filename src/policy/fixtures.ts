// Vocabularies and operations for the tests and measurements of policy. Two made-up protocols, because policy knows none.
import type { Trace } from '#contract/decision.ts';
import type { Operation, Subject } from '#contract/operation.ts';
import type { Vocabulary } from './vocabulary.ts';

export const web: Vocabulary = {
  protocol: 'web',
  verbsKey: 'methods',
  attributes: [
    { kind: 'header', description: 'Fields of the request.', caseInsensitiveKey: true },
    { kind: 'query', description: 'Parameters of the query.', caseInsensitiveKey: false },
  ],
};
export const files: Vocabulary = { protocol: 'files', verbsKey: 'commands', attributes: [{ kind: 'option', description: 'Options of the transfer.', caseInsensitiveKey: true }] };
export const vocabularies: readonly Vocabulary[] = [web, files];

export class TestOperation implements Operation {
  protocol = 'web';
  service = 'shop';
  listener = 'plain';
  subject: Subject = { address: '203.0.113.9', port: 40_000, zones: ['any'], user: undefined, groups: [] };
  verb = 'GET';
  verbClass = 'read';
  host = 'shop.example';
  path = '/';
  attributes: Readonly<Record<string, string>> = {};
  admission: unknown = undefined;

  attribute(kind: string, key: string): string | undefined { return this.attributes[`${kind}:${key}`]; }
}

export function operation(facts: Partial<Omit<TestOperation, 'attribute' | 'subject'>> & { subject?: Partial<Subject> } = {}): TestOperation {
  const { subject, ...rest } = facts;
  const made = Object.assign(new TestOperation(), rest);
  if (subject !== undefined) made.subject = { ...made.subject, ...subject };
  return made;
}

/** Remembers the steps as `subject outcome: detail`. */
export class StepList implements Trace {
  readonly steps: string[] = [];
  step(_stage: string, subject: string, outcome: string, detail: string): void { this.steps.push(`${subject} ${outcome}: ${detail}`); }
}
