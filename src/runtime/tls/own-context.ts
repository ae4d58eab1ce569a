// The server's end of TLS for one control link and its data links: sessions that are resumed among them and open nothing elsewhere
// (RFC 4217 section 10). Stateless by tickets under keys of its own, and by session id for clients that take no tickets in TLS 1.2
// (curl). Every resumption by ticket gives a new ticket: OpenSSL's clients use one only once (RFC 8446 appendix C.4), and would
// have none left for the second file.
//
// Node has `ticketKeys` for the keys but renews nothing under them; the callback below is what its own tests use. Where a version
// of Node does not have it, tickets are not renewed.
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type net from 'node:net';
import type tls from 'node:tls';

const keyBytes = 16;
const ticketKeyBytes = 3 * keyBytes;
/** Sessions kept by id: that of the control link is the first, and further ones are of links that did not resume it. */
const maxSessions = 4;
const encrypted = 1;
const notOurs = 0;
const validAndRenew = 2;

interface NativeContext {
  onticketkeycallback?: (name: Buffer, iv: Buffer, encrypts: boolean) => readonly unknown[];
  enableTicketKeyCallback?: () => void;
}

export class OwnContext {
  readonly secureContext: tls.SecureContext;
  /** For the `server` option of a TLSSocket: where Node asks for sessions by their id. */
  readonly sessions: net.Server;

  /** `make` gives a context with these ticket keys. */
  constructor(make: (ticketKeys: Buffer) => tls.SecureContext) {
    const keys = randomBytes(ticketKeyBytes);
    this.secureContext = make(keys);
    renewTickets((this.secureContext as { context?: NativeContext }).context, keys);
    this.sessions = sessionsById() as net.Server;
  }
}

function renewTickets(context: NativeContext | undefined, keys: Buffer): void {
  if (typeof context?.enableTicketKeyCallback !== 'function') return;
  const name = keys.subarray(0, keyBytes);
  const hmac = keys.subarray(keyBytes, 2 * keyBytes);
  const aes = keys.subarray(2 * keyBytes);
  context.onticketkeycallback = (named, _iv, encrypts) => {
    if (encrypts) return [encrypted, hmac, aes, name, randomBytes(keyBytes)];
    return [name.equals(named) ? validAndRenew : notOurs, hmac, aes];
  };
  context.enableTicketKeyCallback();
}

function sessionsById(): EventEmitter {
  const kept = new Map<string, Buffer>();
  const asked = new EventEmitter();
  asked.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
    if (kept.size < maxSessions) kept.set(id.toString('latin1'), session);
    done();
  });
  asked.on('resumeSession', (id: Buffer, done: (error: Error | null, session: Buffer | null) => void) => { done(null, kept.get(id.toString('latin1')) ?? null); });
  return asked;
}
