// What honest requests are made of: words of several languages, prose, markup, source text, tokens, cookies and header fields as real
// software writes them. All of it is made up here; nothing is a copy of anybody's traffic. Texts are latin1 strings, one character a byte.
import type { Random } from '../../waf/pattern-samples.ts';

/** UTF-8 as one character a byte. */
export const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const list = (text: string): string[] => text.trim().split(/\s+/).map(utf8);
const lines = (text: string): string[] => text.trim().split('\n').map((line) => utf8(line.trim()));

export const words = {
  en: list(`the of and to in is that for on with as at by from this not are be or was have an they you which one were all their there been if more when will would who so no
    out about garden river window evening letter number people winter summer price order select update set table committee union group case between like having insert
    delete drop create limit key index user name password file script image photo system admin login search category product read write open close find sort exec
    print echo alert event handler union's company's don't it's O'Brien D'Angelo McDonald's rock'n'roll best-of top-10 24/7 C++ C# .NET AT&T R&D Q&A e-mail well-known
    and/or him/her (approx.) [sic] #1 50% $19.99 3.5" 6' 10:30 2024-05-17 1,000 v2.1 USB-C Wi-Fi x86_64 iPhone nike adidas cat dog head tail time date less man w who id`),
  de: list('der die das und nicht mit für auf ist ein eine über Straße Größe Mädchen heißt schön Österreich Käse möchte bitte Gruß Preis Schuhe Damen Herren günstig kaufen'),
  fr: list("le la les l'homme d'accord qu'est-ce s'il aujourd'hui été où déjà garçon français cœur château naïve prix chaussures livraison à où ça j'ai n'est pas"),
  es: list('el la los niño mañana corazón España qué cómo cuánto precio zapatos mujer año información envío gratis ¿dónde? ¡hola! está'),
  it: list("il lo l'altro è perché città più però dell'arte un'altra prezzo scarpe uomo donna sconto"),
  pl: list('Łódź żółć gęś ćma się nie jest już cena buty damskie męskie źródło święta'),
  ru: list('Москва привет мир цена обувь купить дешево как сделать что это не и в на по'),
  zh: list('东京 你好 世界 价格 鞋 购买 便宜 女士 男士 手机 电脑 中国'),
  ja: list('こんにちは 世界 価格 靴 購入 安い レディース メンズ 携帯 ありがとう'),
  ar: list('مرحبا بالعالم سعر حذاء شراء رخيص نساء رجال كيف'),
  emoji: list('😀 🎉 👍🏽 ❤️ 🇩🇪 👨‍👩‍👧 ✓ → “quoted” ‘single’ — … €20 £5 ¥100 ½ °C'),
};
const tongues = Object.keys(words) as (keyof typeof words)[];

export const agents = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Safari/537.36 Edg/127.0.2651.86',
  'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 '
    + '[FBAN/FBIOS;FBAV/478.0.0.33.107;FBBV/1;FBDV/iPhone15,2;FBMD/iPhone;FBSN/iOS;FBSV/17.5]',
  'Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36',
  'Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; SLCC2; .NET CLR 2.0.50727)',
  'Mozilla/5.0 (compatible; Konqueror/3.5; Linux) KHTML/3.5.8 (like Gecko)',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)', 'curl/8.5.0', 'Wget/1.21.4', 'python-requests/2.32.3', 'okhttp/4.12.0',
    'Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7 Build/TQ3A.230901.001)',
  'MyShop/4.2.1 (iOS 17.5.1; iPhone15,2; Scale/3.00) Alamofire/5.9.1', 'PostmanRuntime/7.40.0', 'Apache-HttpClient/4.5.14 (Java/17.0.11)', 'Go-http-client/2.0',
    'axios/1.7.4', 'GuzzleHttp/7',
  'Microsoft Office Excel 2014', 'SlackBot 1.0 (+https://api.slack.com/robots)', 'kube-probe/1.30', 'Prometheus/2.53.1',
];

export const hosts = ['www.example.com', 'shop.example.com', 'api.example.org', 'blog.example.net:8080', 'localhost:8080', 'intranet', 'xn--mller-kva.example',
  'm.example.co.uk', '192.0.2.10'];
export const accepts = ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7',
  'application/json, text/plain, */*',
  '*/*', 'image/avif,image/webp,*/*', 'text/css,*/*;q=0.1', 'application/json',
    'text/xml,application/xml,application/xhtml+xml,text/html;q=0.9,text/plain;q=0.8,image/png,*/*;q=0.5'];
export const languages = ['en-US,en;q=0.9', 'de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7', 'fr-FR,fr;q=0.8,en-US;q=0.5,en;q=0.3', 'en', 'zh-CN,zh;q=0.9', 'es-ES,es;q=0.9',
  'pl,en-US;q=0.7,en;q=0.3', '*'];

const snippets = lines(String.raw`
  for (let i = 0; i < items.length; i++) { total += items[i].price * items[i].qty; }
  SELECT name, COUNT(*) FROM users WHERE created_at > '2024-01-01' GROUP BY name ORDER BY 2 DESC LIMIT 10;
  How do I join two tables in SQL? I tried "select a.id from a left join b on a.id = b.a_id where b.id is null" but it returns nothing.
  if (user && user.isAdmin || debug === true) { console.log("admin", user.name); }
  <?php echo htmlspecialchars($_GET['name']); ?>
  def main(argv): print("hello %s" % argv[1]); import os; os.path.join("a", "b")
  $ sudo apt-get update && sudo apt-get install nginx -y
  docker run --rm -it -v $(pwd):/app -p 8080:80 node:20 bash -c "npm ci && npm start"
  cat /var/log/syslog | grep -i error | tail -n 50
  git commit -m "fix: don't drop the table on update" && git push origin main
  #include <stdio.h> int main(void) { printf("%d\n", 1 << 4); return 0; }
  const el = document.getElementById('app'); el.addEventListener('click', () => alert('hi'));
  body { background: url("img/bg.png") no-repeat; color: #333; margin: 0 auto; }
  The equation a*x^2 + b*x + c = 0 has two roots if b^2 - 4ac > 0; e.g. x = (-b +/- sqrt(b^2-4ac))/(2a).
  public class Main { public static void main(String[] args) { System.out.println("x"); } }
  curl -X POST https://api.example.com/v1/items -H "Content-Type: application/json" -d '{"a":1}'
  try { JSON.parse(s) } catch (e) { throw new Error(e.message) }
  ls -la /etc/nginx/sites-enabled/; nano /etc/hosts; ping 8.8.8.8
  C:\Users\anna\Documents\report (final).docx
  \\fileserver\share\2024\budget.xlsx
  {{ user.name }} and {% if x %} are Jinja; ${"$"}{x} is JavaScript; #{x} is Ruby; <%= x %> is ERB.
  powershell Get-ChildItem -Path C:\ -Recurse | Where-Object { $_.Length -gt 1MB }
  Error: ENOENT: no such file or directory, open '/app/config/default.json' at Object.openSync (node:fs:603:3)
  java.lang.NullPointerException: Cannot invoke "String.length()" because "s" is null at com.example.Main.run(Main.java:42)
  Call me at +43 (0)316 123-456 or write to anna.keller+shop@example.com -- thanks!
  I would like to order 2 x "Rose Garden" (size 6' x 4'), please; is it in stock? If not, when?
  Re: Fwd: [Ticket #12345] Can't log in -- it says "invalid user or password" and then nothing happens...
  5 > 3 and 2 < 4 or not (1 = 2); true & false | true
  Mr. & Mrs. O'Neill; Tom's "best" friend; 50% off -- today only! <3
  | a | b |\n|---|---|\n| 1 | 2 |
  # Heading\n\n* item one\n* item two\n\n> quoted text\n\n[link](https://example.com/?a=1&b=2) and \`code\`
`);

const markup = lines(`
  <p>Welcome to our <strong>garden</strong> shop.</p>\n<p>We are <em>open</em> from 9 to 5.</p>
  <!-- wp:paragraph -->\n<p>Hello world &amp; friends</p>\n<!-- /wp:paragraph -->
  <!-- wp:image {"id":123,"sizeSlug":"large"} -->\n<figure class="wp-block-image"><img src="/wp-content/uploads/2024/05/rose.jpg" alt="A rose"/></figure>\n<!-- /wp:image -->
  <h2 style="text-align:center">Prices</h2><table border="1"><tr><td>Rose</td><td>&euro; 5</td></tr></table>
  <a href="https://www.example.com/a?b=c&amp;d=e" target="_blank" rel="noopener">link</a>
  <iframe width="560" height="315" src="https://www.youtube.com/embed/dQw4w9WgXcQ" frameborder="0" allowfullscreen></iframe>
  <div class="row" data-id="5" onclick="go(5)">x</div>
  <ul><li>one</li><li>two</li></ul><br /><hr>
  <img src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==" />
  <script src="https://cdn.example.com/a.js"></script><style>.a{color:red}</style>
  &lt;script&gt; is escaped &quot;here&quot; &#39;and&#39; &nbsp; there
`);

/** A source of honest values, by a seed. */
export class Values {
  readonly random: Random;

  constructor(random: Random) { this.random = random; }

  pick<T>(from: readonly T[]): T { return from[this.random.below(from.length)]!; }
  chance(percent: number): boolean { return this.random.below(100) < percent; }
  below(limit: number): number { return this.random.below(limit); }
  token(alphabet: string, length: number): string { return Array.from({ length }, () => alphabet[this.below(alphabet.length)]!).join(''); }
  hex(length: number): string { return this.token('0123456789abcdef', length); }
  alnum(length: number): string { return this.token('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', length); }
  base64(bytes: number): string { return Buffer.from(Array.from({ length: bytes }, () => this.below(256))).toString('base64'); }
  base64url(bytes: number): string { return Buffer.from(Array.from({ length: bytes }, () => this.below(256))).toString('base64url'); }
  number(digits = 1 + this.below(8)): string { return String(this.below(10 ** digits)); }
  uuid(): string { return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-a${this.hex(3)}-${this.hex(12)}`; }
  time(): string { return String(1_700_000_000 + this.below(50_000_000)); }
  date(): string { return `2024-0${1 + this.below(9)}-${10 + this.below(18)}`; }
  email(): string {
    return `${this.pick(['anna', 'tom.o\'neill', 'info', 'j_doe', 'maria-luisa'])}${this.below(100)}@${this.pick(['example.com', 'mail.example.org', 'xn--mller-kva.example'])}`; }
  phone(): string { return this.pick(['+43 316 123456', '(555) 123-4567', '0049-89-12345', '+1.212.555.0100']); }
  person(): string { return utf8(this.pick(["Anna O'Brien", 'José Núñez', 'Łukasz Żak', 'Müller, Hans-Peter', "Jean d'Arc", 'Bobby Tables', 'Null', '李小龙',
    'Nguyễn Văn A', 'Dr. Select & Sons'])); }

  words(count: number, tongue = this.chance(60) ? 'en' as const : this.pick(tongues)): string {
    return Array.from({ length: count }, () => this.pick(words[tongue])).join(' ');
  }

  /** Words with the marks of sentences. */
  prose(count: number): string {
    let text = '';
    for (let left = count; left > 0;) {
      const length = Math.min(left, 3 + this.below(12));
      text += this.words(length) + this.pick(['. ', '. ', ', ', '! ', '? ', '; ', ': ', ' - ', '...\r\n', '\r\n\r\n', '\n', ' (', ') ', '" ', ' "']);
      left -= length;
    }
    return text;
  }

  snippet(): string { return this.pick(snippets).replaceAll('\\n', '\n'); }
  markup(): string { return Array.from({ length: 1 + this.below(4) }, () => this.pick(markup).replaceAll('\\n', '\n')).join('\n'); }
  jwt(): string {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${part({ alg: 'RS256', typ: 'JWT', kid: this.hex(8) })}.${part({ sub: this.uuid(), iat: Number(this.time()), scope: 'openid profile' })}.${this.base64url(64)}`;
  }

  path(): string {
    return this.pick(['/', '/index.html', '/products/garden-shed-2x3', `/p/${this.number()}`, '/search',
      `/blog/2024/05/${this.words(3, 'en').replaceAll(/[^a-z]+/gi, '-')}`, '/wp-admin/admin-ajax.php',
      '/api/v1/users', `/api/v2/orders/${this.uuid()}`, `/static/js/main.${this.hex(8)}.chunk.js`, '/images/logo@2x.png', '/category/shoes,women/size-38',
        `/~anna/file%20(${this.below(9)}).pdf`, '/en-US/docs/Web/HTML',
      '/cgi-bin/search.cgi', '/index.php/component/users/', '/app;jsessionid=1A2B3C', '/a/b/../c.html', '//double//slash',
        `/tag/${encodeURIComponent(this.pick(['größe', 'c++', '日本', "rock'n'roll"]))}`, '/favicon.ico', '/.well-known/acme-challenge/x1']);
  }

  /** A cookie of a framework or of an analytics vendor, or one of a site's own. */
  cookie(): string {
    return this.pick([
      () => `_ga=GA1.2.${this.number(9)}.${this.time()}`,
      () => `_gid=GA1.2.${this.number(9)}.${this.time()}`,
      () => `_ga_${this.alnum(10).toUpperCase()}=GS1.1.${this.time()}.3.1.${this.time()}.60.0.0`,
      () => `_fbp=fb.1.${this.time()}123.${this.number(9)}`,
      () => `_gcl_au=1.1.${this.number(9)}.${this.time()}`,
      () => `PHPSESSID=${this.token('abcdefghijklmnopqrstuv0123456789', 26)}`,
      () => `JSESSIONID=${this.hex(32).toUpperCase()}.node1`,
      () => `ASP.NET_SessionId=${this.token('abcdefghijklmnopqrstuvwxyz012345', 24)}`,
      () => `.AspNetCore.Antiforgery.${this.alnum(11)}=CfDJ8${this.base64url(90)}`,
      () => `laravel_session=${encodeURIComponent(Buffer.from(JSON.stringify({ iv: this.base64(16), value: this.base64(64), mac: this.hex(64) })).toString('base64'))}`,
      () => `XSRF-TOKEN=${encodeURIComponent(this.base64(80))}`,
      () => `csrftoken=${this.alnum(64)}`,
      () => `connect.sid=s%3A${this.alnum(32)}.${encodeURIComponent(this.base64(32))}`,
      () => `wordpress_logged_in_${this.hex(32)}=admin%7C${this.time()}%7C${this.alnum(43)}%7C${this.hex(64)}`,
      () => `wp-settings-1=libraryContent%3Dbrowse%26editor%3Dtinymce%26hidetb%3D1`,
      () => `SSESS${this.hex(32)}=${this.base64url(32)}`,
      () => 'OptanonConsent=isGpcEnabled=0&datestamp=Mon+May+13+2024+10%3A11%3A12+GMT%2B0200+(Central+European+Summer+Time)&version=202402.1.0&isIABGlobal=false'
        + `&hosts=&consentId=${this.uuid()}&interactionCount=1&landingPath=NotLandingPage&groups=C0001%3A1%2CC0002%3A0`,
      () => `cookieconsent_status={"essential":true,"stats":false}`,
      () => `CookieConsent={stamp:%27${encodeURIComponent(this.base64(24))}%27%2Cnecessary:true%2Cpreferences:false%2Cver:1%2Cutc:${this.time()}000%2Cregion:%27de%27}`,
      () => `__utma=1.${this.number(9)}.${this.time()}.${this.time()}.${this.time()}.5`
        + `; __utmz=1.${this.time()}.1.1.utmcsr=google|utmccn=(organic)|utmcmd=organic|utmctr=garden%20shed`,
      () => `__cf_bm=${this.base64url(32)}-${this.time()}-1.0.1.1-${this.base64url(40)}`,
      () => `mp_${this.hex(32)}_mixpanel=%7B%22distinct_id%22%3A%20%22${this.uuid()}`
        + `%22%2C%22%24device_id%22%3A%20%22${this.uuid()}%22%2C%22%24initial_referrer%22%3A%20%22%24direct%22%7D`,
      () => `ajs_anonymous_id=%22${this.uuid()}%22`,
      () => `amplitude_id_${this.hex(8)}=${this.base64(60)}`,
      () => `intercom-session-${this.token('abcdefgh0123', 8)}=${this.base64(48)}--${this.hex(40)}`,
      () => `_hjSessionUser_${this.number(6)}=${this.base64(90)}`,
      () => `AMCV_${this.hex(24)}%40AdobeOrg=-1124106680%7CMCIDTS%7C19860%7CMCMID%7C${this.number(9)}${this.number(9)}%7CMCAID%7CNONE%7CvVersion%7C5.2.0`,
      () => `theme=dark`,
      () => 'lang=de_AT',
      () => `cart=${encodeURIComponent(JSON.stringify({ items: [{ id: this.below(999), qty: 1 }], total: 12.5 }))}`,
      () => `recently_viewed=${this.number()},${this.number()},${this.number()}`,
      () => `token=${this.jwt()}`,
      () => `last_search=${encodeURIComponent(this.words(2))}`,
      () => `tz=Europe/Vienna`,
      () => `visited=1`,
      () => `u=${encodeURIComponent(Buffer.from(this.person(), 'latin1').toString('utf8'))}`,
    ])();
  }
}
