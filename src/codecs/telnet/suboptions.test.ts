// Suboptions: each form at its bounds, everything else refused, and what was read is written back byte for byte.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { neverAllowed, Option, readSuboption, senderOf, valueAllowed, writeSuboption, type OptionName, type Suboption } from './index.ts';

function read(option: OptionName, text: string): Suboption | undefined {
  return readSuboption(Option[option], Buffer.from(text, 'latin1'), text.length);
}

/** All 30 functions of an SLC, so many of them switched off (255, which is doubled on the wire). */
function slcWithDisabled(count: number): string {
  return `\u0003${Array.from({ length: 30 }, (_, i) => `${String.fromCharCode(i + 1)}\u0002${i < count ? '\u00ff' : 'x'}`).join('')}`;
}

const good: [OptionName, string, string][] = [
  ['NAWS', '\0\u0050\0\u0018', 'window'], ['NAWS', '\u0003\u00e8\u0003\u00e8', 'window'], ['NAWS', '\0\u0001\0\u0001', 'window'], ['NAWS', '\0\0\0\0', 'window'],
  ['TTYPE', '\u0001', 'send'], ['TTYPE', '\0xterm-256color', 'terminal'], ['TTYPE', `\0${'a'.repeat(40)}`, 'terminal'],
  ['TSPEED', '\u0001', 'send'], ['TSPEED', '\u000038400,38400', 'speed'],
  ['LFLOW', '\0', 'flow'], ['LFLOW', '\u0003', 'flow'],
  ['CHARSET', '\u0001;UTF-8;US-ASCII', 'charset-request'], ['CHARSET', '\u0002UTF-8', 'charset-accepted'], ['CHARSET', '\u0003', 'charset-rejected'],
  ['NEW-ENVIRON', '\u0001', 'environment'], ['NEW-ENVIRON', '\u0001\0LANG\u0003X', 'environment'], ['NEW-ENVIRON', '\u0001\0\u0003', 'environment'],
  ['NEW-ENVIRON', '\0\0USER\u0001joe\u0003A\u0001\u0002\u0001b', 'environment'], ['NEW-ENVIRON', '\u0002\0LANG', 'environment'],
  ['LINEMODE', '\u0001\u0003', 'mode'], ['LINEMODE', '\u0003\u0003\u0062\u0003\u0004\u0002\u000f', 'special-characters'],
  ['LINEMODE', '\u00fd\u0002\u00ff\u0000', 'forward-mask'], ['LINEMODE', '\u00fe\u0002', 'forward-mask'],
  ['LINEMODE', `\u0003${Array.from({ length: 30 }, (_, i) => `${String.fromCharCode(i + 1)}\u0002x`).join('')}`, 'special-characters'],
  ['LINEMODE', slcWithDisabled(12), 'special-characters'], ['LINEMODE', '\u0003\u0003\u00e3\u00ff', 'special-characters'],
];

const bad: [OptionName, string][] = [
  ['NAWS', ''], ['NAWS', '\0\u0050\0'], ['NAWS', '\0\u0050\0\u0018\0'], ['NAWS', '\u0003\u00e9\0\u0018'],
  ['TTYPE', ''], ['TTYPE', '\0'], ['TTYPE', `\0${'a'.repeat(41)}`], ['TTYPE', '\0-x'], ['TTYPE', '\0../etc'], ['TTYPE', '\0/etc'], ['TTYPE', '\0a b'], ['TTYPE', '\u0001x'],
    ['TTYPE', '\u0002'],
  ['TSPEED', '\u000038400'], ['TSPEED', '\u0000-1,2'], ['TSPEED', '\u000012345678,1'], ['TSPEED', '\u00001,2,3'],
  ['LFLOW', ''], ['LFLOW', '\u0004'], ['LFLOW', '\0\0'],
  ['CHARSET', ''], ['CHARSET', '\u0001'], ['CHARSET', '\u0001aUTF-8'], ['CHARSET', '\u0002a b'], ['CHARSET', '\u0004x'], ['CHARSET', '\u0001[TTABLE ]\u0001;U'],
  ['CHARSET', `\u0001${';A'.repeat(33)}`],
  ['NEW-ENVIRON', ''], ['NEW-ENVIRON', '\u0003'], ['NEW-ENVIRON', '\0X'], ['NEW-ENVIRON', '\0\u0001x'], ['NEW-ENVIRON', '\0\0A\u0001b\u0001c'],
  ['NEW-ENVIRON', '\0\0A\u0002'], ['NEW-ENVIRON', '\u0001\0A\u0001b'], ['NEW-ENVIRON', '\0\0\u0001b'], ['NEW-ENVIRON', `\0${'\0A'.repeat(65)}`],
    ['NEW-ENVIRON', `\0\0${'A'.repeat(65)}`],
  ['LINEMODE', ''], ['LINEMODE', '\u0001'], ['LINEMODE', '\u0001\u0020'], ['LINEMODE', '\u0003\u0001'], ['LINEMODE', '\u0003\u001f\0\0'], ['LINEMODE', '\u0003\u0001ab\u0001ab'],
  ['LINEMODE', `\u00fd\u0002${'x'.repeat(33)}`], ['LINEMODE', '\u00fe\u0002x'], ['LINEMODE', '\u0009'],
  // What a server answers would not fit into its buffer; flags that nobody has defined.
  ['LINEMODE', slcWithDisabled(13)], ['LINEMODE', '\u0003\u0003\u0004x'], ['LINEMODE', '\u0003\u0003\u00ff\u00ff'],
  ['ECHO', ''], ['BINARY', 'x'], ['STATUS', '\u0001'], ['XDISPLOC', '\u0001'], ['ENCRYPT', '\u0007xx'], ['AUTHENTICATION', '\u0001'], ['OLD-ENVIRON', '\u0001'],
];

describe('suboptions', () => {
  for (const [option, text, kind] of good) {
    it(`${option} ${kind} ${JSON.stringify(text).slice(0, 40)}`, () => {
      const suboption = read(option, text);
      assert.equal(suboption?.kind, kind);
      const written = writeSuboption(suboption);
      assert.deepEqual(written, { option: Option[option], payload: text });
    });
  }

  for (const [option, text] of bad) it(`${option} refuses ${JSON.stringify(text).slice(0, 40)}`, () => { assert.equal(read(option, text), undefined); });

  it('knows who may send what', () => {
    const sender = (option: OptionName, text: string): string => senderOf(read(option, text)!);
    assert.equal(sender('TTYPE', '\u0001'), 'requester');
    assert.equal(sender('TTYPE', '\0vt100'), 'performer');
    assert.equal(sender('NEW-ENVIRON', '\u0001'), 'requester');
    assert.equal(sender('NEW-ENVIRON', '\0'), 'performer');
    assert.equal(sender('LFLOW', '\0'), 'requester');
    assert.equal(sender('NAWS', '\0\u0050\0\u0018'), 'performer');
  });

  it('whatever is accepted is written back to what reads the same', () => {
    const options = ['NAWS', 'TTYPE', 'TSPEED', 'LFLOW', 'CHARSET', 'NEW-ENVIRON', 'LINEMODE'] as const;
    const byte = fc.oneof(fc.constantFrom(0, 1, 2, 3, 59, 65, 44, 48, 255), fc.nat(255));
    fc.assert(fc.property(fc.constantFrom(...options), fc.array(byte, { maxLength: 24 }), (option, bytes) => {
      const suboption = read(option, String.fromCharCode(...bytes));
      if (suboption !== undefined) assert.deepEqual(read(option, writeSuboption(suboption).payload), suboption);
    }), { numRuns: 3000 });
  });
});

describe('environment variables', () => {
  for (const name of ['LD_PRELOAD', 'ld_library_path', 'PATH', 'IFS', 'ENV', 'SHELL', 'TZ', 'NLSPATH', 'PYTHONPATH', 'GCONV_PATH', 'TERMINFO', 'TERMINFO_DIRS',
    'CREDENTIALS_DIRECTORY', 'A=B', '', 'A B', '1A']) {
    it(`never ${JSON.stringify(name)}`, () => { assert.equal(neverAllowed(name), true); });
  }
  for (const name of ['LANG', 'LC_ALL', 'TERM', 'COLORTERM', 'USER', 'DISPLAY', 'MY_SITE']) it(`perhaps ${name}`, () => { assert.equal(neverAllowed(name), false); });

  it('values', () => {
    const allowed: [string, string][] = [['USER', 'joe'], ['USER', 'a.b-c_1'], ['LANG', 'de_DE.UTF-8@euro'], ['LANGUAGE', 'de_AT:de:en'],
      ['TERM', 'xterm-256color'], ['DISPLAY', 'host:0.0'], ['SITE', 'a/b c']];
    const refused: [string, string][] = [
      ['USER', '-f root'], ['USER', '-froot'], ['USER', 'a b'], ['USER', 'a\nb'], ['USER', ''], ['USER', `a${'b'.repeat(32)}`], ['LANG', '../../x'], ['LANG', '/tmp/x'],
      ['LANG', 'de:en'], ['LANGUAGE', ':de'], ['LANGUAGE', 'de:../x'], ['TERM', 'a/b'],
      ['SITE', '-x'], ['SITE', 'a;b'], ['SITE', '$(x)'], ['SITE', 'a\0b'], ['DISPLAY', 'x;y:0'],
    ];
    for (const [name, value] of allowed) assert.equal(valueAllowed(name, value), true, `${name}=${value}`);
    for (const [name, value] of refused) assert.equal(valueAllowed(name, value), false, `${name}=${value}`);
  });
});
