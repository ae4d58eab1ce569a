// The embedded demonstration host of the quick-start: greets, echoes what is typed as a shell would, and has a tiny menu. Not
// for anything else: it is what the Telnet gateway stands in front of until there is a real one. RFC 854, 857, 858.
import type net from 'node:net';
import { startLoopbackServer, type LoopbackServer } from './loopback-server.ts';

const idleTimeoutMs = 600_000;
const maxLineLength = 200;
const prompt = 'demo> ';

/** IAC WILL ECHO, IAC WILL SUPPRESS-GO-AHEAD: characters come as they are typed, and are shown by us. */
const negotiation = Buffer.from([255, 251, 1, 255, 251, 3]);

const menu = [
  'What you can do here:',
  '  1  time         what time it is here',
  '  2  whoami       where your connection comes from',
  '  3  echo TEXT    say it back',
  '     reload       the gateway blocks this one before it gets here',
  '     quit', '',
].join('\r\n');

const IAC = 255;
const SB = 250;
const SE = 240;

/** Where in the client's bytes we are: text, after IAC, after IAC WILL and the like, in a suboption, after IAC in one. */
type State = 'text' | 'iac' | 'option' | 'suboption' | 'suboption-iac';

class DemoHostSession {
  readonly #socket: net.Socket;
  #state: State = 'text';
  #line = '';
  #afterCr = false;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setTimeout(idleTimeoutMs, () => { socket.destroy(); });
    socket.on('data', (bytes: Buffer) => { for (const byte of bytes) this.#byte(byte); });
    socket.on('error', () => { /* close follows */ });
    socket.write(negotiation);
    this.#say(`Welcome to the demonstration host behind Sallyport.\r\n\r\n${menu}${prompt}`);
  }

  #say(text: string): void { if (this.#socket.writable) this.#socket.write(text, 'latin1'); }

  #byte(byte: number): void {
    switch (this.#state) {
      case 'text':
        if (byte === IAC) this.#state = 'iac';
        else this.#key(byte);
        return;
      case 'iac':
        if (byte === SB) this.#state = 'suboption';
        else this.#state = byte >= 251 && byte <= 254 ? 'option' : 'text';
        return;
      case 'option': this.#state = 'text'; return;
      case 'suboption': if (byte === IAC) this.#state = 'suboption-iac'; return;
      case 'suboption-iac': this.#state = byte === SE ? 'text' : 'suboption';
    }
  }

  #key(byte: number): void {
    const afterCr = this.#afterCr;
    this.#afterCr = byte === 13;
    if (byte === 13) this.#enter();
    // LF or NUL behind CR belongs to it (RFC 854).
    else if (afterCr && (byte === 10 || byte === 0)) return;
    else if (byte === 10) this.#enter();
    else if (byte === 8 || byte === 127) this.#erase(1);
    else if (byte === 21) this.#erase(this.#line.length);
    else if (byte === 3) {
      this.#line = '';
      this.#say(`^C\r\n${prompt}`);
    } else if (byte >= 32 && byte < 127 && this.#line.length < maxLineLength) {
      this.#line += String.fromCharCode(byte);
      this.#say(String.fromCharCode(byte));
    }
  }

  #erase(count: number): void {
    const left = Math.max(0, this.#line.length - count);
    this.#say('\b \b'.repeat(this.#line.length - left));
    this.#line = this.#line.slice(0, left);
  }

  #enter(): void {
    const line = this.#line.trim();
    this.#line = '';
    this.#say('\r\n');
    const answer = this.#answer(line);
    if (answer === undefined) {
      this.#say('Bye.\r\n');
      this.#socket.end();
    } else this.#say(`${answer === '' ? '' : `${answer}\r\n`}${prompt}`);
  }

  /** Undefined: the end. */
  #answer(line: string): string | undefined {
    const [command = '', ...rest] = line.split(/\s+/);
    switch (command) {
      case '': return '';
      case '1': case 'time': case 'date': return new Date().toString();
      case '2': case 'whoami': {
        const { remoteAddress = '?', remotePort = 0 } = this.#socket;
        return `Your connection comes from ${remoteAddress} port ${remotePort}: that is the gateway, not your terminal.`;
      }
      case '3': case 'echo': return rest.join(' ') || 'Nothing to say.';
      case 'help': case '?': case 'menu': return menu.trimEnd();
      case 'quit': case 'exit': case 'logout': return undefined;
      default: return `There is no command "${command}". Try: help`;
    }
  }
}

/** Listens on loopback. `port` 0: any. */
export async function startDemoTelnetHost(port = 0): Promise<LoopbackServer> {
  return startLoopbackServer(port, (socket) => { void new DemoHostSession(socket); });
}
