// Cuts a request target (RFC 9112, 3.2) into the parts that variables show. Lenient: rules judge malformed ones.
import { decodeUrl } from '../transformations/urlDecode.ts';

export interface TargetParts {
  /** Without scheme and authority, decoded once. */
  readonly uri: string;
  /** The path of it, decoded once. */
  readonly path: string;
  /** Between "?" and the end, not decoded. */
  readonly query: string;
}

/** Decodes %XX only: "+" is an ordinary character of a path. */
function decodePath(text: string): string {
  return text.includes('%') ? decodeUrl(text.replaceAll('+', '%2B')) : text;
}

export function targetParts(target: string): TargetParts {
  let local = target;
  if (!target.startsWith('/')) {
    const absolute = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/.exec(target);
    // Without a path after the authority nothing is cut off, so that rules see all of it.
    if (absolute && target[absolute[0].length] === '/') local = target.slice(absolute[0].length);
  }
  const hash = local.indexOf('#');
  const question = local.indexOf('?');
  const query = question < 0 ? '' : local.slice(question + 1);
  const pathEnd = question >= 0 && (hash < 0 || question < hash) ? question : hash >= 0 ? hash : local.length;
  return { uri: decodePath(local), path: decodePath(local.slice(0, pathEnd)), query };
}
