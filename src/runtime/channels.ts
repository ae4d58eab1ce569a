// Secondary channels of sessions: connections that a session dials besides its pool, and leases (a port that one expected
// peer may connect to, once, for a while). Opened only on a gateway's word, listed, revocable, gone with their session.
// Knows no protocol; what may be negotiated is the gateway's business.
import { randomInt } from 'node:crypto';
import net from 'node:net';
import { operational } from '#core/failure.ts';
import type { DialOwner, DialRequest, Lease, LeaseOwner, LeaseRequest, PendingServer } from '#contract/gateway.ts';
import type { Link } from '#contract/link.ts';
import { listeningHandle, socketOn } from './accepted-handles.ts';
import { SocketLink, type LinkSecurity } from './link.ts';
import { sharedReadBuffer } from './read-buffers.ts';
import { failureOf, plainAddress } from './socket-errors.ts';
import type { LinkTaker } from './connector.ts';
import type { LeaseReport } from './messages.ts';

/** Ports tried before a lease is given up: in a range that is mostly free, one is enough. */
const maxPortAttempts = 64;

/** Who holds channels: a session. */
export interface ChannelHolder extends LinkTaker {
  readonly id: string;
  readonly service: string;
}

/** Reads of ordinary size go to the shared buffer, as everywhere. */
function dialSocket(host: string, port: number, localAddress: string, linkOf: () => SocketLink | undefined): net.Socket {
  return net.connect({
    host, port, noDelay: true, allowHalfOpen: true, ...(localAddress === '' ? {} : { localAddress }),
    onread: {
      buffer: () => (linkOf()?.nextReadBuffer() ?? (linkOf() === undefined ? sharedReadBuffer : undefined)) as Buffer,
      callback: (count, buffer) => { linkOf()!.deliver(buffer as Buffer, 0, count); return true; },
    },
  });
}

class OpenLease implements Lease {
  readonly id: string;
  readonly request: LeaseRequest;
  readonly holder: ChannelHolder;
  readonly owner: LeaseOwner;
  readonly openedMs: number;
  readonly server: net.Server;
  port = 0;
  /** Connections from elsewhere than the expected peer. */
  strangers = 0;
  readonly #ended: (lease: OpenLease, reason: string) => void;

  constructor(id: string, request: LeaseRequest, holder: ChannelHolder, owner: LeaseOwner, openedMs: number, ended: (lease: OpenLease, reason: string) => void) {
    this.id = id;
    this.request = request;
    this.holder = holder;
    this.owner = owner;
    this.openedMs = openedMs;
    this.#ended = ended;
    this.server = net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
  }

  get address(): string { return this.request.address; }
  revoke(reason: string): void { this.#ended(this, reason); }
}

export interface ChannelsOptions {
  nowMs(): number;
  nextId(): string;
  readonly security: () => LinkSecurity;
  /** Somebody else than the expected peer connected to a lease. */
  stranger(lease: LeaseReport, address: string): void;
}

export class Channels {
  readonly #options: ChannelsOptions;
  readonly #leases = new Map<string, OpenLease>();

  constructor(options: ChannelsOptions) {
    this.#options = options;
  }

  dial(request: DialRequest, owner: DialOwner, holder: ChannelHolder): PendingServer {
    // Assigned once, but read by a callback that runs while the socket is made.
    // oxlint-disable-next-line prefer-const
    let link: SocketLink | undefined;
    let settled = false;
    const socket = dialSocket(request.host, request.port, request.localAddress, () => link);
    link = new SocketLink(socket, 'server');
    const made = link;
    made.security = this.#options.security();
    const fail = (code: string, message: string): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      try { owner.dialFailed(operational(code, 'server', 'connect', true, `connecting to ${request.host}:${request.port}: ${message}`)); } catch (error) { holder.bug(error); }
    };
    const timer = setTimeout(() => {
      fail('timeout', `no connection within ${request.timeoutMs} ms`);
      socket.destroy();
    }, request.timeoutMs);
    made.handler = {
      received(early) { early.reset(); }, ended() { /* closed follows */ }, drained() { /* nothing written */ }, relayed() { /* no relay */ },
      closed(_, failure) {
        const { code, message } = failure ?? failureOf({ name: 'Error', message: 'closed', code: 'ECONNRESET' }, 'server', true);
        fail(code, message);
      },
    };
    socket.once('connect', () => {
      if (settled) { socket.destroy(); return; }
      settled = true;
      clearTimeout(timer);
      made.guard = holder;
      holder.took(made);
      try { owner.dialed(made); } catch (error) { holder.bug(error); }
    });
    return {
      cancel: () => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        socket.destroy();
      },
    };
  }

  lease(request: LeaseRequest, owner: LeaseOwner, opened: (lease: Lease) => void, holder: ChannelHolder): void {
    const lease = new OpenLease(this.#options.nextId(), request, holder, owner, this.#options.nowMs(), (ended, reason) => { this.#end(ended, reason); });
    this.#leases.set(lease.id, lease);
    lease.server.on('connection', (socket) => { this.#connected(lease, socket); });
    this.#listen(lease, 0, () => {
      try { opened(lease); } catch (error) { holder.bug(error); }
    });
  }

  /** RFC 6056 and RFC 2577 section 8: the port is drawn at random, so that it cannot be guessed. */
  #listen(lease: OpenLease, attempt: number, ready: () => void): void {
    const [first, last] = lease.request.ports;
    if (attempt >= maxPortAttempts || !this.#leases.has(lease.id)) {
      this.#end(lease, `no free port between ${first} and ${last}`);
      return;
    }
    const port = randomInt(first, last + 1);
    const failed = (): void => {
      lease.server.off('listening', opened);
      this.#listen(lease, attempt + 1, ready);
    };
    // Taken off again when the port is in use: the next attempt has its own.
    const opened = (): void => {
      lease.server.off('error', failed);
      lease.server.on('error', (error) => { this.#end(lease, error.message); });
      lease.port = port;
      this.#acceptByHandle(lease);
      if (this.#leases.has(lease.id)) ready();
      else lease.server.close();
    };
    lease.server.once('error', failed);
    lease.server.once('listening', opened);
    lease.server.listen({ host: lease.request.address, port, backlog: 1, exclusive: true });
  }

  /** As the acceptor does it: uploads come this way, and bulk is what they are. */
  #acceptByHandle(lease: OpenLease): void {
    const handle = listeningHandle(lease.server);
    if (handle === undefined) return;
    handle.onconnection = (status, accepted) => {
      if (status !== 0 || accepted === undefined) return;
      accepted.setNoDelay?.(true);
      // Assigned once, but read by a callback that runs while the socket is made.
      // oxlint-disable-next-line prefer-const
      let link: SocketLink | undefined;
      const socket = socketOn(accepted, () => link);
      if (!this.#isExpected(lease, socket)) return;
      link = new SocketLink(socket, lease.request.side);
      this.#take(lease, link);
      if (!socket.destroyed && link.socket === socket && !socket.isPaused()) socket.read(0);
    };
  }

  #connected(lease: OpenLease, socket: net.Socket): void {
    if (!this.#isExpected(lease, socket)) return;
    const link = new SocketLink(socket, lease.request.side);
    socket.on('data', (bytes: Buffer) => { link.deliver(bytes, 0, bytes.length); });
    // First, so that an owner that wants to wait can pause it.
    socket.resume();
    this.#take(lease, link);
  }

  #isExpected(lease: OpenLease, socket: net.Socket): boolean {
    const address = plainAddress(socket.remoteAddress);
    if (address !== lease.request.peer || !this.#leases.has(lease.id)) {
      // The slot is not used up: whoever steals a port must not take it from its owner either.
      lease.strangers++;
      socket.on('error', () => { /* it is being reset */ });
      socket.resetAndDestroy();
      this.#options.stranger(this.#report(lease), address);
      return false;
    }
    return true;
  }

  #take(lease: OpenLease, link: SocketLink): void {
    this.#leases.delete(lease.id);
    lease.server.close();
    link.security = this.#options.security();
    link.guard = lease.holder;
    lease.holder.took(link);
    try { lease.owner.leaseConnected(link); } catch (error) { lease.holder.bug(error); }
  }

  #end(lease: OpenLease, reason: string): void {
    if (!this.#leases.delete(lease.id)) return;
    if (lease.server.listening) lease.server.close();
    try { lease.owner.leaseEnded(reason); } catch (error) { lease.holder.bug(error); }
  }

  /** A link that was dialled or leased is done with. */
  release(link: Link): void {
    (link as SocketLink).guard = undefined;
    link.close();
  }

  sessionEnded(session: ChannelHolder): void {
    for (const lease of this.#leases.values()) if (lease.holder === session) this.#end(lease, 'the session ended');
  }

  sweep(nowMs: number): void {
    for (const lease of this.#leases.values()) {
      if (nowMs - lease.openedMs >= lease.request.ttlMs) this.#end(lease, `nobody came within ${lease.request.ttlMs} ms`);
    }
  }

  revoke(id: string, reason: string): boolean {
    const lease = this.#leases.get(id);
    if (lease !== undefined) this.#end(lease, reason);
    return lease !== undefined;
  }

  #report(lease: OpenLease): LeaseReport {
    const { purpose, side, address, peer, cause, ttlMs } = lease.request;
    const ageMs = this.#options.nowMs() - lease.openedMs;
    return {
      id: lease.id, session: lease.holder.id, service: lease.holder.service, purpose, side, address, port: lease.port, peer, cause,
      ageMs, leftMs: ttlMs - ageMs, strangers: lease.strangers,
    };
  }

  reports(): LeaseReport[] { return [...this.#leases.values()].map((lease) => this.#report(lease)); }

  stop(): void {
    for (const lease of this.#leases.values()) this.#end(lease, 'the gateway stopped');
  }
}
