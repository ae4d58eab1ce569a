// What a TLS server end writes to, below it and above TCP: lets its bytes pass and can give the client its session ticket once more, at
// any time after the handshake (RFC 8446 section 4.6.1). OpenSSL has a call for that (SSL_new_session_ticket); Node does not lead to it.
//
// How: the records that OpenSSL seals after its handshake are opened here and, once one of ours went between them, sealed anew under the
// number that is next on the wire. No number is ever seen twice outside. The ticket is the one that OpenSSL gave with the handshake,
// word for word. What the client sends passes untouched. TLS 1.2 passes untouched both ways and has no further ticket.
// See docs/decisions/0013-tickets-on-the-control-connection.md.
import { Duplex } from 'node:stream';
import type tls from 'node:tls';
import { HandleSocket, type SocketOwner } from '../handle-socket.ts';
import type { LinkTransport } from '../link.ts';
import { applicationType, handshakeType, isKnownSuite, recordHeaderBytes, RecordProtection } from './record-protection.ts';

const newSessionTicket = 4;
const keyUpdate = 24;
const messageHeaderBytes = 4;
const secretName = 'SERVER_TRAFFIC_SECRET_0 ';
const none = Buffer.alloc(0);

/** Outside of Node's pool, of which a small piece would hold the whole for the time of a session. */
function kept(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  own.set(bytes);
  return own;
}

type WriteDone = (error?: Error | null) => void;

export class TicketTransport extends Duplex implements SocketOwner {
  readonly #below: LinkTransport;
  /** Of the write that the kernel has not taken whole. */
  #written: WriteDone | undefined = undefined;
  #secured: tls.TLSSocket | undefined = undefined;
  #secret: Buffer | undefined = undefined;
  /** From the first record on that OpenSSL sealed under it. */
  #protection: RecordProtection | undefined = undefined;
  /** Nothing can be added: TLS 1.2, or a suite that is not known here. */
  #passes = false;
  /** The number of the next record that OpenSSL seals, and of the next that goes out. */
  #opened = 0;
  #sealed = 0;
  /** The beginning of a record whose rest has not been written yet. */
  #begun: Buffer = none;
  #ticket: Buffer | undefined = undefined;
  /** The ticket is to go out. */
  #owed = false;

  /** `below` is not listened to by anybody else. */
  constructor(below: LinkTransport) {
    super({ allowHalfOpen: true });
    this.#below = below;
    below.pause();
    if (below instanceof HandleSocket) below.attach(this);
    else {
      below.on('end', () => { this.onEnded(); });
      below.on('error', (error) => { this.onFailed(error); });
      below.on('close', () => { this.onClosed(); });
    }
  }

  /** The TLS socket over this transport, before its handshake begins. */
  serves(secured: tls.TLSSocket): void {
    this.#secured = secured;
    const listen = (line: Buffer): void => {
      const text = line.toString('latin1');
      if (!text.startsWith(secretName)) return;
      this.#secret = kept(Buffer.from(text.trimEnd().slice(text.trimEnd().lastIndexOf(' ') + 1), 'hex'));
      secured.off('keylog', listen);
    };
    secured.on('keylog', listen);
    secured.once('secure', () => {
      secured.off('keylog', listen);
      this.#passes ||= secured.getProtocol() !== 'TLSv1.3' || !isKnownSuite(secured.getCipher().standardName);
    });
  }

  /**
   * The ticket goes out again, in front of the next record and with it: a client whose socket has something to read waits for a whole
   * reply then (curl while it waits for an active data connection). Nothing happens where there is no ticket.
   */
  giveTicket(): void { this.#owed = true; }

  deliver(bytes: Buffer, start: number, end: number): void {
    // A copy: the buffer is only lent.
    if (!this.push(Buffer.from(bytes.subarray(start, end)))) this.#below.pause();
  }

  nextReadBuffer(): undefined { return undefined; }
  onEnded(): void { this.push(null); }
  onFailed(error: Error): void { this.destroy(error); }
  onClosed(): void { this.destroy(); }
  onDrained(): void {
    const done = this.#written;
    this.#written = undefined;
    done?.();
  }

  override _read(): void { this.#below.resume(); }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: WriteDone): void { this.#pass(bytes, done); }

  override _writev(pieces: { chunk: Buffer }[], done: WriteDone): void { this.#pass(Buffer.concat(pieces.map(({ chunk }) => chunk)), done); }

  override _final(done: WriteDone): void {
    this.#below.end();
    done();
  }

  override _destroy(error: Error | null, done: WriteDone): void {
    this.#below.destroy();
    done(error);
  }

  #pass(bytes: Buffer, done: WriteDone): void {
    let rest = this.#begun.length === 0 ? bytes : Buffer.concat([this.#begun, bytes]);
    const ready: Buffer[] = [];
    while (!this.#passes && rest.length >= recordHeaderBytes) {
      const length = recordHeaderBytes + rest.readUInt16BE(3);
      if (rest.length < length) break;
      if (!this.#number(rest.subarray(0, length), ready)) {
        done(new Error('a record of TLS was not sealed as expected'));
        return;
      }
      rest = rest.subarray(length);
    }
    if (this.#passes) {
      ready.push(rest);
      rest = none;
    }
    // A copy: what is written to a stream belongs to its writer again.
    this.#begun = rest.length === 0 ? none : Buffer.from(rest);
    const out = ready.length === 1 ? ready[0]! : Buffer.concat(ready);
    const below = this.#below;
    if (!(below instanceof HandleSocket)) below.write(out, done);
    else if (below.write(out)) done();
    else this.#written = done;
  }

  /** Adds the record to what goes out, under the number that is next. False when it cannot be opened though its forerunner could. */
  #number(record: Buffer, ready: Buffer[]): boolean {
    const isFirst = this.#protection === undefined;
    const protection = record[0] !== applicationType || this.#secret === undefined ? undefined : this.#protection ?? this.#firstProtection(this.#secret);
    const opened = protection?.open(record, this.#opened);
    if (protection === undefined || opened === undefined) {
      ready.push(record);
      // Records of the handshake itself look alike and are sealed under another secret.
      return protection === undefined || isFirst;
    }
    this.#protection = protection;
    if (this.#owed && opened.type === applicationType && this.#ticket !== undefined) {
      this.#owed = false;
      ready.push(protection.seal(handshakeType, this.#ticket, this.#sealed++));
    }
    ready.push(this.#sealed === this.#opened ? record : protection.seal(opened.type, opened.content, this.#sealed));
    this.#opened++;
    this.#sealed++;
    if (opened.type === handshakeType) this.#follow(opened.content);
    return true;
  }

  #firstProtection(secret: Buffer): RecordProtection | undefined {
    const suite = this.#secured!.getCipher().standardName;
    return isKnownSuite(suite) ? new RecordProtection(suite, secret) : undefined;
  }

  /** Messages behind the handshake: tickets, and the change to the next secret. */
  #follow(messages: Buffer): void {
    for (let at = 0; at + messageHeaderBytes <= messages.length;) {
      const end = at + messageHeaderBytes + messages.readUIntBE(at + 1, 3);
      // Of two records: a ticket with a huge certificate of the client inside. It is given once.
      if (end > messages.length) {
        this.#passes = true;
        return;
      }
      if (messages[at] === newSessionTicket) this.#ticket = kept(messages.subarray(at, end));
      else if (messages[at] === keyUpdate) {
        this.#protection = this.#protection!.next();
        this.#opened = 0;
        this.#sealed = 0;
      }
      at = end;
    }
  }
}
