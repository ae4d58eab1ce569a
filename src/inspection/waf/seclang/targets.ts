// The target list of a rule: VARIABLE, VARIABLE:key, VARIABLE:/pattern/, !excluded, &count, separated by "|".
import { findVariable, refusedVariable } from '../variables/registry.ts';
import { translatePattern } from '../regex/translate.ts';
import type { Selector, Target } from './model.ts';

export interface TargetFault { readonly message: string; readonly offset: number }

const anything: Selector = { key: null, pattern: null };

/** End of the target that starts at `at`: the next "|" outside of /patterns/ and quotes. */
function targetEnd(text: string, at: number): number {
  const colon = text.indexOf(':', at);
  const bar = text.indexOf('|', at);
  if (colon < 0 || (bar >= 0 && bar < colon)) return bar < 0 ? text.length : bar;
  const name = text.slice(at, colon).replace(/^[!&]+/, '').toUpperCase();
  const opening = text[colon + 1];
  if (name === 'XML' || (opening !== '/' && opening !== "'")) return bar < 0 ? text.length : bar;
  const close = opening === '/' ? '/' : text[colon + 2] === '/' ? "/'" : "'";
  let end = colon + 1 + (close === "/'" ? 2 : 1);
  while (end < text.length && !(text.startsWith(close, end) && text[end - 1] !== '\\')) end++;
  end += close.length;
  return Math.min(end, text.length);
}

function selectorOf(text: string): Selector | string {
  let inner = text;
  if (inner.length >= 2 && inner.startsWith("'") && inner.endsWith("'")) inner = inner.slice(1, -1);
  if (inner.length < 2 || !inner.startsWith('/') || !inner.endsWith('/')) return { key: inner.toLowerCase(), pattern: null };
  try {
    const translated = translatePattern(inner.slice(1, -1).replaceAll('\\/', '/'));
    return { key: null, pattern: new RegExp(translated.source, translated.flags.includes('i') ? translated.flags : `${translated.flags}i`) };
  } catch (error) {
    return `selector pattern: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function parseTarget(text: string): Target | string {
  const match = /^\s*(!?)\s*(&?)\s*([A-Za-z_]+)\s*(?::([^]*?))?\s*$/.exec(text);
  if (match === null) return `"${text}" is not a target`;
  const name = match[3]!;
  const variable = findVariable(name);
  if (!variable) {
    const why = refusedVariable(name);
    return why === undefined ? `unknown variable ${name}` : `variable ${name} is not supported: ${why}`;
  }
  let selector: Selector | string = anything;
  if (variable.name === 'XML') {
    const path = match[4] ?? '/*';
    if (path !== '/*' && path !== '//@*') return `XML:${path} is not supported: only XML:/* and XML://@* are`;
    selector = { key: path, pattern: null };
  } else if (match[4] !== undefined) {
    if (variable.shape === 'scalar') return `${variable.name} is a single value and takes no selector`;
    selector = selectorOf(match[4]);
  }
  if (typeof selector === 'string') return selector;
  return { variable, selector, count: match[2] === '&', excluded: match[1] === '!', text: text.trim() };
}

/** Parses a target list. */
export function parseTargets(text: string): { targets: Target[]; faults: TargetFault[] } {
  const targets: Target[] = [];
  const faults: TargetFault[] = [];
  let at = 0;
  while (at <= text.length) {
    const end = targetEnd(text, at);
    const piece = text.slice(at, end);
    const target = parseTarget(piece);
    if (typeof target === 'string') faults.push({ message: target, offset: at + (piece.length - piece.trimStart().length) });
    else targets.push(target);
    at = end + 1;
  }
  return { targets, faults };
}
