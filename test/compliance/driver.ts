// What the compliance suite has to know of a protocol: a server that behaves, a canonical session, one operation that can be
// counted, held and denied, what failures look like to a client, and where each limit is tested. Values only.
import type net from 'node:net';
import type { GatewayUnderTest } from '../harness/gateway.ts';
import type { RawClient } from '../harness/raw.ts';
import type { Scene, SceneOptions } from './scene.ts';

/** A well-behaved server of the protocol. */
export interface ComplianceServer {
  readonly port: number;
  /** Everything that clients sent on control connections, joined. */
  received(): string;
  /** Connections that clients opened, the closed ones too. */
  sockets(): readonly net.Socket[];
  /** From now on it reads and says nothing; `false`: answers again. */
  mute(on: boolean): void;
  close(): Promise<void>;
}

/** One move of the canonical session. */
export interface Step {
  readonly name: string;
  readonly send?: string;
  /** What has come since the step before. */
  readonly expect?: RegExp;
  /** Something that bytes on the connection cannot say, such as to connect to a port that was announced. Connections that it
   *  opens are ended with the session. */
  run?(client: RawClient, text: string): Promise<readonly RawClient[]>;
}

/** What a client sees of a failure (all that it receives, behind what comes before the operation), and the record of it. */
export interface Expected {
  readonly reply: RegExp;
  readonly outcome?: string;
  readonly rule?: string | RegExp;
  readonly verb?: string;
}

/** A bound at its edge: `within` is taken, `beyond` is not, and nothing of it reaches the server. */
export interface EdgeOfSize {
  /** The setting, as lines of YAML at the level of the service; with `instead`, all of the service's. */
  readonly set: string;
  readonly instead?: boolean;
  /** Sent as a whole session, or behind `ready`. */
  readonly within: string;
  readonly taken: RegExp;
  readonly beyond: string;
  readonly refused: RegExp;
  /** Part of `beyond` that the server must never see; '' when the limit is about what the server sends. */
  readonly canary: string;
  /** Bytes that the server answers everything with, for limits on servers. */
  readonly serverSays?: { readonly within: string; readonly beyond: string };
}

/** A bound in time: a millisecond before, nothing has happened; a millisecond behind, it has. */
export interface EdgeOfTime {
  readonly set: string;
  readonly instead?: boolean;
  readonly ms: number;
  /** How far the canonical session has got (number of steps); `part` of the next step is sent. */
  readonly steps: number;
  readonly part?: string;
  /** The server says nothing from there on. */
  readonly mute?: boolean;
  /** What the client receives from then on; its connection ends, unless `stays`. */
  readonly reply: RegExp;
  readonly stays?: boolean;
  /** Where progress is only looked at now and then: so late at most. */
  readonly atLatestMs?: number;
}

/** A test elsewhere that shows the edge. The suite makes sure that a test of exactly this name is there, is not skipped, and names the
 *  limit: by the last part of its path, or `as` it is called there. */
export interface TestedElsewhere { readonly file: string; readonly test: string; readonly as?: string }

/** Not a bound that traffic can meet by itself. */
export interface NotABound { readonly because: string }

/** What fits neither shape: shows both sides of the edge by itself. */
export interface EdgeOfItsOwn { readonly options: SceneOptions; run(scene: Scene): Promise<void> }

export type LimitTest = { readonly size: EdgeOfSize } | { readonly time: EdgeOfTime } | { readonly own: EdgeOfItsOwn } | TestedElsewhere | NotABound;

/** An operation that ends while its session goes on, in one of the ways in which it can end: from then on it has no place in a limit any more. */
export interface EndedOperation {
  readonly name: string;
  /** The operation as a condition of limits, in YAML flow style. */
  readonly condition: string;
  readonly options?: SceneOptions;
  /** How far the canonical session has to get, or what the gateway says first where the options make another session. */
  readonly steps: number;
  readonly ready?: RegExp;
  /** Sent twice in one session; `over` each time when it has ended. */
  readonly bytes: string;
  readonly over: RegExp;
}

export interface ComplianceDriver {
  readonly protocol: string;
  /** Settings of the service under test, YAML lines indented by four; it leads to the pool `servers`. */
  readonly service: string;
  /** Further services and sections that it needs. */
  readonly services?: string;
  readonly sections?: string;
  startServer(): Promise<ComplianceServer>;
  /** A whole session, each move answered. Its first step may be what the server says. */
  readonly steps: readonly Step[];
  /** The user that records of the canonical session show at its end, or ''. */
  readonly user: string;
  /** A secret that the canonical session and the stream carry: never in a record. */
  readonly secret: string;
  /** A session that can be sent without waiting, in any pieces; `operations` are the records that it makes, as `verb path`. */
  readonly stream: { readonly before: string; readonly after: string; readonly done: RegExp; readonly operations: readonly string[] };
  /** An operation that the rule denies: sent between `before` and `after`. Undefined with a reason where a session is one operation. */
  readonly forbidden: { readonly rule: string; readonly bytes: string; readonly reply: RegExp; readonly verb: string; readonly path: string } | { readonly because: string };
  /** What `stream.before` meets when no rule permits anything. */
  readonly denied: Expected;
  /** One operation: how to get ready for it (number of steps), its bytes, what permits and limits look like. */
  readonly unit: {
    /** The operation as a condition of rules and limits, in YAML flow style. */
    readonly condition: string;
    readonly steps: number;
    readonly bytes: string;
    readonly verb: string;
    readonly ok: RegExp;
    readonly limited: RegExp;
    /** An operation of the same kind that the server does not answer: under way until the client goes. */
    readonly held: string;
    /** When policy fails, the audit log cannot be kept: the reply of a denial. */
    readonly denied: RegExp;
  };
  /** Every way in which an operation can end before its session. */
  readonly places: readonly EndedOperation[];
  /** How a client comes to not being read from: so many steps of the canonical session, then these, one after the other. */
  readonly unread: { readonly options?: SceneOptions; readonly steps: number; readonly pieces: readonly string[] };
  /** What the server received, without what differs from one session to the next (ids) and how a body was cut. */
  normal?(received: string): string;
  /** A new client sends `stream.before` to a server that is not there, resets, talks nonsense, or says nothing. */
  readonly faults: Readonly<Record<'refused' | 'reset' | 'garbage' | 'silent', Expected>>;
  /** Handlers that a canonical session never comes to, as checks/bugs.ts names them. */
  readonly neverReached: readonly string[];
  /** Looks into content, and fails closed when the inspector does. `run` answers what the client was told. */
  readonly content: {
    readonly service: string;
    /** Puts in an inspector that throws, or never answers; `looked` when it was asked. */
    install(gateway: GatewayUnderTest, fault: 'throws' | 'never'): { looked: boolean };
    readonly steps: number;
    readonly bytes: string;
    /** Bytes of the content: never seen by whom it was for. */
    readonly canary: string;
    readonly bugs: Readonly<Record<'throws' | 'never', number>>;
  } | { readonly because: string };
  /** By the path of each limit in the settings, as docs/limits.md lists them. */
  readonly limits: Readonly<Record<string, LimitTest>>;
}
