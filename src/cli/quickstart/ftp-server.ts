// The embedded demonstration FTP server of the quick-start: anonymous, read-only, a few files in memory, passive data
// connections on loopback. Not for anything else: it is what the FTP gateway stands in front of until there is a real one.
import net from 'node:net';
import { startLoopbackServer, type LoopbackServer } from './loopback-server.ts';

const greetingText = '220 Demonstration FTP server\r\n';
const idleTimeoutMs = 300_000;
const dataTimeoutMs = 30_000;
const maxLineBytes = 2048;
const fileTime = new Date(Date.UTC(2026, 0, 1, 12, 0, 0));

/** Files by absolute path; directories are what their names imply. */
export type DemoFiles = Readonly<Record<string, Buffer>>;

function welcome(gateway: string): Buffer {
  return Buffer.from(`This file came through Sallyport.\n\nTry: curl ${gateway}/pub/numbers.csv\nThe gateway has recorded this transfer: npx sallyport logs\n`);
}

export const demoFiles: DemoFiles = {
  '/welcome.txt': welcome('ftp://127.0.0.1:2121'),
  '/pub/numbers.csv': Buffer.from(Array.from({ length: 1000 }, (_, i) => `${i},${i * i}\n`).join('')),
  '/pub/picture.png': Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'),
  '/pub/docs/readme.txt': Buffer.from('Directories are listed with LIST, NLST and MLSD.\n'),
};

interface Entry { name: string; directory: boolean; size: number }

function entriesOf(files: DemoFiles, directory: string): Entry[] | undefined {
  const prefix = directory === '/' ? '/' : `${directory}/`;
  const entries = new Map<string, Entry>();
  for (const [path, content] of Object.entries(files)) {
    if (!path.startsWith(prefix)) continue;
    const [name, ...rest] = path.slice(prefix.length).split('/');
    entries.set(name!, { name: name!, directory: rest.length > 0, size: rest.length > 0 ? 0 : content.length });
  }
  return entries.size === 0 && directory !== '/' ? undefined : [...entries.values()];
}

function resolvePath(cwd: string, argument: string): string {
  const segments: string[] = [];
  for (const segment of (argument.startsWith('/') ? argument : `${cwd}/${argument}`).split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}

const stamp = fileTime.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
function longLine({ name, directory, size }: Entry): string {
  const mode = directory ? 'dr-xr-xr-x' : '-r--r--r--';
  return `${mode} 1 ftp ftp ${String(size).padStart(10)} Jan 01 2026 ${name}\r\n`;
}
const factLine = ({ name, directory, size }: Entry): string => `type=${directory ? 'dir' : 'file'};size=${size};modify=${stamp}; ${name}`;

/** One control connection. */
class DemoSession {
  readonly #socket: net.Socket;
  readonly #files: DemoFiles;
  #line = '';
  #user = '';
  #loggedIn = false;
  #cwd = '/';
  #rest = 0;
  #listener: net.Server | undefined = undefined;
  #data: net.Socket | undefined = undefined;
  #send: ((socket: net.Socket) => void) | undefined = undefined;

  constructor(socket: net.Socket, files: DemoFiles) {
    this.#socket = socket;
    this.#files = files;
    socket.setTimeout(idleTimeoutMs, () => { socket.destroy(); });
    socket.on('data', (bytes: Buffer) => { this.#read(bytes.toString('latin1')); });
    socket.on('error', () => { /* close follows */ });
    socket.on('close', () => { this.#closeData(); });
    socket.write(greetingText);
  }

  #reply(code: number, text: string): void { this.#socket.write(`${code} ${text}\r\n`, 'latin1'); }

  #read(text: string): void {
    this.#line += text;
    for (let end = this.#line.indexOf('\r\n'); end >= 0 && !this.#socket.destroyed; end = this.#line.indexOf('\r\n')) {
      const line = this.#line.slice(0, end);
      this.#line = this.#line.slice(end + 2);
      const space = line.indexOf(' ');
      this.#command((space < 0 ? line : line.slice(0, space)).toUpperCase(), space < 0 ? '' : line.slice(space + 1));
    }
    if (this.#line.length > maxLineBytes) this.#socket.destroy();
  }

  #command(verb: string, argument: string): void {
    switch (verb) {
      case 'USER': this.#user = argument; this.#reply(331, 'Any password will do.'); return;
      case 'PASS':
        this.#loggedIn = this.#user === 'anonymous' || this.#user === 'ftp';
        this.#reply(this.#loggedIn ? 230 : 530, this.#loggedIn ? 'Welcome.' : 'Anonymous only.');
        return;
      case 'QUIT': this.#reply(221, 'Bye.'); this.#socket.end(); return;
      case 'FEAT': this.#socket.write('211-Features:\r\n EPSV\r\n MDTM\r\n MLST type*;size*;modify*;\r\n REST STREAM\r\n SIZE\r\n UTF8\r\n211 End\r\n'); return;
      case 'NOOP': this.#reply(200, 'OK.'); return;
      case 'SYST': this.#reply(215, 'UNIX Type: L8'); return;
      default:
        if (this.#loggedIn) this.#afterLogin(verb, argument);
        else this.#reply(530, 'Log in first.');
    }
  }

  #afterLogin(verb: string, argument: string): void {
    const path = resolvePath(this.#cwd, argument);
    const file = this.#files[path];
    switch (verb) {
      case 'TYPE': this.#reply(200, 'OK.'); return;
      case 'PWD': this.#reply(257, `"${this.#cwd}"`); return;
      case 'CWD':
        if (entriesOf(this.#files, path) === undefined) this.#reply(550, 'No such directory.');
        else { this.#cwd = path; this.#reply(250, 'OK.'); }
        return;
      case 'SIZE': if (file === undefined) this.#reply(550, 'No such file.'); else this.#reply(213, String(file.length)); return;
      case 'MDTM': if (file === undefined) this.#reply(550, 'No such file.'); else this.#reply(213, stamp); return;
      case 'REST': this.#rest = /^\d{1,10}$/.test(argument) ? Number(argument) : 0; this.#reply(350, 'OK.'); return;
      case 'PASV': case 'EPSV': this.#passive(verb === 'EPSV'); return;
      case 'RETR':
        if (file === undefined) this.#reply(550, 'No such file.');
        else this.#transfer(file.subarray(this.#rest));
        this.#rest = 0;
        return;
      case 'LIST': case 'NLST': case 'MLSD': this.#list(verb, resolvePath(this.#cwd, argument.replace(/^-\S* ?/, ''))); return;
      default: this.#reply(502, 'Not here.');
    }
  }

  #list(verb: string, path: string): void {
    const entries = entriesOf(this.#files, path);
    if (entries === undefined) {
      this.#reply(550, 'No such directory.');
      return;
    }
    const lines = entries.map((entry) => (verb === 'LIST' ? longLine(entry) : verb === 'NLST' ? `${entry.name}\r\n` : `${factLine(entry)}\r\n`));
    this.#transfer(Buffer.from(lines.join('')));
  }

  #passive(extended: boolean): void {
    this.#closeData();
    const listener = net.createServer((socket) => {
      listener.close();
      socket.on('error', () => { /* close follows */ });
      this.#data = socket;
      this.#send?.(socket);
    });
    this.#listener = listener;
    listener.listen(0, '127.0.0.1', () => {
      const { port } = listener.address() as net.AddressInfo;
      if (extended) this.#reply(229, `Extended (|||${port}|)`);
      else this.#reply(227, `Passive (127,0,0,1,${port >> 8},${port & 255})`);
    });
  }

  #transfer(content: Buffer): void {
    if (this.#listener === undefined) {
      this.#reply(425, 'PASV first.');
      return;
    }
    this.#reply(150, `Here it comes (${content.length} bytes).`);
    this.#send = (socket) => {
      this.#send = undefined;
      socket.setTimeout(dataTimeoutMs, () => { socket.destroy(); });
      socket.end(content);
      socket.once('close', (failed) => {
        if (failed) this.#reply(426, 'Cut.');
        else this.#reply(226, 'Done.');
        this.#listener = undefined;
        this.#data = undefined;
      });
      socket.resume();
    };
    if (this.#data !== undefined) this.#send(this.#data);
  }

  #closeData(): void {
    this.#listener?.close();
    this.#data?.destroy();
    this.#listener = undefined;
    this.#data = undefined;
    this.#send = undefined;
  }
}

export interface DemoFtpServer extends LoopbackServer {
  /** The gateway in front of it, for the texts that say what to try: `ftp://127.0.0.1:2121`. */
  nameGateway(url: string): void;
}

/** Listens on loopback. `port` 0: any. */
export async function startDemoFtpServer(port = 0, files: DemoFiles = demoFiles): Promise<DemoFtpServer> {
  let shown = files;
  const server = await startLoopbackServer(port, (socket) => { void new DemoSession(socket, shown); });
  return { ...server, nameGateway: (url) => { shown = { ...shown, '/welcome.txt': welcome(url) }; } };
}
