// Reads a recording in asciicast format version 2: a header line, then one event a line. Tolerates a file that was cut in
// its last line (a session still running, a process that died). https://docs.asciinema.org/manual/asciicast/v2/

export interface CastEvent {
  readonly atMs: number;
  /** `o` output, `i` input, `r` resize, `m` marker. */
  readonly kind: string;
  readonly text: string;
}

export interface Cast {
  readonly columns: number;
  readonly rows: number;
  /** When it began, ms since the epoch; 0 when not said. */
  readonly startedWallMs: number;
  readonly title: string;
  readonly terminal: string;
  readonly events: readonly CastEvent[];
  readonly durationMs: number;
  /** The last line was not whole. */
  readonly cut: boolean;
}

function parsed(line: string): unknown {
  try { return JSON.parse(line) as unknown; } catch { return undefined; }
}

function isEvent(value: unknown): value is [number, string, string] {
  return Array.isArray(value) && value.length >= 3 && typeof value[0] === 'number' && Number.isFinite(value[0]) && typeof value[1] === 'string' && typeof value[2] === 'string';
}

/** The recording, or in words why it is none. */
export function parseCast(text: string): Cast | string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const header = parsed(lines[0] ?? '');
  if (typeof header !== 'object' || header === null || Array.isArray(header)) return 'not a recording: the first line is no header';
  const { version, width, height, timestamp, title, env } = header as Record<string, unknown>;
  if (version !== 2) return `a recording of version ${typeof version === 'number' ? version : 'unknown'}; wanted 2`;
  const events: CastEvent[] = [];
  let cut = false;
  for (let at = 1; at < lines.length; at++) {
    const event = parsed(lines[at]!);
    if (isEvent(event)) {
      // Time never runs backwards, whatever a file says.
      events.push({ atMs: Math.max(event[0] * 1000, events.at(-1)?.atMs ?? 0), kind: event[1], text: event[2] });
    } else if (at === lines.length - 1) cut = true;
    else return `line ${at + 1} is no event`;
  }
  const size = (value: unknown, otherwise: number): number => typeof value === 'number' && value >= 1 && value <= 1000 ? Math.floor(value) : otherwise;
  const terminal = typeof env === 'object' && env !== null ? (env as Record<string, unknown>)['TERM'] : undefined;
  return {
    columns: size(width, 80), rows: size(height, 24), startedWallMs: typeof timestamp === 'number' ? timestamp * 1000 : 0,
    title: typeof title === 'string' ? title : '', terminal: typeof terminal === 'string' ? terminal : '',
    events, durationMs: events.at(-1)?.atMs ?? 0, cut,
  };
}
