// Requests for the tests of the examples: one attack in each kind of body, and one body that is none.
interface PostRequest { readonly method: 'POST'; readonly headers: Record<string, string>; readonly body: string }

const post = (type: string, body: string): PostRequest => ({ method: 'POST', headers: { 'content-type': type }, body });

export const queryAttack = "/?q=1'%20or%20'1'%3d'1";
export const bodyAttacks: readonly PostRequest[] = [
  post('application/json', JSON.stringify({ q: "1' or '1'='1" })), post('application/x-www-form-urlencoded', "q=1'+or+'1'='1"),
  post('text/xml', '<a>&lt;script>alert(1)&lt;/script></a>'), post('text/plain', JSON.stringify({ q: '<script>alert(1)</script>' })),
  post('multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="q"\r\n\r\n1\' or \'1\'=\'1\r\n--b--\r\n'),
];
export const ordinaryBody: PostRequest = post('application/json', '{"q":"garden shed"}');
