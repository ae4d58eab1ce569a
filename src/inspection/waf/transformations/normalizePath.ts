// t:normalizePath and t:normalizePathWin (and their older spellings): multiple slashes, "./" and "x/../" away;
// the Windows form turns backslashes into slashes first. A leading "../" of a relative path stays.
import { charClass, transformation } from './contract.ts';

function needsWork(value: string): boolean {
  return value.includes('//') || value.includes('./') || value.endsWith('/.') || value.endsWith('/..') || value === '.' || value === '..';
}

export function normalPath(value: string): string {
  if (!needsWork(value)) return value;
  const absolute = value.startsWith('/');
  const parts = value.split('/');
  const kept: string[] = [];
  for (const part of parts) {
    if (part === '' || part === '.') continue;
    if (part !== '..') kept.push(part);
    else if (kept.length > 0 && kept[kept.length - 1] !== '..') kept.pop();
    else if (!absolute) kept.push('..');
  }
  const last = parts[parts.length - 1];
  const trailing = parts.length > 1 && (last === '' || last === '.' || last === '..') && kept.length > 0;
  return (absolute ? '/' : '') + kept.join('/') + (trailing && kept[kept.length - 1] !== '..' ? '/' : '');
}

const slashes = charClass.slash | charClass.dot;
const windows = (value: string): string => normalPath(value.includes('\\') ? value.replaceAll('\\', '/') : value);

export const normalizePath = transformation('normalizePath', slashes, normalPath);
export const normalisePath = transformation('normalisePath', slashes, normalPath);
export const normalizePathWin = transformation('normalizePathWin', slashes | charClass.backslash, windows);
export const normalisePathWin = transformation('normalisePathWin', slashes | charClass.backslash, windows);
