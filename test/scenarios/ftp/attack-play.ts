// Plays the scripts of attack-scripts.ts over sockets, either role alone, so that the two ends can be in different network
// namespaces. As a module: playClient, playServer. As a program, one end:
//   node test/scenarios/ftp/attack-play.ts client|server 'NAME' '{"client":"10.0.0.2",...}' [port of the control connection]
// prints a line of JSON when its connection has ended: { received, passivePort }. Judges nothing.
import { once } from 'node:events';
import net from 'node:net';
import { attackScripts, loginSteps, peacefulAnswers, type AttackScript, type Scene } from './attack-scripts.ts';

/** Keeps at most so much of what came: a flood is recognised by its beginning. */
const maxKept = 1_000_000;

export interface Played {
  /** Everything that this end received, latin1. */
  received: string;
  /** Port of the last 227 that came, 0 for none. */
  passivePort: number;
}

function watch(socket: net.Socket): Played & { ended: boolean } {
  const played = { received: '', passivePort: 0, ended: false };
  socket.setNoDelay(true);
  socket.on('data', (bytes: Buffer) => {
    if (played.received.length < maxKept) played.received += bytes.toString('latin1');
    const match = [...played.received.slice(-4000).matchAll(/^227 .*?(\d+),(\d+)\)/gm)].at(-1);
    if (match !== undefined) played.passivePort = Number(match[1]) * 256 + Number(match[2]);
  });
  socket.on('error', () => { /* told by close */ });
  for (const event of ['end', 'close']) socket.on(event, () => { played.ended = true; });
  return played;
}

/** Each piece in a segment of its own: without delay, and one a turn. */
async function sendPieces(socket: net.Socket, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    if (piece === '') continue;
    socket.write(Buffer.from(piece, 'latin1'));
    await new Promise((resolve) => { setImmediate(resolve); });
  }
}

/** The client's end, until its last step is answered or the connection is gone. The connection stays open. */
export async function playClient(socket: net.Socket, script: AttackScript, scene: Scene): Promise<Played> {
  const played = watch(socket);
  let at = 0;
  for (const { send, awaits } of [...script.loggedIn ? loginSteps : [], ...script.client(scene)]) {
    await sendPieces(socket, send);
    if (awaits === '') continue;
    const awaited = new RegExp(`^${awaits}.*\\r\\n`, 'm');
    for (let match = awaited.exec(played.received.slice(at)); ; match = awaited.exec(played.received.slice(at))) {
      if (match !== null) {
        at += match.index + match[0].length;
        break;
      }
      if (played.ended) return played;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          for (const event of ['data', 'end', 'close']) socket.off(event, done);
          resolve();
        };
        for (const event of ['data', 'end', 'close']) socket.on(event, done);
      });
    }
  }
  return played;
}

/** The server's end: answers each command line as the script says. What it received is in the answer, for ever. */
export function playServer(socket: net.Socket, script: AttackScript, scene: Scene): Played {
  const played = watch(socket);
  const answers: Record<string, readonly string[] | undefined> = { ...peacefulAnswers, ...script.server(scene) };
  let text = '';
  let turn = sendPieces(socket, answers['']!);
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
    for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
      const verb = /^[A-Za-z]*/.exec(text)![0].toUpperCase();
      text = text.slice(end + 2);
      turn = turn.then(() => sendPieces(socket, verb !== '' && answers[verb] !== undefined ? answers[verb] : answers['*']!));
    }
  });
  socket.on('end', () => { void turn.then(() => { socket.end(); }); });
  return played;
}

if (import.meta.main) {
  const [role, name, sceneText, port = '21'] = process.argv.slice(2);
  const script = attackScripts.find((one) => one.name === name);
  if (script === undefined) throw new Error(`no script "${name}": ${attackScripts.map((one) => one.name).join(' | ')}`);
  const scene = JSON.parse(sceneText!) as Scene;
  if (role === 'client') {
    const socket = net.connect({ host: scene.server, port: Number(port), localAddress: scene.client });
    console.log(JSON.stringify(await playClient(socket, script, scene)));
    // Stays until its input ends, so that what was opened for the session is still open.
    process.stdin.resume();
    process.stdin.on('end', () => { socket.destroy(); });
  } else {
    const listener = net.createServer({ allowHalfOpen: true });
    listener.listen(Number(port), scene.server);
    const [socket] = await once(listener, 'connection') as [net.Socket];
    listener.close();
    const played = playServer(socket, script, scene);
    socket.once('close', () => { console.log(JSON.stringify(played)); });
  }
}
