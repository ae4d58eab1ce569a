// The gateway's own control connection to a server: connects, reads the greeting, turns TLS on, sends one command at a time
// and pairs each reply with the command that asked for it. A reply that nobody asked for ends the session; 421 may come at
// any time (RFC 959 section 5.4). Knows nothing of the client.
import { operational, type Failure, type OperationalFailure } from '#core/failure.ts';
import type { ChosenServer, PendingServer, ServerLinkOwner } from '#contract/gateway.ts';
import type { Link, LinkHandler } from '#contract/link.ts';
import { commandLine, ftpViolation, ReplyParser, VIOLATION, type FtpLimits, type FtpReply } from '#codecs/ftp/index.ts';

export type ReplyTaker = (reply: FtpReply) => void;

/** Who uses the connection: the session machine. */
export interface ServerControlOwner {
  /** Asks for the connection; the answer goes to `owner`. */
  openControl(owner: ServerLinkOwner, excluded: readonly string[]): PendingServer | undefined;
  /** This server does not do: another one may be tried, and `link`, if there was one, is given back. */
  mayTryAnother(link: Link | undefined): boolean;
  /** Undefined: TLS is not wanted. */
  readonly serverTlsMode: 'off' | 'explicit' | 'implicit';
  readonly protectServerData: boolean;
  secureControl(link: Link, server: ChosenServer): void;
  /** A command is about to go out, passwords masked: for the record. */
  sending(text: string): void;
  /** Something is waited for until `woken`: 'greeting', 'reply' or nothing. */
  waiting(what: 'greeting' | 'reply' | 'nothing'): void;
  /** The server said 421, cut the connection or broke the protocol. The connection is of no more use. */
  serverGone(failure: Failure, reply: FtpReply | undefined): void;
}

interface Expected {
  readonly verb: string;
  readonly final: ReplyTaker;
  /** Given for commands that move data: takes the 1xx. */
  preliminary: ReplyTaker | undefined;
  /** A second 1xx is its end. */
  markEnds: boolean;
  /** A NOOP was sent behind it. */
  probed: boolean;
  /** Its own final reply, when that came before the NOOP's. */
  late: FtpReply | undefined;
}

/** Replies that mean something by themselves to whoever looks on between us and the client (a packet filter that helps FTP along opens
 *  what a 227 names): they follow their own command and no other. */
const ownReplies = new Map<number, readonly string[]>([[227, ['PASV']], [228, []], [229, ['EPSV']], [234, []], [334, []], [335, []]]);

type State = 'idle' | 'opening' | 'tls-first' | 'greeting' | 'auth' | 'securing' | 'up' | 'gone';

export class ServerControl implements ServerLinkOwner, LinkHandler {
  link: Link | undefined = undefined;
  server: ChosenServer | undefined = undefined;
  greeting: FtpReply | undefined = undefined;
  /** Data connections are protected. */
  protectedData = false;
  /** Servers that were asked. */
  attempts = 0;
  /** It was the server's fault that it is gone. */
  failed = false;
  #state: State = 'idle';
  #pending: PendingServer | undefined = undefined;
  #expected: Expected | undefined = undefined;
  #ready: (() => void)[] = [];
  #parser: ReplyParser;
  /** Names of servers that could not be had. */
  readonly #tried: string[] = [];
  /** Why the one before could not be had. */
  #earlier: OperationalFailure | undefined = undefined;
  readonly #limits: FtpLimits;
  readonly #owner: ServerControlOwner;

  constructor(owner: ServerControlOwner, limits: FtpLimits) {
    this.#owner = owner;
    this.#limits = limits;
    this.#parser = new ReplyParser(limits);
  }

  get isUp(): boolean { return this.#state === 'up'; }
  get isGone(): boolean { return this.#state === 'gone'; }
  get isBusy(): boolean { return this.#expected !== undefined; }

  /** Calls `then` when commands can be sent: at once when the connection stands. Failures go to `serverGone`. */
  whenUp(then: () => void): void {
    if (this.#state === 'up') {
      then();
      return;
    }
    this.#ready.push(then);
    if (this.#state === 'idle') this.#open();
  }

  #open(): void {
    this.#state = 'opening';
    const pending = this.#owner.openControl(this, this.#tried);
    if (this.#state === 'opening') this.#pending = pending;
  }

  /** Nothing was said to this server yet: another one of the pool will do as well. */
  #another(failure: OperationalFailure, server: ChosenServer | undefined): boolean {
    if (server === undefined || !this.#owner.mayTryAnother(this.link)) return false;
    this.#earlier = failure;
    this.#tried.push(server.name);
    this.link = undefined;
    this.#parser = new ReplyParser(this.#limits);
    this.#owner.waiting('nothing');
    this.#open();
    return true;
  }

  /** It has not greeted, and does not. */
  #notGreeted(failure: OperationalFailure, reply: FtpReply | undefined): void {
    if (!this.#another(failure, this.server)) this.#gone(failure, reply);
  }

  serverReady(link: Link, server: ChosenServer): void {
    this.#pending = undefined;
    this.attempts++;
    this.link = link;
    this.server = server;
    link.handler = this;
    this.#owner.waiting('greeting');
    if (this.#owner.serverTlsMode === 'implicit' && link.tls === undefined) {
      this.#state = 'tls-first';
      this.#owner.secureControl(link, server);
    } else this.#state = 'greeting';
  }

  serverFailed(failure: OperationalFailure, server: ChosenServer | undefined): void {
    this.#pending = undefined;
    if (server !== undefined) this.attempts++;
    if (failure.phase === 'connect' && this.#another(failure, server)) return;
    // That no further server is there says less than what was wrong with the last.
    this.#gone(failure.phase === 'pick' ? this.#earlier ?? failure : failure, undefined);
  }

  /** Sends a command; `masked` is what records show of its argument. @throws Error when one is under way: a bug. */
  command(verb: string, argument: string, final: ReplyTaker, preliminary?: ReplyTaker, masked = argument): void {
    if (this.#state === 'gone') return;
    if (this.#expected !== undefined) throw new Error(`${verb} to the server while ${this.#expected.verb} is under way`);
    this.#expected = { verb, final, preliminary, markEnds: false, probed: false, late: undefined };
    this.#owner.sending(masked === '' ? verb : `${verb} ${masked}`);
    this.#owner.waiting('reply');
    this.link!.sendText(commandLine(verb, argument));
  }

  /** The data connection of the command under way was reset. pure-ftpd answers that with a second 150 and no other reply. */
  transferCut(): void {
    if (this.#expected !== undefined) this.#expected.markEnds = true;
  }

  /** Nothing has come of the command whose data connection was reset. pure-ftpd says nothing at all when it had sent nothing yet: a NOOP
   *  is answered behind whatever is still to come, and with 200, which ends no transfer (RFC 959 section 5.4). */
  probe(): void {
    const expected = this.#expected;
    if (expected === undefined || expected.probed) return;
    expected.probed = true;
    this.#owner.sending('NOOP');
    this.link!.sendText(commandLine('NOOP', ''));
  }

  received(link: Link, bytes: Buffer, start: number, end: number): void {
    if (this.#state === 'securing' || this.#state === 'tls-first') {
      this.#refuse('response-before-tls');
      return;
    }
    for (let at = start; at < end && this.#state !== 'gone' && link === this.link;) {
      const next = this.#parser.push(bytes, at, end);
      const answers = this.#parser.takeAnswers();
      if (answers !== '') link.sendText(answers);
      if (next === VIOLATION) {
        this.#gone(this.#parser.fault!, undefined);
        return;
      }
      if (next < 0) return;
      at = next;
      this.#reply(this.#parser.reply, at < end);
    }
  }

  /** `more`: further bytes came with it. */
  #reply(reply: FtpReply, more: boolean): void {
    if (this.#state === 'greeting') {
      this.#greeted(reply);
      return;
    }
    if (reply.code === 421) {
      this.#gone(operational('closed', 'server', 'receive', false, `the server ended the session: 421 ${reply.lines[0] ?? ''}`), reply);
      return;
    }
    if (this.#state === 'auth') {
      this.#authAnswered(reply, more);
      return;
    }
    const expected = this.#expected;
    if (expected === undefined) {
      this.#refuse('reply-unasked');
      return;
    }
    const ownVerb = ownReplies.get(reply.code);
    if (ownVerb !== undefined && !ownVerb.includes(expected.verb)) {
      this.#refuse('reply-order');
      return;
    }
    if (reply.code < 200 && !(expected.markEnds && expected.preliminary === undefined)) {
      const { preliminary } = expected;
      expected.preliminary = undefined;
      if (preliminary === undefined) this.#refuse('reply-order');
      else preliminary(reply);
      return;
    }
    if (expected.probed && expected.late === undefined && reply.code !== 200) {
      expected.late = reply;
      return;
    }
    this.#expected = undefined;
    this.#owner.waiting('nothing');
    expected.final(expected.late ?? reply);
  }

  #greeted(reply: FtpReply): void {
    // 120: ready in some minutes; the greeting follows.
    if (reply.code === 120) return;
    if (reply.code !== 220) {
      this.#notGreeted(operational('refused', 'server', 'receive', false, `the server greeted with ${reply.code} ${reply.lines[0] ?? ''}`.trimEnd()), reply);
      return;
    }
    this.greeting = reply;
    if (this.#owner.serverTlsMode === 'explicit' && this.link!.tls === undefined) {
      this.#state = 'auth';
      this.#owner.sending('AUTH TLS');
      this.link!.sendText(commandLine('AUTH', 'TLS'));
    } else if (this.link!.tls === undefined) this.#up();
    else this.#protect();
  }

  #authAnswered(reply: FtpReply, more: boolean): void {
    if (reply.code !== 234) {
      this.#gone(operational('tls', 'server', 'tls', false, `the server refused TLS: ${reply.code} ${reply.lines[0] ?? ''}`), undefined);
      return;
    }
    // Whatever stands behind the 234 was not said under TLS, and would be taken for it.
    if (more || this.#parser.pendingBytes > 0) {
      this.#refuse('response-before-tls');
      return;
    }
    this.#state = 'securing';
    this.#owner.secureControl(this.link!, this.server!);
  }

  secured(): void {
    if (this.#state === 'tls-first') this.#state = 'greeting';
    else if (this.#state === 'securing') this.#protect();
  }

  /** RFC 4217 section 9: PBSZ, then PROT. */
  #protect(): void {
    this.#state = 'up';
    if (!this.#owner.protectServerData) {
      this.#up();
      return;
    }
    this.command('PBSZ', '0', () => {
      this.command('PROT', 'P', (reply) => {
        this.protectedData = reply.code >= 200 && reply.code < 300;
        if (this.protectedData) this.#up();
        else this.#gone(operational('tls', 'server', 'tls', false, `the server does not protect data connections: ${reply.code}`), undefined);
      });
    });
  }

  #up(): void {
    this.#state = 'up';
    this.#owner.waiting('nothing');
    const ready = this.#ready;
    this.#ready = [];
    for (const then of ready) then();
  }

  ended(link: Link): void { this.closed(link, undefined); }

  drained(): void { /* commands are short */ }
  relayed(): void { /* never relayed */ }

  closed(link: Link, failure: OperationalFailure | undefined): void {
    if (link !== this.link) return;
    const why = failure ?? operational('closed', 'server', 'receive', false, 'the server closed the control connection');
    if (this.#state === 'greeting') this.#notGreeted(why, undefined);
    else this.#gone(why, undefined);
  }

  /** The server has taken too long. */
  timedOut(): void {
    if (this.#state === 'greeting') this.#notGreeted(operational('timeout', 'server', 'receive', false, 'no greeting of the server in time'), undefined);
    else this.#gone(operational('timeout', 'server', 'receive', false, 'no reply of the server in time'), undefined);
  }

  #refuse(name: 'reply-unasked' | 'reply-order' | 'response-before-tls'): void {
    this.#gone(ftpViolation(name, 'server', -1), undefined);
  }

  #gone(failure: Failure, reply: FtpReply | undefined): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.failed = true;
    this.#expected = undefined;
    this.#ready = [];
    this.#pending?.cancel();
    this.#owner.waiting('nothing');
    this.#owner.serverGone(failure, reply);
  }

  /** Leaves in good order: QUIT when nothing is under way. Tells nobody. */
  leave(): void {
    if (this.#state === 'up' && this.#expected === undefined) this.link!.sendText(commandLine('QUIT', ''));
    this.#state = 'gone';
    this.#expected = undefined;
    this.#ready = [];
    this.#pending?.cancel();
    this.link?.close();
  }
}
