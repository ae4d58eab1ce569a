// What is kept of every operation and of every session's end: one shape for every protocol.
// Does not encode or store; layer `audit` does.

/** How it ended. `refused`: protocol violation. `limited`: a limit. `failed`: network or server. `error`: our own bug. */
export type Outcome = 'allowed' | 'denied' | 'refused' | 'limited' | 'failed' | 'aborted' | 'error';

export type RecordKind = 'operation' | 'session' | 'violation' | 'control' | 'health' | 'system';

/**
 * Filled by a gateway and handed to `SessionPort.record`, which encodes it at once: the object may be reused afterwards.
 * Text fields are '' when unknown, numbers 0, so that the shape never changes.
 */
export class AuditRecord {
  kind: RecordKind = 'operation';
  /** Unique across restarts; shown to users as the incident id. */
  id = '';
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
}
