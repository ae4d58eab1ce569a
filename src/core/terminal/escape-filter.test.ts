// What passes the terminal filter and what does not, as a table; each row whole, cut at every place and byte by byte.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EscapeFilter, visible, type TextEncoding, type TitleHandling } from './escape-filter.ts';

function filter(chunks: readonly string[], titles: TitleHandling = 'pass', encoding: TextEncoding = 'utf-8'): { text: string; removed: string[] } {
  const machine = new EscapeFilter(titles, 'pass', encoding);
  const removed: string[] = [];
  let text = '';
  for (const chunk of chunks) {
    const bytes = Buffer.from(`#${chunk}#`, 'latin1');
    machine.push(bytes, 1, bytes.length - 1, {
      text: (some, start, end) => { text += Buffer.from(some).toString('latin1', start, end); },
      removed: (what) => { removed.push(what); },
    });
  }
  return { text, removed };
}

/** UTF-8 as latin1, as it is on the wire. */
const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const passes = [
  'plain text\r\n\t\b\u0007', '\u001b[1;31mred\u001b[0m', '\u001b[2J\u001b[H', '\u001b[?1049h\u001b[?25l', '\u001b(B\u001b)0', '\u001b7\u001b8\u001bc\u001bM\u001bD',
    '\u001b#8', '\u001b=\u001b>',
  '\u001b[6n\u001b[5n\u001b[c\u001b[>c', '\u001b[22;0t\u001b[23;0t', '\u001b]0;a title\u0007', '\u001b]2;another\u0007', '\u001b[4:3m', '\u001b[10;20r\u001b[3L\u001b[K',
  utf8('Grüße € 你好 🙂 Ɛ Ð'), utf8('ࠀ 𐀀 \u{10ffff} ퟿'), '\u001b%G',
  utf8('\u001b]0;Übergrößenträger 🙂\u0007'), 'caf\u00e9 \u00fc', utf8('áÂ¡ç'), '\u001b[>4;2m', '\u001b[0 q', '\u001b[!p',
];

const removals: [string, string, string[]][] = [
  ['a\u001b]52;c;cm0gLXJmIC8=\u0007b', 'ab', ['osc 52']],
  ['a\u001b]52;c;cm0gLXJmIC8=\u001b\\b', 'ab', ['osc 52']],
  ['a\u001b]52;c;cm0gLXJm\u009cb', 'ab', ['osc 52']],
  ['a\u009d52;c;x\u0007b', 'ab', ['osc 52']],
  [`a${utf8('\u009d')}52;c;x\u0007b`, 'ab', ['osc 52']],
  ['a\u001bP$q"p\u001b\\b', 'ab', ['dcs']],
  ['a\u0090+q544e\u009cb', 'ab', ['dcs']],
  ['a\u001bP1;1|17/6c73\u001b\\b', 'ab', ['dcs']],
  ['a\u001b_Gx\u001b\\b\u001b^x\u001b\\c\u001bXx\u001b\\d', 'abcd', ['apc', 'pm', 'sos']],
  ['a\u0005b', 'ab', ['enq']],
  ['a\u001b[21tb\u001b[20t\u001b[8;1;1t', 'ab', ['csi 21t', 'csi 20t', 'csi 8;1;1tt'.slice(0, 10)]],
  ['a\u001b[5ib\u001b[4i', 'ab', ['csi 5i', 'csi 4i']],
  ['a\u009b21tb', 'ab', ['csi 21t']],
  ['\u001b[1;1;1;1;1;1*yb', 'b', ['csi 1;1;1;1;y']],
  ['\u001b[>0qb', 'b', ['csi >0q']],
  ['a\u001b]1337;File=x:y\u0007b\u001b]8;;http://x\u0007c\u001b]777;notify;x\u0007', 'abc', ['osc 1337', 'osc 8', 'osc 777']],
  ['a\u001b]4;1;?\u0007\u001b]10;?\u0007b', 'ab', ['osc 4', 'osc 10']],
  // An escape inside a string ends it and begins another.
  ['a\u001bPxx\u001b]52;c;zz\u0007b', 'ab', ['dcs', 'osc 52']],
  ['a\u001bPxx\u001b[31mb', 'a\u001b[31mb', ['dcs']],
  ['a\u001bPxx\u0018b', 'ab', ['dcs aborted']],
  // A sequence broken by a control is not shown in part.
  ['a\u001b[21\u001b[21tb', 'ab', ['csi 21t']],
  ['a\u001b\u001b]52;x\u0007b', 'ab', ['osc 52']],
  [`a\u001b[${'1;'.repeat(60)}mb`, 'ab', ['csi 1;1;1;1;m']],
  ['a\u001b]0;evil\u001b]52;c;x\u0007b', 'a\u001b]0;evil\u0007b', ['osc 52']],
  // Another coding system would make controls of letters.
  ['a\u001b%@\u00c3\u009db', 'a\u00c3\u009db', ['charset']],
  ['a\u001b%/Ib', 'ab', ['charset']],
  // What is no UTF-8 hides no control: overlong forms, surrogates, bytes that begin nothing.
  ['a\u00c0\u009d52;c;x\u0007b', 'a\u00c0b', ['osc 52']],
  ['a\u00e0\u009d52;c;x\u0007b', 'a\u00e0b', ['osc 52']],
  ['a\u00f0\u0080\u009d52;c;x\u0007b', 'a\u00f0b', ['osc 52']],
  ['a\u00f4\u009b21tb', 'a\u00f4b', ['csi 21t']],
  ['a\u00f8\u009b21tb', 'a\u00f8b', ['csi 21t']],
  ['a\u00ff\u009b21tb', 'a\u00ffb', ['csi 21t']],
  // Neither does a title.
  ['a\u001b]0;x\u009d52;c;y\u0007b', 'a\u001b]0;x52;c;y\u0007b', []],
  [`a\u001b]0;x${utf8('\u009d')}52;c;y\u0007b`, 'a\u001b]0;x52;c;y\u0007b', []],
  [`a${utf8('\u009d')}52;c;x${utf8('\u009c')}b`, 'ab', ['osc 52']],
  ['a\u001bkname\u001b\\b', 'ab', ['title']],
  ['a\u001b]0;x\ny\u0007b', 'a\u001b]0;xy\u0007b', []],
];

function everyCut(text: string, expected: { text: string; removed: string[] }): void {
  for (let cut = 1; cut < text.length; cut++) assert.deepEqual(filter([text.slice(0, cut), text.slice(cut)]), expected, `cut at ${cut}`);
  assert.deepEqual(filter([...text]), expected, 'byte by byte');
}

describe('terminal escape filter', () => {
  for (const text of passes) {
    it(`passes ${JSON.stringify(text).slice(0, 60)}`, () => {
      assert.deepEqual(filter([text]), { text, removed: [] });
      everyCut(text, { text, removed: [] });
    });
  }

  for (const [text, left, removed] of removals) {
    it(`takes ${removed.join(', ')} out of ${JSON.stringify(text).slice(0, 60)}`, () => {
      assert.deepEqual(filter([text]), { text: left, removed });
      everyCut(text, { text: left, removed });
    });
  }

  it('takes titles out when told to', () => { assert.deepEqual(filter(['a\u001b]0;t\u0007b'], 'remove'), { text: 'ab', removed: ['osc 0'] }); });

  it('takes controls for controls, whatever stands before them, where a terminal reads byte for byte', () => {
    for (const [text, left] of [['\u00c3\u009d52;c;x\u0007b', '\u00c3b'], ['\u00e9\u009b21tb', '\u00e9b'], ['\u00c2\u00a3', '\u00c2\u00a3'],
      ['\u00c2\u009b21tb', '\u00c2b'], ['\u001b]0;\u00c3\u009d52;x\u0007b', '\u001b]0;\u00c352;x\u0007b'], ['\u001b]52;\u00c3\u009cb', 'b']] as const) {
      assert.equal(filter([text], 'pass', '8-bit').text, left, JSON.stringify(text));
      assert.equal(filter([...text], 'pass', '8-bit').text, left, JSON.stringify(text));
    }
  });

  it('takes out what a terminal would answer, where nobody asks', () => {
    const asked = '\u001b[?1;1;0S\u001b[#R\u001b[1;1;1;1#|\u001b[?4m\u001b[>4;2m\u001b[>1u\u001b[\'|\u001b[1;2\'z\u001b[?1000;1006h\u001b[?1004h\u001b[?9h\u001b[2h'
      + 'a\u001b[5n\u001b[6n\u001b[?6n\u001b[c\u001b[>0c\u001b[?25$p\u001b[?u\u001bZb\u001b[31m\u001b[2;3H\u001b[?25l';
    for (const cut of [1, 1000]) {
      const kept: string[] = [];
      const quiet = new EscapeFilter('remove', 'remove');
      for (let at = 0; at < asked.length; at += cut) {
        const piece = Buffer.from(asked.slice(at, at + cut), 'latin1');
        quiet.push(piece, 0, piece.length, { text: (bytes, start, end) => { kept.push(Buffer.from(bytes.subarray(start, end)).toString('latin1')); },
          removed() { /* looked at above */ } });
      }
      assert.equal(kept.join(''), 'ab\u001b[31m\u001b[2;3H\u001b[?25l');
    }
    assert.equal(filter([asked]).text, asked, 'a host may ask');
  });

  it('goes on after a string that never ends', () => {
    const { text } = filter([`\u001bP${'x'.repeat(70_000)}`, 'back']);
    assert.ok(text.endsWith('back'));
    assert.ok(!text.includes('\u001b'));
  });

  it('never lets a dangerous introducer through, however it is wrapped', () => {
    const part = fc.constantFrom('\u001b', ']52;', 'P', '[21t', '[', '\\', '\u0007', '\u009d', '\u0090', '\u009c', '\u009b', 'Â', 'ã', '\u0018', 'x', '0;', ';',
      '\u0005', '_', '\n', 't', '2', '1', '\u0080');
    fc.assert(fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      const { text } = filter(parts);
      assert.doesNotMatch(text, /\u001b\](?![012];)|\u001b[PX^_]|\u0005|\u001b\[21t/);
      // Already filtered text passes unchanged.
      assert.doesNotMatch(filter([text]).text, /\u001b\](?![012];)|\u001b[PX^_]|\u0005|\u001b\[21t/);
    }), { numRuns: 2000 });
  });

  it('shows controls instead of obeying them', () => {
    assert.equal(visible('a\u001b]52;x\u0007\r\n\u009d'), 'a^[]52;x^G^M^J\\x9d');
    assert.equal(visible('a\u202eb\u200bc\u2066d\u2028é'), 'a\\u202eb\\u200bc\\u2066d\\u2028é');
  });
});
