// Tests of lines.ts: pieces are whole lines and together the same text, however long the lines are.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { eachPiece, endedLines, linesOf, ownLines, textOf } from './lines.ts';

function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  eachPiece(linesOf(text), (piece) => { pieces.push(piece); });
  return pieces;
}

test('pieces end with a line end, are far below a block, and leave nothing out', () => {
  const text = Array.from({ length: 3000 }, (_, at) => `{"time":${at},"path":"/${'x'.repeat(at % 97)}"}\n`).join('');
  const pieces = piecesOf(text);
  assert.equal(pieces.join(''), text);
  assert.ok(pieces.length > 3);
  for (const piece of pieces) assert.ok(piece.endsWith('\n') && piece.length <= 32 * 1024);
});

test('a line longer than a piece comes whole, and so does what has no line end', () => {
  const long = `${'y'.repeat(100_000)}\n`;
  assert.deepEqual(piecesOf(`a\n${long}b\n`), ['a\n', long, 'b\n']);
  assert.deepEqual(piecesOf('y'.repeat(100_000)), ['y'.repeat(100_000)]);
  assert.deepEqual(piecesOf(''), []);
});

test('a line end is put behind the last line when it has none', () => {
  assert.equal(textOf(endedLines(linesOf('a\nb'))), 'a\nb\n');
  const ended = linesOf('a\n');
  assert.equal(endedLines(ended), ended);
});

test('what is a part of other memory is copied, what has its own is not', () => {
  const whole = linesOf('a\nb\n');
  assert.equal(ownLines(whole), whole);
  const part = ownLines(whole.subarray(2));
  assert.equal(textOf(part), 'b\n');
  assert.notEqual(part.buffer, whole.buffer);
});
