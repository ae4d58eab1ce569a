// A program on a terminal of its own, which socat makes: what it shows, and keys for it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { waitFor } from '../../scenarios/telnet/peers.ts';
import { environmentOf, program, type Program } from './programs.ts';

export class Terminal {
  readonly #child: ChildProcess;
  readonly ended: Promise<unknown>;
  output = '';

  /** `command`: the line that begins with the program's file. */
  constructor(running: Program, command: string, environment: NodeJS.ProcessEnv = {}) {
    const socat = program('socat')!;
    this.#child = spawn(socat.file, ['-', `EXEC:"${command}",pty,setsid,ctty`], { env: { ...environmentOf(socat, running), TERM: 'vt220', LANG: 'C.UTF-8', ...environment } });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) stream.on('data', (bytes: Buffer) => { this.output += bytes.toString('latin1'); });
    this.ended = once(this.#child, 'close');
  }

  until(fits: RegExp): Promise<string> { return waitFor(() => this.output, (text) => fits.test(text), 40_000); }
  type(keys: string): void { this.#child.stdin!.write(keys); }
  kill(): void { this.#child.kill('SIGKILL'); }
}
