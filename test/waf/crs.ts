// Loads the Core Rule Set the way its own regression tests want it, or the way a site would run it.
import { join } from 'node:path';
import { formatFault, loadRuleSet, type EngineMode, type RulePart, type RuleSet } from '#inspection/waf/index.ts';
import { crsFolder, debianFolder, debianSetup, diskSource } from './files.ts';

/** What modsecurity.conf-recommended sets, as far as the rule set depends on it. */
export const engineConfiguration = String.raw`
SecRuleEngine DetectionOnly
SecRequestBodyAccess On
SecRequestBodyLimit 13107200
SecRequestBodyNoFilesLimit 131072
SecRequestBodyLimitAction Reject
SecRequestBodyJsonDepthLimit 512
SecArgumentsLimit 1000
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml application/json
SecResponseBodyLimit 524288
SecResponseBodyLimitAction ProcessPartial
SecArgumentSeparator &
SecCookieFormat 0
SecUnicodeMapFile builtin 20127
SecRule REQUEST_HEADERS:Content-Type "^(?:application(?:/soap\+|/)|text/)xml" "id:200000,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "^application/(?:[a-z0-9.-]+[+])?json" "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
`;

/** The settings of the rule set's own test suite. */
export const testSettings = `
SecAction "id:900005,phase:1,nolog,pass,setvar:tx.blocking_paranoia_level=4,setvar:tx.crs_validate_utf8_encoding=1,\\
setvar:tx.arg_name_length=100,setvar:tx.arg_length=400,setvar:tx.total_arg_length=64000,setvar:tx.max_num_args=255,\\
setvar:tx.max_file_size=64100,setvar:tx.combined_file_sizes=65535"
`;

function load(parts: readonly RulePart[], mode: EngineMode, resolveConstants = true): RuleSet {
  const result = loadRuleSet({ parts, source: diskSource, mode, resolveConstants });
  if (!result.ok) throw new Error(result.errors.map(formatFault).join('\n'));
  return result.ruleSet;
}

export function loadTestRules(): RuleSet {
  return load([
    { name: 'engine', text: engineConfiguration }, { file: join(crsFolder, 'crs-setup.conf.example') }, { name: 'settings', text: testSettings },
    { file: join(crsFolder, 'rules', '*.conf') },
  ], 'DetectionOnly');
}

/** As a site runs it at a paranoia level. */
export function loadSiteRules(level: number, mode: EngineMode = 'On', resolveConstants = true): RuleSet {
  return load([
    { name: 'engine', text: engineConfiguration }, { file: join(crsFolder, 'crs-setup.conf.example') },
    { name: 'level', text: `SecAction "id:900000,phase:1,pass,t:none,nolog,setvar:tx.blocking_paranoia_level=${level}"` },
    { file: join(crsFolder, 'rules', '*.conf') },
  ], mode, resolveConstants);
}

/** Debian's modsecurity-crs (3.3) at its own place. */
export function loadDebianRules(level: number, mode: EngineMode = 'On'): RuleSet {
  return load([
    { name: 'engine', text: engineConfiguration }, { file: debianSetup },
    { name: 'level', text: `SecAction "id:900000,phase:1,pass,t:none,nolog,setvar:tx.paranoia_level=${level}"` },
    { file: join(debianFolder, 'rules', '*.conf') },
  ], mode);
}
