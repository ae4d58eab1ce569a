// A process in one namespace of topology.ts: plays one end of an attack script, listens, connects, or is the gateway.
// Told what to do, and answers, over its IPC channel; ends with it.
import { once } from 'node:events';
import net from 'node:net';
import { playClient, playServer, type Played } from '../../scenarios/ftp/attack-play.ts';
import type { AttackScript, Scene } from '../../scenarios/ftp/attack-scripts.ts';
import type { GatewayUnderTest } from '../../harness/gateway.ts';
import { scriptNamed, servedScript } from './scripts.ts';

export type Request =
  | { readonly do: 'listen'; readonly address: string; readonly ports: readonly number[] }
  | { readonly do: 'serve'; readonly script: string; readonly scene: Scene; readonly address: string }
  | { readonly do: 'served' }
  | { readonly do: 'attack'; readonly script: string; readonly scene: Scene }
  | { readonly do: 'provoke' }
  | { readonly do: 'connections' }
  | { readonly do: 'connect'; readonly host: string; readonly port: number }
  | { readonly do: 'gateway'; readonly configuration: string }
  | { readonly do: 'gateway-did' }
  | { readonly do: 'end' };

export interface Reply {
  readonly error?: string;
  readonly played?: Played;
  readonly outcome?: 'open' | 'reset' | 'refused';
  /** That have come to what `listen` opened, ever, by port. */
  readonly connections?: Readonly<Record<number, number>>;
  /** What the gateway recorded since it was last asked, its open leases and its bugs. */
  readonly rules?: readonly string[];
  readonly leases?: readonly string[];
  readonly bugs?: readonly string[];
}

/** An answer that has not come by then does not come: the networks are on one machine. */
const answerMs = 2500;
/** After the last byte. */
const quietMs = 150;
const sockets = new Set<net.Socket>();
let script: AttackScript | undefined;
let scene: Scene | undefined;
let heard: Played[] = [];
let control: net.Server | undefined;
let gateway: GatewayUnderTest | undefined;
let recordsSeen = 0;
const connections: Record<number, number> = {};
let attacker: net.Socket | undefined;

function keep(socket: net.Socket): net.Socket {
  sockets.add(socket);
  socket.on('error', () => { /* told by close */ });
  socket.on('close', () => { sockets.delete(socket); });
  return socket;
}

async function listen(address: string, ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const listener = net.createServer({ allowHalfOpen: true }, (socket) => {
      connections[port] = (connections[port] ?? 0) + 1;
      keep(socket);
    });
    listener.listen(port, address);
    await once(listener, 'listening');
  }
}

async function serve(name: string, where: Scene, address: string): Promise<void> {
  script = servedScript(name);
  scene = where;
  heard = [];
  if (control !== undefined) return;
  control = net.createServer({ allowHalfOpen: true }, (socket) => { heard.push(playServer(keep(socket), script!, scene!)); });
  control.listen(21, address);
  await once(control, 'listening');
}

/** Until nothing has arrived for a while. */
async function quiet(socket: net.Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    let timer = setTimeout(resolve, quietMs);
    socket.on('data', () => {
      clearTimeout(timer);
      timer = setTimeout(resolve, quietMs);
    });
    socket.on('close', () => { clearTimeout(timer); resolve(); });
  });
}

async function attack(name: string, where: Scene): Promise<Played> {
  const socket = keep(net.connect({ host: where.server, port: 21, localAddress: where.client, allowHalfOpen: true }));
  attacker = socket;
  const timer = setTimeout(() => { socket.destroy(); }, answerMs);
  const played = await playClient(socket, scriptNamed(name), where);
  clearTimeout(timer);
  await quiet(socket);
  return played;
}

/** Asks for a file: only now would a gateway dial. */
async function provoke(): Promise<void> {
  if (attacker === undefined || attacker.destroyed) return;
  attacker.write('RETR x\r\n');
  await quiet(attacker);
}

/** `open` when it stands and stays. */
async function connect(host: string, port: number): Promise<Reply['outcome']> {
  const socket = keep(net.connect({ host, port, allowHalfOpen: true, timeout: answerMs }));
  let stands = false;
  return new Promise((resolve) => {
    socket.on('timeout', () => { socket.destroy(); });
    socket.on('close', () => { resolve(stands ? 'reset' : 'refused'); });
    socket.on('connect', () => {
      stands = true;
      setTimeout(() => { resolve('open'); }, quietMs);
    });
  });
}

async function startOwn(configuration: string): Promise<void> {
  const { startGateway } = await import('../../harness/gateway.ts');
  gateway = await startGateway(configuration);
}

async function gatewayDid(): Promise<Reply> {
  await gateway!.flushed();
  // Rules of the gateway itself: one of the policy is there only to permit all.
  const rules = gateway!.records.slice(recordsSeen).map(({ rule }) => String(rule)).filter((rule) => /^(ftp|lease|tls)\./.test(rule) && rule !== 'ftp.sequence');
  recordsSeen = gateway!.records.length;
  const answer = await gateway!.ask({ what: 'leases' });
  const leases = answer.what === 'leases' ? answer.leases.map(({ peer, address, port }) => `${peer} -> ${address}:${port}`) : [];
  return { rules: [...new Set(rules)], leases, bugs: gateway!.bugs };
}

async function act(request: Request): Promise<Reply> {
  switch (request.do) {
    case 'listen': await listen(request.address, request.ports); return {};
    case 'serve': await serve(request.script, request.scene, request.address); return {};
    case 'served': return { played: { received: heard.map(({ received }) => received).join(''), passivePort: 0 } };
    case 'attack': return { played: await attack(request.script, request.scene) };
    case 'provoke': await provoke(); return {};
    case 'connections': return { connections };
    case 'connect': return { outcome: await connect(request.host, request.port) };
    case 'gateway': await startOwn(request.configuration); return {};
    case 'gateway-did': return gatewayDid();
    case 'end':
      for (const socket of sockets) socket.destroy();
      return {};
  }
}

process.on('message', (request: Request) => {
  void act(request).catch((error: unknown): Reply => ({ error: String(error) })).then((reply) => { process.send!(reply); });
});
process.on('disconnect', () => { process.exit(0); });
process.send!({});
