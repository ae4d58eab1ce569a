// The server's end of TLS for one control link and its data links: sessions that are resumed among them and open nothing elsewhere
// (RFC 4217 section 10). Stateless by tickets under keys of its own, and by session id for clients that take no tickets in TLS 1.2
// (curl). A resumption gives no further ticket: on an upload it could meet a client that has sent its file and closed, and the
// reset that answers it would take the end of the file along.
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type net from 'node:net';
import type tls from 'node:tls';

const ticketKeyBytes = 48;
/** Sessions kept by id: that of the control link is the first, and further ones are of links that did not resume it. */
const maxSessions = 4;

export class OwnContext {
  readonly secureContext: tls.SecureContext;
  /** For the `server` option of a TLSSocket: where Node asks for sessions by their id. */
  readonly sessions: net.Server;

  /** `make` gives a context with these ticket keys. */
  constructor(make: (ticketKeys: Buffer) => tls.SecureContext) {
    this.secureContext = make(randomBytes(ticketKeyBytes));
    this.sessions = sessionsById() as net.Server;
  }
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
