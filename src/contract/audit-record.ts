// What is kept of every operation and of every session's end: one shape for every protocol.
// Does not encode or store; layer `audit` does.

/** How it ended. `refused`: protocol violation. `limited`: a limit. `failed`: network or server. `error`: our own bug. */
export type Outcome = 'allowed' | 'denied' | 'refused' | 'limited' | 'failed' | 'aborted' | 'error';

export type RecordKind = 'operation' | 'session' | 'violation' | 'control' | 'health' | 'system';

/**
 * Filled by a gateway and handed to `SessionPort.record`, which adds what is true of the whole session, encodes it at once and
 * blanks it for the next: a gateway keeps one object and fills only what it knows.
 * Text fields are '' when unknown, numbers 0, so that the shape never changes.
 */
export class AuditRecord {
  kind: RecordKind = 'operation';
  /** Unique across restarts; shown to users as the incident id. */
  id = '';
  /** Filled by the session layer, as are `protocol`, `listener`, `service`, `configuration` and who the client is: `client`,
   *  `clientPort`, `zone`, `user`. */
  session = '';
  /** Wall clock at the start of the operation, ms since the epoch. */
  timeMs = 0;
  durationMs = 0;
  protocol = '';
  listener = '';
  service = '';
  client = '';
  clientPort = 0;
  zone = '';
  user = '';
  verb = '';
  host = '';
  path = '';
  /** Query or other parameters of the object, without the leading question mark. */
  parameters = '';
  outcome: Outcome = 'allowed';
  /** The rule, limit or violation code that decided. */
  rule = '';
  /** Why, for people. */
  reason = '';
  /** Protocol reply: HTTP status, FTP reply code. */
  status = 0;
  route = '';
  pool = '';
  server = '';
  attempts = 0;
  /** Until the server connection stood and until its first byte, ms from the start; 0 when not reached. */
  connectMs = 0;
  firstByteMs = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Version hash (short) of the configuration that decided. */
  configuration = '';
  /** Protocol-specific facts as ready-made JSON members without braces (`"agent":"curl/8"`), or ''. */
  attributes = '';

  /** As new. */
  blank(): void {
    this.kind = 'operation';
    this.id = '';
    this.session = '';
    this.timeMs = 0;
    this.durationMs = 0;
    this.protocol = '';
    this.listener = '';
    this.service = '';
    this.client = '';
    this.clientPort = 0;
    this.zone = '';
    this.user = '';
    this.verb = '';
    this.host = '';
    this.path = '';
    this.parameters = '';
    this.outcome = 'allowed';
    this.rule = '';
    this.reason = '';
    this.status = 0;
    this.route = '';
    this.pool = '';
    this.server = '';
    this.attempts = 0;
    this.connectMs = 0;
    this.firstByteMs = 0;
    this.bytesIn = 0;
    this.bytesOut = 0;
    this.configuration = '';
    this.attributes = '';
  }
}
