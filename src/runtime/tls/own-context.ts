// The server's end of TLS for one control link and its data links: sessions that are resumed among them and open nothing elsewhere
// (RFC 4217 section 10). Stateless by tickets under keys of its own, and by session id for clients that take no tickets in TLS 1.2
// (curl).
//
// Only the control link's own handshake gives sessions away. A data link gives none: neither to a stranger who took its port
// and would come back with the ticket for the next one, nor to a client that has sent its file and closed, and whose reset would take
// the end of the file along. For clients that use a ticket once only, the control link gives its own again with each data link.
//
// Node has `ticketKeys` for keys, and nothing to say that no ticket is wanted: the callback below is what its own tests use.
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type net from 'node:net';
import type tls from 'node:tls';
import type { TicketTransport } from './ticket-transport.ts';

const keyBytes = 16;
const noTicket = 0;
const notOurs = 0;
const isOurs = 1;
const isGiven = 1;
/** Sessions kept by id. A control link has one, and one more for each renegotiation of TLS 1.2. */
const maxSessions = 4;

interface NativeContext {
  onticketkeycallback?: (name: Buffer, iv: Buffer, encrypts: boolean) => readonly unknown[];
  enableTicketKeyCallback?: () => void;
}

export class OwnContext {
  readonly secureContext: tls.SecureContext;
  /** For the `server` option of a TLSSocket: where Node asks for sessions by their id. */
  readonly sessions: net.Server;
  /** What the control link's TLS works on, where it can be given tickets again. */
  control: TicketTransport | undefined = undefined;
  /** From the first data link on. */
  #sealed = false;

  /** @throws Error when this Node has no such callback: without it a stolen port could be of use. */
  constructor(context: tls.SecureContext) {
    this.secureContext = context;
    this.#ownTickets((context as { context?: NativeContext }).context);
    this.sessions = this.#sessionsById() as net.Server;
  }

  /** A data link begins: from here on nothing new is given away, and the client that has used its ticket has it again. */
  beginDataLink(): void {
    this.#sealed = true;
    this.control?.giveTicket();
  }

  #ownTickets(native: NativeContext | undefined): void {
    if (typeof native?.enableTicketKeyCallback !== 'function') throw new Error('this version of Node has no callback for ticket keys');
    const [name, hmac, aes] = [randomBytes(keyBytes), randomBytes(keyBytes), randomBytes(keyBytes)];
    native.onticketkeycallback = (named, _iv, encrypts) => {
      if (encrypts) return [this.#sealed ? noTicket : isGiven, hmac, aes, name, randomBytes(keyBytes)];
      return [name.equals(named) ? isOurs : notOurs, hmac, aes];
    };
    native.enableTicketKeyCallback();
  }

  #sessionsById(): EventEmitter {
    const kept = new Map<string, Buffer>();
    const asked = new EventEmitter();
    asked.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
      if (!this.#sealed && kept.size < maxSessions) kept.set(id.toString('latin1'), session);
      done();
    });
    asked.on('resumeSession', (id: Buffer, done: (error: Error | null, session: Buffer | null) => void) => { done(null, kept.get(id.toString('latin1')) ?? null); });
    return asked;
  }
}
