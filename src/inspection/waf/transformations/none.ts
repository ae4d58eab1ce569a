// t:none: clears the transformations inherited so far. The parser acts on it; as a step it changes nothing.
import { transformation } from './contract.ts';

export const none = transformation('none', 0, (value) => value);
