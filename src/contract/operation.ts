// The noun that every layer above the gateways works on: one application-level act, who does it, to what.
// Knows no protocol. A gateway implements `Operation` over its own message without copying it.

/** Who acts. One object per session, shared by its operations; `user` is filled in when somebody authenticates. */
export interface Subject {
  /** Textual IP address, canonical form, IPv4-mapped IPv6 written as IPv4. The client as policy sees it: behind a
   *  trusted proxy this is the address that the proxy vouched for. */
  readonly address: string;
  readonly port: number;
  /** Names of every zone that contains the address, innermost first. */
  readonly zones: readonly string[];
  readonly user: string | undefined;
  readonly groups: readonly string[];
}

/** One application-level act: an HTTP request, `RETR /a.iso`, a Telnet option, a SIP INVITE. */
export interface Operation {
  readonly protocol: string;
  readonly service: string;
  readonly listener: string;
  readonly subject: Subject;
  /** The method, command or message type as the protocol spells it: `GET`, `RETR`, `INVITE`. */
  readonly verb: string;
  /** `read`, `list`, `write`, `delete`, `rename`, `admin`, `session`, `negotiate`, or ''. Lets one rule cover protocols. */
  readonly verbClass: string;
  /** The host that the object belongs to, lower-case without port, or '' where the protocol has none. */
  readonly host: string;
  /** The canonical path or name of the object, normalised for matching. */
  readonly path: string;
  /** A protocol attribute by its manifest name and key: `attribute('header', 'user-agent')`, `attribute('query', 'id')`.
   *  Keys of case-insensitive names are lower-case. Undefined when absent. */
  attribute(kind: string, key: string): string | undefined;
  /** The limiter's: what it holds for this operation between `admit` and `release`. A gateway sets it to undefined in
   *  its constructor and leaves it alone. */
  admission?: unknown;
}
