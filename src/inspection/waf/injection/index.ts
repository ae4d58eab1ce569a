// The two injection detectors of the rule engine, for the operators @detectSQLi and @detectXSS. No I/O, no state between calls.

export { detectSqli, type SqliVerdict } from './sqli.ts';
export { detectXss } from './xss.ts';
