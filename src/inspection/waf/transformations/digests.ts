// t:md5 and t:sha1: the raw digest bytes (follow with t:hexEncode for text). t:length: the byte count in decimal.
import { createHash } from 'node:crypto';
import { always, transformation } from './contract.ts';

const digest = (algorithm: string) => (value: string): string => createHash(algorithm).update(value, 'latin1').digest('latin1');

export const md5 = transformation('md5', always, digest('md5'));
export const sha1 = transformation('sha1', always, digest('sha1'));
export const length = transformation('length', always, (value) => String(value.length));
