// Fixed responses that a route answers with. The body never holds anything of the request: nothing can be reflected in it.
import type { RespondSettings } from './settings.ts';
import { mustCompileTemplate } from './variables.ts';
import type { RequestContext, Template } from './variables.ts';

/** A response that the gateway makes by itself. Content-Length, Date, Server and Connection are the sender's to add. */
export interface LocalReply {
  readonly status: number;
  /** Header lines, each with CRLF. */
  readonly fields: string;
  readonly body: Buffer;
}

export const emptyBody: Buffer = Buffer.alloc(0);

export class StaticResponse {
  readonly status: number;
  readonly body: Buffer;
  readonly #fields: readonly (readonly [string, Template])[];
  /** The whole when nothing in it changes. */
  readonly #constant: LocalReply | undefined;

  constructor(settings: RespondSettings) {
    this.status = settings.status;
    this.body = settings.body === '' ? emptyBody : Buffer.from(settings.body, 'utf8');
    const fields = { ...settings.headers };
    const named = Object.keys(fields).some((name) => name.toLowerCase() === 'content-type');
    if (!named && this.body.length > 0) fields['Content-Type'] = settings.contentType;
    this.#fields = Object.entries(fields).map(([name, text]): [string, Template] => [name, mustCompileTemplate(text, { without: ['server'] })]);
    this.#constant = this.#fields.every(([, template]) => template.constant !== undefined)
      ? { status: this.status, fields: this.#fields.map(([name, template]) => `${name}: ${template.constant ?? ''}\r\n`).join(''), body: this.body }
      : undefined;
  }

  reply(context: RequestContext): LocalReply {
    if (this.#constant !== undefined) return this.#constant;
    let fields = '';
    for (const [name, template] of this.#fields) fields += `${name}: ${template.render(context)}\r\n`;
    return { status: this.status, fields, body: this.body };
  }
}
