// Whole anonymous FTP sessions, many at once: connect, login, PASV, RETR of a file of 1 KiB, QUIT; or sessions that log in and stay.
//   run ADDRESS PORT SECONDS AT_ONCE   prints one line of JSON: sessions, failed, micros, p50, p99 (microseconds of a session)
//   hold ADDRESS PORT COUNT            prints "ready N" when all are logged in; ends when its input ends
// The data connection goes to the address of the control connection; each step is checked, and so is the file.
import net from 'node:net';

const [mode = 'run', address = '127.0.0.1', portText = '0', amountText = '0', atOnceText = '16'] = process.argv.slice(2);
const port = Number(portText);
const amount = Number(amountText);
const fileBytes = 1024;
/** Logins under way at once, of sessions that stay. */
const loginsAtOnce = 50;

const login: readonly (readonly [awaited: string, send: string])[] = [['220', 'USER anonymous'], ['331', 'PASS bench@example.org'], ['230', 'PASV']];

/** One session; `done` with whether all went well. Of one that stays: when it is logged in. */
class Session {
  #control!: net.Socket;
  readonly #stays: boolean;
  readonly #done: (well: boolean) => void;
  #step = 0;
  #text = '';
  #fetched = 0;
  #complete = false;
  #dataEnded = false;
  #over = false;

  constructor(stays: boolean, done: (well: boolean) => void) {
    this.#stays = stays;
    this.#done = done;
  }

  begin(): void {
    this.#control = net.connect({ host: address, port, noDelay: true });
    this.#control.on('data', (bytes: Buffer) => { this.#read(bytes.toString('latin1')); });
    this.#control.on('error', () => { this.#finish(false); });
    this.#control.on('close', () => { this.#finish(this.#step > 6); });
  }

  #read(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf('\r\n'); end >= 0; end = this.#text.indexOf('\r\n')) {
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      // Lines within a reply are of no interest.
      if (/^\d{3} /.test(line)) this.#reply(line.slice(0, 3), line);
    }
  }

  #reply(code: string, line: string): void {
    const step = this.#step++;
    if (step < login.length) {
      const [awaited, next] = login[step]!;
      if (code !== awaited) return this.#finish(false);
      if (step === login.length - 1 && this.#stays) return this.#finish(true);
      this.#control.write(`${next}\r\n`);
    } else if (step === 3) this.#passive(code, line);
    else if (step === 4) {
      if (code !== '150') this.#finish(false);
    } else if (step === 5) {
      this.#complete = code === '226';
      if (!this.#complete) return this.#finish(false);
      this.#quit();
    } else if (step === 6 && code !== '221') this.#finish(false);
  }

  #passive(code: string, line: string): void {
    const match = /(\d+),(\d+)\)/.exec(line);
    if (code !== '227' || match === null) return this.#finish(false);
    const data = net.connect({ host: address, port: Number(match[1]) * 256 + Number(match[2]), noDelay: true });
    data.on('data', (bytes: Buffer) => { this.#fetched += bytes.length; });
    data.on('error', () => { this.#finish(false); });
    data.on('end', () => {
      this.#dataEnded = true;
      this.#quit();
    });
    data.on('connect', () => { this.#control.write('RETR 1k\r\n'); });
  }

  #quit(): void {
    if (!this.#complete || !this.#dataEnded) return;
    if (this.#fetched === fileBytes) this.#control.write('QUIT\r\n');
    else this.#finish(false);
  }

  #finish(well: boolean): void {
    if (this.#over) return;
    this.#over = true;
    if (!this.#stays) this.#control.destroy();
    this.#done(well);
  }
}

function run(): void {
  const endAt = performance.now() + amount * 1000;
  const startedAt = performance.now();
  const times: number[] = [];
  let failed = 0;
  let open = 0;
  const next = (): void => {
    open++;
    const began = performance.now();
    new Session(false, (well) => {
      open--;
      if (well) times.push(performance.now() - began);
      else failed++;
      // A peer that refuses everything is not hammered.
      if (performance.now() < endAt && failed < 100) next();
      else if (open === 0) report();
    }).begin();
  };
  const report = (): void => {
    times.sort((a, b) => a - b);
    const at = (part: number): number => Math.round((times[Math.floor(times.length * part)] ?? 0) * 1000);
    process.stdout.write(`${JSON.stringify({ sessions: times.length, failed, micros: Math.round((performance.now() - startedAt) * 1000), p50: at(0.5), p99: at(0.99) })}\n`);
    process.exit(0);
  };
  for (let i = 0; i < Number(atOnceText); i++) next();
}

function hold(): void {
  let started = 0;
  let settled = 0;
  let well = 0;
  const next = (): void => {
    started++;
    new Session(true, (logged) => {
      if (logged) well++;
      if (++settled === amount) process.stdout.write(`ready ${well}\n`);
      else if (started < amount) next();
    }).begin();
  };
  for (let i = 0; i < Math.min(loginsAtOnce, amount); i++) next();
  process.stdin.on('end', () => { process.exit(0); });
  process.stdin.resume();
}

if (mode === 'run') run();
else hold();
