// The body processors: what they understand, what they flag, and that no input makes them throw or lose an argument.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { multipartFlag as flag, type BodyLimits, type BodyResult } from './contract.ts';
import { parseJson } from './json.ts';
import { boundaryOf } from './disposition.ts';
import { isStrictError, MultipartReader, parseMultipart } from './multipart.ts';
import { parseUrlencoded } from './urlencoded.ts';
import { parseXml } from './xml.ts';

const limits: BodyLimits = { maxArguments: 50, maxDepth: 20, maxFiles: 3 };
const args = (result: BodyResult): [string, string][] => result.args.keys.map((key, i) => [key, result.args.values[i]!]);

test('urlencoded', () => {
  assert.deepEqual(args(parseUrlencoded('a=1&b=%20x+y&&c&=d&a=2&e=f=g', '&', limits)), [['a', '1'], ['b', ' x y'], ['c', ''], ['', 'd'], ['a', '2'], ['e', 'f=g']]);
  assert.equal(parseUrlencoded(Array.from({ length: 50 }, (_, i) => `a${i}=1`).join('&'), '&', limits).error, '');
  assert.match(parseUrlencoded(Array.from({ length: 51 }, (_, i) => `a${i}=1`).join('&'), '&', limits).error, /more than 50/);
});

test('JSON: paths, duplicate names, escapes, numbers as written', () => {
  const result = parseJson('{"a":{"b":[1,{"c":"x\\u00e9\\n"},[true]]},"a":null,"n":-1.50e3,"":"e"}', limits);
  assert.equal(result.error, '');
  assert.deepEqual(args(result), [
    ['json.a.b.array_0', '1'], ['json.a.b.array_1.c', 'x\xc3\xa9\n'], ['json.a.b.array_2.array_0', 'true'], ['json.a', ''], ['json.n', '-1.50e3'], ['json.empty-key', 'e'],
  ]);
  assert.deepEqual(args(parseJson('"top"', limits)), [['json', 'top']]);
  assert.deepEqual(args(parseJson('"\\ud83d\\ude00"', limits)), [['json', '\xf0\x9f\x98\x80']]);
});

test('JSON: each fault is an error and what came before is kept', () => {
  for (const text of ['{"a":1', '{"a":1,}', '[1 2]', '{a:1}', '{"a":01}', '"\n"', '{"a":1} x', '{"a":tru}', '"\\x"', '"\\u12"', '{"a" 1}', '\'a\'', '{"a":"b}', 'NaN']) {
    assert.notEqual(parseJson(text, limits).error, '', text);
  }
  assert.deepEqual(args(parseJson('{"a":1,"b":', limits)), [['json.a', '1']]);
  assert.equal(parseJson('['.repeat(20) + ']'.repeat(20), limits).error, '');
  assert.match(parseJson('['.repeat(21) + ']'.repeat(21), limits).error, /nested deeper/);
});

test('XML: text, attributes, entities, CDATA', () => {
  const result = parseXml('<?xml version="1.0"?><!-- c --><a x="1 &lt; 2" xmlns:s="u"><b>Tom &amp; &#x4a;erry</b><![CDATA[<raw>]]><c y=\'z\'/></a>', limits);
  assert.equal(result.error, '');
  assert.equal(result.xml!.text, 'Tom & Jerry<raw>');
  assert.deepEqual(result.xml!.attributes.values, ['1 < 2', 'z']);
});

test('XML: line ends of text and white space of attributes are normalised', () => {
  const result = parseXml('<a x="1\r\n\t2&#10;3">b\r\nc\rd</a>', limits);
  assert.equal(result.xml!.text, 'b\nc\nd');
  assert.deepEqual(result.xml!.attributes.values, ['1  2\n3']);
});

test('XML: faults, and entities that are never expanded', () => {
  for (const text of ['<a>', '<a></b>', '<a x=1/>', '<a x="1"y="2"/>', '<a>&foo;</a>', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', '<a/><b/>', 'text', '<a x="<"/>',
    '<a>&#x110000;</a>', '<a><![CDATA[</a>', '']) {
    assert.notEqual(parseXml(text, limits).error, '', text);
  }
  // The rest of a broken document is scanned as it stands.
  assert.match(parseXml('<a>ok</b><script>', limits).xml!.text, /ok.*<script>/);
  assert.match(parseXml('<a>'.repeat(21), limits).error, /nested deeper/);
});

const crlf = (lines: readonly string[]): string => lines.join('\r\n');

test('multipart: arguments, files, part headers', () => {
  const body = crlf(['--b', 'Content-Disposition: form-data; name="a"', '', '1', '--b', 'Content-Disposition: form-data; name="f"; filename="x y.txt"',
    'Content-Type: text/plain', '', 'line 1', 'line 2', '--b--', '']);
  const result = parseMultipart(body, 'multipart/form-data; boundary=b', limits, true);
  assert.equal(result.error, '');
  assert.deepEqual(args(result), [['a', '1']]);
  const facts = result.multipart!;
  assert.deepEqual(facts.files.values, ['x y.txt']);
  assert.deepEqual(facts.fileContents.values, ['line 1\r\nline 2']);
  assert.deepEqual(facts.partHeaders.values, ['Content-Disposition: form-data; name="a"', 'Content-Disposition: form-data; name="f"; filename="x y.txt"',
    'Content-Type: text/plain']);
  assert.equal(isStrictError(facts, result.error), false);
});

test('multipart: a file field that names no file is an argument, one that names it in either way is a file', () => {
  const part = (parameters: string): ReturnType<typeof parseMultipart> =>
    parseMultipart(crlf(['--b', `Content-Disposition: form-data; name="f"${parameters}`, '', 'x', '--b--', '']), 'multipart/form-data; boundary=b', limits, false);
  const empty = part('; filename=""');
  assert.deepEqual(args(empty), [['f', 'x']]);
  assert.deepEqual(empty.multipart!.files.values, []);
  assert.deepEqual(part('; filename=""; filename*=UTF-8\'\'a.php').multipart!.files.values, ['a.php']);
  assert.deepEqual(part('; filename="a.txt"; filename*=UTF-8\'\'a.php').multipart!.files.values, ['a.txt', 'a.php']);
});

test('multipart: ambiguities set flags or errors', () => {
  const disposition = 'Content-Disposition: form-data; name="a"';
  const cases: [string, string, number, boolean][] = [
    ['boundary=b', crlf(['junk', '--b', disposition, '', '1', '--b--', '']), flag.dataBefore, false],
    ['boundary=b', crlf(['--b', disposition, '', '1', '--b--', 'junk']), flag.dataAfter, false],
    ['boundary="b"', crlf(['--b', disposition, '', '1', '--b--', '']), flag.boundaryQuoted, false],
    ['boundary =b', crlf(['--b', disposition, '', '1', '--b--', '']), flag.boundaryWhitespace, false],
    ['boundary=b', `--b\n${disposition}\n\n1\n--b--\n`, flag.lfLine, false],
    ['boundary=b', crlf(['--b', `${disposition}`, ' folded', '', '1', '--b--', '']), flag.headerFolding, false],
    ['boundary=b', crlf(['--b', "Content-Disposition: form-data; name='a'", '', '1', '--b--', '']), flag.invalidQuoting, false],
    ['boundary=b', crlf(['--b', 'Content-Disposition: form-data; name="a" filename="x"', '', '1', '--b--', '']), flag.missingSemicolon, false],
    ['boundary=b', crlf(['--b', disposition, '', '1', '--bx', '2', '--b--', '']), flag.unmatchedBoundary, true],
    ['boundary=b', crlf(['--b', disposition, '', '1']), 0, true],
    ['boundary=b', crlf(['--b', 'X: y', '', '1', '--b--', '']), flag.invalidPart, true],
    ['boundary=b', crlf(['--b', disposition, disposition, '', '1', '--b--', '']), 0, true],
    ['boundary=b', crlf(['--b', 'Content-Disposition: form-data; name="a"; name="b"', '', '1', '--b--', '']), flag.invalidPart, true],
    ['boundary=b; boundary=c', crlf(['--b', disposition, '', '1', '--b--', '']), 0, true],
    ['', crlf(['--b', disposition, '', '1', '--b--', '']), 0, true],
  ];
  for (const [parameter, body, expected, faulty] of cases) {
    const result = parseMultipart(body, `multipart/form-data; ${parameter}`, limits, false);
    assert.equal(result.multipart!.flags & expected, expected, JSON.stringify([parameter, body, result.multipart!.flags]));
    if (faulty) assert.notEqual(result.error, '', body);
    assert.ok(isStrictError(result.multipart!, result.error) || (expected & (flag.unmatchedBoundary)) !== 0, body);
  }
  assert.equal(boundaryOf('multipart/form-data; boundary=a b').flags & flag.boundaryWhitespace, flag.boundaryWhitespace);
});

test('multipart: the file limit at N and N+1', () => {
  const part = (i: number): string => `--b\r\nContent-Disposition: form-data; name="f${i}"; filename="x"\r\n\r\n1\r\n`;
  const files = (count: number): string => `${Array.from({ length: count }, (_, i) => part(i)).join('')}--b--\r\n`;
  assert.equal(parseMultipart(files(3), 'multipart/form-data; boundary=b', limits, false).error, '');
  assert.equal(parseMultipart(files(4), 'multipart/form-data; boundary=b', limits, false).multipart!.flags & flag.fileLimitExceeded, flag.fileLimitExceeded);
});

test('multipart: lines and headers of a part at N and N+1', () => {
  const parse = (headers: string): string => parseMultipart(`--b\r\nContent-Disposition: form-data; name="a"\r\n${headers}\r\n1\r\n--b--\r\n`,
    'multipart/form-data; boundary=b', limits, false).error;
  assert.equal(parse(`X: ${'y'.repeat(65_532)}\n`), '');
  assert.match(parse(`X: ${'y'.repeat(65_534)}\n`), /line longer than 65536/);
  const headers = (count: number): string => Array.from({ length: count }, (_, i) => `X${i}: y\r\n`).join('');
  assert.equal(parse(headers(63)), '');
  assert.match(parse(headers(64)), /more than 64 headers/);
});

test('multipart: pieces of any size give what the whole gives', () => {
  const pieces = ['--b', '--b--', '--', '\r\n', '\r\n', '\n', '\r', 'Content-Disposition: form-data; name="a"', '; filename="x"', '; filename=""', 'X: y', ' ', 'text', '--"b"'];
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
  fc.assert(fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), sizes, fc.boolean(), fc.boolean(), (parts, lengths, quoted, keep) => {
    const text = `--b\r\nContent-Disposition: form-data; name="a"${parts.join('')}`;
    const type = `multipart/form-data; boundary=${quoted ? '"b"' : 'b'}`;
    const reader = new MultipartReader(type, limits, keep);
    for (let at = 0, i = 0; at < text.length; i++) {
      const end = at + lengths[i % lengths.length]!;
      reader.feed(text.slice(at, end));
      at = end;
    }
    assert.deepEqual(reader.end(), parseMultipart(text, type, limits, keep));
  }), { numRuns: 1500 });
});

test('no body makes a processor throw', () => {
  const pieces = ['{', '}', '[', ']', '"', ':', ',', '1', 'true', '\\u12', '<a>', '</a>', '<!--', '<![CDATA[', '&lt;', '&x', '--b', '--b--', '\r\n', '\n',
    'Content-Disposition: form-data; name="a"', ';', '=', '%', '&', ' ', '\0', '\xff'];
  fc.assert(fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 30 }), (parts) => {
    const text = parts.join('');
    for (const result of [parseJson(text, limits), parseXml(text, limits), parseMultipart(text, 'multipart/form-data; boundary=b', limits, true),
      parseUrlencoded(text, '&', limits)]) {
      assert.equal(result.args.keys.length, result.args.values.length);
      assert.equal(typeof result.error, 'string');
    }
  }), { numRuns: 600 });
});

test('JSON agrees with the platform on what is well formed', () => {
  fc.assert(fc.property(fc.json({ maxDepth: 4 }), (text) => {
    const latin1 = Buffer.from(text, 'utf8').toString('latin1');
    assert.equal(parseJson(latin1, { ...limits, maxArguments: 10_000 }).error, '');
  }), { numRuns: 200 });
});
