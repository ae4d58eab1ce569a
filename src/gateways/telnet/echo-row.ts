// The row of the terminal that the cursor is on, as far as the host's output tells: enough of a terminal to follow what a
// line editor (readline, a router's command line) shows while a line is typed. No screen, no scrolling, no colours.
// ECMA-48; tabs, wide characters and wrapped lines are approximated (docs/protocols/telnet.md says what follows from that).

const maxColumns = 2048;
const GROUND = 0;
const ESCAPE = 1;
const CSI = 2;
const STRING = 3;

export class EchoRow {
  /** One entry a column. */
  readonly #cells: string[] = [];
  /** Counts rows: a new one when the cursor leaves the last or it is cleared away. */
  generation = 0;
  #column = 0;
  #state = GROUND;
  #parameters = '';
  /** UTF-8 character under way, as bytes in latin1. */
  #partial = '';
  #wanted = 0;

  get column(): number { return this.#column; }
  /** Columns up to the last one that was written. */
  get length(): number { return this.#cells.length; }
  at(column: number): string | undefined { return this.#cells[column]; }

  /** Text from a column on, without trailing spaces. */
  text(from = 0, to = maxColumns): string { return this.#cells.slice(from, to).join('').trimEnd(); }

  /** Text in front of a column, spaces included. */
  head(column = this.#column): string { return this.#cells.slice(0, column).join(''); }

  push(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at++) this.#byte(bytes[at]!);
  }

  #byte(byte: number): void {
    if (this.#state === GROUND) {
      if (byte >= 0x80) this.#utf8(byte);
      else if (byte >= 0x20 && byte !== 0x7f) this.#put(String.fromCharCode(byte));
      else this.#control(byte);
      return;
    }
    if (byte === 0x1b) this.#state = ESCAPE;
    else if (this.#state === ESCAPE) {
      this.#parameters = '';
      this.#state = byte === 0x5b ? CSI : byte === 0x5d || byte === 0x50 ? STRING : byte < 0x30 ? ESCAPE : GROUND;
    } else if (this.#state === STRING) {
      if (byte === 7) this.#state = GROUND;
    } else if (byte >= 0x40 && byte <= 0x7e) {
      this.#state = GROUND;
      this.#sequence(String.fromCharCode(byte));
    } else if (this.#parameters.length < 32) this.#parameters += String.fromCharCode(byte);
  }

  #utf8(byte: number): void {
    if (byte >= 0xc0) {
      this.#partial = String.fromCharCode(byte);
      this.#wanted = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
      return;
    }
    if (this.#wanted === 0) {
      this.#put(String.fromCharCode(byte));
      return;
    }
    this.#partial += String.fromCharCode(byte);
    if (--this.#wanted === 0) this.#put(Buffer.from(this.#partial, 'latin1').toString('utf8'));
  }

  #put(character: string): void {
    if (this.#column >= maxColumns) return;
    while (this.#cells.length < this.#column) this.#cells.push(' ');
    this.#cells[this.#column] = character;
    this.#column++;
  }

  #control(byte: number): void {
    if (byte === 8) this.#column = Math.max(0, this.#column - 1);
    else if (byte === 13) this.#column = 0;
    else if (byte === 9) this.#column = Math.min(maxColumns, (Math.floor(this.#column / 8) + 1) * 8);
    else if (byte === 10 || byte === 11 || byte === 12) this.#newRow();
    else if (byte === 0x1b) this.#state = ESCAPE;
  }

  #newRow(): void {
    this.#cells.length = 0;
    this.generation++;
  }

  #sequence(final: string): void {
    const [first = ''] = this.#parameters.split(';');
    const count = Math.max(1, Number.parseInt(first, 10) || 1);
    switch (final) {
      case 'C': this.#column = Math.min(maxColumns, this.#column + count); break;
      case 'D': this.#column = Math.max(0, this.#column - count); break;
      case 'G': this.#column = Math.min(maxColumns, count - 1); break;
      case 'K': this.#erase(first); break;
      case 'P': this.#cells.splice(this.#column, count); break;
      case 'X': for (let i = 0; i < Math.min(count, maxColumns); i++) if (this.#column + i < this.#cells.length) this.#cells[this.#column + i] = ' '; break;
      case '@': if (this.#column <= this.#cells.length) this.#cells.splice(this.#column, 0, ...Array.from({ length: Math.min(count, 256) }, () => ' ')); break;
      case 'H':
      case 'f':
      case 'J': this.#newRow(); break;
      default:
    }
    if (this.#cells.length > maxColumns) this.#cells.length = maxColumns;
  }

  #erase(which: string): void {
    if (which === '' || which === '0') this.#cells.length = Math.min(this.#cells.length, this.#column);
    else if (which === '2') this.#cells.length = 0;
    else for (let i = 0; i <= this.#column && i < this.#cells.length; i++) this.#cells[i] = ' ';
  }
}
