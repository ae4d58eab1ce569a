// The settings of the configuration as directives of the rule language: engine settings, the Core Rule Set's variables,
// exclusions. Plain text in, plain text out; reads nothing. The values were checked by the schema (gateways/http/waf-settings.ts):
// none can end the text in which it stands.
import type { WebExclusion, WebInspectionSettings } from '#contract/web-inspection.ts';

/** Ids of the rules that are made here: above every range that rule sets use. */
const firstId = 9_900_000;

/** What modsecurity.conf-recommended sets, where the rule files themselves say nothing. Comes first, so that they may. */
export function engineDirectives(settings: WebInspectionSettings): string {
  return [
    'SecRuleEngine On', `SecRequestBodyAccess ${settings.inspectRequestBody ? 'On' : 'Off'}`,
    'SecRequestBodyLimit 13107200', 'SecRequestBodyNoFilesLimit 131072', 'SecRequestBodyJsonDepthLimit 512', 'SecArgumentsLimit 1000',
    `SecResponseBodyAccess ${settings.inspectResponseBody ? 'On' : 'Off'}`, `SecResponseBodyMimeType ${settings.responseBodyTypes.join(' ')}`,
    'SecResponseBodyLimit 524288', 'SecArgumentSeparator &', 'SecCookieFormat 0', 'SecUnicodeMapFile builtin 20127',
    `SecRule REQUEST_HEADERS:Content-Type "^(?:application/(?:[a-z0-9.-]+[+])?|text/)xml" "id:${firstId},phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"`,
    `SecRule REQUEST_HEADERS:Content-Type "^(?:application/(?:[a-z0-9.-]+[+])?|text/)json" "id:${firstId + 1},phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"`,
    '',
  ].join('\n');
}

/** The variables of the Core Rule Set (4 and 3.3) that the configuration sets; after its setup, before its rules. */
export function variableDirectives(settings: WebInspectionSettings): string {
  const variables: [string, string][] = [];
  if (settings.paranoia > 0) {
    for (const name of ['blocking_paranoia_level', 'detection_paranoia_level', 'paranoia_level', 'executing_paranoia_level']) variables.push([name, String(settings.paranoia)]);
  }
  if (settings.inboundThreshold > 0) variables.push(['inbound_anomaly_score_threshold', String(settings.inboundThreshold)], ['sally_threshold', String(settings.inboundThreshold)]);
  if (settings.outboundThreshold > 0) variables.push(['outbound_anomaly_score_threshold', String(settings.outboundThreshold)]);
  if (settings.allowedMethods.length > 0) variables.push(['allowed_methods', settings.allowedMethods.join(' ')]);
  if (settings.allowedContentTypes.length > 0) variables.push(['allowed_request_content_type', settings.allowedContentTypes.map((type) => `|${type}|`).join(' ')]);
  if (settings.allowedVersions.length > 0) variables.push(['allowed_http_versions', settings.allowedVersions.join(' ')]);
  if (variables.length === 0) return '';
  return `SecAction "id:${firstId + 2},phase:1,pass,t:none,nolog,${variables.map(([name, value]) => `setvar:'tx.${name}=${value}'`).join(',')}"\n`;
}

function escaped(text: string): string {
  return text.replaceAll(/[.+*?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** The operator that asks whether the path fits, decoded once and no more. Whole: "^" and "$" would take any line of a path with line ends. */
export function pathOperator(path: string): string {
  if (!path.includes('*') && !path.includes('%{')) return `@streq ${path}`;
  if (path === '/**') return '@unconditionalMatch';
  const below = path.endsWith('/**');
  const pattern = (below ? path.slice(0, -3) : path).split('*').map(escaped).join('[^/]*');
  return String.raw`@rx \A${pattern}${below ? String.raw`(?:/|\z)` : String.raw`\z`}`;
}

function methodOperator(methods: readonly string[]): string {
  return String.raw`@rx \A(?:${methods.join('|')})\z`;
}

function removalOf(exclusion: WebExclusion): string {
  const what = exclusion.rule === '' ? 'Tag' : 'Id';
  const name = exclusion.rule === '' ? exclusion.tag : exclusion.rule;
  return exclusion.targets.length === 0 ? `ctl:ruleRemoveBy${what}=${name}` : exclusion.targets.map((target) => `ctl:ruleRemoveTargetBy${what}=${name};${target}`).join(',');
}

/** Exclusions for some paths or methods are decided for each request; before the rules that they concern. */
export function conditionalExclusions(exclusions: readonly WebExclusion[]): string {
  let text = '';
  let id = firstId + 100;
  for (const exclusion of exclusions) {
    const { path, methods } = exclusion;
    if (path === '' && methods.length === 0) continue;
    const first = path === '' ? `REQUEST_METHOD "${methodOperator(methods)}"` : `REQUEST_FILENAME "${pathOperator(path)}"`;
    const chained = path !== '' && methods.length > 0;
    const common = `id:${id++},phase:1,t:none,pass,nolog`;
    text += chained ? `SecRule ${first} "${common},chain"\nSecRule REQUEST_METHOD "${methodOperator(methods)}" "t:none,${removalOf(exclusion)}"\n`
      : `SecRule ${first} "${common},${removalOf(exclusion)}"\n`;
  }
  return text;
}

/** Flags of multipart bodies that parsers read in different ways. A quoted boundary alone is none: the usual clients of .NET send it. */
const ambiguousMultipart = ['UNMATCHED_BOUNDARY', 'BOUNDARY_WHITESPACE', 'DATA_BEFORE', 'DATA_AFTER', 'HEADER_FOLDING', 'LF_LINE', 'MISSING_SEMICOLON', 'INVALID_QUOTING']
  .map((name) => `MULTIPART_${name}`).join('|');

/** A body that rules cannot read as a server would must not reach it: ModSecurity's recommended rules 200002 to 200004. Behind the
 *  rules of the rule set, which may want to decide it themselves. */
function bodyRules(): string[] {
  const common = "phase:2,t:none,deny,status:400,log,severity:CRITICAL,tag:'sallyport/body'";
  return [
    `SecRule REQBODY_ERROR "!@eq 0" "id:${firstId + 3},${common},msg:'Request body breaks its format',logdata:'%{REQBODY_ERROR_MSG}'"`,
    `SecRule ${ambiguousMultipart} "@eq 1" "id:${firstId + 4},${common},msg:'Multipart body that parsers read in different ways',logdata:'%{MATCHED_VAR_NAME}'"`,
  ];
}

/** Exclusions that always hold change the rules themselves, and cost nothing; limits that the configuration sets itself. After the rules. */
export function closingDirectives(settings: WebInspectionSettings): string {
  const lines: string[] = bodyRules();
  for (const { rule, tag, targets, path, methods } of settings.exclusions) {
    if (path !== '' || methods.length > 0) continue;
    const choice = rule === '' ? `Tag ${tag}` : `Id ${rule}`;
    if (targets.length === 0) lines.push(`SecRuleRemoveBy${choice}`);
    else lines.push(`SecRuleUpdateTargetBy${choice} "${targets.map((target) => `!${target}`).join('|')}"`);
  }
  if (settings.requestBodyLimit >= 0) lines.push(`SecRequestBodyLimit ${settings.requestBodyLimit}`);
  if (settings.requestBodyNoFilesLimit >= 0) lines.push(`SecRequestBodyNoFilesLimit ${settings.requestBodyNoFilesLimit}`);
  if (settings.responseBodyLimit >= 0) lines.push(`SecResponseBodyLimit ${settings.responseBodyLimit}`);
  if (!settings.inspectRequestBody) lines.push('SecRequestBodyAccess Off');
  if (settings.inspectResponseBody) lines.push('SecResponseBodyAccess On', `SecResponseBodyMimeType ${settings.responseBodyTypes.join(' ')}`);
  lines.push(`SecRequestBodyLimitAction ${settings.requestBodyOnLimit === 'reject' ? 'Reject' : 'ProcessPartial'}`);
  lines.push(`SecResponseBodyLimitAction ${settings.responseBodyOnLimit === 'reject' ? 'Reject' : 'ProcessPartial'}`, '');
  return lines.join('\n');
}
