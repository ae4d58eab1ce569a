// The variables of SecLang: names, shape, and how far their values hold still during a phase. How each is read from a
// transaction: ../engine/variables.ts. Adding one: an entry here and a reader there.

export interface VariableInfo {
  readonly name: string;
  /** Index into the reader table. */
  readonly id: number;
  readonly shape: 'scalar' | 'collection';
  /** True when rules can change the value while a phase runs: such targets are read at each evaluation. */
  readonly volatile: boolean;
  readonly about: string;
}

type Entry = readonly [name: string, shape: 's' | 'c', volatile: 0 | 1, about: string];

const entries: readonly Entry[] = [
  ['ARGS', 'c', 0, 'arguments of the query string and the body'],
  ['ARGS_NAMES', 'c', 0, 'their names'],
  ['ARGS_GET', 'c', 0, 'arguments of the query string'],
  ['ARGS_GET_NAMES', 'c', 0, 'their names'],
  ['ARGS_POST', 'c', 0, 'arguments of the body'],
  ['ARGS_POST_NAMES', 'c', 0, 'their names'],
  ['ARGS_COMBINED_SIZE', 's', 0, 'bytes of all argument names and values'],
  ['REQUEST_HEADERS', 'c', 0, 'request header fields'],
  ['REQUEST_HEADERS_NAMES', 'c', 0, 'their names'],
  ['REQUEST_COOKIES', 'c', 0, 'cookies'],
  ['REQUEST_COOKIES_NAMES', 'c', 0, 'their names'],
  ['REQUEST_LINE', 's', 0, 'the request line as received'],
  ['REQUEST_METHOD', 's', 0, 'the method'],
  ['REQUEST_PROTOCOL', 's', 0, 'the protocol, such as HTTP/1.1'],
  ['REQUEST_URI', 's', 0, 'the target without scheme and authority, decoded once'],
  ['REQUEST_URI_RAW', 's', 0, 'the target as received'],
  ['REQUEST_FILENAME', 's', 0, 'the path, decoded once'],
  ['REQUEST_BASENAME', 's', 0, 'the last segment of the path'],
  ['PATH_INFO', 's', 0, 'the path, as REQUEST_FILENAME'],
  ['QUERY_STRING', 's', 0, 'the query, not decoded'],
  ['REQUEST_BODY', 's', 0, 'the body as received'],
  ['REQUEST_BODY_LENGTH', 's', 0, 'its length in bytes'],
  ['FULL_REQUEST', 's', 0, 'request line, headers and body'],
  ['FULL_REQUEST_LENGTH', 's', 0, 'its length in bytes'],
  ['REMOTE_ADDR', 's', 0, 'address of the client'],
  ['REMOTE_HOST', 's', 0, 'address of the client: names are not looked up'],
  ['REMOTE_PORT', 's', 0, 'port of the client'],
  ['REMOTE_USER', 's', 0, 'user of Basic authentication, or what the gateway set'],
  ['AUTH_TYPE', 's', 0, 'scheme of the Authorization field'],
  ['SERVER_ADDR', 's', 0, 'local address'],
  ['SERVER_NAME', 's', 0, 'host that the client asked for'],
  ['SERVER_PORT', 's', 0, 'local port'],
  ['UNIQUE_ID', 's', 0, 'identifier of the transaction'],
  ['FILES', 'c', 0, 'file names of a multipart body'],
  ['FILES_NAMES', 'c', 0, 'names of the parts that carry files'],
  ['FILES_SIZES', 'c', 0, 'sizes of files'],
  ['FILES_COMBINED_SIZE', 's', 0, 'size of all files'],
  ['FILES_TMPNAMES', 'c', 0, 'always empty: files are not written to disk'],
  ['FILES_TMP_CONTENT', 'c', 0, 'content of files'],
  ['MULTIPART_PART_HEADERS', 'c', 0, 'header lines of the parts, by part name'],
  ['MULTIPART_FILENAME', 's', 0, 'file name of the last file part'],
  ['MULTIPART_NAME', 's', 0, 'name of the last part'],
  ['MULTIPART_BOUNDARY_QUOTED', 's', 0, '1: the boundary was quoted'],
  ['MULTIPART_BOUNDARY_WHITESPACE', 's', 0, '1: white space around the boundary'],
  ['MULTIPART_CRLF_LF_LINES', 's', 0, '1: both kinds of line end'],
  ['MULTIPART_DATA_AFTER', 's', 0, '1: data after the last part'],
  ['MULTIPART_DATA_BEFORE', 's', 0, '1: data before the first part'],
  ['MULTIPART_FILE_LIMIT_EXCEEDED', 's', 0, '1: more files than SecUploadFileLimit'],
  ['MULTIPART_HEADER_FOLDING', 's', 0, '1: a folded part header'],
  ['MULTIPART_INVALID_HEADER_FOLDING', 's', 0, '1: a fold without a header before it'],
  ['MULTIPART_INVALID_PART', 's', 0, '1: a part that cannot be read'],
  ['MULTIPART_INVALID_QUOTING', 's', 0, '1: apostrophes used as quotes'],
  ['MULTIPART_LF_LINE', 's', 0, '1: a line ended in LF alone'],
  ['MULTIPART_MISSING_SEMICOLON', 's', 0, '1: a parameter without a semicolon before it'],
  ['MULTIPART_STRICT_ERROR', 's', 0, '1: any of the above that is not tolerable'],
  ['MULTIPART_UNMATCHED_BOUNDARY', 's', 0, '1: something that looks like a boundary and is none'],
  ['REQBODY_ERROR', 's', 0, '1: the body broke its format'],
  ['REQBODY_ERROR_MSG', 's', 0, 'how'],
  ['REQBODY_PROCESSOR', 's', 1, 'URLENCODED, MULTIPART, JSON, XML or empty'],
  ['REQBODY_PROCESSOR_ERROR', 's', 0, 'as REQBODY_ERROR'],
  ['REQBODY_PROCESSOR_ERROR_MSG', 's', 0, 'as REQBODY_ERROR_MSG'],
  ['URLENCODED_ERROR', 's', 0, 'set when a urlencoded body held too many arguments'],
  ['INBOUND_DATA_ERROR', 's', 0, '1: the request body was longer than its limit'],
  ['OUTBOUND_DATA_ERROR', 's', 0, '1: the response body was longer than its limit'],
  ['XML', 'c', 0, 'the document: XML:/* its text, XML://@* its attribute values'],
  ['RESPONSE_STATUS', 's', 0, 'the status code'],
  ['RESPONSE_PROTOCOL', 's', 0, 'the protocol of the response'],
  ['STATUS_LINE', 's', 0, 'the status line'],
  ['RESPONSE_HEADERS', 'c', 0, 'response header fields'],
  ['RESPONSE_HEADERS_NAMES', 'c', 0, 'their names'],
  ['RESPONSE_CONTENT_TYPE', 's', 0, 'media type of the response'],
  ['RESPONSE_CONTENT_LENGTH', 's', 0, 'length of the response body'],
  ['RESPONSE_BODY', 's', 0, 'the response body'],
  ['TX', 'c', 1, 'variables of the transaction, and the groups 0 to 9 of the last capture'],
  ['ENV', 'c', 1, 'variables set by setenv'],
  ['IP', 'c', 1, 'persistent: by address'],
  ['GLOBAL', 'c', 1, 'persistent: one for all'],
  ['RESOURCE', 'c', 1, 'persistent: by resource'],
  ['SESSION', 'c', 1, 'persistent: by session'],
  ['USER', 'c', 1, 'persistent: by user'],
  ['SESSIONID', 's', 1, 'what setsid was given'],
  ['USERID', 's', 1, 'what setuid was given'],
  ['GEO', 'c', 1, 'the record of the last geoLookup'],
  ['RULE', 'c', 1, 'id, msg, severity, rev and ver of the current rule'],
  ['MATCHED_VAR', 's', 1, 'the value that matched last'],
  ['MATCHED_VAR_NAME', 's', 1, 'its name'],
  ['MATCHED_VARS', 'c', 1, 'the values that the current rule matched'],
  ['MATCHED_VARS_NAMES', 'c', 1, 'their names'],
  ['HIGHEST_SEVERITY', 's', 1, 'the gravest severity so far, 255 when none'],
  ['DURATION', 's', 1, 'milliseconds since the transaction began, as the caller tells the time'],
  ['TIME', 's', 1, 'the time of day, hh:mm:ss, UTC'],
  ['TIME_EPOCH', 's', 1, 'seconds since 1970'],
  ['TIME_YEAR', 's', 1, 'the year'],
  ['TIME_MON', 's', 1, 'the month, 0 to 11'],
  ['TIME_DAY', 's', 1, 'the day of the month'],
  ['TIME_HOUR', 's', 1, 'the hour'],
  ['TIME_MIN', 's', 1, 'the minute'],
  ['TIME_SEC', 's', 1, 'the second'],
  ['TIME_WDAY', 's', 1, 'the day of the week, 0 is Sunday'],
  ['WEBAPPID', 's', 0, 'SecWebAppId'],
  ['MODSEC_BUILD', 's', 0, 'a number that stands for the compatible version'],
  ['MSC_PCRE_ERROR', 's', 0, 'always empty: patterns cannot fail at run time'],
  ['MSC_PCRE_LIMITS_EXCEEDED', 's', 0, 'always empty: patterns take linear time'],
];

const byName = new Map<string, VariableInfo>();
const all: VariableInfo[] = entries.map(([name, shape, volatile, about], id) => {
  const info: VariableInfo = { name, id, shape: shape === 's' ? 'scalar' : 'collection', volatile: volatile === 1, about };
  byName.set(name, info);
  return info;
});

/** Names of other ModSecurity versions that cannot be had here, with the reason. */
const refusedNames: Record<string, string> = {
  SCRIPT_BASENAME: 'there is no script on disk behind a gateway', SCRIPT_FILENAME: 'there is no script on disk behind a gateway',
  SCRIPT_GID: 'there is no script on disk behind a gateway', SCRIPT_GROUPNAME: 'there is no script on disk behind a gateway',
  SCRIPT_MODE: 'there is no script on disk behind a gateway', SCRIPT_UID: 'there is no script on disk behind a gateway',
  SCRIPT_USERNAME: 'there is no script on disk behind a gateway', WEBSERVER_ERROR_LOG: 'there is no web server in the process',
  STREAM_INPUT_BODY: 'use REQUEST_BODY', STREAM_OUTPUT_BODY: 'use RESPONSE_BODY', PERF_ALL: 'see the metrics of the gateway',
};

export function findVariable(name: string): VariableInfo | undefined {
  return byName.get(name.toUpperCase());
}

/** Why a known variable is not offered, or undefined. */
export function refusedVariable(name: string): string | undefined {
  const upper = name.toUpperCase();
  return Object.hasOwn(refusedNames, upper) ? refusedNames[upper] : undefined;
}

export function variables(): readonly VariableInfo[] {
  return all;
}

/** The id of a variable that must exist. */
export function variableId(name: string): number {
  const info = byName.get(name);
  if (!info) throw new Error(`no variable ${name}`);
  return info.id;
}

/** The persistent collections, which initcol opens. */
export const persistentNames: readonly string[] = ['IP', 'GLOBAL', 'RESOURCE', 'SESSION', 'USER'];
