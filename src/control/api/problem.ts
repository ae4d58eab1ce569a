// How the admin API says that something did not work: one shape for everything, problem details for HTTP (RFC 9457), with
// a stable code and a hint. Does not decide what is a problem.
import { z } from 'zod';

export const problemSchema = z.looseObject({
  type: z.string().describe('Always `urn:sallyport:problem:` and the code.'),
  title: z.string().describe('The kind of problem, in words.'),
  status: z.number().int().describe('HTTP status, again.'),
  code: z.string().describe('Stable name of the kind, for programs.'),
  detail: z.string().describe('What is wrong this time.'),
  hint: z.string().optional().describe('What to do about it.'),
}).meta({ description: 'Problem details (RFC 9457). Some kinds have further members, such as `problems` for a configuration with errors.' });

const kinds = {
  'bad-request': [400, 'The request cannot be understood'],
  'unauthenticated': [401, 'A token is needed'],
  'forbidden': [403, 'The role does not permit this'],
  'bad-host': [421, 'This API is not reachable under that host name'],
  'not-found': [404, 'There is no such thing'],
  'conflict': [412, 'The configuration has changed meanwhile'],
  'exists': [409, 'It exists already'],
  'pending': [409, 'A change waits for confirmation'],
  'not-understood': [409, 'The session does not understand this'],
  'refused': [409, 'The session refuses this'],
  'file-not-changed': [409, 'The configuration file cannot be changed'],
  'too-large': [413, 'The body is too large'],
  'media-type': [415, 'The body is not JSON'],
  'invalid': [422, 'The configuration has errors'],
  'version-required': [428, 'The version that the change is made for is needed'],
  'too-many-failures': [429, 'Too many failed attempts'],
  'bug': [500, 'A fault of the gateway itself'],
  'not-applied': [503, 'The configuration could not be put in force'],
  'no-answer': [503, 'No worker answered'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof kinds;

export const problemCodes: readonly { code: ProblemCode; status: number; title: string }[] = (Object.keys(kinds) as ProblemCode[])
  .map((code) => ({ code, status: kinds[code][0], title: kinds[code][1] }));

/** Thrown by routes; the error handler of the server answers with it. */
export class ApiProblem extends Error {
  readonly code: ProblemCode;
  readonly hint: string;
  readonly more: Readonly<Record<string, unknown>>;
  /** Worth an audit record: an attempt to do what is not permitted. */
  loud = false;

  constructor(code: ProblemCode, detail: string, hint = '', more: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.code = code;
    this.hint = hint;
    this.more = more;
  }

  get status(): number { return kinds[this.code][0]; }

  body(): Record<string, unknown> {
    return {
      type: `urn:sallyport:problem:${this.code}`, title: kinds[this.code][1], status: this.status, code: this.code, detail: this.message,
      ...(this.hint === '' ? {} : { hint: this.hint }), ...this.more,
    };
  }
}
