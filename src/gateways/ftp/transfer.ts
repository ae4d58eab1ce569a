// One transfer: from the client's RETR, STOR or LIST to its final reply. Brings the two data connections up, sends the
// command to the server, relays in the one direction that was agreed on, and ends both sides alike: in order, or both by
// a reset when anything was cut, so that a truncated file looks truncated (426, 451).
// A file that is held for inspection is fetched from its source whole and judged before the other side hears of it: a refused
// upload is no command at the server (which would empty the file that is there), a refused download no 150 to the client.
// The command is permitted already; which sides listen or dial was agreed on before (data-handlers.ts).
import type { OperationalFailure } from '#core/failure.ts';
import type { Outcome } from '#contract/audit-record.ts';
import type { Verdict } from '#contract/inspection.ts';
import type { FtpReply } from '#codecs/ftp/index.ts';
import type { CommandRun } from './command-run.ts';
import type { ContentTap } from './content.ts';
import type { DataSetup } from './data-setup.ts';
import type { DataSide, DataSideOwner } from './data-side.ts';
import type { FtpGateway } from './gateway.ts';
import { HeldBytes } from './held-bytes.ts';
import { factsAtEnd } from './transfer-facts.ts';
import { clientDataProven, clientDataSecurity, serverDataSecurity, wantsCloseNotify } from './tls.ts';

type State = 'connecting' | 'asking' | 'joining' | 'flowing' | 'judging' | 'flushing' | 'ending' | 'done';

/** How a transfer is answered when it was cut from here. */
interface Cut { readonly code: number; readonly text: string; readonly outcome: Outcome; readonly rule: string; readonly reason: string }

/** Larger than any file; not Infinity, so that the relay takes the buffer for bulk (runtime/link.ts). */
const allBytes = Number.MAX_SAFE_INTEGER;
/** What a TLS connection may already have read when it is told to pause. */
const maxEarlyBytes = 1024 * 1024;
/** A server answers a reset at once; after so long it is asked whether it is going to. */
const cutAnswerMs = 1000;
/** The stall alarm looks so often in its time. */
const stallLooks = 4;

export class Transfer implements DataSideOwner {
  readonly run: CommandRun;
  readonly tap: ContentTap;
  readonly #gateway: FtpGateway;
  readonly #setup: DataSetup;
  readonly #upload: boolean;
  readonly #maxBytes: number;
  /** More than 0: all is kept until it was seen, up to so many bytes. */
  readonly #holdsBytes: number;
  /** While bytes pass before their inspector's last word, the newest ones wait: a file that is refused at its end is whole nowhere. */
  readonly #withholdsEnd: boolean;
  /** The sink may have what there is; false while a held file is gathered and judged. */
  #released: boolean;
  /** The server's 1xx that the client was not given yet. */
  #unsaid: FtpReply | undefined = undefined;
  #state: State = 'connecting';
  #cut: Cut | undefined = undefined;
  /** It was the server's end of the data connection that went. */
  #serverCut = false;
  #final: FtpReply | undefined = undefined;
  #sourceDone = false;
  #serverAsked = false;
  readonly #held = new HeldBytes();
  #lastBytes = -1;
  #flowStartedMs = 0;
  #flowEndedMs = 0;
  #stillLooks = 0;

  constructor(gateway: FtpGateway, run: CommandRun, setup: DataSetup, tap: ContentTap) {
    this.#gateway = gateway;
    this.run = run;
    this.#setup = setup;
    this.tap = tap;
    this.#upload = run.entry!.transfer === 'up';
    const { limits } = gateway.service;
    this.#maxBytes = run.operation.verbClass === 'list' ? allBytes : this.#upload ? limits.maxUploadBytes : limits.maxDownloadBytes;
    this.#holdsBytes = tap.holdsBytes;
    this.#withholdsEnd = tap.holdsBytes === 0 && tap.hasLastWord;
    this.#released = tap.holdsBytes === 0;
    setup.client!.owner = this;
    setup.server!.owner = this;
    tap.onVerdict = (verdict) => { this.#judged(verdict); };
  }

  /** The server has said that it is complete; bytes may still be on their way. */
  get isConfirmed(): boolean { return this.#final !== undefined && this.#final.code < 400 && this.#cut === undefined; }
  get #source(): DataSide { return this.#upload ? this.#setup.client! : this.#setup.server!; }
  get #sink(): DataSide { return this.#upload ? this.#setup.server! : this.#setup.client!; }

  begin(): void {
    const server = this.#setup.server!;
    const { timeouts } = this.#gateway.service;
    this.#gateway.alarm('dataConnect', timeouts.dataConnect);
    const gone = server.isEnded ? server : this.#setup.client!.isEnded ? this.#setup.client! : undefined;
    if (gone !== undefined) this.cut(425, 'Cannot open data connection.', 'failed', 'data-connection', `${gone.role}: gone before the transfer: ${gone.endedBecause}`);
    else if (server.way === 'dial') server.dial(this.#gateway.port, this.#gateway.serverLocalAddress, timeouts.dataConnect);
    else this.#start();
  }

  #start(): void {
    if (this.#released || !this.#upload) {
      this.#ask();
      return;
    }
    this.#state = 'joining';
    this.#gateway.preliminary(this.run, { code: 150, lines: ['Go ahead.'] });
    this.#wantClient();
  }

  #ask(): void {
    this.#state = 'asking';
    this.#serverAsked = true;
    const { restOffset } = this.run.transfer!;
    if (restOffset === 0 || this.run.operation.verbClass === 'list') this.#command();
    else this.#restart(restOffset);
  }

  #command(): void {
    this.#gateway.server.command(this.run.verb, this.run.wire, (reply) => { this.#answered(reply); }, (reply) => { this.#begun(reply); });
  }

  #restart(offset: number): void {
    const { server } = this.#gateway;
    server.command('REST', String(offset), (reply) => {
      if (reply.code !== 350) this.#answered(reply);
      else if (this.#cut === undefined) this.#command();
      // Cut in between: the next transfer begins at its beginning.
      else server.command('REST', '0', () => { this.#finishCut(); });
    });
  }

  #begun(reply: FtpReply): void {
    if (this.#cut !== undefined) return;
    this.#state = 'joining';
    const { server } = this.#setup;
    this.run.note(reply);
    if (this.#holdsBytes > 0) {
      this.#gateway.clearAlarm('serverReply');
      // An upload's client was told to go ahead long ago.
      if (!this.#upload) {
        this.#unsaid = reply;
        this.#gateway.alarm('heldReply', this.#gateway.service.timeouts.heldReply);
      }
      server!.want(serverDataSecurity(this.#gateway));
      return;
    }
    this.#gateway.preliminary(this.run, reply);
    server!.want(serverDataSecurity(this.#gateway));
    this.#wantClient();
  }

  #wantClient(): void {
    const client = this.#setup.client!;
    const { port, service } = this.#gateway;
    client.want(clientDataSecurity(this.#gateway));
    if (client.way === 'dial') client.dial(port, port.client.local.address, service.timeouts.dataConnect);
  }

  /** The client that waits for a held file hears that it is coming: when it is, or when it has waited long (curl gives up after 120 s). */
  sayUnsaid(): void {
    const reply = this.#unsaid;
    this.#unsaid = undefined;
    this.#gateway.clearAlarm('heldReply');
    if (reply !== undefined) this.#gateway.preliminary(this.run, reply);
  }

  sideReady(side: DataSide): void {
    if (this.#state === 'connecting' && side.role === 'server') {
      this.#start();
      return;
    }
    if (this.#state !== 'joining' || !side.isReady) return;
    if (side.role === 'client' && !clientDataProven(this.#gateway, side)) {
      this.cut(522, 'The data connection does not resume the TLS session of the control connection.', 'denied', 'ftp.data-session',
        'client data connection without the control connection\'s TLS session');
      return;
    }
    if (this.#holdsBytes > 0 && this.#released) {
      if (side === this.#sink) this.#passOn();
    } else if (this.#source.isReady && (!this.#released || this.#sink.isReady)) this.#flow();
  }

  /** What was held goes to the sink that stands now. */
  #passOn(): void {
    this.#gateway.clearAlarm('dataConnect');
    this.#watchStall();
    this.#sink.link!.resume();
    this.#flush();
  }

  #watchStall(): void {
    this.#stillLooks = 0;
    this.#lastBytes = this.#moved;
    this.#gateway.alarm('dataStall', this.#gateway.service.timeouts.dataStall / stallLooks);
  }

  sideFailed(side: DataSide, reason: string): void {
    this.cut(425, 'Cannot open data connection.', 'failed', 'data-connection', `${side.role}: ${reason}`);
  }

  #flow(): void {
    this.#state = 'flowing';
    this.#flowStartedMs = this.#gateway.port.nowMs();
    this.#gateway.clearAlarm('dataConnect');
    this.#watchStall();
    const source = this.#source.link!;
    if (this.#released) {
      const left = this.#maxBytes - this.tap.bytes;
      if (!this.#withholdsEnd) {
        this.#held.sendAllTo(this.#sink.link!);
        if (left > 0) source.relayTo(this.#sink.link!, left, this.tap);
      }
      // What a peer sends against the direction is noticed, not left in the kernel.
      this.#sink.link!.resume();
    }
    source.resume();
    if (source.peerEnded) this.sideEnded(this.#source);
  }

  sideReceived(side: DataSide, bytes: Buffer, start: number, end: number): void {
    if (this.#cut !== undefined || this.#state === 'done') return;
    if (side === this.#sink) {
      this.cut(426, 'Data in the wrong direction.', 'refused', 'ftp.data-direction', `the ${side.role} sent data against the direction of the transfer`);
      return;
    }
    if (this.tap.bytes + end - start > this.#maxBytes) {
      this.cut(this.#upload ? 552 : 451, 'The file is larger than permitted.', 'limited', `ftp.limit.${this.#upload ? 'maxUploadBytes' : 'maxDownloadBytes'}`,
        `more than ${this.#maxBytes} bytes`);
      return;
    }
    this.tap.pass(bytes, start, end);
    // The tap may have cut the transfer.
    if (this.#cut !== undefined) return;
    if (this.#holdsBytes === 0 && this.#state === 'flowing') {
      const sink = this.#sink.link!;
      if (!this.#withholdsEnd) sink.send(bytes, start, end);
      else if (!this.#held.passAllButLast(sink, bytes, start, end)) side.link!.pause();
      return;
    }
    if (this.#held.bytes + end - start > (this.#holdsBytes === 0 ? maxEarlyBytes : this.#holdsBytes)) {
      this.cut(this.#upload ? 552 : 451, 'The file is too large to be inspected.', 'limited', 'ftp.limit.maxHeldBytes', 'larger than what is held for inspection');
    } else this.#held.add(bytes, start, end);
  }

  sideRelayed(): void { /* the limit's last byte: anything behind it is `received` and cuts the transfer */ }

  sideEnded(side: DataSide): void {
    if (side !== this.#source || this.#sourceDone || this.#cut !== undefined || this.#state !== 'flowing') return;
    if (side.link!.endedWithoutNotify && wantsCloseNotify(this.#gateway, side.role)) {
      this.cut(426, 'Connection closed; transfer aborted.', side.role === 'client' ? 'aborted' : 'failed', 'ftp.data-truncated',
        `the ${side.role} ended the data connection without ending its TLS: the file may be cut short`);
      return;
    }
    this.#sourceDone = true;
    this.#flowEndedMs = this.#gateway.port.nowMs();
    this.#state = 'judging';
    this.tap.finish(() => { if (this.#state === 'judging' && this.#cut === undefined) this.#release(); });
  }

  /** All was seen and may pass. A held file meets its sink now. */
  #release(): void {
    if (this.#released) {
      this.#flush();
      return;
    }
    this.#released = true;
    this.#gateway.clearAlarm('dataStall');
    this.#gateway.alarm('dataConnect', this.#gateway.service.timeouts.dataConnect);
    if (this.#upload) {
      this.#ask();
      return;
    }
    this.#state = 'joining';
    this.sayUnsaid();
    this.#wantClient();
  }

  /** What was held goes out now. Then the end. */
  #flush(): void {
    this.#state = 'flushing';
    if (!this.#held.sendTo(this.#sink.link!)) return;
    this.#state = 'ending';
    this.#sink.link!.end();
    this.#source.link!.end();
    this.#gateway.clearAlarm('dataStall');
    this.#gateway.alarm('transferEnd', this.#gateway.service.timeouts.transferEnd);
    if (this.#final !== undefined) this.#complete();
  }

  sideDrained(side: DataSide): void {
    if (side !== this.#sink) return;
    if (this.#state === 'flushing') this.#flush();
    else if (this.#state === 'flowing' && this.#withholdsEnd) this.#source.link!.resume();
  }

  sideClosed(side: DataSide, failure: OperationalFailure | undefined): void {
    if (this.#cut !== undefined || this.#state === 'done') return;
    if (this.#state === 'ending') {
      // After our FIN the sink goes in its own time; a reset now means that it did not take everything.
      this.#serverCut = side.role === 'server';
      if (side === this.#sink && failure !== undefined && this.#upload) this.cut(426, 'Connection closed; transfer aborted.', 'failed', 'data-connection',
        `${side.role}: ${failure.message}`);
      return;
    }
    if (side === this.#source && this.#sourceDone) return;
    this.#serverCut = side.role === 'server';
    this.cut(426, 'Connection closed; transfer aborted.', side.role === 'client' ? 'aborted' : 'failed', 'data-connection',
      `${side.role}: ${failure?.message ?? 'the data connection was closed in the middle'}`);
  }

  /** While bytes pass, what is found leaves a part of the file at the other side: 451. Held, it leaves nothing: the permanent denial. */
  #judged(verdict: Verdict): void {
    if (this.#state === 'done') return;
    this.run.transfer!.verdict = `${verdict.action} by ${verdict.inspector}: ${verdict.code} ${verdict.evidence}`.slice(0, 300);
    if (verdict.action !== 'block') return;
    const code = this.#holdsBytes === 0 ? 451 : verdict.code === 'content.too-large' && this.#upload ? 552 : this.#upload ? 553 : 550;
    this.cut(code, 'The content of the file is not permitted.', 'denied', verdict.code, `${verdict.inspector}: ${verdict.evidence}`);
  }

  /** Final reply of the server. */
  #answered(reply: FtpReply): void {
    this.run.note(reply);
    this.#final = reply;
    if (this.#cut !== undefined) {
      this.#finishCut();
      return;
    }
    if (reply.code >= 400) {
      // Nothing that came so far may look whole.
      this.#drop(this.#state !== 'asking');
      this.run.reason = `the server answered ${reply.code}`;
      this.#finish(reply.code, reply.lines, 'failed', '');
      return;
    }
    if (this.#state === 'asking') {
      // 2xx without 1xx: nothing is moved.
      this.#drop(false);
      this.#finish(reply.code, reply.lines, 'allowed', '');
    } else if (this.#state === 'ending') this.#complete();
    else this.#gateway.clearAlarm('serverReply');
  }

  #complete(): void {
    const reply = this.#final!;
    if (reply.code >= 400) this.run.reason = `the server answered ${reply.code}`;
    this.#finish(reply.code, reply.lines, reply.code < 400 ? 'allowed' : 'failed', '');
  }

  /** Cuts it from here: both data connections are reset; the client is answered when the server has had its last word. */
  cut(code: number, text: string, outcome: Outcome, rule: string, reason: string): void {
    if (this.#cut !== undefined || this.#state === 'done') return;
    this.#cut = { code, text, outcome, rule, reason };
    this.#held.drop();
    this.#drop(true);
    if (this.#serverAsked) this.#gateway.server.transferCut();
    if (!this.#serverAsked || this.#final !== undefined) this.#finishCut();
    else {
      this.#gateway.alarm('transferEnd', this.#gateway.service.timeouts.transferEnd);
      this.#gateway.alarm('cutAnswer', cutAnswerMs);
    }
  }

  /** ABOR of the client. */
  abort(): void {
    this.cut(426, 'Connection closed; transfer aborted.', 'aborted', '', 'ABOR');
  }

  #finishCut(): void {
    const { code, text, outcome, rule, reason } = this.#cut!;
    const final = this.#final;
    // A server that cut it knows why: 452, no room left.
    const says = this.#serverCut && final !== undefined && final.code >= 400;
    this.run.reason = says ? `${reason}; the server answered ${final.code}` : reason;
    if (says) this.#finish(final.code, final.lines, outcome, rule);
    else this.#finish(code, [text], outcome, rule);
  }

  #drop(abrupt: boolean): void {
    this.#setup.client!.drop(abrupt, 'the transfer was cut');
    this.#setup.server!.drop(abrupt, 'the transfer was cut');
  }

  #finish(code: number, lines: readonly string[], outcome: Outcome, rule: string): void {
    if (this.#state === 'done') return;
    const complete = this.#state === 'ending' && this.#cut === undefined;
    this.#state = 'done';
    for (const name of ['dataConnect', 'dataStall', 'transferEnd', 'heldReply', 'cutAnswer'] as const) this.#gateway.clearAlarm(name);
    if (!complete) this.tap.abandon();
    factsAtEnd(this.run.transfer!, this.#setup, this.tap, complete, this.#flowMs);
    if (outcome !== 'allowed') this.run.outcome = outcome;
    if (rule !== '') this.run.rule = rule;
    this.#gateway.transferOver(this, code, lines);
  }

  /** No data connection in time. */
  connectTimedOut(): void {
    this.cut(425, 'Cannot open data connection.', 'failed', 'ftp.timeout.dataConnect', 'no data connection in time');
  }

  get #flowMs(): number {
    if (this.#flowStartedMs === 0) return 0;
    return (this.#flowEndedMs === 0 ? this.#gateway.port.nowMs() : this.#flowEndedMs) - this.#flowStartedMs;
  }

  get #moved(): number { return (this.#source.link?.bytesIn ?? 0) + (this.#sink.link?.bytesOut ?? 0); }

  /** Looks whether bytes have moved since the last look. */
  lookForStall(): void {
    if (this.#state === 'ending' || this.#state === 'done' || this.#cut !== undefined) return;
    const moved = this.#moved;
    this.#stillLooks = moved === this.#lastBytes ? this.#stillLooks + 1 : 0;
    this.#lastBytes = moved;
    if (this.#stillLooks >= stallLooks) this.cut(426, 'No data for too long; transfer aborted.', 'limited', 'ftp.timeout.dataStall', 'no byte moved in time');
    else this.#gateway.alarm('dataStall', this.#gateway.service.timeouts.dataStall / stallLooks);
  }

  describe(): string { return `${this.run.verb} ${this.run.operation.path}, ${this.tap.bytes} bytes`; }
}
