// t:removeNulls and t:replaceNulls: NUL bytes away, or turned into spaces.
import { charClass, transformation } from './contract.ts';

export const removeNulls = transformation('removeNulls', charClass.nul, (value) => (value.includes('\0') ? value.replaceAll('\0', '') : value));
export const replaceNulls = transformation('replaceNulls', charClass.nul, (value) => (value.includes('\0') ? value.replaceAll('\0', ' ') : value));
