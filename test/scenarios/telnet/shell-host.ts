// A host with a login and a line editor, as far as scenarios need one: echo, erase, kill, history, completion, a password
// without echo. What it ran is what a real one would have run.
import type net from 'node:net';
import { startRawServer, type RawServer } from '../../harness/raw.ts';
import { option, WILL } from './peers.ts';

export interface ShellHost extends RawServer {
  /** Lines that were entered, in order, over all connections; passwords too. */
  readonly entered: string[];
}

class Shell {
  readonly #socket: net.Socket;
  readonly #entered: string[];
  readonly #history: string[] = [];
  #line = '';
  #prompt = '$ ';
  #state: 'login' | 'password' | 'shell';
  #escape = '';
  #recalled = 0;

  constructor(socket: net.Socket, entered: string[], login: boolean) {
    this.#socket = socket;
    this.#entered = entered;
    this.#state = login ? 'login' : 'shell';
    this.#say(`${WILL}${option.ECHO}${WILL}${option.SGA}${login ? 'login: ' : this.#prompt}`);
  }

  #say(text: string): void { this.#socket.write(Buffer.from(text, 'latin1')); }

  feed(text: string): void {
    for (const key of text.replaceAll(/\u00ff[\u00fb-\u00fe][^]/g, '')) this.#key(key);
  }

  #key(key: string): void {
    if (this.#escape !== '') {
      this.#escape += key;
      if (this.#escape.length < 3) return;
      if (this.#escape === '\u001b[A') this.#recall();
      this.#escape = '';
      return;
    }
    if (key === '\u001b') this.#escape = key;
    else if (key === '\r') this.#enter();
    else if (key === '\n' || key === '\0') { /* belongs to the CR */ }
    else if (key === '\u007f' || key === '\b') this.#erase(1);
    else if (key === '\u0015') this.#erase(this.#line.length);
    else if (key === '\t') this.#type('erase '.slice(this.#line.length));
    else this.#type(key);
  }

  #type(text: string): void {
    this.#line += text;
    if (this.#state !== 'password') this.#say(text);
  }

  #erase(count: number): void {
    for (let i = 0; i < count && this.#line !== ''; i++) {
      this.#line = this.#line.slice(0, -1);
      if (this.#state !== 'password') this.#say('\b \b');
    }
  }

  #recall(): void {
    this.#recalled++;
    this.#erase(this.#line.length);
    this.#type(this.#history.at(-this.#recalled) ?? '');
  }

  #enter(): void {
    const line = this.#line;
    this.#line = '';
    this.#recalled = 0;
    this.#entered.push(line);
    this.#say('\r\n');
    if (this.#state === 'login') {
      this.#state = 'password';
      this.#say('Password: ');
      return;
    }
    if (this.#state === 'shell' && line !== '') {
      this.#history.push(line);
      this.#say(`ran ${line}\r\n`);
    }
    this.#state = 'shell';
    this.#say(this.#prompt);
  }
}

export async function startShellHost(login = false): Promise<ShellHost> {
  const entered: string[] = [];
  const server = await startRawServer((socket) => {
    const shell = new Shell(socket, entered, login);
    socket.on('data', (bytes: Buffer) => { shell.feed(bytes.toString('latin1')); });
    socket.on('end', () => { socket.end(); });
  });
  return { ...server, entered };
}
