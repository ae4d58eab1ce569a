// Macros: %{VARIABLE} and %{COLLECTION.key} inside arguments and messages. An unknown variable is an error at load.
import { findVariable } from '../variables/registry.ts';
import type { Macro, MacroPart } from './model.ts';

/** Parses; returns the message of what is wrong when a macro names no variable. */
export function parseMacro(text: string): Macro | string {
  if (!text.includes('%{')) return { text, parts: [text], constant: text };
  const parts: MacroPart[] = [];
  let from = 0;
  for (;;) {
    const start = text.indexOf('%{', from);
    const end = start < 0 ? -1 : text.indexOf('}', start);
    if (start < 0 || end < 0) break;
    if (start > from) parts.push(text.slice(from, start));
    const inner = text.slice(start + 2, end);
    const cut = inner.search(/[.:]/);
    const name = cut < 0 ? inner : inner.slice(0, cut);
    const variable = findVariable(name.trim());
    if (!variable) return `macro %{${inner}}: no variable ${name}`;
    parts.push({ variable, key: cut < 0 ? null : inner.slice(cut + 1).trim() });
    from = end + 1;
  }
  if (from < text.length) parts.push(text.slice(from));
  const constant = parts.every((part) => typeof part === 'string') ? parts.join('') : null;
  return { text, parts, constant };
}

export const emptyMacro: Macro = { text: '', parts: [''], constant: '' };
