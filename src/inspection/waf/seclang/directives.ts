// The table of directives: what each takes and does. Rules and their updates are in parser.ts and updates.ts; here are the
// settings, what is accepted without effect (each with its reason, warned about) and what is refused.
import type { EngineSettings } from './model.ts';

export type SettingReader = (settings: EngineSettings, value: string) => string | null;

function onOff(value: string): boolean | null {
  const lower = value.toLowerCase();
  return lower === 'on' ? true : lower === 'off' ? false : null;
}

const flag = (set: (settings: EngineSettings, on: boolean) => void): SettingReader => (settings, value) => {
  const on = onOff(value);
  if (on === null) return 'takes On or Off';
  set(settings, on);
  return null;
};

const number = (max: number, set: (settings: EngineSettings, value: number) => void): SettingReader => (settings, value) => {
  if (!/^\d+$/.test(value) || Number(value) > max) return `takes a number up to ${max}`;
  set(settings, Number(value));
  return null;
};

const limitAction = (set: (settings: EngineSettings, action: 'Reject' | 'ProcessPartial') => void): SettingReader => (settings, value) => {
  const lower = value.toLowerCase();
  if (lower !== 'reject' && lower !== 'processpartial') return 'takes Reject or ProcessPartial';
  set(settings, lower === 'reject' ? 'Reject' : 'ProcessPartial');
  return null;
};

const maxBytes = 1_073_741_824;

/** Directives that set something, with one argument each. */
export const settingDirectives: Readonly<Record<string, { readonly about: string; readonly read: SettingReader }>> = {
  SecRuleEngine: { about: 'On, Off or DetectionOnly', read: (settings, value) => {
    const mode = ({ on: 'On', off: 'Off', detectiononly: 'DetectionOnly' } as const)[value.toLowerCase() as 'on'];
    if (mode === undefined) return 'takes On, Off or DetectionOnly';
    settings.mode = mode;
    return null;
  } },
  SecRequestBodyAccess: { about: 'inspect request bodies', read: flag((settings, on) => { settings.requestBodyAccess = on; }) },
  SecResponseBodyAccess: { about: 'inspect response bodies', read: flag((settings, on) => { settings.responseBodyAccess = on; }) },
  SecRequestBodyLimit: { about: 'largest request body, files included', read: number(maxBytes, (settings, value) => { settings.requestBodyLimitBytes = value; }) },
  SecRequestBodyNoFilesLimit: { about: 'largest request body, files not counted',
    read: number(maxBytes, (settings, value) => { settings.requestBodyNoFilesLimitBytes = value; }) },
  SecRequestBodyLimitAction: { about: 'Reject or ProcessPartial', read: limitAction((settings, action) => { settings.requestBodyLimitAction = action; }) },
  SecResponseBodyLimit: { about: 'how much of a response body is inspected', read: number(maxBytes, (settings, value) => { settings.responseBodyLimitBytes = value; }) },
  SecResponseBodyLimitAction: { about: 'Reject or ProcessPartial', read: limitAction((settings, action) => { settings.responseBodyLimitAction = action; }) },
  SecRequestBodyJsonDepthLimit: { about: 'deepest nesting of JSON and XML', read: number(100_000, (settings, value) => { settings.jsonDepthLimit = Math.min(value, 2000); }) },
  SecArgumentsLimit: { about: 'most arguments of a request', read: number(1_000_000, (settings, value) => { settings.argumentsLimit = value; }) },
  SecUploadFileLimit: { about: 'most files of a request', read: number(1_000_000, (settings, value) => { settings.uploadFileLimit = value; }) },
  SecCookieFormat: { about: '0 (Netscape); 1 (RFC 2109) is warned about and read as 0', read: number(1, () => { /* cookies of version 1 are not sent by anybody */ }) },
  SecCollectionTimeout: { about: 'seconds that a persistent collection lives unused', read: number(maxBytes, (settings, value) => { settings.collectionTimeoutSeconds = value; }) },
  SecArgumentSeparator: { about: 'the character between arguments', read: (settings, value) => {
    if (value.length !== 1) return 'takes one character';
    settings.argumentSeparator = value;
    return null;
  } },
  SecCookieV0Separator: { about: 'the character between cookies', read: (settings, value) => {
    if (value.length !== 1) return 'takes one character';
    settings.cookieSeparator = value;
    return null;
  } },
  SecWebAppId: { about: 'the value of WEBAPPID', read: (settings, value) => { settings.webAppId = value; return null; } },
  SecComponentSignature: { about: 'name and version of a rule set, kept for reports', read: (settings, value) => { settings.componentSignatures.push(value); return null; } },
};

const auditReason = 'the audit log is configured in the gateway';
const diskReason = 'nothing is written to disk by the engine';
const connectionReason = 'connection limits are configured in the gateway';
const patternReason = 'patterns are matched in linear time, so there is no limit to set';
const serverReason = 'it concerns a web server that hosts ModSecurity';
const hashReason = 'hash tokens in links are not supported; the directive only tunes them';

/** Accepted without effect: the reason, which the warning and the documentation give. */
export const idleDirectives: Readonly<Record<string, string>> = {
  SecAuditEngine: auditReason, SecAuditLog: auditReason, SecAuditLog2: auditReason, SecAuditLogParts: auditReason, SecAuditLogType: auditReason,
  SecAuditLogFormat: auditReason, SecAuditLogStorageDir: auditReason, SecAuditLogRelevantStatus: auditReason, SecAuditLogDirMode: auditReason,
  SecAuditLogFileMode: auditReason, SecAuditLogPrefix: auditReason, SecGuardianLog: auditReason, SecDebugLog: auditReason, SecDebugLogLevel: auditReason,
  SecTmpDir: diskReason, SecDataDir: diskReason, SecUploadDir: diskReason, SecUploadKeepFiles: diskReason, SecUploadFileMode: diskReason,
  SecTmpSaveUploadedFiles: diskReason, SecRequestBodyInMemoryLimit: diskReason,
  SecPcreMatchLimit: patternReason, SecPcreMatchLimitRecursion: patternReason,
  SecConnEngine: connectionReason, SecConnReadStateLimit: connectionReason, SecConnWriteStateLimit: connectionReason, SecReadStateLimit: connectionReason,
  SecWriteStateLimit: connectionReason,
  SecServerSignature: serverReason, SecChrootDir: serverReason, SecDisableBackendCompression: serverReason, SecStatusEngine: serverReason,
  SecSensorId: serverReason, SecInterceptOnError: serverReason, SecRuleInheritance: serverReason, SecRulePerfTime: serverReason,
  SecCacheTransformations: 'transformations are always shared', SecUnicodeCodePage: 'the second argument of SecUnicodeMapFile chooses',
  SecStreamInBodyInspection: 'use REQUEST_BODY', SecStreamOutBodyInspection: 'use RESPONSE_BODY', SecContentInjection: 'changing content is not supported',
  SecHttpBlKey: 'block lists are configured in the gateway',
  SecGsbLookupDb: 'Google Safe Browsing is not supported; operators that need it are refused',
  SecHashEngine: hashReason, SecHashKey: hashReason, SecHashParam: hashReason, SecHashMethodRx: hashReason, SecHashMethodPm: hashReason,
  SecParseXmlIntoArgs: 'XML is inspected through the XML variable',
};

/** Refused: what they ask for would be missing silently otherwise. */
export const refusedDirectives: Readonly<Record<string, string>> = {
  SecRemoteRules: 'rules are not fetched from the network; install them as files', SecRemoteRulesFailAction: 'rules are not fetched from the network',
  SecRuleScript: 'Lua rules are not supported', SecXmlExternalEntity: 'external entities are never read; only Off is accepted',
};

/** Directives about rules; parser.ts handles them. */
export const ruleDirectives: Readonly<Record<string, string>> = {
  SecRule: 'a rule: targets, operator, actions', SecAction: 'actions without a condition', SecMarker: 'a label for skipAfter',
  SecDefaultAction: 'default actions of a phase', SecRuleRemoveById: 'removes rules by id or ranges of ids', SecRuleRemoveByTag: 'removes rules by a pattern over their tags',
  SecRuleRemoveByMsg: 'removes rules by a pattern over their messages', SecRuleUpdateTargetById: 'adds or excludes targets of rules by id',
  SecRuleUpdateTargetByTag: 'the same by tag', SecRuleUpdateTargetByMsg: 'the same by message', SecRuleUpdateActionById: 'changes actions of a rule',
  SecResponseBodyMimeType: 'media types whose bodies are inspected', SecResponseBodyMimeTypesClear: 'empties that list',
  SecUnicodeMapFile: 'code point map for urlDecodeUni: a file, or `builtin`, the best fit of Unicode to US-ASCII (code page 20127)',
    SecGeoLookupDb: 'database (mmdb) for geoLookup',
  Include: 'reads other files, patterns allowed', IncludeOptional: 'the same, none is no error',
};
