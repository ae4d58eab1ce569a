// `sallyport watch`: follows a live session read-only: its screen when the session offers that, its records otherwise.
import { StringDecoder } from 'node:string_decoder';
import { EscapeFilter } from '#core/terminal/escape-filter.ts';
import type { SessionReport } from '#runtime/messages.ts';
import type { AdminClient } from '../client.ts';
import { CommandFailure } from '../exit-codes.ts';
import { formatNumber, visible, type Output } from '../output.ts';
import { restore } from '../replay/player.ts';
import { untilSignal } from '../watching.ts';
import { logs } from './logs.ts';

const pollMs = 200;

interface Shown { next: number; missed: number; columns: number; rows: number; data: string }

export async function watch(client: AdminClient, id: string, out: Output): Promise<number> {
  const path = `/v1/sessions/${encodeURIComponent(id)}/watch`;
  const first = await ask(client, path, '');
  if (first === 'ended') throw new CommandFailure(`there is no session ${id}`, 'it may have ended; the list is shown by: sallyport sessions');
  if (first === 'no-screen') {
    process.stderr.write('this session has no screen to watch: its records follow\n');
    return await logs(client, { session: id, follow: true }, out);
  }
  if (!out.json) await begin(client, id, first, out);
  const screen: Screen = { filter: new EscapeFilter('remove', 'remove'), decoder: new StringDecoder('utf8') };
  return await untilSignal(async (signal, pause) => {
    let shown: Shown = first;
    for (;;) {
      show(shown, screen, out);
      await pause(pollMs);
      if (signal.aborted) break;
      const next = await ask(client, path, String(shown.next));
      if (typeof next === 'string') break;
      shown = next;
    }
    if (!out.json) {
      if (out.terminal) out.write(restore);
      process.stderr.write(signal.aborted ? '\n' : '\nthe session has ended\n');
    }
  });
}

async function ask(client: AdminClient, path: string, from: string): Promise<Shown | 'ended' | 'no-screen'> {
  try {
    return await client.get<Shown>(`${path}?from=${from}`);
  } catch (error) {
    const code = error instanceof CommandFailure ? error.more['code'] : undefined;
    if (code === 'not-found') return 'ended';
    if (code === 'not-understood') return 'no-screen';
    throw error;
  }
}

async function begin(client: AdminClient, id: string, { columns, rows }: Shown, out: Output): Promise<void> {
  const { sessions } = await client.get<{ sessions: SessionReport[] }>('/v1/sessions?limit=100000');
  const session = sessions.find((one) => one.id === id);
  const who = session === undefined ? '' : `: ${session.client}, ${session.doing}`;
  process.stderr.write(`watching ${visible(`${id}${who}`)}, terminal ${columns}x${rows}; Ctrl-C ends watching, not the session\n`);
  const smaller = out.terminal && (out.columns < columns || (process.stdout.rows ?? 0) < rows);
  if (smaller) process.stderr.write('this terminal is smaller: what is drawn on a whole screen will be garbled\n');
}

/** A piece may end inside a sequence or a character. */
interface Screen { readonly filter: EscapeFilter; readonly decoder: StringDecoder }

/** Filtered once more, whatever the service passes. */
function show(shown: Shown, { filter, decoder }: Screen, out: Output): void {
  if (out.json) {
    if (shown.data !== '' || shown.missed > 0) out.write(`${JSON.stringify(shown)}\n`);
    return;
  }
  if (shown.missed > 0) process.stderr.write(`\n*** ${formatNumber(shown.missed)} bytes were missed\n`);
  const bytes = Buffer.from(shown.data, 'base64');
  filter.push(bytes, 0, bytes.length, {
    text: (some, start, end) => { out.write(decoder.write(Buffer.from(some.subarray(start, end)))); },
    removed() { /* not shown */ },
  });
}
