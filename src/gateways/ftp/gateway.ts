// The session machine of one FTP client: reads commands from byte 0, runs one at a time (further ones wait their turn),
// answers each exactly once, and ends the session with one outcome. What a command does is in the handlers; how data moves
// is in transfer.ts; the server's half is in server-control.ts. RFC 959 section 5, RFC 1123 section 4.1.
import { operational, type Failure, type OperationalFailure } from '#core/failure.ts';
import type { Outcome } from '#contract/audit-record.ts';
import type { Gateway, PendingServer, ServerLinkOwner, SessionPort } from '#contract/gateway.ts';
import type { Link, LinkHandler } from '#contract/link.ts';
import { ftpViolation, readable, replyText, verbEntry, type FtpReply, type FtpViolationName } from '#codecs/ftp/index.ts';
import { Alarms, type AlarmName } from './alarms.ts';
import { attributeOf } from './attributes.ts';
import { CommandQueue, type CommandQueueOwner, type QueuedCommand } from './command-queue.ts';
import { CommandRun } from './command-run.ts';
import type { DataSetup } from './data-setup.ts';
import { handlers } from './handlers.ts';
import { judge } from './judge.ts';
import { classOf, FtpOperation, maskedArgument, type OperationFacts } from './operations.ts';
import { openControl, splitTarget } from './server-connection.ts';
import { commandRecord, violationRecord, type SessionContext } from './records.ts';
import { farewellOf, farewells, isUnreachable, texts } from './replies.ts';
import { ServerControl, type ServerControlOwner } from './server-control.ts';
import type { FtpService } from './service.ts';
import { SessionState } from './state.ts';
import { clientControlSecurity, serverControlSecurity } from './tls.ts';
import type { Transfer } from './transfer.ts';

export class FtpGateway implements Gateway, LinkHandler, CommandQueueOwner, ServerControlOwner, OperationFacts, SessionContext {
  readonly port: SessionPort;
  readonly service: FtpService;
  readonly server: ServerControl;
  readonly state: SessionState;
  transfer: Transfer | undefined = undefined;
  readonly #link: Link;
  readonly #alarms: Alarms;
  readonly #queue: CommandQueue;
  #current: CommandRun | undefined = undefined;
  /** The command for which a server was asked for. */
  #opener: CommandRun | undefined = undefined;
  /** An ABOR that was obeyed and waits for its turn to be answered. */
  #abortRun: CommandRun | undefined = undefined;
  /** Of the last transfer: a slow client may still be taking its last bytes when it says QUIT. */
  #lingering: DataSetup | undefined = undefined;
  #greeted = false;
  #securing = false;
  #afterDelay: (() => void) | undefined = undefined;
  #draining = false;
  /** The client has said all that it is going to say. */
  #clientEnded = false;
  /** The server went when it had said that the transfer is complete: what of it is on its way still arrives. */
  #goneBehindTransfer: OperationalFailure | undefined = undefined;
  #ended = false;

  constructor(port: SessionPort, service: FtpService) {
    this.port = port;
    this.service = service;
    this.#link = port.client;
    this.state = new SessionState();
    this.server = new ServerControl(this, service.limits);
    this.#queue = new CommandQueue(this, port.client, service.limits);
    this.#alarms = new Alarms((nextMs) => { port.wakeAtMs = nextMs; });
  }

  // What records need to know.
  get pool(): string { return this.server.server?.pool ?? ''; }
  get serverName(): string { return this.server.server?.name ?? ''; }

  started(): void {
    this.#link.handler = this;
    this.alarm('login', this.service.timeouts.login);
    if (this.service.settings.clientTls.mode === 'implicit' && this.#link.tls === undefined) this.secureClient();
    else this.#greet();
  }

  #greet(): void {
    const { banner } = this.service.settings;
    this.alarm('idle', this.service.timeouts.idle);
    if (banner !== 'pass' || this.service.settings.proxy !== undefined) {
      this.#greetWith([banner === 'pass' ? 'FTP server ready.' : banner]);
      return;
    }
    this.server.whenUp(() => { this.#greetWith(this.server.greeting?.lines ?? ['FTP server ready.']); });
  }

  /** What a client says before has to wait: the first reply is the greeting (RFC 959 section 5.4). */
  #greetWith(lines: readonly string[]): void {
    this.#send(220, lines);
    this.#greeted = true;
    this.#queue.pump();
  }

  /** TLS on the client's control connection, with session tickets of its own. */
  secureClient(): void {
    this.#securing = true;
    this.#link.secure(clientControlSecurity(this));
  }

  /** Answers, then turns TLS on: from the reply on nothing is said in the clear. */
  securesAfter(run: CommandRun, code: number, lines: readonly string[], protectsData: boolean): void {
    this.#securing = true;
    this.state.protectsData = protectsData;
    this.finish(run, code, lines);
    this.secureClient();
  }

  /** The name of the user in the argument of USER, without the host of a proxy. */
  userPart(argument: string): string {
    return this.service.settings.proxy === undefined ? argument : splitTarget(argument)?.user ?? argument;
  }

  secured(): void {
    this.#securing = false;
    if (this.service.settings.clientTls.mode === 'implicit') this.#greet();
    this.state.secured();
    this.#queue.pump();
  }

  received(_link: Link, bytes: Buffer, start: number, end: number): void {
    if (this.#ended) return;
    if (this.#securing) {
      this.violate('bytes-before-tls', 'client');
      return;
    }
    this.#queue.received(bytes, start, end);
  }

  // What the queue of commands asks and does.

  get isOver(): boolean { return this.#ended; }
  get isBusy(): boolean {
    return this.#current !== undefined || !this.#greeted || this.#securing || this.#afterDelay !== undefined || this.#goneBehindTransfer !== undefined;
  }
  get hasTransfer(): boolean { return this.transfer !== undefined; }
  get hasMoreFromClient(): boolean { return this.#queue.hasMore; }
  nowMs(): number { return this.port.nowMs(); }
  pace(waitMs: number): void { this.delay(waitMs, () => { this.#queue.pump(); }); }
  broke(fault: Failure): void { this.#fault(fault); }
  execute(command: QueuedCommand): void { this.#execute(command, false); }

  executeBeside(command: QueuedCommand): boolean {
    const run = this.#execute(command, true);
    return run === this.#abortRun;
  }

  beTurn(): void {
    const run = this.#abortRun!;
    this.#abortRun = undefined;
    this.finish(run, 226, ['Abort successful.']);
  }

  pumped(): void {
    if (this.#ended || this.#current !== undefined || this.#goneBehindTransfer !== undefined) return;
    if (this.#draining) this.end('allowed', 'drained', farewells.shutdown);
    else if (this.#clientEnded && !this.isBusy && !this.#queue.hasCommands) this.end('allowed', 'client closed', '');
  }

  #execute({ verb, argument }: QueuedCommand, beside: boolean): CommandRun {
    const { port, service } = this;
    const entry = verbEntry(verb);
    const operation = new FtpOperation(service.name, port.facts.listener, this.port.subject, this);
    const run = new CommandRun(port.operationId(), port.nowMs(), port.wallMs(), verb, entry, argument, operation);
    operation.verb = entry?.verb ?? verb;
    operation.verbClass = entry === undefined ? '' : classOf(entry, argument, service.settings.proxy !== undefined && !this.state.loggedIn);
    operation.host = this.state.targetHost;
    // What is not understood and comes before a login may be a PASS that was misspelt.
    const misspelt = entry === undefined && !this.state.loggedIn && argument !== '';
    operation.argument = misspelt ? '***' : maskedArgument(operation.verb, readable(argument));
    operation.login = operation.verb === 'USER' ? readable(this.userPart(argument)) : this.state.login;
    operation.direction = entry?.transfer === 'up' ? 'upload' : entry?.transfer === 'down' ? 'download' : '';
    if (!beside) this.#current = run;
    this.clearAlarm('idle');
    if (entry !== undefined) handlers[entry.verb]!.before?.(this, run);
    if (!run.finished && judge(this, run)) handlers[entry!.verb]!.run(this, run);
    return run;
  }

  attribute(key: string, operation: FtpOperation): string | undefined {
    return attributeOf(this.state, this.#link.tls !== undefined, key, operation);
  }

  // Answers. Each command is finished exactly once.

  finish(run: CommandRun, code: number, lines: readonly string[]): void {
    if (this.#ended) return;
    run.status = code;
    run.replyLine = `${code} ${lines[0] ?? ''}`;
    this.#send(code, lines);
    this.finishSilently(run);
  }

  finishSilently(run: CommandRun): void {
    if (run.finished) throw new Error(`${run.verb} is answered twice`);
    run.finished = true;
    if (run.admitted) this.port.release(run.operation);
    if (run === this.#opener) run.attempts = this.server.attempts;
    if (run.audited || run.outcome !== 'allowed') this.port.record(commandRecord(this, run));
    else this.port.unrecorded(run.status, this.port.nowMs() - run.startedMs);
    if (run.operation.direction !== '') this.state.transferOver();
    if (run === this.#current) {
      this.#current = undefined;
      if (!this.#ended) this.alarm('idle', this.service.timeouts.idle);
    }
    this.#queue.pump();
  }

  /** The gateway's own word that something cannot be: no rule of policy. */
  refuse(run: CommandRun, code: number, text: string, rule: string, reason = ''): void {
    run.outcome = 'refused';
    run.rule = rule;
    if (reason !== '' || run.reason === '') run.reason = reason === '' ? text : reason;
    this.finish(run, code, [text]);
  }

  deny(run: CommandRun, code: number, text: string, rule: string, reason: string): void {
    run.outcome = 'denied';
    run.rule = rule;
    run.reason = reason;
    this.finish(run, code, [text]);
  }

  preliminary(_run: CommandRun, reply: FtpReply): void {
    this.clearAlarm('serverReply');
    this.#send(reply.code, reply.lines);
  }

  #send(code: number, lines: readonly string[]): void {
    if (!this.#ended) this.#link.sendText(replyText(code, lines));
  }

  transferOver(transfer: Transfer, code: number, lines: readonly string[]): void {
    this.transfer = undefined;
    this.#lingering = this.state.setup;
    this.state.setup = undefined;
    this.finish(transfer.run, code, lines);
    const failure = this.#goneBehindTransfer;
    if (failure !== undefined) this.serverGone(failure, undefined);
  }

  abortTransfer(run: CommandRun): void {
    this.#abortRun = run;
    this.transfer!.abort();
  }

  // The server's half.

  /** Runs `then` when the server can be spoken to. */
  withServer(_run: CommandRun, then: () => void): void {
    if (!this.#ended) this.server.whenUp(then);
  }

  openControl(owner: ServerLinkOwner, excluded: readonly string[]): PendingServer | undefined {
    this.#opener = this.#current;
    return openControl(this, owner, excluded);
  }

  mayTryAnother(link: Link | undefined): boolean {
    const { pool } = this.service.settings;
    if (this.#ended || pool === undefined || !this.port.mayRetry(pool)) return false;
    if (link !== undefined) {
      link.reset();
      this.port.releaseLink(link, false, 'failure', -1);
    }
    return true;
  }

  get serverTlsMode() { return this.service.settings.serverTls.mode; }
  get protectServerData(): boolean { return this.service.settings.serverTls.data === 'protect'; }
  get serverLocalAddress(): string { return this.server.link?.local.address ?? ''; }
  get currentOperation(): FtpOperation {
    return this.#current?.operation ?? new FtpOperation(this.service.name, this.port.facts.listener, this.port.subject, this);
  }

  secureControl(link: Link): void {
    link.secure(serverControlSecurity(this));
  }

  sending(text: string): void { (this.transfer?.run ?? this.#current)?.sent.push(text); }

  waiting(what: 'greeting' | 'reply' | 'nothing'): void {
    if (what === 'nothing') this.clearAlarm('serverReply');
    else this.alarm('serverReply', what === 'greeting' ? this.service.timeouts.serverGreeting : this.service.timeouts.serverReply);
  }

  serverGone(failure: Failure, reply: FtpReply | undefined): void {
    if (this.#ended) return;
    if (failure.kind === 'operational' && this.transfer?.isConfirmed === true) {
      this.#goneBehindTransfer = failure;
      return;
    }
    const run = this.#current;
    const outcome = failure.kind === 'violation' ? 'refused' : failure.kind === 'limit' ? 'limited' : failure.code === 'denied' ? 'denied' : 'failed';
    if (run !== undefined && !run.finished) {
      run.outcome = outcome;
      run.rule = failure.code === 'denied' ? 'ftp.target-network' : failure.code;
      run.reason = failure.message;
      run.status = 421;
      if (reply !== undefined) run.note(reply);
    }
    if (failure.kind !== 'operational') this.port.record(violationRecord(this, this.port.operationId(), failure));
    const text = farewellOf(failure, this.service.settings.proxy !== undefined);
    // The server that the client named is not to be had: the login has failed, for a reason that clients show (a 421 they do not show, or
    // connect again at once).
    if (run?.verb === 'PASS' && isUnreachable(failure) && this.service.settings.proxy !== undefined) {
      this.finish(run, 530, [text]);
      this.end(outcome, failure.message, farewells.plain);
    } else this.end(outcome, failure.message, text);
  }

  // Time.

  alarm(name: AlarmName, afterMs: number): void { this.#alarms.set(name, this.port.nowMs() + afterMs); }
  clearAlarm(name: AlarmName): void { this.#alarms.clear(name); }

  /** Nothing further is begun until then. */
  delay(forMs: number, then: () => void): void {
    this.#afterDelay = then;
    this.alarm('delay', forMs);
  }

  woken(nowMs: number): void {
    for (let name = this.#alarms.takeDue(nowMs); name !== undefined && !this.#ended; name = this.#alarms.takeDue(nowMs)) this.#due(name);
  }

  #due(name: AlarmName): void {
    switch (name) {
      case 'login': this.end('limited', 'no login in time', farewells.login); return;
      case 'idle': this.end('limited', 'idle', farewells.idle); return;
      case 'serverReply': this.server.timedOut(); return;
      case 'transferEnd': this.serverGone(operational('timeout', 'server', 'receive', false, 'the server did not say how the transfer ended'), undefined); return;
      case 'cutAnswer': this.server.probe(); return;
      case 'dataConnect': this.transfer?.connectTimedOut(); return;
      case 'dataStall': this.transfer?.lookForStall(); return;
      case 'heldReply': this.transfer?.sayUnsaid(); return;
      case 'delay': {
        const then = this.#afterDelay;
        this.#afterDelay = undefined;
        then?.();
      }
    }
  }

  // The end.

  violate(name: FtpViolationName, side: 'client' | 'server'): void { this.#fault(ftpViolation(name, side, -1)); }

  #fault(fault: Failure): void {
    this.port.record(violationRecord(this, this.port.operationId(), fault));
    // To another protocol nothing is said: whatever it is might be reflected (ALPACA).
    const speaks = fault.code !== 'ftp.other-protocol' && fault.code !== 'ftp.bytes-before-tls';
    if (speaks) this.#send(500, [texts.notUnderstood]);
    this.end(fault.kind === 'limit' ? 'limited' : 'refused', fault.message, '');
  }

  /** Ends the session on both sides. `farewell`: text of the 421, '' for none. */
  end(outcome: Outcome, reason: string, farewell: string): void {
    if (this.#ended) return;
    if (farewell !== '' && !this.#securing) {
      this.#send(421, [farewell]);
      if (this.#current !== undefined && this.#current.replyLine === '') this.#current.replyLine = `421 ${farewell}`;
    }
    this.#ended = true;
    this.#alarms.clearAll();
    this.state.setup?.discard('the session ended');
    this.#lingering?.client?.release();
    this.#lingering?.server?.release();
    for (const run of [this.#current, this.#abortRun]) {
      if (run === undefined || run.finished) continue;
      if (run.outcome === 'allowed') run.outcome = outcome === 'allowed' ? 'aborted' : outcome;
      if (run.reason === '') run.reason = reason;
      if (run.transfer !== undefined && this.transfer !== undefined) run.transfer.bytes = this.transfer.tap.bytes;
      this.finishSilently(run);
    }
    this.transfer?.tap.abandon();
    const { link } = this.server;
    this.server.leave();
    if (link !== undefined && this.service.settings.proxy === undefined) this.port.releaseLink(link, false, this.server.failed ? 'failure' : 'neutral', -1);
    this.#link.close();
    this.port.finished(outcome, reason);
  }

  /** A client that has said all still hears the answers; in the middle of a transfer it is an abort (RFC 959 section 4.1.1, QUIT). */
  ended(): void {
    if (this.transfer !== undefined || this.#securing) {
      this.end('aborted', 'client closed', '');
      return;
    }
    this.#clientEnded = true;
    this.pumped();
  }

  drained(): void { /* replies are short */ }
  relayed(): void { /* the control connection is never relayed */ }

  closed(_link: Link, failure: OperationalFailure | undefined): void {
    this.end(failure === undefined ? 'allowed' : failure.code === 'tls' ? 'failed' : 'aborted', failure?.message ?? 'client closed', '');
  }

  drain(): void {
    this.#draining = true;
    this.#queue.pump();
  }

  killed(reason: string): void { this.end('aborted', reason, farewells.killed); }

  describe(): string {
    const who = this.port.subject.user ?? (this.state.login === '' ? 'not logged in' : `${this.state.login} (not logged in)`);
    return `${who}: ${this.transfer?.describe() ?? this.#current?.verb ?? 'idle'}`;
  }
}
