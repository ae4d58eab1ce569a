// Cuts an action list, "id:1,msg:'a, b',t:none", into names and values with their offsets. What they mean: actions.ts.

export interface WrittenAction { readonly name: string; readonly value: string | null; readonly offset: number }

/** Parses; a fault has a message and an offset. */
export function cutActions(text: string): { actions: WrittenAction[]; fault: { message: string; offset: number } | null } {
  const actions: WrittenAction[] = [];
  let at = 0;
  const done = (message: string, offset: number): { actions: WrittenAction[]; fault: { message: string; offset: number } } =>
    ({ actions, fault: { message, offset } });
  for (;;) {
    while (at < text.length && /[\s,]/.test(text[at]!)) at++;
    if (at >= text.length) return { actions, fault: null };
    const start = at;
    while (at < text.length && /[A-Za-z0-9_-]/.test(text[at]!)) at++;
    const name = text.slice(start, at).toLowerCase();
    if (name === '') return done('action name expected', start);
    while (text[at] === ' ' || text[at] === '\t') at++;
    if (text[at] !== ':' && text[at] !== '=') {
      if (at < text.length && text[at] !== ',') return done(`"," expected after ${name}`, at);
      actions.push({ name, value: null, offset: start });
      continue;
    }
    at++;
    while (text[at] === ' ' || text[at] === '\t') at++;
    let value = '';
    if (text[at] === "'") {
      const open = at++;
      while (at < text.length && text[at] !== "'") {
        if (text[at] === '\\' && text[at + 1] === "'") at++;
        value += text[at++];
      }
      if (at >= text.length) return done('unterminated quote', open);
      at++;
    } else {
      while (at < text.length && text[at] !== ',') value += text[at++];
      value = value.trimEnd();
    }
    actions.push({ name, value, offset: start });
  }
}
