// Requests with bodies of every kind that programs in use send: forms of other charsets, beacons, APIs, uploads, binary frames, with and
// without a type. None is an attack. Used against our own settings, the baseline, the Core Rule Set and libmodsecurity.
import { Random } from './pattern-samples.ts';

export interface OrdinaryBody {
  readonly what: string;
  readonly method?: string;
  /** '': the header is there and empty; undefined: it is not there. */
  readonly type?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body: string;
  /** The rules of the Core Rule Set that refuse it at level 1, here as in ModSecurity. */
  readonly refusedBy?: readonly number[];
}

const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** Bytes without any order, as those of compressed or encrypted files. */
function binary(seed: number, length: number): string {
  const random = new Random(seed);
  return Array.from({ length }, () => String.fromCharCode(random.below(256))).join('');
}

function parts(boundary: string, ...list: readonly (readonly [head: readonly string[], content: string])[]): string {
  return `${list.map(([head, content]) => `--${boundary}\r\n${head.join('\r\n')}\r\n\r\n${content}\r\n`).join('')}--${boundary}--\r\n`;
}

const form = 'application/x-www-form-urlencoded';
const webkit = '----WebKitFormBoundaryePkpFF7tjBAqx29L';
const field = (name: string, ...more: string[]): string[] => [`Content-Disposition: form-data; name="${name}"`, ...more];
const file = (name: string, fileName: string, type: string, ...more: string[]): string[] => [`Content-Disposition: form-data; name="${name}"; filename="${fileName}"`,
  `Content-Type: ${type}`, ...more];
const telemetry = JSON.stringify({ v: 1, sid: '7f3c', events: [{ t: 'click', x: 312, y: 77, at: 1718031600123 }, { t: 'view', path: '/products/garden-shed', ref: '' }], ctx: {} });
const soap = '<?xml version="1.0" encoding="utf-8"?>\n<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><m:GetPrice xmlns:m="urn:shop">'
  + '<m:Item>Apples &amp; pears</m:Item></m:GetPrice></soap:Body></soap:Envelope>';
const xhtml = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n'
  + '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Notes</title></head><body><p>Summer&nbsp;fair, 10&ndash;12 June</p></body></html>';
const plist = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'
  + '<plist version="1.0"><dict><key>MessageType</key><string>TokenUpdate</string></dict></plist>';

export const ordinaryBodies: readonly OrdinaryBody[] = [
  { what: 'form, windows-1252 named', refusedBy: [920250], type: `${form}; charset=windows-1252`, body: 'name=M%FCller&street=Stra%DFe+5&note=10%80' },
  { what: 'form, windows-1252 unnamed', refusedBy: [920250], type: form, body: 'name=M%FCller&city=K%F6ln' },
  { what: 'form, UTF-8, several selected', type: `${form};charset=UTF-8`, body: 'name=M%C3%BCller&tags=garden&tags=river&note=two+lines%0D%0Aof+text' },
  { what: 'form, empty', type: form, body: '' },
  { what: 'SAML answer', type: form, body: `SAMLResponse=${encodeURIComponent(Buffer.from(soap.repeat(3)).toString('base64'))}&RelayState=%2Fhome` },
  { what: 'text', type: 'text/plain', body: 'Dear Ms Miller,\r\n\r\nthe sum a + b = c & more is in the table below.\r\n\r\nKind regards' },
  { what: 'text form', type: 'text/plain', body: 'name=Miller\r\ncity=Graz\r\n' },
  { what: 'beacon, text with charset', type: 'text/plain;charset=UTF-8', body: telemetry },
  { what: 'beacon, an array', type: 'text/plain;charset=UTF-8', body: '[["view",1718031600,{"path":"/","title":"Caf\u00c3\u00a9"}],["leave",1718031655,{}]]' },
  { what: 'beacon of bytes, no type', refusedBy: [920340, 920640], body: binary(7, 900) },
  { what: 'beacon of bytes with = and &, no type', refusedBy: [920340, 920640], body: `\x08\x96\x01&\x00=\x12${binary(8, 300)}a=b&\xff=\x01` },
  { what: 'text, no type', refusedBy: [920340, 920640], body: 'The sum a = b holds.\r\nSo does c = d & e = f.\r\n' },
  { what: 'form, no type', refusedBy: [920340, 920640], body: 'id=42&name=Anna&active=true' },
  { what: 'JSON, no type', refusedBy: [920340, 920640], body: telemetry },
  { what: 'nothing, no type', body: '' },
  { what: 'JSON', type: 'application/json', body: telemetry },
  { what: 'JSON with a byte order mark', type: 'application/json; charset=utf-8', body: utf8('\ufeff{"name":"Müller","tags":[],"more":{}}') },
  { what: 'JSON, escapes and signs', type: 'application/json;charset=UTF-8', body: String.raw`{"text":"smile \ud83d\ude00, \u00fc, tab\tline\nend","price":-1.5e3,"none":null}` },
  { what: 'JSON, cut inside of an emoji', type: 'application/json', body: String.raw`{"preview":"Good morning \ud83d"}` },
  { what: 'JSON, one value', type: 'application/json', body: '"yes"' },
  { what: 'JSON, empty', type: 'application/json', body: '' },
  { what: 'JSON patch', method: 'PATCH', type: 'application/json-patch+json', body: '[{"op":"replace","path":"/name","value":"Anna"},{"op":"remove","path":"/old"}]' },
  { what: 'JSON merge patch', method: 'PATCH', type: 'application/merge-patch+json', body: '{"name":"Anna","old":null}' },
  { what: 'JSON of OData', refusedBy: [920470], type: 'application/json; odata=verbose', body: '{"__metadata":{"type":"SP.ListItem"},"Title":"Plan"}' },
  { what: 'GraphQL in JSON', refusedBy: [942190], type: 'application/json',
    body: JSON.stringify({ operationName: 'User', query: 'query User($id: ID!) {\n  user(id: $id) {\n    name\n    email\n  }\n}', variables: { id: '42' } }) },
  { what: 'GraphQL by itself', type: 'application/graphql', body: '{ user(id: "42") { name email } }' },
  { what: 'lines of JSON', type: 'application/x-ndjson', body: '{"index":{"_index":"log","_id":"1"}}\n{"message":"started","level":"info"}\n' },
  { what: 'CSP report', type: 'application/csp-report', body: JSON.stringify({ 'csp-report': { 'document-uri': 'https://www.example.com/', 'violated-directive': 'script-src-elem',
    'blocked-uri': 'inline', 'original-policy': "default-src 'self'; report-uri /csp", 'status-code': 200 } }) },
  { what: 'reports of the Reporting API', type: 'application/reports+json', body: JSON.stringify([{ age: 10, type: 'deprecation', url: 'https://www.example.com/',
    body: { id: 'x', lineNumber: 3 } }]) },
  { what: 'gRPC-Web', type: 'application/grpc-web+proto', body: `\x00\x00\x00\x00\x0c\x0a\x0aMs Miller.` },
  { what: 'gRPC-Web as text', type: 'application/grpc-web-text', body: Buffer.from('\x00\x00\x00\x00\x0c\x0a\x0aMs Miller.', 'latin1').toString('base64') },
  { what: 'gRPC', type: 'application/grpc', body: `\x00\x00\x00\x00\x07\x0a\x05hello` },
  { what: 'protocol buffers', type: 'application/x-protobuf', body: binary(9, 400) },
  { what: 'MessagePack', type: 'application/msgpack', body: '\x82\xa7compact\xc3\xa6schema\x00' },
  { what: 'CBOR', type: 'application/cbor', body: '\xa2\x64name\x64Anna\x62id\x18\x2a' },
  { what: 'upload of bytes', method: 'PUT', type: 'application/octet-stream', body: binary(10, 4000) },
  { what: 'upload in pieces (tus)', method: 'PATCH', type: 'application/offset+octet-stream', body: binary(11, 2000) },
  { what: 'upload of a picture', method: 'PUT', type: 'image/png', body: `\x89PNG\r\n\x1a\n${binary(12, 1000)}` },
  { what: 'upload of a drawing', method: 'PUT', type: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h24v24H0z"/></svg>' },
  { what: 'upload of a table', type: 'text/csv', body: 'id;name\r\n1;"O\'Brien, Anna"\r\n2;=SUM(A1:A2)\r\n' },
  { what: 'upload, gzip', type: 'application/gzip', body: `\x1f\x8b\x08${binary(13, 500)}` },
  { what: 'git fetch', type: 'application/x-git-upload-pack-request', body: '0032want 0a53e9ddeaddad63ad106860237bbf53411d11a7\n00000009done\n' },
  { what: 'DNS over HTTPS', type: 'application/dns-message', body: '\x00\x00\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\x00\x00\x01\x00\x01' },
  { what: 'OCSP', type: 'application/ocsp-request', body: `0B0@0>0<0:0\x09\x06\x05+\x0e\x03\x02\x1a\x05\x00\x04\x14${binary(14, 40)}` },
  { what: 'ActiveSync', type: 'application/vnd.ms-sync.wbxml', body: '\x03\x01j\x00\x00\x07VR\x030\x00\x01\x01' },
  { what: 'SDP (WHIP)', type: 'application/sdp', body: 'v=0\r\no=- 46117317 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n' },
  { what: 'SOAP 1.1', type: 'text/xml; charset=utf-8', headers: [['SOAPAction', '"urn:shop#GetPrice"']], body: soap },
  { what: 'SOAP 1.2', type: 'application/soap+xml; charset=utf-8; action="urn:shop:GetPrice"', body: soap },
  { what: 'WebDAV', method: 'PROPFIND', type: 'application/xml', headers: [['Depth', '1']],
    body: '<?xml version="1.0"?>\n<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>' },
  { what: 'XML of latin 1, declared', type: 'application/xml', body: '<?xml version="1.0" encoding="ISO-8859-1"?><a><b>M\xfcller</b></a>' },
  { what: 'XML of latin 1, by its type', type: 'text/xml; charset=ISO-8859-1', body: '<a><b>M\xfcller</b></a>' },
  { what: 'XML with a byte order mark', type: 'text/xml', body: '\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?><a/>' },
  { what: 'XML, empty', type: 'application/xml', body: '' },
  { what: 'Atom', type: 'application/atom+xml', body: '<?xml version="1.0"?><entry xmlns="http://www.w3.org/2005/Atom"><title>News</title></entry>' },
  { what: 'XHTML', method: 'PUT', type: 'application/xhtml+xml', body: xhtml },
  { what: 'property list', method: 'PUT', type: 'application/xml', body: plist },
  { what: 'multipart of a browser', type: `multipart/form-data; boundary=${webkit}`, body: parts(webkit, [field('title'), utf8('Größe & Gewicht')],
    [file('photo', 'garden (1).jpg', 'image/jpeg'), binary(15, 3000)], [field('note'), 'two lines\r\nof text'], [field('tags[]'), 'a']) },
  { what: 'multipart of a browser, nothing chosen', type: `multipart/form-data; boundary=${webkit}`, body: parts(webkit, [field('title'), 'x'],
    [file('photo', '', 'application/octet-stream'), '']) },
  { what: 'multipart, names that are not ASCII', type: `multipart/form-data; boundary=${webkit}`, body: parts(webkit, [field(utf8('größe')), '3'],
    [file('f', utf8('Größe – Übersicht.pdf'), 'application/pdf'), '%PDF-1.7\n']) },
  { what: 'multipart, quotes in names as browsers send them', refusedBy: [920120], type: `multipart/form-data; boundary=${webkit}`,
    body: parts(webkit, [file('f', 'the %22big%22 one.txt', 'text/plain'), 'x']) },
  { what: 'multipart of curl', type: 'multipart/form-data; boundary=------------------------d74496d66958873e', body: parts('------------------------d74496d66958873e',
    [field('name'), 'Anna'], [file('f', 'a.txt', 'text/plain'), 'text\n']) },
  { what: 'multipart of .NET', type: 'multipart/form-data; boundary="7d3f2a10-1e0c-4a4e-9f0a-0d2c4a1b9c11"', body: parts('7d3f2a10-1e0c-4a4e-9f0a-0d2c4a1b9c11',
    [['Content-Type: text/plain; charset=utf-8', 'Content-Disposition: form-data; name=title'], 'x'],
    [['Content-Disposition: form-data; name=f; filename=plan.pdf; filename*=utf-8\'\'plan.pdf'], '%PDF-1.7\n']) },
  { what: 'multipart of Java', refusedBy: [922120], type: 'multipart/form-data; boundary=qbQ2Xo8wq0vT1', body: parts('qbQ2Xo8wq0vT1',
    [field('title', 'Content-Type: text/plain; charset=ISO-8859-1', 'Content-Transfer-Encoding: 8bit'), 'x'],
    [file('f', 'a.bin', 'application/octet-stream', 'Content-Transfer-Encoding: binary', 'Content-Length: 4'), '\x00\x01\x02\x03']) },
  { what: 'multipart with a part of JSON', type: `multipart/form-data; boundary=${webkit}`, body: parts(webkit, [file('meta', 'blob', 'application/json'), '{"name":"Anna"}']) },
  { what: 'multipart/related', type: 'multipart/related; boundary=foo_bar_baz', body: parts('foo_bar_baz', [['Content-Type: application/json; charset=UTF-8'], '{"name":"photo"}'],
    [['Content-Type: image/png'], `\x89PNG\r\n\x1a\n${binary(16, 200)}`]) },
  { what: 'batch of OData', refusedBy: [921110], type: 'multipart/mixed; boundary=batch_36522ad7', body: parts('batch_36522ad7',
    [['Content-Type: application/http', 'Content-Transfer-Encoding: binary'], 'GET /service/Customers HTTP/1.1\r\nAccept: application/json\r\n\r\n']) },
];

/** The media types, for configurations that allow them. */
export const ordinaryTypes: readonly string[] = [...new Set(ordinaryBodies.map(({ type }) => (type ?? '').split(';')[0]!).filter((type) => type !== ''))];
