// @detectXSS: whether a value would run script in a page that it is pasted into, be it as text or as an attribute value of any
// quoting. Not a sanitizer and not a parser of whole pages; script inside a script block is out of its reach.

import {
  ATTRIBUTE_NAME, ATTRIBUTE_VALUE, DOCTYPE, IN_TEXT, IN_UNQUOTED, MARKUP_COMMENT, TAG_OPEN, XssTokenizer,
} from './xss-tokenizer.ts';
import { ADDRESS, DANGEROUS, HARMLESS, INDIRECT, attributeClass, isDangerousComment, isDangerousTag, isScriptAddress } from './xss-rules.ts';

const tokenizer = new XssTokenizer();

function valueIsDangerous(kind: number, value: string, start: number, end: number): boolean {
  if (kind === HARMLESS) return false;
  if (kind === ADDRESS) return isScriptAddress(value, start, end);
  return kind === DANGEROUS || (kind === INDIRECT && attributeClass(value, start, end) !== HARMLESS);
}

function isDangerousIn(value: string, context: number): boolean {
  let attribute = HARMLESS;
  tokenizer.reset(value, context);
  while (tokenizer.next()) {
    const { kind, start, end } = tokenizer;
    switch (kind) {
      case DOCTYPE:
        return true;
      case TAG_OPEN:
        if (isDangerousTag(value, start, end)) return true;
        break;
      case ATTRIBUTE_NAME:
        attribute = attributeClass(value, start, end);
        continue;
      case ATTRIBUTE_VALUE:
        if (valueIsDangerous(attribute, value, start, end)) return true;
        break;
      case MARKUP_COMMENT:
        if (isDangerousComment(value, start, end)) return true;
        break;
      default:
    }
    attribute = HARMLESS;
  }
  return false;
}

/**
 * @param value latin1 string, one character a byte; never throws, time linear in its length.
 */
export function detectXss(value: string): boolean {
  // Danger needs a tag, or an attribute with a value.
  const tag = value.includes('<');
  if (!tag && !value.includes('=')) return false;
  if (tag && isDangerousIn(value, IN_TEXT)) return true;
  if (isDangerousIn(value, IN_UNQUOTED)) return true;
  // Inside quotes nothing happens before the quote ends.
  if (value.includes("'") && isDangerousIn(value, 39)) return true;
  if (value.includes('"') && isDangerousIn(value, 34)) return true;
  return value.includes('`') && isDangerousIn(value, 96);
}
