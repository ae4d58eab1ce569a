// The requests that the WAF benchmarks send: ordinary ones of several kinds, and one attack. Argument and cookie values
// vary with `n`, so that caches of values do not flatter the result; header fields are those of one browser.

export interface BenchRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

const browser: readonly (readonly [string, string])[] = [
  ['Host', 'www.example.com'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36'],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.7'],
  ['Accept-Encoding', 'gzip, deflate, br'],
  ['Connection', 'keep-alive'],
  ['Referer', 'https://www.example.com/products/garden'],
];

function digits(n: number, count: number): string {
  return String((n * 2654435761) % 10 ** count).padStart(count, '0');
}

function cookie(n: number): readonly [string, string] {
  return ['Cookie', `session=${digits(n, 9)}f3a9c1d27b${digits(n + 7, 8)}; theme=dark; visitor=v${digits(n, 8)}`];
}

function withBody(type: string, body: string, n: number): readonly (readonly [string, string])[] {
  return [...browser, cookie(n), ['Content-Type', type], ['Content-Length', String(Buffer.byteLength(body))]];
}

function jsonBody(n: number): string {
  const items = Array.from({ length: 12 }, (_, i) => ({ sku: `GT-${digits(n + i, 5)}`, name: `Garden tool number ${i}`,
    quantity: i + 1, price: 12.5 + i, tags: ['garden', 'steel'] }));
  return JSON.stringify({
    order: Number(digits(n, 6)), customer: { name: 'Anna Keller', email: `anna${digits(n, 4)}@example.com`, city: 'Graz' },
    items, note: 'Please deliver in the morning',
  });
}

function multipartBody(n: number): string {
  const part = (name: string, value: string): string => `--bound7Ma4YWxk\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const file = `--bound7Ma4YWxk\r\nContent-Disposition: form-data; name="photo"; filename="garden${digits(n, 4)}.txt"\r\n`
    + `Content-Type: text/plain\r\n\r\n${'A line of plain text about roses and tulips.\r\n'.repeat(18)}\r\n`;
  return `${part('title', `My garden ${digits(n, 5)}`)}${part('album', 'summer')}${file}--bound7Ma4YWxk--\r\n`;
}

/** Text that looks like text: words of ordinary length. */
function prose(n: number, length: number): string {
  const words = ['garden', 'river', 'mountain', 'window', 'evening', 'letter', 'number', 'people', 'winter', 'summer'];
  let text = digits(n, 6);
  for (let i = 0; text.length < length; i++) text += `+${words[(n + i * 7) % words.length]!}`;
  return text.slice(0, length);
}

export const benchCases: Readonly<Record<string, (n: number) => BenchRequest>> = {
  'browser GET, 4 arguments, 3 cookies': (n) => ({
    method: 'GET', headers: [...browser, cookie(n)], body: '',
    target: `/products/search?q=garden+shed+${digits(n, 5)}&page=${(n % 40) + 1}&sort=price_asc&category=outdoor${digits(n, 3)}`,
  }),
  'static GET': (n) => ({ method: 'GET', target: `/static/img/photo-${digits(n, 5)}.webp`, headers: browser, body: '' }),
  'form POST, 8 fields': (n) => {
    const body = `first=Anna&last=Keller&email=anna${digits(n, 5)}%40example.com`
      + `&street=Rosenweg+${n % 99}&city=Graz&zip=8010&phone=%2B43316${digits(n, 6)}&comment=Please+ring+twice+${digits(n, 5)}`;
    return { method: 'POST', target: '/account/address', headers: withBody('application/x-www-form-urlencoded', body, n), body };
  },
  'JSON API POST, 2 kB': (n) => {
    const body = jsonBody(n);
    return { method: 'POST', target: '/api/v1/orders', headers: withBody('application/json', body, n), body };
  },
  'multipart POST, 1.3 kB': (n) => {
    const body = multipartBody(n);
    return { method: 'POST', target: '/photos/upload', headers: withBody('multipart/form-data; boundary=bound7Ma4YWxk', body, n), body };
  },
  'POST, one 10 kB argument': (n) => {
    const body = `text=${prose(n, 10_000)}`;
    return { method: 'POST', target: '/blog/comment', headers: withBody('application/x-www-form-urlencoded', body, n), body };
  },
  'attack, blocked': (n) => ({
    method: 'GET', target: `/products/search?q=${digits(n, 4)}%27+or+%271%27%3D%271&page=1`, headers: [...browser, cookie(n)], body: '',
  }),
};
