// Whether a host has taken back what it was to: texts that its row has to show in turn, as tables.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EchoRow } from './echo-row.ts';
import { EchoTrail } from './echo-trail.ts';

const back = '\b \b';

/** Behind the prompt `$ `, `before` is taken back to `after`; how many bytes of the output it takes until that is seen, or -1. */
function seenAfter(before: string, after: string, mark: string, output: string, typed = after, owed = 0): number {
  const row = new EchoRow();
  const trail = new EchoTrail(row);
  row.push(Buffer.from('$ '), 0, 2);
  trail.begin(owed, true);
  trail.takesBack(before, after, mark);
  const bytes = Buffer.from(output, 'utf8');
  for (let at = 0; at < bytes.length; at++) if (trail.output(bytes, at, at + 1, typed)) return at + 1;
  return -1;
}

describe('what is taken back', () => {
  const cases: [name: string, before: string, after: string, mark: string, output: string, bytes: number, typed?: string, owed?: number][] = [
    ['rubbed out', 'ab', '', '^U', `ab${back.repeat(2)}`, 8],
    ['one character', 'lss', 'ls', '', `lss${back}`, 6],
    ['shown again by readline', 'ab', '', '^U', 'ab\r$ \u001b[K', 8],
    ['a new row without a prompt behind the mark of the key', 'ab', '', '^U', 'ab^U\r\n', 6],
    ['interrupted, with and without a mark', 'ab', '', '^C', 'ab^C\r\n', 6],
    ['interrupted, without a mark', 'ab', '', '^C', 'ab\r\n', 4],
    ['a new prompt', 'ab', '', '^U', 'ab\r\n$ ', 6],
    ['behind a message, where the beginning of the whole looks the same (`movedOn`)', 'ab', 'a', '', `ab\r\nmessage\r\n$ ab${back}`, 16],
    ['only where the keys led to', 'lss', 'ls', '', 'lss\b\b\bls -l\u001b[K', -1],
    ['only where the keys led to, once it can be nothing else', 'lss', 'ls', '', 'lss\b\b\b\u001b[Kls -l', 11, 'ls -l'],
    ['typed before its prompt was there', 'ab', '', '^U', `\r\nout\r\n# ab${back.repeat(2)}`, 17, '', 1],
    ['letters beyond ASCII', 'grü', 'gr', '', `grü${back}`, 7],
    ['nothing was shown', 'ab', '', '^U', '', -1],
    ['it is shown late', 'ab', '', '^U', 'a', -1],
    ['the key is shown, and means nothing', 'ab', '', '^U', 'ab^U', -1],
    ['a newline comes from elsewhere', 'ab', '', '^U', 'ab\r\nmessage\r\n', -1],
    ['the row looked like this before', 'reload', 're', '', 're', -1],
    ['less was taken back', 'abc', 'a', '', `abc${back}`, -1],
    ['what the row showed belongs to the line before', 'ab', '', '^U', `ab${back.repeat(2)}`, -1, '', 1],
  ];
  for (const [name, before, after, mark, output, bytes, typed, owed] of cases) {
    it(name, () => { assert.equal(seenAfter(before, after, mark, output, typed, owed), bytes); });
  }

  it('keys that have not gone to the host are forgotten with their line', () => {
    const trail = new EchoTrail(new EchoRow());
    trail.begin(0, true);
    trail.mark();
    trail.takesBack('ab', '', '^U');
    assert.deepEqual([trail.complete, trail.markedComplete], [false, true]);
    trail.restore();
    assert.equal(trail.complete, true);
  });

  it('is bounded: more keys than can be followed are not believed', () => {
    const row = new EchoRow();
    const trail = new EchoTrail(row);
    trail.begin(0, true);
    for (let count = 0; count < 1000; count++) trail.takesBack('ab', 'a', '');
    const echo = Buffer.from(`ab${back}`.repeat(1000));
    trail.output(echo, 0, echo.length, 'a');
    assert.equal(trail.complete, false);
    trail.end();
    assert.equal(trail.complete, true);
  });
});
