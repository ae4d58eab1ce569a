// The client's commands in turn: read from byte 0, kept while one is under way, at most so many and so many a second. While a
// transfer is under way ABOR takes effect at once, whatever waits before it, and is answered in its turn; STAT is answered beside
// the transfer (RFC 959 section 4.1.3). Decides nothing about a command.
import type { Link } from '#contract/link.ts';
import { CommandParser, VIOLATION, type FtpFault } from '#codecs/ftp/index.ts';
import type { FtpSettings } from './settings.ts';

export interface QueuedCommand { readonly verb: string; readonly argument: string }

/** Who runs the commands: the session machine. */
export interface CommandQueueOwner {
  /** The next command has to wait: for the one under way, for TLS, for a pause. */
  readonly isBusy: boolean;
  readonly isOver: boolean;
  readonly hasTransfer: boolean;
  nowMs(): number;
  execute(command: QueuedCommand): void;
  /** Beside the transfer under way. True: it is answered when its turn has come (`beTurn`). */
  executeBeside(command: QueuedCommand): boolean;
  /** The turn of the command that was run beside the transfer. */
  beTurn(): void;
  /** All that may run now has run. */
  pumped(): void;
  /** So many commands a second: further ones wait so long, then `pump` is to be called. */
  pace(waitMs: number): void;
  /** The client broke the protocol or a limit of it: nothing more is read. */
  broke(fault: FtpFault): void;
}

/** Stands in the queue where the ABOR stood that was obeyed at once. */
const turnOfAbort: QueuedCommand = { verb: '', argument: '' };

export class CommandQueue {
  readonly #owner: CommandQueueOwner;
  readonly #link: Link;
  readonly #limits: FtpSettings['limits'];
  readonly #parser: CommandParser;
  readonly #queue: QueuedCommand[] = [];
  /** Bytes that came when the queue was full. */
  #held: Buffer | undefined = undefined;
  /** Bytes of the current read that have not been parsed. */
  #unparsed = 0;
  #pumping = false;
  #secondStartedMs = 0;
  #secondCount = 0;

  constructor(owner: CommandQueueOwner, link: Link, limits: FtpSettings['limits']) {
    this.#owner = owner;
    this.#link = link;
    this.#limits = limits;
    this.#parser = new CommandParser(limits);
  }

  /** Commands wait, or have come and were not read yet. */
  get hasCommands(): boolean { return this.#queue.length > 0 || this.#held !== undefined || this.#unparsed > 0; }
  /** Anything has come from the client behind the command at hand, half a command included: nothing may stand behind AUTH. */
  get hasMore(): boolean { return this.hasCommands || this.#parser.pendingBytes > 0; }

  received(bytes: Buffer, start: number, end: number): void {
    if (this.#held !== undefined) this.#held = Buffer.concat([this.#held, bytes.subarray(start, end)]);
    else this.#read(bytes, start, end);
  }

  #read(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end && !this.#owner.isOver;) {
      if (this.#queue.length >= this.#limits.maxPipelinedCommands) {
        this.#held = Buffer.from(bytes.subarray(at, end));
        this.#link.pause();
        break;
      }
      const next = this.#parser.push(bytes, at, end);
      const answers = this.#parser.takeAnswers();
      if (answers !== '') this.#link.sendText(answers);
      if (next === VIOLATION) {
        this.#owner.broke(this.#parser.fault!);
        break;
      }
      if (next < 0 && !(this.#owner.hasTransfer && this.#parser.takeAbort())) break;
      at = next < 0 ? end : next;
      this.#unparsed = end - at;
      const { verb, argument } = this.#parser.command;
      this.#arrived({ verb, argument });
    }
    this.#unparsed = 0;
  }

  #arrived(command: QueuedCommand): void {
    if (this.#owner.hasTransfer && this.#passesOthers(command)) {
      if (this.#owner.executeBeside(command)) {
        this.#queue.push(turnOfAbort);
        this.pump();
      }
      return;
    }
    this.#queue.push(command);
    this.pump();
  }

  #passesOthers({ verb, argument }: QueuedCommand): boolean {
    if (verb === 'ABOR') return !this.#queue.includes(turnOfAbort);
    return verb === 'STAT' && argument === '' && this.#queue.length === 0 && this.#inPace();
  }

  /** Runs what waits, as far as it may. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.#owner.isOver && !this.#owner.isBusy) {
      if (this.#queue.length === 0) {
        if (this.#held === undefined) break;
        this.#readHeld(this.#held);
      } else if (this.#queue[0] === turnOfAbort) {
        this.#queue.shift();
        this.#owner.beTurn();
      } else if (this.#inPace()) this.#owner.execute(this.#queue.shift()!);
      else break;
    }
    this.#pumping = false;
    this.#owner.pumped();
  }

  #readHeld(held: Buffer): void {
    this.#held = undefined;
    this.#pumping = false;
    this.#read(held, 0, held.length);
    this.#pumping = true;
    if (this.#held === undefined) this.#link.resume();
  }

  /** So many commands a second; beyond them the client waits. */
  #inPace(): boolean {
    const nowMs = this.#owner.nowMs();
    if (nowMs - this.#secondStartedMs >= 1000) {
      this.#secondStartedMs = nowMs;
      this.#secondCount = 0;
    }
    if (++this.#secondCount <= this.#limits.maxCommandsPerSecond) return true;
    this.#owner.pace(this.#secondStartedMs + 1000 - nowMs);
    return false;
  }
}
