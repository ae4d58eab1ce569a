// The baseline rule set, in SecLang: a few dozen rules over the main classes of attack, anomaly scored, written for this
// project so that a first start protects with nothing installed. It favours few false alarms over completeness; the OWASP
// Core Rule Set is what a site under attack should install. Ids 100 to 99999 are ours by ModSecurity's ranges (local).
// Settings: tx.sally_threshold (5 blocks), tx.sally_mode is SecRuleEngine's matter.

/** What the engine itself needs: bodies on, limits, the JSON and XML processors. */
export const baselineEngine = String.raw`
SecRuleEngine On
SecRequestBodyAccess On
SecRequestBodyLimit 13107200
SecRequestBodyNoFilesLimit 131072
SecRequestBodyLimitAction Reject
SecArgumentsLimit 1000
SecResponseBodyAccess Off
SecRule REQUEST_HEADERS:Content-Type "@rx ^(?:application/(?:[a-z0-9.-]+\+)?|text/)xml" \
    "id:80001,phase:1,pass,nolog,t:none,t:lowercase,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "@rx ^(?:application/(?:[a-z0-9.-]+\+)?|text/)json" \
    "id:80002,phase:1,pass,nolog,t:none,t:lowercase,ctl:requestBodyProcessor=JSON"
SecRule REQBODY_ERROR "!@eq 0" \
    "id:80003,phase:2,deny,status:400,t:none,log,msg:'Request body breaks its format',logdata:'%{REQBODY_ERROR_MSG}',severity:CRITICAL,tag:'sallyport/protocol'"
SecRule MULTIPART_UNMATCHED_BOUNDARY|MULTIPART_BOUNDARY_WHITESPACE|MULTIPART_DATA_BEFORE|MULTIPART_DATA_AFTER|MULTIPART_HEADER_FOLDING|\
MULTIPART_LF_LINE|MULTIPART_MISSING_SEMICOLON|MULTIPART_INVALID_QUOTING "@eq 1" \
    "id:80004,phase:2,deny,status:400,t:none,log,msg:'Multipart body with an ambiguous boundary',severity:CRITICAL,tag:'sallyport/protocol'"
`;

interface BaselineRule {
  readonly id: number;
  readonly kind: string;
  readonly message: string;
  /** Points: 5 is enough to block. */
  readonly points: 2 | 3 | 5;
  readonly targets: string;
  readonly operator: string;
  readonly transformations: string;
  readonly phase?: 1 | 2;
}

const inputs = 'ARGS|ARGS_NAMES|REQUEST_COOKIES|XML:/*|XML://@*';
const inputsAndPath = `${inputs}|REQUEST_FILENAME`;
const inputsAndAgents = `${inputs}|REQUEST_FILENAME|REQUEST_HEADERS:User-Agent|REQUEST_HEADERS:Referer`;
const everything = `${inputs}|REQUEST_URI_RAW|REQUEST_HEADERS|!REQUEST_HEADERS:Cookie`;
const plain = 't:none,t:urlDecodeUni';
const markup = 't:none,t:urlDecodeUni,t:htmlEntityDecode,t:jsDecode,t:removeNulls';
const sql = 't:none,t:urlDecodeUni,t:replaceComments,t:compressWhitespace';
const shell = 't:none,t:urlDecodeUni,t:cmdLine';

const rules: readonly BaselineRule[] = [
  // SQL injection
  { id: 81001, kind: 'sqli', message: 'SQL injection, by its tokens', points: 5, targets: `${inputs}|REQUEST_HEADERS:User-Agent`, operator: '@detectSQLi', transformations: plain },
  { id: 81002, kind: 'sqli', message: 'SQL union of selects', points: 5,
    targets: inputs,
    operator: String.raw`@rx (?i)\bunion\s+(?:all\s+|distinct\s+)?\(?\s*select\b`,
    transformations: sql },
  { id: 81003, kind: 'sqli', message: 'SQL tautology after a quote', points: 5, targets: inputs,
    operator: String.raw`@rx (?i)['"]\s*(?:or|and|xor|\|\||&&)\s*\(?\s*(?:['"]?\w+['"]?)\s*(?:=|like|<|>)\s*['"]?\w`, transformations: sql },
  { id: 81004, kind: 'sqli', message: 'Stacked SQL statement', points: 5, targets: inputs,
    operator: String.raw`@rx (?i);\s*(?:drop\s+(?:table|database)|delete\s+from|insert\s+into|update\s+\w+\s+set|exec(?:ute)?\s|shutdown\b|truncate\s+table)`,
    transformations: sql },
  { id: 81005, kind: 'sqli', message: 'SQL time delay', points: 5, targets: inputs,
    operator: String.raw`@rx (?i)\b(?:sleep|pg_sleep)\s*\(\s*['"]?[\d.]+['"]?\s*\)|\b(?:benchmark|dbms_pipe\.receive_message)\s*\(\s*[^,()]{1,60},|waitfor\s+delay\s*['"]`,
    transformations: sql },
  { id: 81006, kind: 'sqli', message: 'Reading a database catalogue', points: 5, targets: inputs,
    operator: String.raw`@rx (?i)\b(?:information_schema\.|sysobjects\b|pg_catalog\.|sqlite_master\b|all_tables\b|mysql\.user\b)`, transformations: sql },
  { id: 81007, kind: 'sqli', message: 'SQL file access', points: 5, targets: inputs,
    operator: String.raw`@rx (?i)\bload_file\s*\(|\binto\s+(?:out|dump)file\b|\bxp_cmdshell\b|\butl_http\.`, transformations: sql },
  { id: 81008, kind: 'nosqli', message: 'NoSQL operator in an argument name', points: 5, targets: 'ARGS_NAMES',
    operator: String.raw`@rx (?:\[|\.)\$(?:ne|eq|gt|gte|lt|lte|in|nin|regex|where|exists|or|and)\b`, transformations: plain },
  { id: 81009, kind: 'sqli', message: 'Quote, and a comment to the end', points: 5, targets: inputs,
    operator: String.raw`@rx ^[^\s'"]{0,60}['"]\s*\)*\s*(?:#|--[\s+-]*|/\*[^*]{0,60})$`, transformations: plain },
  { id: 81010, kind: 'nosqli', message: 'NoSQL operator or script in a value', points: 5, targets: inputs,
    operator: String.raw`@rx ["']\$(?:ne|eq|gt|gte|lt|lte|in|nin|regex|where|exists|or|and|expr|function)["']\s*:|['"]\s*;\s*return\s+(?:true|false|1)\b`, transformations: plain },
  // Cross-site scripting
  { id: 82001, kind: 'xss', message: 'Script injection, by an HTML tokenizer', points: 5,
    targets: `${inputs}|REQUEST_HEADERS:User-Agent|REQUEST_HEADERS:Referer`,
    operator: '@detectXSS',
    transformations: markup },
  { id: 82002, kind: 'xss', message: 'Script element', points: 5, targets: inputsAndAgents, operator: String.raw`@rx (?i)<[\s/]*script\b`, transformations: markup },
  { id: 82003, kind: 'xss', message: 'Event handler in a tag', points: 5,
    targets: inputsAndAgents,
    operator: String.raw`@rx (?i)<[a-z][^>]{0,200}[\s/"']on[a-z]{3,20}\s*=`,
    transformations: markup },
  { id: 82004, kind: 'xss', message: 'Script address', points: 5, targets: inputsAndAgents,
    operator: String.raw`@rx (?i)(?:^|["'=\s(])(?:java|vb)script\s*:(?:\S|\s+[\w.$]{1,60}\s*[(=\x60\[])|data:text/html[;,]`, transformations: markup },
  { id: 82006, kind: 'xss', message: 'Script address in an attribute, with space inside', points: 5, targets: inputs,
    operator: String.raw`@rx (?i)(?:href|src|action|background|data|url)=["']?(?:java|vb)script:`, transformations: `${markup},t:removeWhitespace` },
  { id: 82005, kind: 'xss', message: 'Frame, object or meta element', points: 5, targets: inputsAndAgents,
    operator: String.raw`@rx (?i)<(?:iframe|object|embed|applet|base|meta|svg|math)\b[^>]{0,200}(?:src|data|href|content|onload|http-equiv)\s*=`, transformations: markup },
  // Paths and files
  { id: 83001, kind: 'traversal', message: 'Path traversal', points: 5, targets: `${inputs}|REQUEST_URI_RAW|FILES`,
    operator: String.raw`@rx (?:^|[\\/;=])(?:\.\.|%2e%2e|\.%2e|%2e\.)(?:[\\/]|%2f|%5c)(?:[^\\/]{0,60}[\\/]\.\.[\\/]|\.\.|etc|windows|boot|proc|%2e)`,
    transformations: plain },
  { id: 83006, kind: 'traversal', message: 'Path traversal in a spelling that some servers undo', points: 5, targets: `${inputs}|REQUEST_URI_RAW`,
    operator: String.raw`@rx \.\.(?:;[\\/]|\xc0[\xaf\x9c\x2f]|%c0%(?:af|9c)|%u221[56])`, transformations: plain },
  { id: 83002, kind: 'traversal', message: 'Path traversal after decoding twice', points: 5, targets: `${inputs}|REQUEST_URI_RAW`,
    operator: String.raw`@rx (?:^|[\\/;=])\.\.[\\/](?:\.\.[\\/]|etc/|windows[\\/]|proc/)`, transformations: 't:none,t:urlDecodeUni,t:urlDecodeUni' },
  { id: 83003, kind: 'files', message: 'System file', points: 5, targets: inputsAndPath,
    operator: '@pm /etc/passwd /etc/shadow /etc/hosts /proc/self/ /proc/version win.ini boot.ini system32/ /.ssh/id_rsa .aws/credentials web-inf/web.xml',
    transformations: `${plain},t:normalizePathWin,t:lowercase` },
  { id: 83004, kind: 'files', message: 'File that is not meant for the web', points: 5, targets: 'REQUEST_FILENAME',
    operator: String.raw`@rx (?i)/\.(?:git|svn|hg|env|htpasswd|htaccess|ssh|aws|kube|docker|bash_history|ds_store|npmrc|netrc|pgpass)(?:/|\.|$)`
      + String.raw`|/(?:wp-config\.php|id_rsa|dump\.sql)(?:\.|~|$)`
      + String.raw`|/phpinfo\.php|\.(?:php|aspx?|jsp|py|rb|conf|ini|ya?ml|sql)(?:\.(?:bak|old|orig|save|swp)|~)$`, transformations: plain },
  { id: 83005, kind: 'files', message: 'Upload of a file that a server would run', points: 5, targets: 'FILES',
    operator: String.raw`@rx (?i)\.(?:ph(?:p\d?|tml|ar|ps|t)|jspx?|aspx?|cgi|htaccess|exe|shtml)(?:\.|\s|\x00|$)`, transformations: plain },
  // Commands
  { id: 84001, kind: 'rce', message: 'Shell command after a separator', points: 5, targets: inputs, transformations: shell,
    operator: String.raw`@rx (?:[|&\n]|\$\(|(?:^|\s)\x60|\s)\s*(?:/(?:usr/)?s?bin/)?(?:cat/(?:etc|proc)|(?:wget`
      + String.raw`|curl) (?:-\S+ )*(?:https?:|ftp:|\d)|nc (?:-[a-z]|\d)|(?:ba|z|da|k)?sh (?:-[ci]|/)|python\d? -c|perl -e|rm -rf|chmod \+x|chmod 7)` },
  { id: 84002, kind: 'rce', message: 'Shell command after an operator', points: 5, targets: inputs, transformations: plain,
    operator: String.raw`@rx (?i)^\s*\x60\s*(?:id|whoami|uname|ls|cat|curl|wget|sleep|nc|ping|bash|sh)\b[^\x60]{0,100}\x60\s*$`
      + String.raw`|(?:;|\|\|?|&&?|\n|\$\(|[;|&=]\s*\x60)\s*(?:/(?:usr/)?s?bin/)?`
      + String.raw`(?:(?:id|whoami|uname|ls|pwd|ps|env|netstat|ifconfig|ipconfig)\s*(?:$|[;|&)\x60\n])|(?:bash|sh)\s*(?:$|[;|&)\x60\n]|-[ci]\b)`
      + String.raw`|sleep\s+\d+\s*(?:$|[;|&)\x60])|dir\s+[a-z]:\\|(?:ls|cat|wget|curl|nc|ping|nslookup|uname|id|bash|sh|powershell|cmd(?:\.exe)?)`
      + String.raw`(?:\s+(?:-\w|[/$~]|https?:|ftp:|\d+\.\d|[\w-]+\.[a-z]{2,}[/:])|\$\{?ifs))` },
  { id: 84003, kind: 'rce', message: 'Shellshock', points: 5,
    targets: `${inputs}|REQUEST_HEADERS|!REQUEST_HEADERS:Cookie|REQUEST_LINE`,
    operator: String.raw`@rx \(\s*\)\s*\{[^}]{0,100};\s*\}\s*;`,
    transformations: plain },
  { id: 84004, kind: 'rce', message: 'PowerShell or cmd command line', points: 5, targets: inputs, transformations: shell,
    operator: String.raw`@rx powershell(?:\.exe)? (?:-\w+ )*-(?:e|enc|encodedcommand|nop|c|command)\b|cmd(?:\.exe)? ?/[ck] |invoke-(?:expression|webrequest)|downloadstring\(` },
  // Remote files and server-side requests
  { id: 85001, kind: 'ssrf', message: 'Address of a cloud metadata service', points: 5,
    targets: inputs,
    operator: '@pm 169.254.169.254 metadata.google.internal 100.100.100.200 fd00:ec2::254',
    transformations: plain },
  { id: 85002, kind: 'rfi', message: 'Remote file with an address instead of a name', points: 5, targets: 'ARGS',
    operator: String.raw`@rx (?i)^(?:https?|ftp)s?://(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?/\S*\.(?:php|txt|sh|jsp|asp|pl)\b`, transformations: plain },
  { id: 85003, kind: 'ssrf', message: 'Scheme that only a server would open', points: 5, targets: inputs,
    operator: String.raw`@rx (?i)^(?:file|gopher|dict|ldaps?|jar|phar|zip|expect|php|glob|netdoc|data):/{1,3}[^\s/]|^jar:(?:https?|file):`,
    transformations: plain },
  { id: 85004, kind: 'ssrf', message: 'Address of this machine or of none, in an odd spelling', points: 5, targets: inputs,
    operator: String.raw`@rx (?i)^(?:https?|ftp)://(?:[^/?#@]{0,60}@)?(?:0x[0-9a-f]{2,8}|0[0-7]{3,11}|\d{8,10}|\[[0:]*(?::1|::|:ffff:[\d.a-f:]+)\]`
      + String.raw`|0\.0\.0\.0|127\.\d+)(?:[:/?#]|$)`,
    transformations: plain },
  { id: 85005, kind: 'ssrf', message: 'Address of this machine or of a private network', points: 3, targets: inputs,
    operator: String.raw`@rx (?i)^(?:https?|ftp)://(?:[^/?#@]{0,60}@)?(?:localhost|127(?:\.\d{1,3}){3}`
      + String.raw`|10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})`
      + String.raw`(?:[:/?#]|$)`, transformations: plain },
  // Expression, template and language injection
  { id: 86001, kind: 'log4shell', message: 'JNDI lookup', points: 5, targets: everything, transformations: `${markup},t:lowercase`,
    operator: String.raw`@rx \$\{[^}]{0,100}(?:jndi|\$\{(?:lower|upper|env|::-))[^}]{0,100}[:}]` },
  { id: 86002, kind: 'java', message: 'Java class that attacks name', points: 5, targets: everything, transformations: `${plain},t:lowercase`,
    operator: '@pm java.lang.runtime java.lang.processbuilder ognl.ognlcontext javax.script.scriptenginemanager com.opensymphony.xwork2 org.springframework.context.support '
      + 'org.apache.commons.collections.functors freemarker.template.utility.execute' },
  { id: 86003, kind: 'java', message: 'Serialized Java object', points: 5,
    targets: `${inputs}|REQUEST_BODY`,
    operator: String.raw`@rx ^(?:rO0AB|\xac\xed\x00\x05|H4sIAAAA)`,
    transformations: 't:none' },
  { id: 86004, kind: 'spring', message: 'Spring class loader access', points: 5,
    targets: 'ARGS_NAMES',
    operator: String.raw`@rx (?i)\bclass(?:\.|\[)["']?module["']?\]?\.["']?classloader`,
    transformations: plain },
  { id: 86005, kind: 'template', message: 'Template expression that computes or reaches into objects', points: 5, targets: inputs,
    operator: String.raw`@rx \{\{\s*\d+\s*\*\s*'?\d+|\{\{[^}]{0,80}(?:__class__|config\.|self\.|constructor|request[.\[]|cycler\.|lipsum\.)|[$#*@]\{\s*\d+\s*[*+]\s*\d+\s*\}`
      + String.raw`|<%=[^%]{1,80}%>|\{%-?\s*(?:import|include|extends)\b|@\(\d+\s*[*+ ]\s*\d+\)|\{php\}|%\{\s*\(?#|#_(?i:memberaccess)`,
    transformations: plain },
  { id: 86006, kind: 'php', message: 'PHP code', points: 5, targets: inputs, transformations: plain,
    operator: String.raw`@rx (?i)<\?(?:php\b|=)|\b(?:eval|assert|system|shell_exec|passthru|popen|proc_open|base64_decode|phpinfo)\s*\(\s*(?:["'$]|base64_decode|\))`
      + String.raw`|\bcreate_function\s*\(` },
  { id: 86007, kind: 'php', message: 'PHP stream or super-global', points: 5, targets: inputs,
    operator: String.raw`@rx (?i)\bphp://(?:input|filter|stdin|memory)|\$_(?:GET|POST|REQUEST|SERVER|COOKIE|FILES)\s*\[`, transformations: plain },
  { id: 86008, kind: 'php', message: 'Serialized PHP object', points: 3,
    targets: inputs,
    operator: String.raw`@rx (?:^|[;{}])[oc]:\d{1,9}:"[\w\\]+":\d+:\{`,
    transformations: `${plain},t:lowercase` },
  { id: 86009, kind: 'node', message: 'JavaScript prototype or module access', points: 5, targets: inputs,
    operator: String.raw`@rx (?:^|[.\["'])__proto__(?:$|[.\]\["'=])|\bconstructor\s*(?:\.|\[["']?)prototype`
      + String.raw`|\bprocess\.(?:env|mainModule|binding)|\brequire\s*\(\s*["'](?:child_process|fs|net)["']`,
    transformations: plain },
  { id: 86010, kind: 'ldap', message: 'LDAP filter injection', points: 5,
    targets: inputs,
    operator: String.raw`@rx \*\)\(\s*[&|!]?\s*\(?\w+\s*=|\)\([&|!]\)|\)\(\s*[|&]\s*\(\w+=\*`,
    transformations: plain },
  { id: 86011, kind: 'xxe', message: 'XML entity definition', points: 5,
    targets: `${inputs}|REQUEST_BODY`,
    operator: String.raw`@rx (?i)<!(?:ENTITY|DOCTYPE)\s[^>]{0,200}(?:SYSTEM|PUBLIC|\[)`,
    transformations: 't:none' },
  // Protocol
  { id: 87001, kind: 'protocol', message: 'Line break and header name in an argument', points: 5, targets: 'ARGS_GET|ARGS_GET_NAMES|REQUEST_FILENAME', phase: 1,
    operator: String.raw`@rx (?i)[\r\n]+\s*(?:set-cookie|location|content-(?:type|length)|host|x-[a-z-]+)\s*:`, transformations: plain },
  { id: 87002, kind: 'protocol', message: 'NUL byte', points: 5,
    targets: 'ARGS|ARGS_NAMES|REQUEST_FILENAME|REQUEST_HEADERS',
    operator: '@validateByteRange 1-255',
    transformations: plain },
  { id: 87003, kind: 'protocol', message: 'Method that has no place here', points: 5,
    targets: 'REQUEST_METHOD', phase: 1,
    operator: '@rx ^(?:TRACE|TRACK|CONNECT|DEBUG)$',
    transformations: 't:none' },
  { id: 87004, kind: 'protocol', message: 'HTTP request hidden in an argument', points: 5, targets: inputs,
    operator: String.raw`@rx (?i)[\r\n](?:get|post|put|delete|head|options)\s+\S+\s+http/\d`, transformations: plain },
  { id: 87005, kind: 'protocol', message: 'Too many ranges', points: 5,
    targets: 'REQUEST_HEADERS:Range|REQUEST_HEADERS:Request-Range', phase: 1,
    operator: String.raw`@rx (?:,[^,]*){8}`,
    transformations: 't:none' },
  // Scanners
  { id: 88001, kind: 'scanner', message: 'Attack tool by its name', points: 5, targets: 'REQUEST_HEADERS:User-Agent', phase: 1,
    operator: '@pm sqlmap nikto nessus acunetix masscan nuclei wpscan dirbuster gobuster feroxbuster dirsearch ffuf whatweb commix '
      + 'xsstrike jaeles havij w3af arachni openvas zgrab joomscan', transformations: 't:none' },
  { id: 88002, kind: 'scanner', message: 'Attack tool by its name in several words', points: 5, targets: 'REQUEST_HEADERS:User-Agent', phase: 1,
    operator: '@rx (?i)fuzz faster u fool|nmap scripting engine|interactsh|http(?:x|robe) - open-source', transformations: 't:none' },
];

function seclang(rule: BaselineRule): string {
  const operator = rule.operator.replaceAll('"', '\\"');
  return `SecRule ${rule.targets} "${operator}" "id:${rule.id},phase:${rule.phase ?? 2},pass,log,capture,${rule.transformations},msg:'${rule.message}',`
    + `logdata:'%{TX.0} in %{MATCHED_VAR_NAME}',severity:CRITICAL,tag:'sallyport/${rule.kind}',setvar:'tx.sally_score=+${rule.points}'"`;
}

/** The rules, without engine settings. */
export const baselineRules = [
  'SecDefaultAction "phase:1,log,auditlog,pass"',
  'SecDefaultAction "phase:2,log,auditlog,pass"',
  `SecRule &TX:sally_threshold "@eq 0" "id:80010,phase:1,pass,nolog,setvar:'tx.sally_threshold=5'"`,
  `SecAction "id:80011,phase:1,pass,nolog,setvar:'tx.sally_score=0'"`,
  ...rules.map(seclang),
  `SecRule TX:sally_score "@ge %{tx.sally_threshold}" "id:89999,phase:2,deny,status:403,log,msg:'Blocked: score %{tx.sally_score}',severity:CRITICAL,tag:'sallyport/blocking'"`,
].join('\n');

/** Ids, classes and messages, for the reference pages. */
export const baselineIndex: readonly { readonly id: number; readonly kind: string; readonly message: string; readonly points: number }[] = rules;
