// A scripted FTP server and a raw FTP client for scenarios: every byte is what the test says. The server behaves by default
// (any login, PASV, files in memory); a test replaces single answers or sends bytes of its own.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, afterEach } from 'node:test';
import type { Inspector } from '#contract/inspection.ts';
import type { VirtualClock } from '#core/clock.ts';
import { startGateway, type GatewayUnderTest } from '../../harness/gateway.ts';
import { RawClient } from '../../harness/raw.ts';

/** One control connection of the scripted server. */
export class ScriptedSession {
  readonly socket: net.Socket;
  readonly commands: string[] = [];
  readonly raw: Buffer[] = [];
  data: net.Socket | undefined = undefined;
  listener: net.Server | undefined = undefined;
  dataReady: Promise<net.Socket> | undefined = undefined;
  /** What was stored last, when its connection ended; undefined while it goes on. */
  stored: Buffer | undefined = undefined;
  storedEnd = '';

  constructor(socket: net.Socket) {
    this.socket = socket;
  }

  say(text: string): void { this.socket.write(Buffer.from(text, 'latin1')); }

  async passive(host = '127.0.0.1'): Promise<number> {
    this.listener?.close();
    const listener = net.createServer({ allowHalfOpen: true });
    this.listener = listener;
    this.dataReady = once(listener, 'connection').then(([socket]) => {
      this.data = socket as net.Socket;
      (socket as net.Socket).on('error', () => { /* told by close */ });
      listener.close();
      return socket as net.Socket;
    });
    listener.listen(0, host);
    await once(listener, 'listening');
    return (listener.address() as net.AddressInfo).port;
  }
}

export type Answer = string | ((session: ScriptedSession, argument: string) => void);

export interface ScriptedServer {
  readonly port: number;
  readonly sessions: ScriptedSession[];
  /** By verb; '' is the greeting. A text is sent as it stands, CRLF added. */
  readonly answers: Record<string, Answer>;
  readonly files: Record<string, Buffer>;
  /** All commands of all sessions, in order. */
  commands(): string[];
  close(): Promise<void>;
}

export function passiveText(port: number, address = '127.0.0.1'): string {
  return `227 Entering Passive Mode (${address.replaceAll('.', ',')},${port >> 8},${port & 255})`;
}

/** Whether it was an error that closed it. (`once` of node:events would reject.) */
function closing(socket: net.Socket): Promise<boolean> {
  return new Promise((resolve) => { socket.once('close', resolve); });
}

async function send(session: ScriptedSession, content: Buffer): Promise<void> {
  session.say(`150 Opening (${content.length} bytes).\r\n`);
  const data = await session.dataReady!;
  data.resume();
  data.end(content);
  const failed = await closing(data);
  session.say(failed ? '426 Cut.\r\n' : '226 Done.\r\n');
}

async function store(session: ScriptedSession): Promise<void> {
  session.stored = undefined;
  session.say('150 Go on.\r\n');
  const data = await session.dataReady!;
  const chunks: Buffer[] = [];
  let cut = false;
  data.on('data', (bytes: Buffer) => { chunks.push(bytes); });
  data.on('error', () => { cut = true; });
  data.on('end', () => { data.end(); });
  await closing(data);
  session.storedEnd = cut ? 'reset' : 'fin';
  session.stored = Buffer.concat(chunks);
  session.say(cut ? '426 Cut.\r\n' : '226 Stored.\r\n');
}

const behaviour: Record<string, Answer> = {
  '': '220 scripted', 'USER': '331 password', 'PASS': '230 in', 'PWD': '257 "/"', 'TYPE': '200 type', 'CWD': '250 cwd', 'NOOP': '200 noop',
    'FEAT': '211-Features:\r\n SIZE\r\n EVIL x\r\n211 End',
  'REST': '350 rest', 'DELE': '250 gone', 'RNFR': '350 from', 'RNTO': '250 to', 'MKD': '257 "/x" made', 'QUIT': '221 bye', 'SITE': '200 site', 'SIZE': '213 5', 'PORT': '200 port',
  'PASV': (session) => { void session.passive().then((port) => { session.say(`${passiveText(port)}\r\n`); }); },
};

export async function startScriptedServer(host = '127.0.0.1'): Promise<ScriptedServer> {
  const sessions: ScriptedSession[] = [];
  const answers: Record<string, Answer> = { ...behaviour };
  const files: Record<string, Buffer> = { '/file': Buffer.from('hello') };
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const session = new ScriptedSession(socket);
    sessions.push(session);
    socket.on('error', () => { /* a test cut it */ });
    let text = '';
    const act = (verb: string, argument: string): void => {
      const answer = answers[verb];
      if (typeof answer === 'string') session.say(`${answer}\r\n`);
      else if (answer !== undefined) answer(session, argument);
      else if (verb === 'RETR') {
        const file = files[argument];
        if (file === undefined) session.say('550 none\r\n');
        else void send(session, file);
      } else if (verb === 'LIST' || verb === 'NLST') void send(session, Buffer.from('file\r\n'));
      else if (verb === 'STOR' || verb === 'APPE') void store(session);
      else session.say('502 what\r\n');
    };
    socket.on('data', (bytes: Buffer) => {
      session.raw.push(bytes);
      text += bytes.toString('latin1');
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        session.commands.push(line);
        const space = line.indexOf(' ');
        act(space < 0 ? line : line.slice(0, space), space < 0 ? '' : line.slice(space + 1));
      }
    });
    socket.on('end', () => { socket.end(); });
    act('', '');
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port, sessions, answers, files,
    commands: () => sessions.flatMap(({ commands }) => commands),
    close: async () => {
      for (const { socket, data, listener } of sessions) {
        socket.destroy();
        data?.destroy();
        listener?.close();
      }
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
}

/** Puts a scripted server's answers back to what they were. */
export function behaveAgain(server: ScriptedServer): void {
  for (const verb of Object.keys(server.answers)) delete server.answers[verb];
  Object.assign(server.answers, behaviour);
}

const whole = /^(?:(\d{3}) [^\r\n]*\r\n|(\d{3})-[\s\S]*?^\2 [^\r\n]*\r\n)/m;

export class FtpClient {
  readonly raw: RawClient;
  #at = 0;

  constructor(port: number, localAddress?: string, host = '127.0.0.1') {
    this.raw = new RawClient(port, host, localAddress);
  }

  /** The next whole reply. */
  async reply(): Promise<string> {
    const rest = (): string => this.raw.received.slice(this.#at);
    await this.raw.until(() => whole.test(rest()));
    const match = whole.exec(rest())!;
    this.#at += match.index + match[0].length;
    return match[0].trimEnd();
  }

  async command(text: string): Promise<string> {
    this.raw.send(`${text}\r\n`);
    return this.reply();
  }

  async login(user = 'alice', password = 'x'): Promise<this> {
    await this.reply();
    await this.command(`USER ${user}`);
    const answer = await this.command(`PASS ${password}`);
    if (!answer.startsWith('230')) throw new Error(answer);
    return this;
  }

  /** PASV, and connects. */
  async passive(localAddress?: string): Promise<RawClient> {
    const port = await this.passivePort();
    const data = new RawClient(port, '127.0.0.1', localAddress);
    await once(data.socket, 'connect');
    return data;
  }

  async passivePort(): Promise<number> {
    const answer = await this.command('PASV');
    const match = /(\d+),(\d+)\)/.exec(answer);
    if (match === null) throw new Error(answer);
    return Number(match[1]) * 256 + Number(match[2]);
  }

  /** Everything until the end of the connection, behind what was read already. */
  async rest(): Promise<string> {
    await this.raw.untilEnd();
    return this.raw.received.slice(this.#at);
  }

  close(): void { this.raw.destroy(); }
}

/** A gateway in front of a scripted server; `settings` are further lines of the service, `rules` come before the one that allows all. */
export async function startFtp(server: ScriptedServer, settings = '', rules = '', more = '',
  inspectors: readonly Inspector[] = [], clock?: VirtualClock): Promise<GatewayUnderTest> {
  return startGateway(`
listeners: { ftp: { bind: "127.0.0.1:0", service: files } }
services:
  files:
    protocol: ftp
    pool: files
    login: { failureDelay: 10ms }
${settings}
pools: { files: { servers: ["127.0.0.1:${server.port}"] } }
${more}
policy:
${rules}
  - { id: open, then: allow }
`, undefined, { inspectors, ...clock === undefined ? {} : { clock } });
}

/** For a file whose tests share a server and a gateway, which some tests put others in place of. Behind each test the server
 *  behaves as before and the gateway must have found no bug; behind the last both are gone. */
export function shared(server: ScriptedServer, gateway: () => GatewayUnderTest, client: () => FtpClient): void {
  afterEach(() => {
    client().close();
    behaveAgain(server);
    assert.deepEqual(gateway().bugs, []);
  });
  after(async () => {
    await gateway().stop();
    await server.close();
  });
}

/** A gateway with these settings for as long as `run` takes; it must have found no bug, and the server behaves as before. */
export async function withFtp(server: ScriptedServer, settings: string, run: (gateway: GatewayUnderTest) => Promise<void>): Promise<void> {
  const gateway = await startFtp(server, settings);
  try {
    await run(gateway);
    assert.deepEqual(gateway.bugs, []);
  } finally {
    await gateway.stop();
    behaveAgain(server);
  }
}
