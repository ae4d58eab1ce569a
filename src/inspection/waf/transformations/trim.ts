// t:trim, t:trimLeft, t:trimRight: white space of the C locale at the ends.
import { charClass, isSpace, transformation } from './contract.ts';

function leftEnd(value: string): number {
  let i = 0;
  while (i < value.length && isSpace(value.charCodeAt(i))) i++;
  return i;
}

function rightEnd(value: string): number {
  let i = value.length;
  while (i > 0 && isSpace(value.charCodeAt(i - 1))) i--;
  return i;
}

export const trimLeft = transformation('trimLeft', charClass.space, (value) => value.slice(leftEnd(value)));
export const trimRight = transformation('trimRight', charClass.space, (value) => value.slice(0, rightEnd(value)));
export const trim = transformation('trim', charClass.space, (value) => value.slice(leftEnd(value), Math.max(leftEnd(value), rightEnd(value))));
