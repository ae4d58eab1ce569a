// Connections to servers: dials, keeps idle ones for the next operation, lets operations wait for a place. Which server it
// is to be, who may wait and how long is the pool's decision (layer upstream). Knows no protocol: whether a link may be
// used again is the word of the gateway that releases it.
import net from 'node:net';
import { operational, type OperationalFailure } from '#core/failure.ts';
import type { PendingServer, ServerLinkOwner, ServerRequest } from '#contract/gateway.ts';
import type { Link, LinkHandler } from '#contract/link.ts';
import type { Pool, RequestOutcome } from '#upstream/pool.ts';
import type { ServerState } from '#upstream/server-state.ts';
import type { Waiter } from '#upstream/wait-queue.ts';
import { ClosingLinks } from './closing.ts';
import { SocketLink, type BugGuard, type LinkSecurity } from './link.ts';
import { sharedReadBuffer } from './read-buffers.ts';

/** Who gets the link: a session, which answers for it and for bugs of its owner. */
export interface LinkTaker extends BugGuard {
  took(link: Link): void;
}

/** A link to a server, with what the connector must know of it. */
export class ServerLink extends SocketLink {
  readonly pool: Pool;
  readonly server: ServerState;
  readonly address: string;
  readonly openedMs: number;
  /** The server's addresses when this one was last seen to be among them. */
  knownIn: readonly string[];
  idleSinceMs = 0;
  operations = 0;
  /** In the hands of a session and counted by the pool as a request under way. */
  busy = false;

  constructor(socket: net.Socket, pool: Pool, server: ServerState, address: string, nowMs: number) {
    super(socket, 'server');
    this.pool = pool;
    this.server = server;
    this.address = address;
    this.openedMs = nowMs;
    this.knownIn = server.addresses;
  }

  override onClosed(): void {
    if (this.closed) return;
    super.onClosed();
    this.pool.connectionClosed(this.server);
  }
}

/** One operation on its way to a server: waiting in the pool's queue, then for a connection to stand. */
class Pending implements PendingServer, Waiter {
  readonly affinity: string;
  readonly excluded: readonly string[];
  readonly owner: ServerLinkOwner;
  readonly taker: LinkTaker;
  readonly pool: Pool;
  readonly fresh: boolean;
  server: ServerState | undefined = undefined;
  enqueuedAtMs = 0;
  deadlineMs = 0;
  /** Set while a connection is being opened. */
  link: ServerLink | undefined = undefined;
  cancelled = false;
  readonly #connector: Connector;

  constructor(connector: Connector, pool: Pool, affinity: string, request: ServerRequest, owner: ServerLinkOwner, taker: LinkTaker) {
    this.#connector = connector;
    this.affinity = affinity;
    this.excluded = request.excluded;
    this.fresh = request.fresh;
    this.owner = owner;
    this.taker = taker;
    this.pool = pool;
  }

  cancel(): void {
    this.cancelled = true;
    // A connection that was being opened for it may serve another: it is not thrown away.
    if (this.link === undefined) this.pool.cancel(this);
  }

  serverFree(server: ServerState): void {
    this.#connector.start(this, server);
  }

  waitFailed(failure: OperationalFailure): void {
    if (!this.cancelled) this.fail(failure, undefined);
  }

  fail(failure: OperationalFailure, server: ServerState | undefined): void {
    try { this.owner.serverFailed(failure, server); } catch (error) { this.taker.bug(error); }
  }
}

export class Connector {
  readonly #nowMs: () => number;
  readonly #security: () => LinkSecurity;
  readonly #idle = new Map<ServerState, ServerLink[]>();
  readonly #dialing = new Set<Pending>();
  readonly #closing = new ClosingLinks();
  readonly #idleHandler: LinkHandler;

  constructor(nowMs: () => number, security: () => LinkSecurity) {
    this.#nowMs = nowMs;
    this.#security = security;
    this.#idleHandler = {
      // Bytes that nobody asked for: whatever they are, the next operation must not read them as its answer.
      received(link) { link.reset(); },
      ended(link) { link.close(); },
      drained() { /* nothing is being written */ },
      relayed() { /* no relay */ },
      closed: (link) => { this.#idleLost(link as ServerLink); },
    };
  }

  open(pool: Pool, affinity: string, request: ServerRequest, owner: ServerLinkOwner, taker: LinkTaker): PendingServer | undefined {
    const nowMs = this.#nowMs();
    const server = pool.pick(affinity, request.excluded, nowMs);
    if (server === undefined) {
      owner.serverFailed(pool.noServer(nowMs, request.excluded), undefined);
      return undefined;
    }
    if (server.hasRoom && !request.fresh) {
      const link = this.#takeIdle(server, nowMs);
      if (link !== undefined) {
        pool.requestStarted(server);
        this.#hand(link, owner, taker, true);
        return undefined;
      }
    }
    const pending = new Pending(this, pool, affinity, request, owner, taker);
    if (server.hasRoom) {
      this.start(pending, server);
      return pending;
    }
    const refusal = pool.enqueue(pending, server, nowMs);
    if (refusal === undefined) return pending;
    owner.serverFailed(refusal, server);
    return undefined;
  }

  /** The operation has a place at the server: an idle connection or a new one. */
  start(pending: Pending, server: ServerState): void {
    const { pool } = pending;
    pool.requestStarted(server);
    if (!pending.fresh) {
      const link = this.#takeIdle(server, this.#nowMs());
      if (link !== undefined) {
        try { this.#hand(link, pending.owner, pending.taker, true); } catch (error) { pending.taker.bug(error); }
        return;
      }
    }
    this.#dial(pending, server);
  }

  #takeIdle(server: ServerState, nowMs: number): ServerLink | undefined {
    const idle = this.#idle.get(server);
    if (idle === undefined) return undefined;
    for (;;) {
      // The one used last is the one least likely to be closed by the server just now.
      const link = idle.pop();
      if (link === undefined) return undefined;
      if (!link.given && !link.peerEnded && nowMs - link.idleSinceMs < link.pool.settings.keepAlive.idleTimeout) return link;
      link.close();
    }
  }

  #hand(link: ServerLink, owner: ServerLinkOwner, taker: LinkTaker, reused: boolean): void {
    link.busy = true;
    link.operations++;
    link.guard = taker;
    taker.took(link);
    owner.serverReady(link, link.server, reused);
  }

  #dial(pending: Pending, server: ServerState): void {
    const { pool } = pending;
    const nowMs = this.#nowMs();
    const address = server.nextAddress(nowMs);
    // A fresh connection was asked for while idle ones use up what the server allows: one of them makes room.
    if (!pool.canConnect(server)) this.#idle.get(server)?.shift()?.close();
    // Assigned once, but read by a callback that runs while the socket is made.
    // oxlint-disable-next-line prefer-const
    let link: ServerLink | undefined;
    const socket = net.connect({
      host: address, port: server.port, noDelay: true, allowHalfOpen: true,
      onread: {
        // Called once while the socket is made, before the link is.
        buffer: () => (link === undefined ? sharedReadBuffer : link.nextReadBuffer()) as Buffer,
        callback: (count, buffer) => { link!.deliver(buffer as Buffer, 0, count); return true; },
      },
    });
    pool.connectionOpened(server);
    link = new ServerLink(socket, pool, server, address, nowMs);
    link.security = this.#security();
    pending.link = link;
    pending.deadlineMs = nowMs + pool.settings.connectTimeout;
    link.handler = {
      received(early) { early.reset(); },
      ended() { /* closed follows */ },
      drained() { /* nothing written yet */ },
      relayed() { /* no relay yet */ },
      closed: (_, failure) => { this.#dialFailed(pending, server, address, failure); },
    };
    socket.once('connect', () => {
      const { tls } = pool.settings;
      if (tls === undefined) {
        link.connected();
        this.#dialed(pending, link);
        return;
      }
      link.handler.secured = () => { this.#dialed(pending, link); };
      try {
        link.secure({ end: 'tls-client', profile: tls, serverName: server.host, alpn: [], continues: undefined, ownTickets: false });
      } catch (error) { pending.taker.bug(error); }
    });
    this.#dialing.add(pending);
  }

  #dialed(pending: Pending, link: ServerLink): void {
    this.#dialing.delete(pending);
    link.handler = this.#idleHandler;
    if (pending.cancelled) {
      link.busy = true;
      this.release(link, true, 'neutral', -1, '');
      return;
    }
    try { this.#hand(link, pending.owner, pending.taker, false); } catch (error) { pending.taker.bug(error); }
  }

  #dialFailed(pending: Pending, server: ServerState, address: string, failure: OperationalFailure | undefined): void {
    this.#dialing.delete(pending);
    const nowMs = this.#nowMs();
    pending.pool.connectFailed(server, address, failure?.message ?? 'closed before it stood', nowMs);
    this.#serveQueue(pending.pool, server);
    if (pending.cancelled) return;
    const { code, message } = failure ?? { code: 'closed', message: 'closed before it stood' };
    pending.fail(operational(code, 'server', 'connect', true, `connecting to ${server.name}: ${message}`), server);
  }

  /** A gateway is done with a link. */
  release(link: ServerLink, reusable: boolean, outcome: RequestOutcome, latencyMs: number, reason: string): void {
    if (!link.busy) return;
    link.busy = false;
    link.guard = undefined;
    link.handler = this.#idleHandler;
    const { pool, server } = link;
    const nowMs = this.#nowMs();
    pool.requestFinished(server, outcome, latencyMs, nowMs, reason);
    // What a server sent behind its response is not the answer to anything: nobody may read it as one.
    if (reusable && !link.given && !link.peerEnded && link.surplusBytes === 0 && this.#keeps(link, nowMs)) {
      link.idleSinceMs = nowMs;
      link.resume();
      const idle = this.#idle.get(server);
      if (idle === undefined) this.#idle.set(server, [link]);
      else idle.push(link);
    } else {
      link.close();
      this.#closing.watch(link, nowMs);
    }
    if (pool.waiting > 0) this.#serveQueue(pool, server);
  }

  #keeps(link: ServerLink, nowMs: number): boolean {
    const { addresses } = link.server;
    if (link.knownIn !== addresses) {
      if (!addresses.includes(link.address)) return false;
      link.knownIn = addresses;
    }
    const { maxRequests, maxAge } = link.pool.settings.keepAlive;
    if (maxRequests !== undefined && link.operations >= maxRequests) return false;
    if (maxAge !== undefined && nowMs - link.openedMs >= maxAge) return false;
    return link.pool.mayKeepIdle(link.server, this.#idle.get(link.server)?.length ?? 0);
  }

  #serveQueue(pool: Pool, server: ServerState): void {
    for (let next = pool.dequeue(server); next !== undefined; next = pool.dequeue(server)) next.serverFree(server);
  }

  #idleLost(link: ServerLink): void {
    const idle = this.#idle.get(link.server);
    const at = idle?.lastIndexOf(link) ?? -1;
    if (at >= 0) idle!.splice(at, 1);
  }

  /** The pool gives the server no new operations for now, or none at other addresses than these. */
  closeIdle(server: ServerState, staying: readonly string[]): void {
    const idle = this.#idle.get(server) ?? [];
    for (let at = idle.length - 1; at >= 0; at--) if (!staying.includes(idle[at]!.address)) idle.splice(at, 1)[0]!.close();
  }

  freed(server: ServerState): void {
    this.closeIdle(server, []);
    this.#idle.delete(server);
  }

  /** Called by the runtime's sweep: gives up connections that do not come to be, closes those that were idle too long. */
  sweep(nowMs: number): void {
    this.#closing.sweep(nowMs);
    for (const pending of this.#dialing) {
      if (nowMs < pending.deadlineMs) continue;
      const { link, pool } = pending;
      link!.failure = operational('timeout', 'server', 'connect', true, `no connection within ${pool.settings.connectTimeout} ms`);
      link!.socket.destroy();
    }
    for (const idle of this.#idle.values()) {
      while (idle.length > 0 && nowMs - idle[0]!.idleSinceMs >= idle[0]!.pool.settings.keepAlive.idleTimeout) idle.shift()!.close();
    }
  }

  /** Idle links held, for status. */
  idleCount(): number {
    let count = 0;
    for (const idle of this.#idle.values()) count += idle.length;
    return count;
  }

  /** Shutdown: nothing is kept any more. */
  closeAllIdle(): void {
    for (const server of this.#idle.keys()) this.closeIdle(server, []);
    this.#closing.resetAll();
  }
}
