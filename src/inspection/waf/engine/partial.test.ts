// SecRequestBodyLimitAction ProcessPartial: a body that is cut off by the limit breaks no format, wherever that falls; a fault before it does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFault, loadRuleSet, memorySource, type RuleSet } from '../index.ts';

function load(limit: number): RuleSet {
  const text = `SecRuleEngine On\nSecRequestBodyAccess On\nSecRequestBodyLimit ${limit}\nSecRequestBodyNoFilesLimit ${limit}\nSecRequestBodyLimitAction ProcessPartial
SecRule REQUEST_HEADERS:Content-Type "@contains json" "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRule REQUEST_HEADERS:Content-Type "@contains xml" "id:2,phase:1,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule MULTIPART_UNMATCHED_BOUNDARY|MULTIPART_BOUNDARY_WHITESPACE|MULTIPART_DATA_AFTER|MULTIPART_LF_LINE "@eq 1" "id:3,phase:2,pass"`;
  const result = loadRuleSet({ parts: [{ name: 't', text }], source: memorySource({}) });
  assert.ok(result.ok, result.ok ? '' : result.errors.map(formatFault).join('\n'));
  return result.ruleSet;
}

function run(ruleSet: RuleSet, type: string, body: string): { error: string; flags: number } {
  const tx = ruleSet.begin({ clientAddress: '192.0.2.1', clientPort: 1, serverAddress: '192.0.2.9', serverPort: 80, uniqueId: 'u', nowMs: 0, reputation: null });
  tx.requestLine('POST', '/', 'HTTP/1.1');
  tx.requestHeader('Content-Type', type);
  assert.equal(tx.endRequestHeaders(), null);
  assert.equal(tx.requestBody(Buffer.from(body, 'latin1')), null);
  assert.equal(tx.endRequestBody(), null);
  const { bodyError, matches } = tx.finish(0);
  return { error: bodyError, flags: matches.length };
}

const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const document = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE a>\n<!-- c --><a b="1 &amp; 2"><?p i?><c><![CDATA[x]]>ü&#x41;&lt;</c>\n<d/></a>\n';
const bodies: readonly (readonly [type: string, whole: string, faulty: string])[] = [
  ['application/json', bytes(String.raw`{"a":[1,-2.5e3,true,null,"tür\n\u00e9\ud83d\ude00"],"b":{"c":{}},"d":"é"}`), '{"a":b,"c":"x, and more"}'],
  ['text/xml', bytes(document), '<a><b c=1>and more</b> and more </a>'],
  ['multipart/form-data; boundary=bb', '--bb\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--bb\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n'
    + 'Content-Type: text/plain\r\n\r\ntext--b\r\n--bb--\r\n', '--bb\r\nContent-Disposition: attachment\r\n\r\n1\r\n--bb\r\nand more'],
  ['application/x-www-form-urlencoded', 'a=1&b=%20%41&c', ''],
];

for (const [type, whole, faulty] of bodies) {
  test(`${type}: cut off at each byte`, () => {
    assert.deepEqual(run(load(whole.length), type, whole), { error: '', flags: 0 });
    for (let limit = 1; limit < whole.length; limit++) {
      assert.deepEqual(run(load(limit), type, whole), { error: '', flags: 0 }, JSON.stringify(whole.slice(0, limit)));
    }
  });
  if (faulty !== '') {
    test(`${type}: a fault before the limit, and a body that ends too soon by itself`, () => {
      assert.notEqual(run(load(faulty.length - 1), type, faulty).error, '');
      const short = whole.slice(0, whole.length >> 1);
      assert.notEqual(run(load(short.length), type, short).error, '');
    });
  }
}
