// The parsers of an FTP control connection, one a direction. What they share is in line-reader.ts.
export { CommandParser } from './command-parser.ts';
export { ReplyParser } from './reply-parser.ts';
