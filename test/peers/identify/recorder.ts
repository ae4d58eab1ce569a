// A relay on loopback that writes down what each side of a connection sends first, in order; and the form in which such
// conversations are kept. Records at most a few KiB of each side; changes nothing.
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

export interface Said { readonly side: 'client' | 'server'; bytes: Buffer }

export interface Recorder {
  readonly port: number;
  /** Conversations in order of their beginning. */
  readonly conversations: Said[][];
  stop(): void;
}

const keptBytes = 2048;

export async function startRecorder(serverPort: number): Promise<Recorder> {
  const conversations: Said[][] = [];
  const sockets = new Set<Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const said: Said[] = [];
    conversations.push(said);
    const upstream = net.connect({ port: serverPort, host: '127.0.0.1', allowHalfOpen: true });
    const kept = { client: 0, server: 0 };
    const keep = (side: 'client' | 'server', bytes: Buffer): void => {
      const piece = bytes.subarray(0, Math.max(0, keptBytes - kept[side]));
      kept[side] += piece.length;
      if (piece.length === 0) return;
      const last = said.at(-1);
      if (last?.side === side) last.bytes = Buffer.concat([last.bytes, piece]);
      else said.push({ side, bytes: Buffer.from(piece) });
    };
    for (const [from, to, side] of [[client, upstream, 'client'], [upstream, client, 'server']] as const) {
      sockets.add(from);
      from.on('data', (bytes: Buffer) => {
        keep(side, bytes);
        to.write(bytes);
      });
      from.on('end', () => { to.end(); });
      from.on('error', () => { to.destroy(); });
      from.on('close', () => { sockets.delete(from); });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port, conversations,
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** One conversation as it is kept: what it is, how it was made, and what was said. */
export interface Kept { readonly name: string; readonly protocol: string; readonly made: string; readonly said: readonly Said[] }

const escapes: Readonly<Record<string, string>> = { '\r': String.raw`\r`, '\n': String.raw`\n`, '\t': String.raw`\t`, '\\': String.raw`\\` };

/** Bytes as readable latin1 text; a line of it for each line of text. */
function written(bytes: Buffer): string[] {
  const text = bytes.toString('latin1').replaceAll(/[^\u0020-\u005b\u005d-\u007e]/g, (c) => escapes[c] ?? String.raw`\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return text.match(/.{1,150}?(?:\\n|$)|.{150}/g)!.filter((line) => line !== '');
}

export function keptText(kept: readonly Kept[]): string {
  return kept.map(({ name, protocol, made, said }) => {
    const lines = said.flatMap(({ side, bytes }) => written(bytes).map((line) => `${side === 'client' ? '>' : '<'} ${line}`));
    return `## ${name}\nprotocol: ${protocol}\nmade: ${made}\n${lines.join('\n')}\n`;
  }).join('\n');
}

function read(line: string): Buffer {
  const text = line.replaceAll(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, letter: string) => {
    return hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : letter === 'r' ? '\r' : letter === 'n' ? '\n' : letter === 't' ? '\t' : letter;
  });
  return Buffer.from(text, 'latin1');
}

export function readKept(text: string): Kept[] {
  return text.split(/^## /m).slice(1).map((part) => {
    const lines = part.split('\n');
    const said: Said[] = [];
    for (const line of lines.slice(3)) {
      if (!/^[<>] /.test(line)) continue;
      const side = line.startsWith('>') ? 'client' : 'server';
      const last = said.at(-1);
      if (last?.side === side) last.bytes = Buffer.concat([last.bytes, read(line.slice(2))]);
      else said.push({ side, bytes: read(line.slice(2)) });
    }
    return { name: lines[0]!, protocol: lines[1]!.replace('protocol: ', ''), made: lines[2]!.replace('made: ', ''), said };
  });
}
