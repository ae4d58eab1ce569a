// `sallyport replay`: plays the recording of a session in the terminal, or writes it as a file. Recordings are had from the
// running gateway, or read as files when they are given as such or no gateway runs. Keys never leave this process.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readRecording, type ReadRecording } from '#runtime/sealed-recordings.ts';
import { AdminClient } from '../client.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { humanBytes, humanDate, humanTime, printJson, table, type Output } from '../output.ts';
import { parseCast, type Cast } from '../replay/cast.ts';
import { plainText, Player } from '../replay/player.ts';
import type { RecordingReport } from '#control/recordings.ts';
import { untilSignal } from '../watching.ts';

export interface ReplayOptions {
  readonly speed?: string;
  readonly idleLimit?: string;
  readonly from?: string;
  readonly input?: boolean;
  readonly text?: boolean;
  readonly export?: string;
  readonly keyFile?: string;
  readonly force?: boolean;
  readonly socket?: string;
  readonly config?: string[];
}

export async function replay(what: string | undefined, options: ReplayOptions, out: Output): Promise<number> {
  if (what === undefined) return await list(options, out);
  const playing = playerOptions(options);
  const key = options.keyFile === undefined ? undefined : readKey(options.keyFile);
  const { text, cut } = opened(await recordingBytes(what, options), key, what);
  const cast = parseCast(text);
  if (typeof cast === 'string') throw new CommandFailure(`${what}: ${cast}`);
  if (cut) process.stderr.write('the recording has no end: its session goes on, its process died, or the file was cut\n');
  if (options.export !== undefined) {
    exportTo(options.export, text, options.force === true);
    if (out.json) printJson(out, { file: options.export, ...summary(cast) });
    else process.stderr.write(`${options.export} was written: asciicast version 2, ${humanTime(cast.durationMs)}; not encrypted\n`);
    return exitCodes.ok;
  }
  if (out.json) printJson(out, summary(cast));
  else if (options.text === true) out.write(`${plainText(cast)}\n`);
  else await play(cast, playing, out);
  return exitCodes.ok;
}

async function list(options: ReplayOptions, out: Output): Promise<number> {
  const client = await AdminClient.find({ socket: options.socket, files: options.config });
  const answer = await client.get<{ total: number; recordings: RecordingReport[] }>('/v1/recordings');
  if (out.json) printJson(out, answer);
  else if (answer.recordings.length === 0) out.write('there are no recordings\n');
  else {
    out.write(table(out, [
      { title: 'SESSION', value: ({ session }) => session },
      { title: 'WRITTEN', value: ({ writtenMs }) => humanDate(writtenMs) },
      { title: 'SIZE', value: ({ bytes }) => humanBytes(bytes), right: true },
      { title: 'ENCRYPTED', value: ({ encrypted }) => encrypted ? 'yes' : 'no' },
    ], answer.recordings));
  }
  return exitCodes.ok;
}

function summary({ columns, rows, startedWallMs, title, terminal, durationMs, events, cut }: Cast): object {
  return { columns, rows, startedMs: startedWallMs, title, terminal, durationMs, events: events.length, cut };
}

const usualDirectories = ['.sallyport/recordings', '.sallyport/quickstart/recordings'];

/** A file when it is one; otherwise the recording of a session, from the gateway or from the usual places. */
async function recordingBytes(what: string, options: ReplayOptions): Promise<Buffer> {
  if (what.includes('/') || what.endsWith('.cast') || existsSync(what)) {
    try { return readFileSync(what); } catch (error) { throw new CommandFailure(`${what} cannot be read: ${(error as Error).message}`); }
  }
  if (!/^[A-Za-z0-9_-]{1,100}$/.test(what)) {
    throw new CommandFailure(`"${what}" is neither a file nor the id of a session`, 'recordings are listed by: sallyport replay', exitCodes.usage);
  }
  let client: AdminClient;
  try {
    client = await AdminClient.find({ socket: options.socket, files: options.config });
  } catch (error) {
    const found = usualDirectories.map((directory) => resolve(join(directory, `${what}.cast`))).find((path) => existsSync(path));
    if (found === undefined || options.socket !== undefined) throw error;
    return readFileSync(found);
  }
  return await client.bytes(`/v1/recordings/${encodeURIComponent(what)}`);
}

function readKey(file: string): Buffer {
  let text: string;
  try { text = readFileSync(file, 'utf8').trim(); } catch (error) { throw new CommandFailure(`the key cannot be read: ${(error as Error).message}`); }
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new CommandFailure(`${file} holds no key`, 'wanted 64 hexadecimal digits, as in recordings.keyFile');
  return Buffer.from(text, 'hex');
}

function opened(bytes: Buffer, key: Buffer | undefined, what: string): ReadRecording {
  try { return readRecording(bytes, key); } catch (error) {
    if (key === undefined) throw new CommandFailure(`${what}: ${(error as Error).message}`, '--key-file FILE, with the file that recordings.keyFile names');
    throw new CommandFailure(`${what}: the key does not fit, or the recording was changed`);
  }
}

function exportTo(file: string, text: string, force: boolean): void {
  try {
    writeFileSync(file, text, { flag: force ? 'w' : 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new CommandFailure(`${file} exists already`, '--force overwrites it');
    throw new CommandFailure(`${file} cannot be written: ${(error as Error).message}`);
  }
}

interface Playing { speed: number; idleLimitMs: number; fromMs: number; showInput: boolean }

function playerOptions(options: ReplayOptions): Playing {
  const number = (text: string | undefined, name: string, otherwise: number, least: number): number => {
    if (text === undefined) return otherwise;
    const value = Number(text.replace(/[sx]$/, ''));
    if (!Number.isFinite(value) || value < least) throw new CommandFailure(`${name} wants a number${least > 0 ? ` from ${least}` : ''}`, '', exitCodes.usage);
    return value;
  };
  const idle = options.idleLimit === 'none' ? Infinity : number(options.idleLimit, '--idle-limit', 2, 0) * 1000;
  return { speed: number(options.speed, '--speed', 1, 0.01), idleLimitMs: idle, fromMs: number(options.from, '--from', 0, 0) * 1000, showInput: options.input === true };
}

/** Space pauses, + and - change the speed, q ends. */
async function play(cast: Cast, options: Playing, out: Output): Promise<void> {
  const began = cast.startedWallMs === 0 ? '' : ` of ${humanDate(cast.startedWallMs)}`;
  const keys = process.stdin.isTTY && out.terminal;
  process.stderr.write(`recording${began}, ${humanTime(cast.durationMs)}${keys ? '; space pauses, + faster, - slower, q ends' : ''}\n`);
  await untilSignal(async (signal, pause) => {
    const terminal = { write: (text: string): void => { out.write(text); }, columns: out.columns, rows: out.terminal ? process.stdout.rows ?? 0 : 0 };
    const waits = new Waits(pause);
    const player = new Player(cast, terminal, options, async (ms) => { await waits.wait(ms); });
    const stop = (): void => {
      player.stop();
      waits.cut();
    };
    signal.addEventListener('abort', stop, { once: true });
    const onKey = (bytes: Buffer): void => {
      for (const key of bytes.toString('latin1')) {
        if (key === 'q' || key === '\u0003') stop();
        else if (key === '+') player.faster();
        else if (key === '-') player.slower();
        else if (key === ' ' && player.paused) player.resume();
        else if (key === ' ') player.pause();
      }
    };
    if (keys) process.stdin.setRawMode(true).on('data', onKey);
    try {
      await player.play();
    } finally {
      if (keys) process.stdin.off('data', onKey).setRawMode(false).pause();
      signal.removeEventListener('abort', stop);
    }
  });
  if (cast.cut) process.stderr.write('the recording is not whole: it ended in the middle of an event\n');
}

/** A pause that a key can cut short. */
class Waits {
  readonly #pause: (ms: number) => Promise<void>;
  #cut: (() => void) | undefined = undefined;

  constructor(pause: (ms: number) => Promise<void>) { this.#pause = pause; }

  async wait(ms: number): Promise<void> {
    await Promise.race([this.#pause(ms), new Promise<void>((resolve) => { this.#cut = resolve; })]);
  }

  cut(): void { this.#cut?.(); }
}
