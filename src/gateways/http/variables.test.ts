// Templates: every variable, braces, groups, mistakes with hints, and that nothing from a request breaks a line.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { contextOf, requestHead, settingsOf } from '#test/http/messages.ts';
import { Template, compileTemplate, mustCompileTemplate, safeText, variableTable } from './variables.ts';

const settings = settingsOf({ pool: 'web' });
const head = requestHead('GET /a/b?id=7&x=%0d%0aEvil:%201&u=%E4%B8%AD HTTP/1.1', ['User-Agent: curl/8', 'Cookie: theme=dark']);

function render(text: string): string {
  return mustCompileTemplate(text).render(contextOf(head, settings));
}

test('variables of request and connection', () => {
  assert.equal(render('{method} {scheme}://{host}{path}?{query}'), 'GET http://shop.example/a/b?id=7&x=%0d%0aEvil:%201&u=%E4%B8%AD');
  assert.equal(render('{client.address}:{client.port} {listener}:{listener.port} {service} {session} {request.id}'), '203.0.113.9:40000 plain:80 shop s-1 r-1');
  assert.equal(render('{header.User-Agent} {query.id} {cookie.theme} {header.None}|{tls.version}|{zone}|{server}'), 'curl/8 7 dark |||10.1.0.10:8080');
  assert.equal(render('{time}'), '2026-01-31T12:00:00.000Z');
});

test('braces are doubled, other text is constant', () => {
  assert.equal(mustCompileTemplate('a{{b}}c $1').constant, 'a{b}c $1');
  assert.equal(mustCompileTemplate('{host}').constant, undefined);
});

test('every variable of the table compiles', () => {
  for (const name of Object.keys(variableTable)) {
    assert.ok(compileTemplate(`{${name}${name.endsWith('.') ? 'x' : ''}}`) instanceof Template, name);
  }
});

function problemOf(text: string, pattern?: RegExp): { message: string; hint: string } {
  const problem = compileTemplate(text, { pattern });
  assert.ok(!(problem instanceof Template), `${text} should be refused`);
  return problem;
}

test('unknown variables are refused with a hint', () => {
  assert.match(problemOf('{hots}').hint, /did you mean \{host\}/);
  assert.match(problemOf('{client.adress}').hint, /\{client.address\}/);
  for (const text of ['{', '}', '{}', '{header.}', '{header}', '{constructor}', '{toString}', '{__proto__}', '{nothing.like.this}']) problemOf(text);
  assert.match(problemOf('{nothing.like.this}').hint, /variables are \{host\}/);
  assert.ok(!(compileTemplate('{server}', { without: ['server'] }) instanceof Template));
});

test('groups of a pattern', () => {
  const pattern = /(?<first>a)(b)?/;
  const match = pattern.exec('ab') as RegExpExecArray;
  assert.equal(mustCompileTemplate('$2$<first>$0$$', { pattern }).render(contextOf(head, settings), match), 'baab$');
  assert.match(problemOf('$3', pattern).message, /no group/);
  assert.match(problemOf('$<second>', pattern).message, /no group named/);
  assert.equal(mustCompileTemplate('$x$', { pattern }).constant, '$x$');
});

test('values from the request never bring a control character or a character beyond Latin-1', () => {
  assert.equal(render('{query.x}'), 'Evil: 1');
  assert.equal(render('{query.u}'), '\u00e4\u00b8\u00ad');
  // U+010A and U+010D written as latin1 would be a line break.
  assert.doesNotMatch(safeText('a\u010a\u010d'), /[\r\n\u0100-\uffff]/);
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    // oxlint-disable-next-line no-control-regex -- that is what must not be there
    assert.doesNotMatch(Buffer.from(safeText(text), 'latin1').toString('latin1'), /[\u0000-\u001f\u007f]/);
    assert.equal(safeText(safeText(text)), safeText(text));
  }), { numRuns: 500 });
});
