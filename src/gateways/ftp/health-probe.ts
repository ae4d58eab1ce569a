// Health of an FTP server: its greeting, where configured TLS, a login and one command, then QUIT. RFC 959 section 5.4;
// RFC 4217 section 4. A pure conversation: the runtime has the socket, the time limit and the bound on what is read.
import { z } from 'zod';
import type { HealthProbe, ProbeConversation, ProbePort } from '#contract/health-probe.ts';
import { resourceName } from '#core/settings/primitives.ts';
import { commandLine, defaultFtpLimits, NEED_MORE, ReplyParser, VIOLATION, type FtpReply } from '#codecs/ftp/index.ts';

const oneLine = /^[\x20-\x7e]*$/;
/** What opens data connections, changes something, or ends the conversation is no question after health. */
const harmless = /^(?:NOOP|PWD|SYST|STAT|FEAT|HELP|OPTS UTF8 ON|(?:CWD|SIZE|MDTM|STAT|MLST) [\x20-\x7e]+)$/i;

export const ftpProbeSettings = z.strictObject({
  greeting: z.string().min(1).max(200).regex(oneLine, 'wanted printable ASCII').optional().describe('Text that the greeting must contain; upper and lower case are the same.'),
  tls: resourceName().optional()
    .describe('TLS profile with which AUTH TLS is done before the login. For TLS from the first byte use the `tls` of the pool instead.'),
  user: z.string().min(1).max(256).regex(oneLine, 'wanted printable ASCII').optional().describe('Logs in with this name. Without it nobody logs in.'),
  password: z.string().max(256).regex(oneLine, 'wanted printable ASCII').default('').describe('The password for the login.'),
  command: z.string().max(256).regex(harmless, 'wanted NOOP, PWD, SYST, STAT, FEAT, HELP, or CWD, SIZE, MDTM or MLST with a path').optional()
    .describe('One command more, which the server must answer with success, such as `CWD /incoming`.'),
});

type FtpProbeSettings = z.output<typeof ftpProbeSettings>;
type Step = 'greeting' | 'auth' | 'user' | 'pass' | 'command';

const waitsFor: Readonly<Record<Step, string>> = {
  greeting: 'the greeting', auth: 'the answer to AUTH TLS', user: 'the answer to USER', pass: 'the answer to PASS', command: 'the answer to the command',
};
const maxPreliminary = 10;

/** A reply as a person may be shown it. */
function said({ code, lines }: FtpReply): string {
  return `${code} ${lines[0]!.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100)}`.trim();
}

class FtpProbe implements ProbeConversation {
  readonly #settings: FtpProbeSettings;
  readonly #port: ProbePort;
  #parser = new ReplyParser(defaultFtpLimits);
  #step: Step = 'greeting';
  #preliminary = 0;
  #done: string[] = [];

  constructor(settings: FtpProbeSettings, port: ProbePort) {
    this.#settings = settings;
    this.#port = port;
  }

  connected(): void { this.#port.waitsFor(waitsFor.greeting); }

  received(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const next = this.#parser.push(bytes, at, bytes.length);
      if (next === NEED_MORE) return;
      if (next === VIOLATION) {
        this.#port.done(false, `not FTP: ${this.#parser.fault!.message}`);
        return;
      }
      at = next;
      // RFC 4217 section 4.2: what comes in the clear behind 234 is nobody's.
      if (this.#step === 'auth' && this.#parser.reply.code === 234 && at < bytes.length) {
        this.#port.done(false, 'the server sent bytes in the clear behind its answer to AUTH TLS');
        return;
      }
      if (!this.#reply(this.#parser.reply)) return;
    }
  }

  /** False when nothing more is to be read of what came along. */
  #reply(reply: FtpReply): boolean {
    const { code } = reply;
    if (code < 200 && this.#step !== 'auth') {
      // 120: ready in nnn minutes.
      if (++this.#preliminary <= maxPreliminary) return true;
      this.#port.done(false, `the server keeps saying ${said(reply)}`);
      return false;
    }
    if (code === 421) return this.#unwell(reply);
    switch (this.#step) {
      case 'greeting': return this.#greeted(reply);
      case 'auth':
        if (code !== 234) return this.#unwell(reply);
        this.#parser = new ReplyParser(defaultFtpLimits);
        this.#port.secure(this.#settings.tls!);
        return false;
      case 'user':
        if (code === 331) return this.#ask('pass', 'PASS', this.#settings.password);
        return code === 230 || code === 232 ? this.#loggedIn() : this.#unwell(reply);
      case 'pass': return code === 230 || code === 202 ? this.#loggedIn() : this.#unwell(reply);
      default:
        if (code >= 300) return this.#unwell(reply);
        this.#done.push(`${this.#settings.command!.split(' ', 1)[0]!.toUpperCase()} ${code}`);
        return this.#well();
    }
  }

  #greeted(reply: FtpReply): boolean {
    if (reply.code !== 220) return this.#unwell(reply);
    const { greeting, tls } = this.#settings;
    if (greeting !== undefined && !reply.lines.some((line) => line.toLowerCase().includes(greeting.toLowerCase()))) {
      this.#port.done(false, `the greeting does not contain "${greeting}": ${said(reply)}`, 'QUIT\r\n');
      return false;
    }
    this.#done.push('FTP 220');
    return tls === undefined ? this.#login() : this.#ask('auth', 'AUTH', 'TLS');
  }

  secured(): void {
    this.#done.push('AUTH TLS');
    this.#login();
  }

  #login(): boolean { return this.#settings.user === undefined ? this.#question() : this.#ask('user', 'USER', this.#settings.user); }

  #loggedIn(): boolean {
    this.#done.push('logged in');
    return this.#question();
  }

  #question(): boolean {
    const { command } = this.#settings;
    if (command === undefined) return this.#well();
    const [verb = '', ...rest] = command.split(' ');
    return this.#ask('command', verb.toUpperCase(), rest.join(' '));
  }

  #ask(step: Step, verb: string, argument: string): boolean {
    this.#step = step;
    this.#port.waitsFor(waitsFor[step]);
    this.#port.send(commandLine(verb, argument));
    return true;
  }

  #well(): boolean {
    this.#port.done(true, this.#done.join(', '), 'QUIT\r\n');
    return false;
  }

  #unwell(reply: FtpReply): boolean {
    const where = this.#step === 'greeting' ? 'greeting' : this.#step === 'command' ? this.#settings.command!.split(' ', 1)[0]!.toUpperCase() : waitsFor[this.#step].slice(14);
    this.#port.done(false, `${where}: ${said(reply)}`, 'QUIT\r\n');
    return false;
  }

  ended(): void { this.#port.done(false, `connection closed before ${waitsFor[this.#step]}`); }
}

export const ftpHealthProbe: HealthProbe<FtpProbeSettings> = {
  name: 'ftp',
  description: 'Healthy is an FTP server that greets with 220 and, where configured, does TLS, lets a user in and answers a command.',
  settings: ftpProbeSettings,
  tlsReferences: ({ tls }) => tls === undefined ? [] : [{ path: ['tls'], profile: tls }],
  start: (settings, port) => new FtpProbe(settings, port),
};
