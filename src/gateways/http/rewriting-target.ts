// Rewrites path and query of a request. The path is rewritten in its normalised spelling, the one that routes and rules saw;
// a result that could leave the tree that the rewrite points into is refused. RFC 3986 sections 3.3, 3.4, 5.2.4.
import type { RequestHead } from '#codecs/http1/index.ts';
import { isUnder } from '#core/match/index.ts';
import { decodeComponent } from './query.ts';
import type { PathRewriteSettings, RequestRewriteSettings } from './settings-rewrite.ts';
import { encodeComponent, encodePath, hasDotSegment } from './url-text.ts';
import { mustCompileTemplate, safeText } from './variables.ts';
import type { RequestContext, Template } from './variables.ts';

/** A prefix as clients and as servers see it, without a slash at the end. */
export interface PrefixChange { readonly outside: string; readonly inside: string }

interface QuerySetting { readonly name: string; readonly encoded: string; readonly template: Template }

const identity = (value: string): string => value;

export class TargetRewriter {
  readonly active: boolean;
  /** Undefined when the path is not changed by a prefix, so that addresses cannot be changed back by themselves. */
  readonly prefixes: PrefixChange | undefined;
  readonly #from: RegExp | undefined;
  readonly #to: Template | undefined;
  readonly #strip: string;
  readonly #add: string;
  readonly #changesPath: boolean;
  readonly #querySet: readonly QuerySetting[];
  readonly #queryRemove: readonly string[];
  readonly #queryRemovePrefixes: readonly string[];

  constructor(settings: RequestRewriteSettings | undefined) {
    const path = settings?.path;
    this.#from = path !== undefined && 'from' in path ? new RegExp(path.from) : undefined;
    this.#to = path !== undefined && 'from' in path ? mustCompileTemplate(path.to, { pattern: this.#from }) : undefined;
    this.#strip = path !== undefined && !('from' in path) ? trimSlash(path.stripPrefix ?? '') : '';
    this.#add = path !== undefined && !('from' in path) ? trimSlash(path.addPrefix ?? '') : '';
    this.#changesPath = path !== undefined;
    this.prefixes = prefixesOf(path);
    this.#querySet = Object.entries(settings?.query?.set ?? {})
      .map(([name, text]) => ({ name, encoded: encodeComponent(name), template: mustCompileTemplate(text) }));
    const remove = settings?.query?.remove ?? [];
    this.#queryRemove = remove.filter((name) => !name.endsWith('*'));
    this.#queryRemovePrefixes = remove.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));
    this.active = this.#changesPath || this.#querySet.length > 0 || remove.length > 0;
  }

  /** The new target, or '' with `context.fault` when it may not be sent. */
  apply(head: RequestHead, context: RequestContext): string {
    let path = this.#changesPath ? this.#path(head, context) : head.rawPath;
    if (path === '') path = '/';
    let query = head.query;
    const mark = path.indexOf('?');
    if (mark >= 0) {
      const added = path.slice(mark + 1);
      path = path.slice(0, mark);
      query = query === undefined || query === '' ? added : `${added}&${query}`;
    }
    if (!path.startsWith('/')) path = `/${path}`;
    if (path !== head.rawPath && !this.#mayBeSent(path, context)) return '';
    query = this.#query(query, context);
    if (query !== undefined && /[^\u0021-\u007e]|#/.test(query) && query !== head.query) {
      context.fault = 'the rewritten query holds characters that cannot be sent';
      return '';
    }
    return query === undefined ? path : `${path}?${query}`;
  }

  #path(head: RequestHead, context: RequestContext): string {
    if (this.#from !== undefined) {
      const match = this.#from.exec(head.path);
      if (match === null) return head.rawPath;
      const middle = (this.#to as Template).render(context, match, encodePath);
      return head.path.slice(0, match.index) + middle + head.path.slice(match.index + match[0].length);
    }
    if (this.#strip !== '' && !isUnder(head.path, this.#strip)) return this.#add === '' ? head.rawPath : this.#add + head.path;
    return this.#add + head.path.slice(this.#strip.length);
  }

  #mayBeSent(path: string, context: RequestContext): boolean {
    if (hasDotSegment(path)) {
      context.fault = 'the rewritten path holds a dot segment';
      return false;
    }
    if (/[^\u0021-\u007e]|#/.test(path)) {
      context.fault = 'the rewritten path holds characters that cannot be sent';
      return false;
    }
    return true;
  }

  /** What is not named stays byte for byte. */
  #query(query: string | undefined, context: RequestContext): string | undefined {
    if (this.#querySet.length === 0 && this.#queryRemove.length === 0 && this.#queryRemovePrefixes.length === 0) return query;
    const kept = (query ?? '').split('&').filter((part) => part !== '' && !this.#drops(part));
    for (const { encoded, template } of this.#querySet) kept.push(`${encoded}=${encodeComponent(safeText(template.render(context, undefined, identity)))}`);
    return kept.length === 0 ? undefined : kept.join('&');
  }

  #drops(part: string): boolean {
    const equals = part.indexOf('=');
    const name = decodeComponent(equals < 0 ? part : part.slice(0, equals));
    return this.#queryRemove.includes(name) || this.#querySet.some((setting) => setting.name === name)
      || this.#queryRemovePrefixes.some((prefix) => name.startsWith(prefix));
  }
}

function trimSlash(prefix: string): string {
  return prefix.replace(/\/+$/, '');
}

/** A rewrite that only exchanges one prefix for another can be undone: `stripPrefix`, `addPrefix`, and patterns such as `^/api/(.*)` to `/$1`. */
function prefixesOf(path: PathRewriteSettings | undefined): PrefixChange | undefined {
  if (path === undefined) return undefined;
  if (!('from' in path)) return { outside: trimSlash(path.stripPrefix ?? ''), inside: trimSlash(path.addPrefix ?? '') };
  const from = /^\^(\/[A-Za-z0-9_~/-]*)\(\.\*\)\$?$/.exec(path.from);
  const to = /^(\/[A-Za-z0-9._~/-]*)\$1$/.exec(path.to);
  if (from?.[1] === undefined || to?.[1] === undefined) return undefined;
  if (from[1].endsWith('/') !== to[1].endsWith('/')) return undefined;
  return { outside: trimSlash(from[1]), inside: trimSlash(to[1]) };
}

/** A path of the server as clients have to ask for it. One that has the outer prefix already stays as it is. */
export function outsidePath(path: string, change: PrefixChange): string {
  if (change.outside !== '' && isUnder(path.replace(/[?#].*$/s, ''), change.outside)) return path;
  const bare = path.replace(/[?#].*$/s, '');
  if (change.inside !== '' && !isUnder(bare, change.inside)) return path;
  const rest = path.slice(change.inside.length);
  return change.outside + rest === '' ? '/' : change.outside + rest;
}
