// The byte machine and the encoder: what transcripts (test/transcripts/telnet) do not show, and properties over any bytes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DataEncoder, TelnetParser, type TelnetEvents } from './index.ts';

/** Events as lines; adjacent data is joined, so that chunks do not show. */
export class Collected implements TelnetEvents {
  readonly lines: string[] = [];
  #data = '';

  data(bytes: Buffer, start: number, end: number): void { this.#data += bytes.toString('latin1', start, end); }
  command(code: number): void { this.#flush().push(`command ${code}`); }
  negotiation(verb: number, option: number): void { this.#flush().push(`${verb} ${option}`); }
  subnegotiation(option: number, bytes: Buffer, length: number): void { this.#flush().push(`sb ${option} ${bytes.toString('latin1', 0, length)}`); }
  fault({ code }: { code: string }): void { this.#flush().push(code); }

  #flush(): string[] {
    if (this.#data !== '') this.lines.push(`data ${this.#data}`);
    this.#data = '';
    return this.lines;
  }

  finish(): string[] { return [...this.#flush()]; }
}

function read(chunks: readonly string[]): string[] {
  const parser = new TelnetParser('client');
  const events = new Collected();
  for (const chunk of chunks) {
    const bytes = Buffer.from(`..${chunk}..`, 'latin1');
    parser.push(bytes, 2, bytes.length - 2, events);
  }
  return events.finish();
}

describe('Telnet parser', () => {
  it('finds what is left of a Synch whose urgent byte is gone', () => {
    assert.deepEqual(read(['\u00ff\u00f4\u00ff', 'ABOR\r\n']), ['command 244', 'command 242', 'data ABOR\r\n']);
    assert.deepEqual(read(['\u00ff\u00f4', '\u00f2AB']), ['command 244', 'command 242', 'data AB']);
    assert.deepEqual(read(['\u00ff\u00f4\u00ff', '\u00ff\u00fd\u0006']), ['command 244', 'command 242', '253 6']);
    assert.deepEqual(read(['\u00ff\u00f4\u00ff', '\u00f2x']), ['command 244', 'command 242', 'data x']);
    assert.deepEqual(read(['\u00ff\u00f4\u00ff', '\u00fd\u0001x']), ['command 244', '253 1', 'data x']);
  });

  it('keeps a 0xF2 that no interrupt precedes', () => {
    assert.deepEqual(read(['a', '\u00f2b']), ['data a\u00f2b']);
    assert.deepEqual(read(['\u00ff\u00f1', '\u00f2b']), ['command 241', 'data \u00f2b']);
  });

  it('takes a DM for what is left of a Synch where one is expected', () => {
    const parser = new TelnetParser('server');
    const events = new Collected();
    const push = (text: string): void => { parser.push(Buffer.from(text, 'latin1'), 0, text.length, events); };
    push('\u00f2a');
    parser.expectSynch();
    push('b\u00f2');
    push('\u00f2^C');
    push('\u00f2c');
    assert.deepEqual(events.finish(), ['data \u00f2ab\u00f2', 'command 242', 'data ^C\u00f2c']);
  });

  it('takes an IAC at the end of a chunk for what is left of a Synch where one is expected', () => {
    const after = (chunks: string[]): string[] => {
      const parser = new TelnetParser('server');
      const events = new Collected();
      parser.expectSynch();
      for (const text of chunks) parser.push(Buffer.from(text, 'latin1'), 0, text.length, events);
      return events.finish();
    };
    assert.deepEqual(after(['^C\u00ff', '\r\n> ']), ['data ^C', 'command 242', 'data \r\n> ']);
    assert.deepEqual(after(['^C\u00ff', '\u00ff\u00fb\u0001x']), ['data ^C', 'command 242', '251 1', 'data x']);
    assert.deepEqual(after(['^C\u00ff', '\u00f2x']), ['data ^C', 'command 242', 'data x'], 'nothing was lost');
    assert.deepEqual(after(['^C\u00ff', '\u00fb\u0001x']), ['data ^C', '251 1', 'data x'], 'another sequence, cut');
  });

  it('takes a suboption up to its limit and not beyond', () => {
    const sb = (length: number): string => `\u00ff\u00fa\u0018${'x'.repeat(length)}\u00ff\u00f0y`;
    assert.deepEqual(read([sb(512)]), [`sb 24 ${'x'.repeat(512)}`, 'data y']);
    assert.deepEqual(read([sb(513)]), ['telnet.subnegotiation-length', 'data y']);
    assert.deepEqual(read([sb(1024)]), ['telnet.subnegotiation-length', 'data y']);
    assert.deepEqual(read([sb(1025)]), ['telnet.subnegotiation-endless', 'data y']);
  });

  it('keeps suboptions of two parsers apart', () => {
    const one = new TelnetParser('client');
    const two = new TelnetParser('server');
    const [first, second] = [new Collected(), new Collected()];
    const push = (parser: TelnetParser, text: string, events: Collected): void => { parser.push(Buffer.from(text, 'latin1'), 0, text.length, events); };
    push(one, '\u00ff\u00fa\u0018ab', first);
    push(two, '\u00ff\u00fa\u0018XYZ\u00ff', second);
    push(one, 'cd\u00ff\u00f0', first);
    push(two, '\u00f0', second);
    assert.deepEqual([first.finish(), second.finish()], [['sb 24 abcd'], ['sb 24 XYZ']]);
  });

  // Bytes that matter, often.
  const byte = fc.oneof(fc.constantFrom(255, 240, 242, 244, 246, 250, 251, 253, 13, 0, 10, 31, 1, 65), fc.nat(255));
  const noInterrupt = (bytes: readonly number[]): boolean => !bytes.includes(244) && !bytes.includes(246) && !bytes.includes(243) && !bytes.includes(245);

  it('gives the same events wherever the stream is cut', () => {
    fc.assert(fc.property(fc.array(byte, { maxLength: 60 }).filter(noInterrupt), fc.nat(60), (bytes, cut) => {
      const text = String.fromCharCode(...bytes);
      const whole = read([text]);
      assert.deepEqual(read([text.slice(0, cut), text.slice(cut)]), whole);
      assert.deepEqual(read([...text]), whole);
    }), { numRuns: 500 });
  });

  it('never throws, never gives more data than came', () => {
    fc.assert(fc.property(fc.array(fc.array(byte, { maxLength: 20 }), { maxLength: 10 }), (chunks) => {
      const lines = read(chunks.map((chunk) => String.fromCharCode(...chunk)));
      const data = lines.filter((line) => line.startsWith('data ')).reduce((sum, line) => sum + line.length - 5, 0);
      assert.ok(data <= chunks.flat().length);
    }), { numRuns: 500 });
  });
});

function encode(encoder: DataEncoder, chunks: readonly string[]): string {
  let out = '';
  for (const chunk of chunks) {
    const bytes = Buffer.from(`#${chunk}#`, 'latin1');
    encoder.encode(bytes, 1, bytes.length - 1, { send: (sent, start, end) => { out += Buffer.from(sent).toString('latin1', start, end); } });
  }
  return out;
}

describe('Telnet data encoder', () => {
  const encoder = (settings: Partial<DataEncoder> = {}): DataEncoder => Object.assign(new DataEncoder(), settings);
  it('doubles IAC', () => { assert.equal(encode(encoder(), ['a\u00ffb\u00ff', '\u00ff']), 'a\u00ff\u00ffb\u00ff\u00ff\u00ff\u00ff'); });
  it('passes everything else to a peer that never spoke Telnet', () => { assert.equal(encode(encoder(), ['a\rb\r', '\n\0']), 'a\rb\r\n\0'); });
  it('completes a lone CR', () => {
    assert.equal(encode(encoder({ canonical: true }), ['a\rb\r\nc\r\0d\r\r', '\nx\r', 'y']), 'a\r\0b\r\nc\r\0d\r\0\r\nx\r\0y');
  });
  it('undoes CR NUL towards binary', () => { assert.equal(encode(encoder({ toBinary: true, canonical: true }), ['\r', '\0a\r\nb\r\0']), '\ra\r\nb\r'); });
  it('leaves binary alone', () => { assert.equal(encode(encoder({ toBinary: true, fromBinary: true, canonical: true }), ['\r\0\rx']), '\r\0\rx'); });

  it('is read back as it was, wherever it is cut', () => {
    fc.assert(fc.property(fc.array(fc.nat(255), { maxLength: 40 }), fc.nat(40), (bytes, cut) => {
      const text = String.fromCharCode(...bytes);
      const wire = encode(encoder({ toBinary: true, fromBinary: true }), [text.slice(0, cut), text.slice(cut)]);
      assert.deepEqual(read([wire]), text === '' ? [] : [`data ${text}`]);
    }), { numRuns: 300 });
  });
});
