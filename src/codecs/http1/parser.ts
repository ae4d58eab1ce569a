// The head parsers of HTTP/1.x, both directions. See request-parser.ts, response-parser.ts, and head-reader.ts for what they share.
export { RequestParser } from './request-parser.ts';
export { ResponseParser } from './response-parser.ts';
