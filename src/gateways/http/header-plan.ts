// What happens to each header line of a message: keep, drop or change, looked up by number for well-known names. And the
// lines that are added behind. Compiled once per route; shared by requests and responses. RFC 9110 sections 5.1, 7.6.1.
import { headerIdCount, headerIdOf, lowerHeaderNames } from '#codecs/http1/index.ts';
import type { HeaderBlock } from '#codecs/http1/index.ts';
import { ownHeaders } from './settings-check.ts';
import type { HeaderRewriteSettings } from './settings-rewrite.ts';
import { mustCompileTemplate, safeText } from './variables.ts';
import type { RequestContext, Template } from './variables.ts';

export const keepLine = 0;
export const dropLine = 1;
/** A `replace` applies. */
export const changeLine = 2;
/** Kept in some messages: the builder decides. */
export const askBuilder = 3;

interface Replacement { readonly lowerName: string; readonly pattern: RegExp; readonly template: Template }

const noLengths = new Uint8Array(512);

export class HeaderPlan {
  /** Index is the HeaderId. */
  readonly actions = new Uint8Array(headerIdCount);
  readonly #unknown = new Map<string, number>();
  /** Lengths of unknown names that have an action: most lines need no look at their name. */
  #lengths = noLengths;
  readonly #prefixes: string[] = [];
  readonly #lines: (readonly [string, Template])[] = [];
  readonly #replacements: Replacement[] = [];
  /** Added lines when none of them has variables. */
  #constant = '';
  #constantOnly = true;

  /** Sets the action of a name. */
  mark(name: string, action: number): void {
    const lower = name.toLowerCase();
    const id = headerIdOf(lower);
    if (id !== 0) { this.actions[id] = action; return; }
    this.#unknown.set(lower, action);
    if (this.#lengths === noLengths) this.#lengths = new Uint8Array(512);
    this.#lengths[lower.length] = 1;
  }

  /** Compiles what the configuration asks for: replace, then remove, then set, then add. */
  configure(settings: HeaderRewriteSettings | undefined): void {
    if (settings === undefined) return;
    for (const entry of settings.replace ?? []) {
      const pattern = new RegExp(entry.pattern, 'g');
      this.#replacements.push({ lowerName: entry.name.toLowerCase(), pattern, template: mustCompileTemplate(entry.with, { pattern }) });
      if (this.actionOf(entry.name) !== dropLine) this.mark(entry.name, changeLine);
    }
    for (const name of settings.remove ?? []) {
      if (name.endsWith('*')) this.#removePrefix(name.slice(0, -1).toLowerCase());
      else this.mark(name, dropLine);
    }
    for (const [name, text] of Object.entries(settings.set ?? {})) {
      this.mark(name, dropLine);
      this.#addLine(name, mustCompileTemplate(text));
    }
    for (const [name, text] of Object.entries(settings.add ?? {})) this.#addLine(name, mustCompileTemplate(text));
  }

  actionOf(name: string): number {
    const lower = name.toLowerCase();
    const id = headerIdOf(lower);
    return id !== 0 ? this.actions[id] as number : this.#unknown.get(lower) ?? keepLine;
  }

  /** What the gateway handles by itself is not for patterns: `C*` must not touch Content-Length. */
  #removePrefix(prefix: string): void {
    for (let id = 1; id < headerIdCount; id++) {
      const name = lowerHeaderNames[id] as string;
      if (name.startsWith(prefix) && !Object.hasOwn(ownHeaders, name)) this.actions[id] = dropLine;
    }
    this.#prefixes.push(prefix);
  }

  #addLine(name: string, template: Template): void {
    this.#lines.push([name, template]);
    if (template.constant === undefined) this.#constantOnly = false;
    else if (template.constant !== '') this.#constant += `${name}: ${template.constant}\r\n`;
  }

  /** The action of line i, whose name is not well known. */
  unknownAction(headers: HeaderBlock, i: number): number {
    if (this.#prefixes.length === 0 && this.#lengths[headers.nameLength(i)] === 0) return keepLine;
    const name = headers.lowerName(i);
    const action = this.#unknown.get(name);
    if (action !== undefined) return action;
    for (let p = 0; p < this.#prefixes.length; p++) if (name.startsWith(this.#prefixes[p] as string)) return dropLine;
    return keepLine;
  }

  /** The value of line i (or the one given for it) after all `replace` for its name. */
  changed(headers: HeaderBlock, i: number, context: RequestContext, given: string | undefined = undefined): string {
    const name = headers.lowerName(i);
    let value = given ?? headers.value(i);
    for (const replacement of this.#replacements) {
      if (replacement.lowerName === name) value = replaceAll(value, replacement.pattern, replacement.template, context);
    }
    return value;
  }

  /** The lines of `set` and `add`, each with CRLF. */
  added(context: RequestContext): string {
    if (this.#constantOnly) return this.#constant;
    let text = '';
    for (let i = 0; i < this.#lines.length; i++) {
      const [name, template] = this.#lines[i] as readonly [string, Template];
      const value = template.render(context);
      if (value !== '') text += `${name}: ${value}\r\n`;
    }
    return text;
  }
}

/** Replaces every occurrence of a pattern with flag `g`. */
export function replaceAll(text: string, pattern: RegExp, template: Template, context: RequestContext): string {
  let result = '';
  let from = 0;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    result += text.slice(from, match.index) + template.render(context, match);
    from = match.index + match[0].length;
    if (match[0] === '') pattern.lastIndex++;
  }
  return from === 0 && result === '' ? text : safeText(result + text.slice(from));
}
