// The gateway's own questions before a host is reached: name and password, then which host. Text in, text out, and an
// answer at the end. Does not check passwords, connect or time out (the gateway does).
import { addressFamily } from '#core/network.ts';
import { parseHostPort } from '#core/settings/primitives.ts';
import { visible } from '#core/terminal/escape-filter.ts';
import { LineEditor, type EditedLine } from './line-editor.ts';
import { block, notice } from './replies.ts';
import type { TargetSettings, TelnetSettings } from './settings.ts';

export interface Target {
  /** Pool of a menu entry, or '' for a host that was typed. */
  readonly pool: string;
  /** Menu entry, or '' . */
  readonly entry: string;
  readonly host: string;
  readonly port: number;
}

export interface DialogueOwner {
  /** Text for the terminal. */
  say(text: string): void;
  /** Whether the gateway echoes what is typed: it offered ECHO and the client took it. */
  readonly echoes: boolean;
  credentials(user: string, password: string): void;
  chosen(target: Target): void;
  /** Whether more of the client may come. */
  readOn(reads: boolean): void;
  /** The user gave up, or has used up the attempts. */
  gaveUp(reason: string, outcome: 'allowed' | 'denied'): void;
}

type State = 'user' | 'password' | 'checking' | 'target' | 'connecting' | 'done';

const hostName = /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}))*\.?$/;
/** What is typed ahead while a password is checked or a host is connected to; then reading stops, so that nothing is lost. */
const maxAheadBytes = 4096;

export class Dialogue implements EditedLine {
  readonly #settings: TelnetSettings;
  readonly #owner: DialogueOwner;
  readonly #editor = new LineEditor();
  #state: State = 'done';
  #user = '';
  #attempts = 0;
  #ahead: Buffer | undefined = undefined;

  constructor(settings: TelnetSettings, owner: DialogueOwner) {
    this.#settings = settings;
    this.#owner = owner;
  }

  get state(): State { return this.#state; }

  start(): void {
    if (this.#settings.login !== undefined) {
      this.#owner.say(block(this.#settings.login.banner));
      this.#askUser();
    } else this.#askTarget();
  }

  #askUser(): void {
    this.#state = 'user';
    this.#owner.say(this.#settings.login!.prompt);
  }

  /** Offers the menu and asks. */
  #askTarget(): void {
    const targets = this.#settings.targets;
    if (targets === undefined) {
      this.#state = 'connecting';
      this.#owner.chosen({ pool: this.#settings.pool!, entry: '', host: '', port: 0 });
      return;
    }
    this.#attempts = 0;
    this.#owner.say(`${block(targets.title)}${menuText(targets)}`);
    this.#promptTarget(targets);
  }

  #promptTarget(targets: TargetSettings): void {
    this.#state = 'target';
    this.#owner.say(targets.prompt);
  }

  data(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.#state === 'checking' || this.#state === 'connecting' || this.#state === 'done') {
        const more = bytes.subarray(at, end);
        this.#ahead = this.#ahead === undefined ? Buffer.from(more) : Buffer.concat([this.#ahead, more]);
        if (this.#ahead.length >= maxAheadBytes) this.#owner.readOn(false);
        return;
      }
      at = this.#editor.push(bytes, at, end, this.#state === 'password', this);
    }
  }

  /** What was typed ahead, for whoever comes next. */
  takeAhead(): Buffer | undefined {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead !== undefined) this.#owner.readOn(true);
    return ahead !== undefined && this.second(ahead[0]!) ? ahead.subarray(1) : ahead;
  }

  /** The LF or NUL of the Enter that ended the dialogue: not for the host. */
  second(byte: number): boolean { return this.#editor.second(byte); }

  echo(text: string): void {
    if (this.#owner.echoes) this.#owner.say(text);
  }

  interrupted(): void {
    this.#state = 'done';
    this.#owner.gaveUp('left at the prompt', 'allowed');
  }

  line(text: string): void {
    if (this.#state === 'user') {
      if (text.trim() === '') {
        this.#owner.say(this.#settings.login!.prompt);
        return;
      }
      this.#user = text.trim();
      this.#state = 'password';
      this.#owner.say('Password: ');
    } else if (this.#state === 'password') {
      this.#state = 'checking';
      this.#owner.credentials(this.#user, text);
    } else if (this.#state === 'target') this.#target(text.trim());
  }

  /** The answer to `credentials`. */
  checked(right: boolean): void {
    if (this.#state !== 'checking') return;
    if (right) {
      this.#askTarget();
      this.#readAhead();
      return;
    }
    this.#attempts++;
    if (this.#attempts >= this.#settings.login!.attempts) {
      this.#state = 'done';
      this.#owner.say(notice('too many attempts'));
      this.#owner.gaveUp('too many wrong passwords', 'denied');
      return;
    }
    // The same words whether the name or the password was wrong.
    this.#owner.say('\r\nLogin incorrect\r\n');
    this.#askUser();
    this.#readAhead();
  }

  #readAhead(): void {
    const ahead = this.takeAhead();
    if (ahead !== undefined) this.data(ahead, 0, ahead.length);
  }

  #target(text: string): void {
    const targets = this.#settings.targets!;
    if (text === '') {
      this.#owner.say(targets.prompt);
      return;
    }
    if (/^(?:quit|exit|logout|bye)$/i.test(text)) {
      this.interrupted();
      return;
    }
    const target = parseTarget(text, targets);
    if (typeof target === 'string') this.refused(target);
    else {
      this.#state = 'connecting';
      this.#owner.chosen(target);
    }
  }

  /** The host that was chosen cannot be had: asks again, when there was a choice. */
  refused(why: string): void {
    const targets = this.#settings.targets;
    this.#attempts++;
    this.#owner.say(notice(why));
    if (targets === undefined || this.#attempts >= targets.attempts) {
      this.#state = 'done';
      this.#owner.gaveUp(why, 'denied');
      return;
    }
    this.#promptTarget(targets);
    this.#readAhead();
  }

  finished(): void { this.#state = 'done'; }
}

function menuText(targets: TargetSettings): string {
  return targets.menu.map(({ name, description }, index) => `${String(index + 1).padStart(3)}) ${name}${description === '' ? '' : ` - ${visible(description)}`}\r\n`).join('');
}

/** A target, or in words why it is none. */
export function parseTarget(text: string, targets: TargetSettings): Target | string {
  const entry = targets.menu.find(({ name }, index) => name.toLowerCase() === text.toLowerCase() || String(index + 1) === text);
  if (entry !== undefined) return { pool: entry.pool, entry: entry.name, host: '', port: 0 };
  if (!targets.hosts) return 'there is no such entry';
  const spaced = /^(\S+)\s+(\d{1,5})$/.exec(text);
  const given = spaced === null ? text : addressFamily(spaced[1]!) === 6 ? `[${spaced[1]!}]:${spaced[2]!}` : `${spaced[1]!}:${spaced[2]!}`;
  const bare = addressFamily(given) !== 0 || hostName.test(given) ? { host: given, port: targets.ports[0]! } : parseHostPort(given);
  if (bare === undefined || (addressFamily(bare.host) === 0 && !hostName.test(bare.host))) return 'that is not a host';
  // Only digits and dots, yet no address: resolvers disagree about 127.1, 0x7f.1 or 2130706433.
  if (addressFamily(bare.host) === 0 && /^(?:0x[0-9a-f]+|\d+)(?:\.(?:0x[0-9a-f]+|\d+))*\.?$/i.test(bare.host)) return 'that is not a host';
  if (!targets.ports.includes(bare.port)) return 'that port is not permitted';
  return { pool: '', entry: '', host: bare.host.toLowerCase().replace(/\.$/, ''), port: bare.port };
}
