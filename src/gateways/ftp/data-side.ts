// One of the two data connections of a transfer: towards the client or towards the server. Either a lease that the peer
// connects to, or an address that the gateway dials; protected by TLS or not. Held still until both stand.
// Decides nothing: what may be listened for or dialled was settled before (data-handlers.ts).
import { operational, type OperationalFailure } from '#core/failure.ts';
import type { DialOwner, Lease, LeaseOwner, LeaseRequest, PendingServer, SessionPort } from '#contract/gateway.ts';
import type { Link, LinkHandler, SecureRequest } from '#contract/link.ts';

/** What happens on a side, told to the transfer or, before there is one, to the setup. */
export interface DataSideOwner {
  /** The connection stands, and TLS on it if it was wanted. */
  sideReady(side: DataSide): void;
  /** It did not come about: expired, revoked, refused, TLS failed. */
  sideFailed(side: DataSide, reason: string): void;
  sideReceived(side: DataSide, bytes: Buffer, start: number, end: number): void;
  sideRelayed(side: DataSide): void;
  sideEnded(side: DataSide): void;
  sideDrained(side: DataSide): void;
  /** Gone after it was ready. */
  sideClosed(side: DataSide, failure: OperationalFailure | undefined): void;
}

type State = 'new' | 'listening' | 'dialing' | 'connected' | 'securing' | 'ready' | 'ended';

export class DataSide implements LeaseOwner, DialOwner, LinkHandler {
  readonly role: 'client' | 'server';
  /** How the peer is met: `listen` for it (a lease) or `dial` it. */
  readonly way: 'listen' | 'dial';
  owner: DataSideOwner;
  link: Link | undefined = undefined;
  lease: Lease | undefined = undefined;
  leaseId = '';
  /** Why it is ended, in words. */
  endedBecause = '';
  /** For `dial`. */
  host = '';
  port = 0;
  #state: State = 'new';
  #pending: PendingServer | undefined = undefined;
  /** Undefined for plain. */
  #security: SecureRequest | undefined = undefined;
  #wanted = false;
  #secured = false;
  #port: SessionPort | undefined = undefined;

  constructor(role: 'client' | 'server', way: 'listen' | 'dial', owner: DataSideOwner) {
    this.role = role;
    this.way = way;
    this.owner = owner;
  }

  get isReady(): boolean { return this.#state === 'ready'; }
  get isConnected(): boolean { return this.link !== undefined && this.#state !== 'ended'; }
  get isEnded(): boolean { return this.#state === 'ended'; }

  /** Opens the port. `opened` when it is open. */
  listen(port: SessionPort, request: LeaseRequest, opened: (lease: Lease) => void): void {
    this.#state = 'listening';
    this.#port = port;
    port.lease(request, this, (lease) => {
      if (this.#state === 'ended') {
        lease.revoke('not needed any more');
        return;
      }
      this.lease = lease;
      this.leaseId = lease.id;
      this.port = lease.port;
      opened(lease);
    });
  }

  /** TLS as soon as somebody connects: clients differ in whether they begin it before or after the 150 (curl: before). */
  secureAtOnce(security: SecureRequest | undefined): void { this.#security = security; }

  target(host: string, port: number): void {
    this.host = host;
    this.port = port;
  }

  dial(port: SessionPort, localAddress: string, timeoutMs: number): void {
    this.#state = 'dialing';
    this.#port = port;
    this.#pending = port.dial({ host: this.host, port: this.port, localAddress, timeoutMs }, this);
  }

  /** The transfer begins to need it: TLS now, if any. `sideReady` follows, at once for a plain connection that stands. */
  want(security: SecureRequest | undefined): void {
    this.#wanted = true;
    this.#security = security;
    if (this.#state === 'connected') this.#proceed();
  }

  leaseConnected(link: Link): void { this.#connected(link); }
  dialed(link: Link): void {
    this.#pending = undefined;
    this.#connected(link);
  }

  #connected(link: Link): void {
    this.lease = undefined;
    if (this.#state === 'ended') {
      link.reset();
      return;
    }
    this.link = link;
    link.handler = this;
    // What the peer sends early waits in the kernel until the other side stands.
    link.pause();
    this.#state = 'connected';
    if (this.#wanted || this.#security !== undefined) this.#proceed();
    else this.owner.sideReady(this);
  }

  #proceed(): void {
    if (this.#security === undefined || this.#secured) {
      this.#ready();
      return;
    }
    this.#state = 'securing';
    this.link!.resume();
    this.link!.secure(this.#security);
  }

  #ready(): void {
    this.#state = 'ready';
    this.owner.sideReady(this);
  }

  secured(link: Link): void {
    link.pause();
    this.#secured = true;
    this.#state = 'connected';
    if (this.#wanted) this.#ready();
  }

  leaseEnded(reason: string): void {
    this.lease = undefined;
    this.#fail(reason);
  }

  dialFailed(failure: OperationalFailure): void {
    this.#pending = undefined;
    this.#fail(failure.message);
  }

  #fail(reason: string): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.endedBecause = reason;
    this.owner.sideFailed(this, reason);
  }

  received(_link: Link, bytes: Buffer, start: number, end: number): void { this.owner.sideReceived(this, bytes, start, end); }
  ended(): void { if (this.#state === 'ready') this.owner.sideEnded(this); }
  drained(): void { this.owner.sideDrained(this); }
  relayed(): void { this.owner.sideRelayed(this); }

  closed(_link: Link, failure: OperationalFailure | undefined): void {
    this.release();
    const wasReady = this.#state === 'ready';
    if (this.#state === 'ended') return;
    if (!wasReady) {
      this.#fail((failure ?? operational('closed', this.role, 'receive', false, 'the data connection was closed')).message);
      return;
    }
    this.#state = 'ended';
    this.owner.sideClosed(this, failure);
  }

  /** The session holds the link no longer: what is still on its way is sent after the session's end, too. */
  release(): void {
    if (this.link !== undefined) this.#port?.releaseLink(this.link, false, 'neutral', -1);
    this.#port = undefined;
  }

  /** Nothing more is wanted of it. `abrupt`: what went over it must look cut. Tells nobody. */
  drop(abrupt: boolean, reason: string): void {
    if (this.#state === 'ended' && this.link === undefined) return;
    this.#state = 'ended';
    this.#pending?.cancel();
    this.#pending = undefined;
    const { lease } = this;
    this.lease = undefined;
    lease?.revoke(reason);
    if (this.link === undefined) return;
    if (abrupt) this.link.reset();
    else this.link.end();
  }
}
