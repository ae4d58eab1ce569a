// Requests as sites get them, by a seed: shops, content management, APIs, sign-on, beacons, uploads, WebDAV, SOAP, mail-like text and
// source text in posts; and the well-known attacks, in the places and encodings in which they arrive. Milder than generator.ts, which is
// hard on purpose. Values: traffic-values.ts, traffic-attacks.ts.
import { Random } from '../../waf/pattern-samples.ts';
import { plainResponse, type Exchange } from './judge.ts';
import { families, scanners, wrapped, type Place } from './traffic-attacks.ts';
import { accepts, agents, hosts, languages, utf8, Values } from './traffic-values.ts';

interface Draft { method: string; target: string; headers: [string, string][]; body: string }
type Pair = readonly [string, string];

/** Percent-encoding as forms do it (`form`), or as encodeURIComponent. The text is bytes already. */
function encoded(text: string, form: boolean): string {
  let out = '';
  for (const char of text) {
    if (/[\w.*-]/.test(char) || (!form && "~!'()".includes(char))) out += char;
    else if (form && char === ' ') out += '+';
    else out += `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

const formOf = (pairs: readonly Pair[], form = true): string => pairs.map(([name, value]) => `${encoded(name, form)}=${encoded(value, form)}`).join('&');
/** JSON of latin1 bytes: strings in it are bytes of UTF-8 already. */
const json = (value: unknown): string => JSON.stringify(value);

export class TrafficMaker {
  private readonly v: Values;
  /** Of a hundred requests, how many carry an attack. */
  private readonly hostility: number;

  constructor(seed: number, hostility: number) {
    this.v = new Values(new Random(seed));
    this.hostility = hostility;
  }

  next(): Exchange {
    const draft = this.v.pick(this.kinds).call(this);
    if (this.v.chance(this.hostility)) this.attack(draft);
    if (draft.body !== '' || draft.method === 'POST' || draft.method === 'PUT') draft.headers.push(['Content-Length', String(draft.body.length)]);
    return { ...draft, version: this.v.chance(97) ? '1.1' : '1.0', response: plainResponse };
  }

  private draft(method: string, target: string, type = '', body = ''): Draft {
    const { v } = this;
    const headers: [string, string][] = [['Host', v.pick(hosts)], ['User-Agent', v.pick(agents)], ['Accept', v.pick(accepts)]];
    if (v.chance(85)) headers.push(['Accept-Language', v.pick(languages)], ['Accept-Encoding', v.pick(['gzip, deflate, br, zstd', 'gzip, deflate', 'gzip'])]);
    if (v.chance(45)) headers.push(['Referer', this.referer()]);
    if (v.chance(60)) headers.push(['Cookie', Array.from({ length: 1 + v.below(8) }, () => v.cookie()).join('; ')]);
    if (v.chance(30)) headers.push(['Sec-Fetch-Site', 'same-origin'], ['Sec-Fetch-Mode', 'cors'], ['sec-ch-ua',
      '"Chromium";v="128", "Not;A=Brand";v="24", "Google Chrome";v="128"'], ['sec-ch-ua-platform', '"Windows"']);
    if (v.chance(15)) headers.push(['X-Requested-With', 'XMLHttpRequest']);
    if (v.chance(10)) headers.push(['X-Forwarded-For', v.pick(['203.0.113.7', '203.0.113.7, 198.51.100.2', '2001:db8::7'])], ['X-Forwarded-Proto', 'https']);
    if (v.chance(10)) headers.push(['Origin', v.pick(['https://www.example.com', 'null', 'http://localhost:3000'])]);
    if (v.chance(8)) headers.push(['If-None-Match', `W/"${v.hex(16)}"`]);
    if (v.chance(8)) headers.push(['Range', v.pick(['bytes=0-', 'bytes=0-1023', 'bytes=500-999,1000-1499'])]);
    if (v.chance(8)) headers.push(['Cache-Control', v.pick(['no-cache', 'max-age=0'])]);
    headers.push(['Connection', v.pick(['keep-alive', 'keep-alive', 'close'])]);
    if (type !== '') headers.push(['Content-Type', type]);
    return { method, target, headers, body };
  }

  private referer(): string {
    const { v } = this;
    return v.pick([`https://www.google.com/`, `https://www.example.com${v.path()}`,
      `https://www.google.com/search?q=${encoded(v.words(3), true)}&oq=${encoded(v.words(2), true)}&sourceid=chrome&ie=UTF-8`,
      `https://www.example.com/login?next=${encoded(`/account?tab=orders&page=${v.number(2)}`, false)}`,
        `https://l.facebook.com/l.php?u=${encoded(`https://www.example.com/?utm_source=fb&fbclid=${v.base64url(40)}`, false)}&h=AT${v.base64url(30)}`,
        'android-app://com.google.android.gm/',
      `https://t.co/${v.alnum(10)}`, `https://www.bing.com/search?q=${encoded(utf8('größe schuhe'), true)}&form=QBLH`, 'http://localhost:3000/#/home']);
  }

  private tracking(): Pair[] {
    const { v } = this;
    return v.pick<Pair[]>([[['utm_source', 'newsletter'], ['utm_medium', 'email'], ['utm_campaign', `Summer Sale ${v.date()}`]], [['gclid',
      `Cj0KCQ${v.base64url(60)}`]], [['fbclid', `IwAR${v.base64url(45)}`]], [['_ga', `2.${v.number(9)}.${v.number(9)}`], ['_gl',
      `1*${v.alnum(6)}*_ga*${v.base64url(8)}`]], [['mc_cid', v.hex(10)], ['mc_eid', v.hex(10)]], []]);
  }

  /** The kinds of requests; some stand twice because they are frequent. */
  private readonly kinds: readonly (() => Draft)[] = [
    this.page, this.page, this.asset, this.search, this.search, this.shop, this.login, this.contact, this.post, this.wordPress, this.drupal, this.graphQl, this.rest,
      this.rest, this.restRead,
    this.oauth, this.saml, this.beacon, this.beacon, this.upload, this.webDav, this.soap, this.blob, this.dotNet, this.jsonRpc, this.csic, this.feed, this.mobile,
  ];

  private page(): Draft { const { v } = this; const pairs = v.chance(50) ? this.tracking() : []; return this.draft(v.pick(['GET', 'GET', 'GET', 'HEAD']), v.path() +
    (pairs.length > 0 ? `?${formOf(pairs)}` : '')); }

  private asset(): Draft { const { v } = this; return this.draft('GET', v.pick([`/static/css/main.${v.hex(8)}.css`,
    `/wp-content/plugins/contact-form-7/includes/js/index.js?ver=5.9.8`, `/wp-includes/css/dist/block-library/style.min.css?ver=6.6.1`,
    `/media/cache/${v.hex(2)}/${v.hex(32)}.jpg?w=640&h=480&fit=crop&q=75`, `/_next/image?url=${encoded('/img/hero.png', false)}&w=1920&q=75`, '/fonts/inter.woff2',
    `/sites/default/files/css/css_${v.base64url(32)}.css?delta=0&language=en&theme=olivero&include=${v.base64url(60)}`, '/robots.txt', '/sitemap.xml'])); }

  private search(): Draft {
    const { v } = this;
    const query = v.pick([() => v.words(1 + v.below(6)), () => v.words(2, 'en'), () => v.person(), () => v.snippet(), () =>
      `"${v.words(2, 'en')}" -${v.words(1, 'en')}`, () => v.email(), () => `${v.number()} ${v.words(1)}`])();
    return this.draft('GET',
      `${v.pick(['/search', '/catalogsearch/result/', '/suche', '/api/search', '/'])}?${formOf([[v.pick(['q', 's', 'query', 'search', 'term']), query],
        ...(v.chance(60) ? [['page', v.number(2)], ['sort', v.pick(['price_asc', '-date', 'name:desc', 'relevance'])]] as Pair[] : []), ...(v.chance(30) ?
        [['filter[color][]', 'red'], ['price', '10..50'], ['fq', 'brand:(nike OR adidas)']] as Pair[] : [])], v.chance(60))}`);
  }

  private shop(): Draft {
    const { v } = this;
    if (v.chance(50)) return this.draft('GET',
      `/products?${formOf([['category', v.pick(['women>shoes', 'Home & Garden', 'tv/audio'])], ['price_from', '10'], ['price_to', '99.90'], ['order', 'price desc'],
        ['attr_size', '38,39,40'], ['view', 'grid'], ...this.tracking()])}`);
    return this.draft('POST', v.pick(['/cart/add', '/checkout/address', '/index.php?route=checkout/cart/add']), 'application/x-www-form-urlencoded; charset=UTF-8',
      formOf([['form_key', v.alnum(16)], ['product', v.number(5)], ['qty', '1'], ['options[123]', v.words(1)], ['firstname', v.person()], ['street[]',
      utf8('Rosenstraße 5/12')], ['city', v.pick(['Graz', utf8('Zürich'), "L'Aquila"])], ['postcode', 'SW1A 1AA'], ['telephone', v.phone()], ['email', v.email()],
      ['comment', v.prose(v.below(40))], ['region', '']]));
  }

  private login(): Draft { const { v } = this; return this.draft('POST', v.pick(['/login', '/wp-login.php', '/users/sign_in', '/j_spring_security_check']),
    'application/x-www-form-urlencoded', formOf([['authenticity_token', v.base64(64)], ['user[email]', v.email()], ['password', v.pick(["correct horse battery staple",
    "P@ssw0rd!'1", 'x"y<z>&', '$ecret;1=1', "it's--mine", '(a|b)*c', 'Tr0ub4dor&3'])], ['remember_me', 'on'], ['redirect_to',
    'https://www.example.com/account?x=1&y=2']])); }

  private contact(): Draft { const { v } = this; return this.draft('POST', '/contact', 'application/x-www-form-urlencoded', formOf([['name', v.person()], ['email',
    v.email()], ['subject', v.words(4)], ['message', v.pick([v.prose(20 + v.below(150)), v.snippet(),
    `${v.prose(20)}\r\n\r\n> ${v.prose(10)}\r\n-- \r\n${v.person()}\r\n${v.phone()}`])], ['g-recaptcha-response', `03A${v.base64url(200)}`], ['website',
    'http://www.example.com']])); }

  private post(): Draft { const { v } = this; return this.draft('POST', v.pick(['/forum/posting.php?mode=reply&f=2&t=' + v.number(4), '/comments', '/api/v4/posts']),
    'application/x-www-form-urlencoded', formOf([['subject', `Re: ${v.words(5)}`], ['message', Array.from({ length: 1 + v.below(4) }, () => v.pick([v.prose(30),
    v.snippet(), `[code]${v.snippet()}[/code]`, `[quote="${v.words(1)}"]${v.prose(8)}[/quote]`,
    `https://www.example.com/${v.words(1, 'en')}?a=${v.number()}&b=c#frag`])).join('\r\n')], ['post', 'Submit'], ['creation_time', v.time()], ['form_token',
    v.hex(40)]])); }

  private wordPress(): Draft {
    const { v } = this;
    if (v.chance(40)) return this.draft('POST', '/wp-admin/admin-ajax.php', 'application/x-www-form-urlencoded; charset=UTF-8', formOf(v.pick<Pair[]>([[['action',
      'heartbeat'], ['data[wp-refresh-post-lock][post_id]', '12'], ['interval', '60'], ['_nonce', v.hex(10)], ['screen_id', 'post'], ['has_focus', 'false']],
      [['action', 'elementor_ajax'], ['actions', json({ save_builder: { action: 'save_builder', data: { status: 'publish', elements: [{ id: v.hex(7),
      elType: 'section', settings: { title: v.words(3), editor: v.markup(), _css_classes: 'a b' } }] } } })], ['_nonce', v.hex(10)]], [['action', 'query-attachments'],
      ['post_id', '0'], ['query[orderby]', 'date'], ['query[order]', 'DESC'], ['query[posts_per_page]', '80'], ['query[paged]', '1']]])));
    if (v.chance(40)) return this.draft('POST', `/wp-json/wp/v2/posts/${v.number(3)}?_locale=user`, 'application/json', json({ id: 12, title: v.words(5),
      content: v.markup(), excerpt: v.prose(12), status: 'publish', categories: [1, 2], meta: { _edit_lock: `${v.time()}:1`, footnotes: '' } }));
    return this.draft('POST', '/wp-admin/post.php', 'application/x-www-form-urlencoded', formOf([['_wpnonce', v.hex(10)], ['_wp_http_referer',
      '/wp-admin/post.php?post=12&action=edit'], ['user_ID', '1'], ['action', 'editpost'], ['post_title', v.words(6)], ['content', v.markup()], ['post_status',
      'publish'], ['tax_input[post_tag]', 'rose, garden'], ['meta[5][value]', 'a:1:{s:3:"key";s:5:"value";}'], ['advanced_view', '1']]));
  }

  private drupal(): Draft { const { v } = this; return this.draft('POST', v.pick(['/node/12/edit', '/user/1/edit?destination=/admin/people',
    '/views/ajax?_wrapper_format=drupal_ajax', '/joomla/administrator/index.php?option=com_content&layout=edit&id=5',
    '/typo3/index.php?route=%2Frecord%2Fcommit&token=' + v.hex(40)]), 'application/x-www-form-urlencoded', formOf([['title[0][value]', v.words(4)], ['body[0][value]',
    v.markup()], ['body[0][format]', 'full_html'], ['form_build_id', `form-${v.base64url(32)}`], ['form_token', v.base64url(32)], ['form_id',
    'node_article_edit_form'], ['jform[articletext]', v.markup()], ['jform[params][show_title]', ''], ['path[0][alias]', '/about/us'], ['op', 'Save'],
    ['ajax_page_state[libraries]', 'core/drupal.ajax,system/base,views/views.module'], ['_triggering_element_name', 'op']])); }

  private graphQl(): Draft {
    const { v } = this;
    const query = v.pick(['query GetUser($id: ID!) { user(id: $id) { id name email orders(first: 10, where: { status: OPEN }) { edges { node { id total } } } } }',
      'mutation M($input: CreatePostInput!) { createPost(input: $input) { post { id slug } errors { field message } } }',
      '{ products(filter: {price: {gt: 10, lt: 50}}, sort: PRICE_ASC) { items { sku name price_range { minimum_price { regular_price { value } } } } } }',
      'query IntrospectionQuery { __schema { queryType { name } types { ...FullType } } } fragment FullType on __Type { kind name }',
      'subscription OnEvent { event { id __typename } }']);
    if (v.chance(20)) return this.draft('GET', `/graphql?${formOf([['query', query], ['variables', json({ id: v.number() })]], false)}`);
    return this.draft('POST', '/graphql', 'application/json', json({ operationName: null, variables: { id: v.uuid(), input: { title: v.words(5),
      body: v.pick([v.markup(), v.prose(40), v.snippet()]), tags: ['a', 'b'] } }, query }));
  }

  private tree(depth: number): unknown {
    const { v } = this;
    switch (v.below(depth > 2 ? 6 : 9)) {
      case 0: return Number(v.number()); case 1: return v.chance(50); case 2: return null; case 3: return v.pick([v.words(2), v.person(), v.email(), v.phone()]);
        case 4: return v.pick([v.uuid(), `${v.date()}T10:20:30.000Z`, v.base64(30), v.jwt(), `https://www.example.com${v.path()}`]);
        case 5: return v.pick([v.prose(20), v.snippet(), v.markup(), 'true', '', '12.50', '#ff8800']);
      case 6: return Array.from({ length: v.below(5) }, () => this.tree(depth + 1));
      default: return Object.fromEntries(Array.from({ length: 1 + v.below(6) }, () => [v.pick(['id', 'name', 'title', 'description', 'createdAt', 'user_id', 'items',
        'meta', 'isActive', '$type', '@id', '_links', 'x-y', 'address.street', 'from', 'select', 'where', 'value', 'html', 'code', 'url', 'eval']), this.tree(depth +
        1)]));
    }
  }

  private rest(): Draft { const { v } = this; const draft = this.draft(v.pick(['POST', 'PUT', 'PATCH', 'DELETE']), v.pick(['/api/v1/users', `/api/orders/${v.uuid()}`,
    `/rest/V1/carts/mine/items?fields=id,sku`, '/api/batch']), v.pick(['application/json', 'application/json; charset=utf-8', 'application/vnd.api+json',
    'application/merge-patch+json', 'application/json;charset=UTF-8']), json({ data: this.tree(0), ...(v.chance(40) ? { note: v.prose(10) } : {}) }));
    if (v.chance(50)) draft.headers.push(['Authorization', v.pick([`Bearer ${v.jwt()}`, 'Basic dXNlcjpwYXNzd29yZA==',
    `AWS4-HMAC-SHA256 Credential=AKIA${v.alnum(16)}/20240517/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=${v.hex(64)}`])]); return draft; }

  private restRead(): Draft { const { v } = this; return this.draft('GET',
    v.pick([`/odata/Products?$filter=${encoded("Price gt 20 and Name eq 'Rose'", false)}&$orderby=Name desc&$top=10&$select=Id,Name`.replaceAll(' ', '%20'),
    `/api/items?where=${encoded(json({ price: { $gt: 5 }, name: v.words(1) }), false)}&limit=10`,
    `/jira/rest/api/2/search?jql=${encoded('project = ABC AND status in ("Open", "In Progress") ORDER BY created DESC', true)}&maxResults=50`,
    `/solr/core/select?q=${encoded('title:(garden OR rose) AND -draft:true', true)}&fl=*,score&wt=json&rows=10`,
    `/api/users?ids[]=${v.number()}&ids[]=${v.number()}&include=roles,permissions&fields[users]=name,email`,
    `/render?target=${encoded("summarize(sumSeries(servers.*.cpu),'1h','avg')", false)}&from=-24h&until=now&format=json`,
    `/api/v1/query?query=${encoded('sum(rate(http_requests_total{job="api",code=~"5.."}[5m])) by (code) > 0', false)}&time=${v.time()}`,
    `/maps/tile?bbox=${v.number(3)}.5,-${v.number(2)}.25,${v.number(3)}.75,${v.number(2)}.5&srs=EPSG:4326&layers=roads,water`,
    `/api/time?tz=Europe/Vienna&format=YYYY-MM-DD'T'HH:mm`])); }

  private oauth(): Draft {
    const { v } = this;
    if (v.chance(60)) return this.draft('GET',
      v.pick([`/oauth/callback?${formOf([['code', `4/0A${v.base64url(60)}`], ['scope', 'email profile https://www.googleapis.com/auth/userinfo.email openid'],
        ['state', v.base64(30)], ['authuser', '0'], ['prompt', 'consent']], false)}`, `/authorize?${formOf([['client_id', v.uuid()], ['redirect_uri',
        'https://app.example.com/cb?x=1'], ['response_type', 'code id_token'], ['scope', 'openid profile offline_access'], ['nonce', v.base64url(24)],
        ['code_challenge', v.base64url(32)], ['code_challenge_method', 'S256'], ['claims', json({ id_token: { email: null } })]],
        false)}`, `/cb?error=access_denied&error_description=${encoded("The user's consent was denied (AADSTS65004).", true)}&id_token=${v.jwt()}`]));
    return this.draft('POST', '/oauth/token', 'application/x-www-form-urlencoded', formOf([['grant_type', v.pick(['authorization_code', 'refresh_token',
      'urn:ietf:params:oauth:grant-type:jwt-bearer'])], ['code', v.base64url(40)], ['redirect_uri', 'https://app.example.com/cb'], ['client_secret', v.base64(32)],
      ['assertion', v.jwt()], ['code_verifier', v.base64url(48)]]));
  }

  private saml(): Draft { const { v } = this;
    const xml = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_${v.hex(32)}" IssueInstant="${v.date()}T10:00:00Z">`
      + `<saml:Issuer>https://idp.example.com</saml:Issuer><ds:SignatureValue>${v.base64(128)}</ds:SignatureValue></samlp:Response>`;
    if (v.chance(70)) {
      return this.draft('POST', '/saml/acs', 'application/x-www-form-urlencoded', formOf([
        ['SAMLResponse', Buffer.from(xml).toString('base64')], ['RelayState', v.pick(['https://app.example.com/?a=b', `cookie:${v.hex(16)}`, '/'])]]));
    }
    const algorithm = encoded('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', false);
    return this.draft('GET', `/sso?SAMLRequest=${encoded(v.base64(220), false)}&SigAlg=${algorithm}&Signature=${encoded(v.base64(256), false)}`);
  }

  private beacon(): Draft {
    const { v } = this;
    const url = `https://www.example.com${v.path()}`;
    if (v.chance(60)) return this.draft('GET',
      v.pick([`/g/collect?${formOf([['v', '2'], ['tid', `G-${v.alnum(10)}`], ['gtm', `45je4580v${v.number(9)}za200`], ['_p', v.time()], ['cid',
        `${v.number(9)}.${v.time()}`], ['ul', 'en-us'], ['sr', '1920x1080'], ['uaa', 'x86'], ['uafvl', 'Chromium;128.0.6613.84|Not%3BA%3DBrand;24.0.0.0'], ['dl', url],
        ['dr', this.referer()], ['dt', `${v.words(4)} | Shop`], ['en', 'page_view'], ['ep.items', 'id1~nmRose~pr12.5']],
        false)}`, `/matomo.php?${formOf([['action_name', v.words(3)], ['idsite', '1'], ['rec', '1'], ['url', url], ['urlref', this.referer()], ['_id', v.hex(16)],
        ['res', '1536x864'], ['cvar', json({ 1: ['a', 'b'] })]], false)}`, `/tr/?${formOf([['id', v.number(9)], ['ev', 'PageView'], ['dl', url], ['rl', ''], ['if',
        'false'], ['cd[content_ids]', json(['a1', 'b2'])], ['cd[value]', '9.99'], ['ud[em]', v.hex(64)]],
        false)}`, `/pixel.gif?e=${v.base64url(120)}&t=${v.time()}&r=0.${v.number(9)}`]));
    return this.draft('POST', v.pick(['/api/v2/envelope/?sentry_key=' + v.hex(32) + '&sentry_version=7', '/beacon', '/_vercel/insights/event', '/cdn-cgi/rum?']),
      v.pick(['text/plain;charset=UTF-8', 'application/json', 'application/x-www-form-urlencoded']), v.pick([json({ e: 'click', t: Number(v.time()), p: url,
      props: this.tree(1),
      stack: 'TypeError: Cannot read properties of undefined (reading "x")\n    at t.render (https://www.example.com/static/js/main.js:2:31337)' }),
      `{"event_id":"${v.hex(32)}","sent_at":"${v.date()}T10:20:30.000Z"}\n{"type":"event"}\n${json({ exception: { values: [{ type: 'ReferenceError',
        value: 'foo is not defined' }] } })}`]));
  }

  private multipart(parts: readonly (readonly [string, string, string?, string?])[]): Draft {
    const { v } = this;
    const boundary = v.pick([`----WebKitFormBoundary${v.alnum(16)}`, `---------------------------${v.number(9)}${v.number(9)}`, `geckoformboundary${v.hex(24)}`]);
    const body = parts.map(([name, value, file, type]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file === undefined ? '' : `; filename="${file}"`}\r\n${type === undefined ?
        '' : `Content-Type: ${type}\r\n`}\r\n${value}\r\n`).join('');
    return this.draft('POST', v.pick(['/upload', '/wp-admin/async-upload.php', '/api/files', '/profile/avatar']), `multipart/form-data; boundary=${boundary}`,
      `${body}--${boundary}--\r\n`);
  }

  private upload(): Draft {
    const { v } = this;
    const file = v.pick<readonly [string, string, string, string]>([['file', v.token('\x00\x01\xff\xd8\xe0JFIF abc\x80', 300), 'IMG_2034.jpg', 'image/jpeg'],
      ['async-upload', `%PDF-1.7\n${v.token('abc \n<>/[]()', 300)}`, utf8('Angebot Größe (2).pdf'), 'application/pdf'], ['data',
      `name;price\r\n"Rose; red";5\r\n=SUM(A1:A9);2\r\n`, 'list.csv', 'text/csv'], ['avatar',
      '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h24v24H0z"/></svg>', 'icon.svg', 'image/svg+xml'], ['attachment', '', '', 'application/octet-stream'],
      ['doc', v.prose(60), 'notes.txt', 'text/plain'], ['config', '{"a":1}', 'blob', 'application/json'], ['file', `PK\x03\x04${v.token('\x00\x01\x02abc', 200)}`,
      "Tom's report.docx", 'application/vnd.openxmlformats-officedocument.wordprocessingml.document']]);
    return this.multipart([['name', v.person()], ['action', 'upload-attachment'], ['description', v.chance(50) ? v.words(6) : v.prose(20).replaceAll(/[\r\n]+/g, ' ')],
      ['_wpnonce', v.hex(10)], file]);
  }

  private webDav(): Draft { const { v } = this; return v.pick([() => this.draft('PROPFIND', '/remote.php/dav/files/anna/', 'application/xml; charset=utf-8',
    '<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><d:getlastmodified/><d:getetag/><oc:id/></d:prop></d:propfind>'), () =>
    this.draft('OPTIONS', '/'), () => this.draft('PUT', `/dav/${encoded(v.words(1), false)}.txt`, 'text/plain', v.prose(30)), () => this.draft('MKCOL',
    '/dav/new%20folder'), () => this.draft('REPORT', '/caldav/calendar/', 'text/xml',
    '<?xml version="1.0"?><C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
      + '<D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>')])(); }

  private soap(): Draft { const { v } = this; const text = v.pick([v.person(), v.words(3), v.email(), v.number()]).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    const draft = this.draft('POST', '/services/OrderService', v.pick(['text/xml; charset=utf-8', 'application/soap+xml; charset=utf-8', 'application/xml']),
    `<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">\n`
      + `  <soap:Header/>\n  <soap:Body>\n    <m:GetOrder xmlns:m="urn:orders"><m:Id>${v.number()}</m:Id><m:Name lang="en">${text}</m:Name>`
      + `<m:Note><![CDATA[${v.prose(8).replaceAll(']]>', '')}]]></m:Note>`
      + `</m:GetOrder>\n  </soap:Body>\n</soap:Envelope>`); draft.headers.push(['SOAPAction', '"urn:orders#GetOrder"']); return draft; }

  private blob(): Draft { const { v } = this; return v.pick([() => this.draft('POST', '/api/state', 'application/x-www-form-urlencoded', formOf([['data',
    v.base64(400)], ['sig', v.hex(64)], ['z', v.base64url(90)]])), () => this.draft('POST', '/socket.io/?EIO=4&transport=polling&t=' + v.alnum(7) + '&sid=' +
    v.base64url(15), 'text/plain;charset=UTF-8', `42["message",${json(this.tree(1))}]`), () => this.draft('POST', '/api/protobuf', 'application/x-protobuf',
    v.token('\x08\x96\x01\x12\x07testing\x00\xff', 120)), () => this.draft('POST', '/grpc.Service/Method', 'application/grpc',
    `\x00\x00\x00\x00\x05${v.token('\x08\x01\x12abc', 5)}`)])(); }

  private dotNet(): Draft { const { v } = this; return this.draft('POST', '/Default.aspx?ReturnUrl=%2fAccount%2fManage', 'application/x-www-form-urlencoded',
    formOf([['__VIEWSTATE', `/wEPDwUK${v.base64(300)}`], ['__VIEWSTATEGENERATOR', v.hex(8).toUpperCase()], ['__EVENTVALIDATION', `/wEdAA${v.base64(120)}`],
    ['__EVENTTARGET', 'ctl00$MainContent$GridView1'], ['__EVENTARGUMENT', 'Page$2'], ['ctl00$MainContent$txtName', v.person()], ['ctl00$MainContent$ddl', '1']])); }

  private jsonRpc(): Draft { const { v } = this; return this.draft('POST', v.pick(['/jsonrpc', '/web/dataset/call_kw', '/_bulk', '/index/_search']),
    v.pick(['application/json', 'application/x-ndjson']), v.pick([json({ jsonrpc: '2.0', method: 'call', id: 1, params: { model: 'res.partner', method: 'search_read',
    args: [[['name', 'ilike', v.words(1)], ['active', '=', true]]], kwargs: { fields: ['id', 'name'], limit: 80, order: 'name asc' } } }), json({ query: { bool: {
    must: [{ match: { title: v.words(2) } }, { range: { price: { gte: 10, lte: 50 } } }], should: [{ query_string: { query: 'rose AND (red OR white)' } }] } }, aggs: {
    a: { terms: { field: 'brand.keyword', size: 10 } } }, script_fields: { p: { script: "doc['price'].value * 2" } } }),
    `{"index":{"_id":"1"}}\n{"a":"${v.words(1, 'en').replaceAll(/["\\]/g, '')}"}\n`])); }

  /** In the manner of the published sets of shop requests with odd parameters. */
  private csic(): Draft { const { v } = this; const pairs: Pair[] = [['modo', v.pick(['entrar', 'registro', 'insertar'])], ['login', v.words(1, 'es')], ['pwd',
    v.pick(['Tr4mp0s0', 'a{b}c', 'x;y', 'ol?vido'])], ['nombre', utf8('Vino Rioja')], ['apellidos', utf8('Núñez Peña')], ['precio', '85'], ['cantidad', v.number(2)],
    ['dni', '52474449D'], ['direccion', utf8('C/ Mayor, 12, 3ºB')], ['ntc', v.number(9)], ['B1', utf8('Añadir al carrito')], [v.pick(['provincia', 'B2A', 'remember']),
    v.pick(['Madrid', '', 'off'])]]; return v.chance(50) ? this.draft('GET', `/tienda1/publico/anadir.jsp?${formOf(pairs)}`) : this.draft('POST',
    '/tienda1/publico/registro.jsp', 'application/x-www-form-urlencoded', formOf(pairs)); }

  private feed(): Draft { const { v } = this; return this.draft('GET', v.pick(['/feed/?paged=2', '/xmlrpc.php?rsd',
    `/oembed?url=${encoded(`https://www.example.com${v.path()}`, false)}&format=json`, `/download.php?file=report_${v.date()}.pdf&type=application/pdf`,
    `/redirect?to=${encoded('https://partner.example.net/a?b=c', false)}`, `/print?doc=/docs/2024/a%20b.doc`, `/calendar.ics?from=${v.date()}&to=${v.date()}`,
    `/image.php?src=../images/a.png&w=10`, '/?p=12&preview=true', '/index.php?id=12&L=1&cHash=' + v.hex(32),
    `/share?text=${encoded(v.words(6), true)}&url=${encoded('https://example.com/?a=1&b=2', false)}&via=x`])); }

  private mobile(): Draft { const { v } = this; const draft = this.draft('POST', '/api/mobile/v3/events', 'application/json; charset=utf-8', json({ device: {
    model: 'SM-S918B', os: 'Android 14', id: v.hex(16), locale: 'de_AT' }, events: Array.from({ length: 1 + v.below(5) }, () => ({ type: v.pick(['screen_view', 'tap',
    'error']), ts: Number(v.time()), params: this.tree(1) })), pushToken: `${v.base64url(16)}:APA91b${v.base64url(100)}` })); draft.headers.push(['X-App-Version',
    '4.2.1'], ['X-Device-Id', v.uuid()], ['Authorization', `Bearer ${v.jwt()}`]); return draft; }

  private attack(draft: Draft): void {
    const { v } = this;
    const family = v.pick(families);
    const sample = v.pick(family.values);
    const value = v.chance(60) ? sample : wrapped(v, v.chance(15) ? wrapped(v, sample) : sample);
    this.place(draft, v.pick(family.places), value);
    if (v.chance(6)) draft.headers = draft.headers.map(([name, text]) => (name === 'User-Agent' ? [name, v.pick(scanners)] : [name, text]));
  }

  private place(draft: Draft, place: Place, value: string): void {
    const { v } = this;
    const inLine = value.replaceAll(/[\r\n\x00]/g, ' ');
    const name = v.pick(['id', 'q', 'file', 'page', 'url', 'name', 'cmd', 'data', 'cat', 'lang', 'user[name]', 'callback', 'x']);
    const wire = v.chance(75) ? encoded(value, v.chance(50)) : inLine.replaceAll(/[ #&+]/g, (c) => encoded(c, false));
    const type = draft.headers.find(([field]) => field === 'Content-Type')?.[1] ?? '';
    switch (place) {
      case 'name': draft.target += `${draft.target.includes('?') ? '&' : '?'}${wire}=${v.pick(['1', '', 'x'])}`; break;
      case 'cookie': draft.headers.push(['Cookie', `${name.replace(/\W.*/, '')}=${v.chance(60) ? encoded(value, false) : inLine.replaceAll(';', '%3B')}`]); break;
      case 'header': { const field = v.pick(['User-Agent', 'Referer', 'X-Forwarded-For', 'X-Api-Version', 'Accept-Language', 'Origin']);
        draft.headers = draft.headers.filter(([known]) => known !== field); draft.headers.push([field, field === 'Referer' ?
        `https://www.example.com/?q=${wire}` : inLine]); break; }
      case 'path': draft.target = `/${v.pick(['files/', 'a/', ''])}${v.chance(60) ? inLine.replaceAll(/[ ?#]/g, (c) => encoded(c, false)) : wire}`; break;
      case 'json': Object.assign(draft, this.draft('POST', '/api/v1/items', 'application/json', json({ [name]: value, other: this.tree(2) }))); break;
      case 'xml': Object.assign(draft, this.draft('POST', '/services', 'application/xml',
        `<?xml version="1.0"?>\n${value.startsWith('<!') ? value : `<a b="${inLine.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"',
          '&quot;')}">${value.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</a>`}`)); break;
      case 'file': Object.assign(draft, this.multipart([['name', v.words(1)], ['upload', v.prose(5), inLine.replaceAll('"', '%22'), 'application/octet-stream']])); break;
      default:
        if (type.includes('urlencoded') && v.chance(70)) draft.body += `&${encoded(name, true)}=${wire}`;
        else draft.target += `${draft.target.includes('?') ? '&' : '?'}${encoded(name, true)}=${wire}`;
    }
  }
}
