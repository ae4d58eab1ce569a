// How each variable is read from a transaction: a table of readers by variable id. Scalars are collections of one entry
// with an empty key; a scalar that does not exist yet is an empty collection.
import { multipartFlag, Pairs } from '../bodies/contract.ts';
import { isStrictError } from '../bodies/multipart.ts';
import type { CompiledRule } from '../compile/program.ts';
import { variables, type VariableInfo } from '../variables/registry.ts';
import type { TransactionState } from './state.ts';

type Reader = (state: TransactionState) => Pairs;

const none = new Pairs();

function one(value: string): Pairs {
  const pairs = new Pairs();
  pairs.add('', value);
  return pairs;
}

const scalar = (read: (state: TransactionState) => string): Reader => (state) => one(read(state));
/** A scalar that is absent while empty. */
const optional = (read: (state: TransactionState) => string): Reader => (state) => {
  const value = read(state);
  return value === '' ? none : one(value);
};
const flag = (bit: number): Reader => (state) => one(state.body?.multipart && (state.body.multipart.flags & bit) !== 0 ? '1' : '0');

function namesOf(pairs: Pairs): Pairs {
  const names = new Pairs();
  for (const key of pairs.keys) names.add(key, key);
  return names;
}

function joined(first: Pairs, second: Pairs): Pairs {
  if (second.keys.length === 0) return first;
  if (first.keys.length === 0) return second;
  const all = new Pairs();
  for (let i = 0; i < first.keys.length; i++) all.add(first.keys[i]!, first.values[i]!);
  for (let i = 0; i < second.keys.length; i++) all.add(second.keys[i]!, second.values[i]!);
  return all;
}

function argsPost(state: TransactionState): Pairs {
  return state.body?.args ?? none;
}

function cookies(state: TransactionState): Pairs {
  if (state.cookies) return state.cookies;
  const pairs = new Pairs();
  const { requestHeaders } = state;
  const separator = state.program.settings.cookieSeparator;
  for (let i = 0; i < requestHeaders.keys.length; i++) {
    if (requestHeaders.lowerKey(i) !== 'cookie') continue;
    for (const part of requestHeaders.values[i]!.split(separator)) {
      // Only the space before a name goes, as in ModSecurity: what surrounds a value is the application's to read.
      const text = part.trimStart();
      if (text === '') continue;
      const equals = text.indexOf('=');
      if (equals < 0) pairs.add(text, '');
      else pairs.add(text.slice(0, equals), text.slice(equals + 1));
    }
  }
  state.cookies = pairs;
  return pairs;
}

/**
 * The raw body, as ModSecurity 3 shows it, with two differences: rules that read the parts of XML too do not see an XML body that was
 * taken apart (the rule set's authors expect that; CompiledTarget.unlessXml), and of a multipart body, which may carry large files, only
 * the part that SecRequestBodyNoFilesLimit bounds is shown.
 */
function rawBody(state: TransactionState): string {
  const limit = state.program.settings.requestBodyNoFilesLimitBytes;
  return state.requestBody.length > limit ? state.requestBody.slice(0, limit) : state.requestBody;
}

function combinedSize(state: TransactionState): string {
  let size = 0;
  for (const pairs of [state.argsGet, argsPost(state)]) {
    for (let i = 0; i < pairs.keys.length; i++) size += pairs.keys[i]!.length + pairs.values[i]!.length;
  }
  return String(size);
}

function basename(path: string): string {
  const cut = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  return cut >= 0 ? path.slice(cut + 1) : path;
}

function headerBlock(state: TransactionState): string {
  let text = `${state.requestLine}\r\n`;
  const { requestHeaders } = state;
  for (let i = 0; i < requestHeaders.keys.length; i++) text += `${requestHeaders.keys[i]}: ${requestHeaders.values[i]}\r\n`;
  return `${text}\r\n`;
}

function xml(state: TransactionState): Pairs {
  const facts = state.body?.xml;
  if (!facts) return none;
  const pairs = new Pairs();
  pairs.add('/*', facts.text);
  for (const value of facts.attributes.values) pairs.add('//@*', value);
  return pairs;
}

function serverName(state: TransactionState): string {
  const host = state.requestHeader('host') ?? '';
  const end = host.lastIndexOf(':');
  return end > host.lastIndexOf(']') ? host.slice(0, end) : host;
}

function remoteUser(state: TransactionState): string {
  if (state.remoteUser !== '') return state.remoteUser;
  const match = /^basic\s+([A-Za-z0-9+/=]+)\s*$/i.exec(state.requestHeader('authorization') ?? '');
  if (match === null) return '';
  const text = Buffer.from(match[1]!, 'base64').toString('latin1');
  const colon = text.indexOf(':');
  return colon < 0 ? text : text.slice(0, colon);
}

const record = (collection: string): Reader => (state) => {
  const pairs = new Pairs();
  const stored = state.records.get(collection);
  if (stored) for (const variable of stored.variables.values()) pairs.add(variable.name, variable.value);
  return pairs;
};

function fromRecord(values: Readonly<Record<string, string>> | null): Pairs {
  const pairs = new Pairs();
  for (const [key, value] of Object.entries(values ?? {})) pairs.add(key, value);
  return pairs;
}

function ruleFacts(rule: CompiledRule): Record<string, string> {
  const { actions } = rule.head;
  return { id: String(rule.id), msg: actions.msg?.text ?? '', severity: String(actions.severity ?? ''), rev: actions.rev, ver: actions.ver };
}

const clock = (read: (date: Date) => string | number): Reader => (state) => one(String(read(new Date(state.nowMs))));

const readers: Readonly<Record<string, Reader>> = {
  ARGS: (state) => joined(state.argsGet, argsPost(state)),
  ARGS_NAMES: (state) => namesOf(joined(state.argsGet, argsPost(state))),
  ARGS_GET: (state) => state.argsGet,
  ARGS_GET_NAMES: (state) => namesOf(state.argsGet),
  ARGS_POST: argsPost,
  ARGS_POST_NAMES: (state) => namesOf(argsPost(state)),
  ARGS_COMBINED_SIZE: scalar(combinedSize),
  REQUEST_HEADERS: (state) => state.requestHeaders,
  REQUEST_HEADERS_NAMES: (state) => namesOf(state.requestHeaders),
  REQUEST_COOKIES: cookies,
  REQUEST_COOKIES_NAMES: (state) => namesOf(cookies(state)),
  REQUEST_LINE: scalar((state) => state.requestLine),
  REQUEST_METHOD: scalar((state) => state.method),
  REQUEST_PROTOCOL: scalar((state) => state.protocol),
  REQUEST_URI: scalar((state) => state.uri),
  REQUEST_URI_RAW: scalar((state) => state.target),
  REQUEST_FILENAME: scalar((state) => state.path),
  REQUEST_BASENAME: scalar((state) => basename(state.path)),
  PATH_INFO: scalar((state) => state.path),
  QUERY_STRING: scalar((state) => state.query),
  REQUEST_BODY: optional(rawBody),
  REQUEST_BODY_LENGTH: scalar((state) => String(state.requestBodyLength)),
  FULL_REQUEST: scalar((state) => headerBlock(state) + state.requestBody),
  FULL_REQUEST_LENGTH: scalar((state) => String(headerBlock(state).length + state.requestBodyLength)),
  REMOTE_ADDR: scalar((state) => state.connection.clientAddress),
  REMOTE_HOST: scalar((state) => state.connection.clientAddress),
  REMOTE_PORT: scalar((state) => String(state.connection.clientPort)),
  REMOTE_USER: optional(remoteUser),
  AUTH_TYPE: optional((state) => /^\s*([\w-]+)/.exec(state.requestHeader('authorization') ?? '')?.[1] ?? ''),
  SERVER_ADDR: scalar((state) => state.connection.serverAddress),
  SERVER_NAME: scalar(serverName),
  SERVER_PORT: scalar((state) => String(state.connection.serverPort)),
  UNIQUE_ID: scalar((state) => state.connection.uniqueId),
  FILES: (state) => state.body?.multipart?.files ?? none,
  FILES_NAMES: (state) => namesOf(state.body?.multipart?.files ?? none),
  FILES_SIZES: (state) => state.body?.multipart?.fileSizes ?? none,
  FILES_COMBINED_SIZE: scalar((state) => String(state.body?.multipart?.combinedFileSize ?? 0)),
  FILES_TMPNAMES: () => none,
  FILES_TMP_CONTENT: (state) => state.body?.multipart?.fileContents ?? none,
  MULTIPART_PART_HEADERS: (state) => state.body?.multipart?.partHeaders ?? none,
  MULTIPART_FILENAME: optional((state) => state.body?.multipart?.fileName ?? ''),
  MULTIPART_NAME: optional((state) => state.body?.multipart?.partName ?? ''),
  MULTIPART_BOUNDARY_QUOTED: flag(multipartFlag.boundaryQuoted),
  MULTIPART_BOUNDARY_WHITESPACE: flag(multipartFlag.boundaryWhitespace),
  MULTIPART_CRLF_LF_LINES: flag(multipartFlag.crlfLfLines),
  MULTIPART_DATA_AFTER: flag(multipartFlag.dataAfter),
  MULTIPART_DATA_BEFORE: flag(multipartFlag.dataBefore),
  MULTIPART_FILE_LIMIT_EXCEEDED: flag(multipartFlag.fileLimitExceeded),
  MULTIPART_HEADER_FOLDING: flag(multipartFlag.headerFolding),
  MULTIPART_INVALID_HEADER_FOLDING: flag(multipartFlag.invalidHeaderFolding),
  MULTIPART_INVALID_PART: flag(multipartFlag.invalidPart),
  MULTIPART_INVALID_QUOTING: flag(multipartFlag.invalidQuoting),
  MULTIPART_LF_LINE: flag(multipartFlag.lfLine),
  MULTIPART_MISSING_SEMICOLON: flag(multipartFlag.missingSemicolon),
  MULTIPART_UNMATCHED_BOUNDARY: flag(multipartFlag.unmatchedBoundary),
  MULTIPART_STRICT_ERROR: scalar((state) => (state.body?.multipart && isStrictError(state.body.multipart, state.body.error) ? '1' : '0')),
  REQBODY_ERROR: scalar((state) => (state.bodyError === '' ? '0' : '1')),
  REQBODY_ERROR_MSG: optional((state) => state.bodyError),
  REQBODY_PROCESSOR: scalar((state) => state.bodyProcessor),
  REQBODY_PROCESSOR_ERROR: scalar((state) => (state.bodyError === '' ? '0' : '1')),
  REQBODY_PROCESSOR_ERROR_MSG: optional((state) => state.bodyError),
  URLENCODED_ERROR: optional((state) => (state.urlencodedError ? '1' : '')),
  INBOUND_DATA_ERROR: scalar((state) => (state.inboundDataError ? '1' : '0')),
  OUTBOUND_DATA_ERROR: scalar((state) => (state.outboundDataError ? '1' : '0')),
  XML: xml,
  RESPONSE_STATUS: optional((state) => (state.status === 0 ? '' : String(state.status))),
  RESPONSE_PROTOCOL: optional((state) => state.responseProtocol),
  STATUS_LINE: optional((state) => state.statusLine),
  RESPONSE_HEADERS: (state) => state.responseHeaders,
  RESPONSE_HEADERS_NAMES: (state) => namesOf(state.responseHeaders),
  RESPONSE_CONTENT_TYPE: optional((state) => state.responseHeader('content-type') ?? ''),
  RESPONSE_CONTENT_LENGTH: scalar((state) => state.responseHeader('content-length') ?? String(state.responseBodyLength)),
  RESPONSE_BODY: optional((state) => state.responseBody),
  TX: (state) => state.tx.pairs(),
  ENV: (state) => fromRecord(state.env ? Object.fromEntries(state.env) : null),
  IP: record('ip'),
  GLOBAL: record('global'),
  RESOURCE: record('resource'),
  SESSION: record('session'),
  USER: record('user'),
  SESSIONID: optional((state) => state.sessionId),
  USERID: optional((state) => state.userId),
  GEO: (state) => fromRecord(state.geo),
  RULE: (state) => fromRecord(state.rule ? ruleFacts(state.rule) : null),
  MATCHED_VAR: scalar((state) => state.matchedVar),
  MATCHED_VAR_NAME: scalar((state) => state.matchedVarName),
  MATCHED_VARS: (state) => state.matchedVars,
  MATCHED_VARS_NAMES: (state) => namesOf(state.matchedVars),
  HIGHEST_SEVERITY: scalar((state) => String(state.highestSeverity)),
  DURATION: scalar((state) => String(Math.max(0, Math.round(state.nowMs - state.connection.nowMs)))),
  TIME: clock((date) => date.toISOString().slice(11, 19)),
  TIME_EPOCH: clock((date) => Math.floor(date.getTime() / 1000)),
  TIME_YEAR: clock((date) => date.getUTCFullYear()),
  TIME_MON: clock((date) => date.getUTCMonth()),
  TIME_DAY: clock((date) => date.getUTCDate()),
  TIME_HOUR: clock((date) => date.getUTCHours()),
  TIME_MIN: clock((date) => date.getUTCMinutes()),
  TIME_SEC: clock((date) => date.getUTCSeconds()),
  TIME_WDAY: clock((date) => date.getUTCDay()),
  WEBAPPID: scalar((state) => state.program.settings.webAppId),
  MODSEC_BUILD: scalar(() => '030000000'),
  MSC_PCRE_ERROR: () => none,
  MSC_PCRE_LIMITS_EXCEEDED: () => none,
};

const table: readonly Reader[] = variables().map(({ name }) => {
  const reader = readers[name];
  if (!reader) throw new Error(`variable ${name} has no reader`);
  return reader;
});

/** The entries of a variable. Those that rules cannot change are kept until the next phase. */
export function readVariable(state: TransactionState, variable: VariableInfo): Pairs {
  if (variable.volatile) return table[variable.id]!(state);
  return readSteady(state, variable.id);
}

/** The same for a variable known to hold still. */
export function readSteady(state: TransactionState, id: number): Pairs {
  return state.bags[id] ??= table[id]!(state);
}

/** The single value of a macro: %{NAME} or %{NAME.key}; empty when there is none. */
export function readMacroValue(state: TransactionState, variable: VariableInfo, key: string | null): string {
  if (variable.name === 'TX' && key !== null) return state.tx.get(key) ?? '';
  const pairs = readVariable(state, variable);
  if (variable.shape === 'scalar' || key === null) return pairs.values[0] ?? '';
  const lower = key.toLowerCase();
  for (let i = 0; i < pairs.keys.length; i++) if (pairs.lowerKey(i) === lower) return pairs.values[i]!;
  return '';
}
