// What a protocol gateway is to the rest: a manifest (a value listed in standard.ts), a compiled service plan, and one
// session machine per client. A gateway sees events as method calls and gives commands by calling its port and links;
// it never sees a socket, a clock or policy itself (docs/decisions/0001-events-as-calls.md).
import type { HealthProbe } from './health-probe.ts';
import type { z } from 'zod';
import type { OperationalFailure } from '#core/failure.ts';
import type { AuditRecord, Outcome } from './audit-record.ts';
import type { Decision, LimitRefusal, Trace } from './decision.ts';
import type { ContentFacts, ContentInspection } from './inspection.ts';
import type { Endpoint, Link, TlsFacts } from './link.ts';
import type { Operation, Subject } from './operation.ts';
import type { BlockLists, WebInspectionSettings, WebInspector } from './web-inspection.ts';

/** True for the whole of a session. */
export interface SessionFacts {
  readonly id: string;
  readonly protocol: string;
  readonly listener: string;
  readonly service: string;
  readonly client: Endpoint;
  readonly local: Endpoint;
  readonly tls: TlsFacts | undefined;
  /** Version hash of the configuration that the session began with. */
  readonly configuration: string;
}

/** A server that was chosen for an operation. */
export interface ChosenServer {
  readonly pool: string;
  /** `host:port` as configured. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** Somebody who asked for a server link: exactly one of the two calls follows, unless cancelled. */
export interface ServerLinkOwner {
  serverReady(link: Link, server: ChosenServer, reused: boolean): void;
  serverFailed(failure: OperationalFailure, server: ChosenServer | undefined): void;
}

/** A server link that was asked for and is not there yet. */
export interface PendingServer {
  /** The owner will not be called any more. */
  cancel(): void;
}

/** Which server, how. One object may be reused for the attempts of one operation. */
export interface ServerRequest {
  pool: string;
  /** For pools that balance by hash: the key, or '' to let the pool take it from the operation as it is configured. */
  affinity: string;
  operation: Operation;
  /** Names of servers that were tried already. */
  excluded: readonly string[];
  /** A fresh connection even when an idle one is at hand (a reused one just failed). */
  fresh: boolean;
}

/** A connection that a session makes besides those of its pool: a data channel to an address that was negotiated. */
export interface DialRequest {
  readonly host: string;
  readonly port: number;
  /** Local address to dial from, or ''. */
  readonly localAddress: string;
  readonly timeoutMs: number;
}

export interface DialOwner {
  dialed(link: Link): void;
  dialFailed(failure: OperationalFailure): void;
}

/** A permitted secondary channel: who may connect, where, how long. */
export interface LeaseRequest {
  /** `ftp-data`, `rtp` ...: shown in lists and records. */
  readonly purpose: string;
  /** Which side of the session is expected to connect. */
  readonly side: 'client' | 'server';
  /** Local address to listen on. */
  readonly address: string;
  /** First and last port to choose from, at random. */
  readonly ports: readonly [number, number];
  /** The one address that may connect. Others are closed, recorded, and do not use up the lease. */
  readonly peer: string;
  readonly ttlMs: number;
  /** The operation that caused it, in words. */
  readonly cause: string;
}

export interface LeaseOwner {
  /** The one connection has come; the listening socket is closed already. */
  leaseConnected(link: Link): void;
  /** It ended without one: expired, revoked, or the port could not be opened. */
  leaseEnded(reason: string): void;
}

export interface Lease {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  revoke(reason: string): void;
}

/** Keeps what a session shows or moves, for replay: layer runtime writes it, encrypted when a key is configured. */
export interface Recording {
  /** Why nothing more is kept, in words; '' as long as all is well. */
  readonly failure: string;
  /** The session must not go on without it. */
  readonly required: boolean;
  /** One event: milliseconds since the start, kind (`o` output, `i` input, `r` resize) and text. */
  write(atMs: number, kind: string, text: string): void;
  /** A machine need not wait: what was written is kept. */
  close(): Promise<void> | void;
}

/** Everything that a session machine can ask for. Implemented by the session layer. */
export interface SessionPort {
  readonly facts: SessionFacts;
  readonly client: Link;
  /** Whom the session acts for, as policy, records and the session table see it: the client's address, until a gateway puts
   *  another subject here because somebody has authenticated for the rest of the session. */
  subject: Subject;
  /** A subject of another address (a trusted proxy vouched for it) or with a user's name. */
  subjectFor(address: string, port: number, user?: string): Subject;
  nowMs(): number;
  wallMs(): number;
  /** A new id for an operation; unique across workers and restarts. */
  operationId(): string;
  /** Policy's answer, at once. A policy that throws is answered by a denial (fail closed). */
  decide(operation: Operation, trace?: Trace): Decision;
  /** Counts the operation against the limits. Undefined: within all of them. `release` must be called when it ends. */
  admit(operation: Operation, trace?: Trace): LimitRefusal | undefined;
  release(operation: Operation): void;
  /** Takes an idle link, or opens one, or waits in the pool's queue. The answer may come during the call: then undefined is returned. */
  openServer(request: ServerRequest, owner: ServerLinkOwner): PendingServer | undefined;
  /** Gives back a link that was opened, dialled or leased: from then on it is not the session's and not closed with it.
   *  Reusable server links wait for the next operation; others must be closed or closing. Tells the pool how it went, and of a
   *  failure why, for people. */
  releaseLink(link: Link, reusable: boolean, outcome: 'success' | 'failure' | 'neutral', latencyMs: number, reason?: string): void;
  /** Another connection of this session, apart from pools. Closed with the session. */
  dial(request: DialRequest, owner: DialOwner): PendingServer;
  /** Opens a port for one expected connection. The answer comes to the owner when the port is open: `opened` gives the
   *  lease, `leaseEnded` says why not. Ends with the session. */
  lease(request: LeaseRequest, owner: LeaseOwner, opened: (lease: Lease) => void): void;
  /** Asks the gateway's own user file. The answer may come later: undefined for wrong, else the subject to act as. */
  authenticate(user: string, password: string, done: (subject: Subject | undefined) => void): void;
  /** Which of some block lists have an address. Known already, it is answered at once; else undefined, and `done` is called later. */
  listed(address: string, lists: BlockLists, done: (listed: ReadonlyMap<string, string>) => void): ReadonlyMap<string, string> | undefined;
  /** An inspection for the content that the operation moves, or undefined when nothing is configured for it. */
  inspect(operation: Operation, content: ContentFacts, trace?: Trace): ContentInspection | undefined;
  /** A recording of this session, or undefined when none is configured. */
  recording(header: Readonly<Record<string, unknown>>): Recording | undefined;
  /** False when the pool's retry budget is used up. Counts a retry when true. */
  mayRetry(pool: string): boolean;
  /** Fills in the session's facts and whom it acts for (`subject`, unless this operation was for somebody else), encodes at
   *  once and blanks the object. */
  record(record: AuditRecord, subject?: Subject): void;
  /** Instead of `record`, for an operation that was allowed and that its rule leaves out of the audit log: it is counted all the same.
   *  `status` 0: the protocol has none. */
  unrecorded(status: number, durationMs: number): void;
  /** `woken` will be called at or shortly after this time (resolution: the runtime's sweep, 100 ms); Infinity for never. */
  wakeAtMs: number;
  /** The session machine is done and the client link is closed or closing. */
  finished(outcome: Outcome, reason: string): void;
  /** The service as configured now, which may be newer than the one that the session began with; undefined when it is gone.
   *  Protocols whose operations stand alone (HTTP) ask at the start of each operation. */
  currentService(): ServicePlan | undefined;
  /** Gives this session to another service of the configuration, once, before anything was sent: from now on facts and
   *  records are that service's. Answers its machine, started, which has taken over the client link; undefined when there is
   *  no such service. What was read of the client already goes to `client.handler` next. */
  handOver(service: string): Gateway | undefined;
}

/** Something of a session that a second person has to decide. */
export interface AwaitedApproval {
  readonly id: string;
  /** For whoever decides, without secrets: the line of a terminal. */
  readonly what: string;
  /** Whose it is: the user of the gateway's login, or the name given at the host's; '' when there is none. */
  readonly user: string;
}

/** One session machine. The runtime has accepted the client; its link is in `port.client`. */
export interface Gateway {
  /** The client link stands. */
  started(): void;
  /** The time asked for in `wakeAtMs` has come. */
  woken(nowMs: number): void;
  /** Finish what is under way, take nothing new, then close (reload removed the service, or shutdown). */
  drain(): void;
  /** An administrator, or the end of the drain time, ends the session: records what was under way, says a last word if the protocol has
   *  one, closes. Nothing is waited for: what the kernel does not take at once is lost. Without it: a reset. */
  killed?(reason: string): void;
  /** For the session table: what it is doing now, short. */
  describe(): string;
  /** What is held until a second person decides (`control`: `approve` or `reject`, with `ID proven|claimed NAME`), if anything. */
  awaits?(): AwaitedApproval | undefined;
  /** An administrator's word to this session (`approve`, `watch` ...). The answer in words; undefined: not understood. */
  control?(command: string, argument: string): string | undefined;
}

/** A service as compiled from its settings: makes session machines, answers `explain`. */
export interface ServicePlan {
  readonly name: string;
  readonly protocol: string;
  /** Application protocols for TLS from the start (ALPN): a client that offers any must offer one of these. */
  readonly alpn: readonly string[];
  /** Names of the pools it can reach. */
  readonly pools: readonly string[];
  accept(port: SessionPort): Gateway;
  /** Runs one described operation through the same functions as live traffic, without side effects. */
  explain?(port: SessionPort, request: ExplainRequest, trace: Trace): void;
}

/** An operation in words, for `sallyport explain`. */
export interface ExplainRequest {
  verb: string;
  url: string;
  headers: readonly (readonly [string, string])[];
  /** Body as latin1 text, for what looks into bodies. */
  body?: string;
}

/** An error unless said to be a warning. */
export interface SettingsProblem { path: readonly (string | number)[]; message: string; hint: string; severity?: 'error' | 'warning' }

/** One attribute kind that rules may ask of this protocol's operations. */
export interface AttributeKind {
  readonly kind: string;
  readonly description: string;
  /** Keys are compared case-insensitively (and given in lower-case). */
  readonly caseInsensitiveKey: boolean;
  /** All keys that there are: a rule or limit that asks for another would never match. Any key unless given. */
  readonly keys?: readonly string[];
}

/** What a gateway declares of itself. Values of this type are listed in standard.ts and nowhere else. */
export interface GatewayManifest<Settings = unknown> {
  readonly protocol: string;
  readonly title: string;
  readonly maturity: 'experimental' | 'beta' | 'stable';
  /** Which peers it is built to face. */
  readonly faces: readonly ('hostile-clients' | 'hostile-servers')[];
  readonly transport: 'tcp' | 'udp';
  readonly defaultPort: number;
  /** What configuration calls a verb: `methods` for HTTP, `commands` for FTP. */
  readonly verbsKey: string;
  /** All verbs that operations can have: a rule for another would never match. Any verb unless given. */
  readonly verbs?: readonly string[];
  readonly attributes: readonly AttributeKind[];
  /** zod schema of the service's settings (without `protocol`). */
  readonly settings: z.ZodType<Settings>;
  /** Problems that the schema cannot see. */
  check(settings: Settings): SettingsProblem[];
  /** Names of pools that the settings refer to, with their place. */
  poolReferences(settings: Settings): { path: readonly (string | number)[]; pool: string }[];
  /** Names of zones that the settings refer to, with their place. */
  zoneReferences?(settings: Settings): { path: readonly (string | number)[]; zone: string }[];
  /** Names of TLS profiles that the settings refer to, with their place. */
  tlsReferences?(settings: Settings): { path: readonly (string | number)[]; profile: string }[];
  /** Firewall settings that the service or a part of it has, with their place: their rules are loaded before `compile`. */
  webInspections?(settings: Settings): { path: readonly (string | number)[]; settings: WebInspectionSettings }[];
  /** A health probe that speaks this protocol: pools may ask for it by its name. */
  readonly health?: HealthProbe;
  /** Names of other services that sessions may be handed over to, with their place. */
  serviceReferences?(settings: Settings): { path: readonly (string | number)[]; service: string }[];
  compile(name: string, settings: Settings, environment: GatewayEnvironment): ServicePlan;
}

/** What a gateway may know of the whole when it compiles a service. */
export interface GatewayEnvironment {
  /** Product name and version for Via and Server. */
  readonly product: string;
  /** Attributes (`kind`, `key`) that policy or limits look at: kept in the audit record, so that a decision can be
   *  explained afterwards. */
  readonly observed: readonly { kind: string; key: string }[];
  /** The compiled firewall rules of settings that `webInspections` has named. */
  readonly webInspector?: (settings: WebInspectionSettings) => WebInspector;
}
