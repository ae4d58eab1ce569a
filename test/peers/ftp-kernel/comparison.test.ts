// The attacks on FTP against the Linux kernel's own FTP helper (nf_conntrack_ftp with address translation) and against the
// gateway, in the same network of namespaces: which way was opened, and which bytes got across. Prints the table of
// docs/protocols/ftp.md. What the gateway does is asserted; what the helper does is only told, but for the two controls.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { release } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeCertificate } from '../../harness/certificates.ts';
import { loginSteps, type AttackScript, type Scene } from '../../scenarios/ftp/attack-scripts.ts';
import { needs } from '../peer.ts';
import type { Reply, Request } from './agent.ts';
import { allScripts } from './scripts.ts';
import * as network from './topology.ts';

type Device = 'helper' | 'gateway';

interface Finding {
  /** The connection that the attack is after came about. */
  readonly reached: boolean;
  /** Connections that the device would let through, as it says itself. */
  readonly opened: readonly string[];
  /** Bytes got across that must not. */
  readonly toServer: boolean;
  readonly toClient: boolean;
  readonly said: string;
  readonly rules: readonly string[];
}

/** One that nothing else uses in a namespace, and two of services. */
const port = 40_321;
const servicePort = 22;
const certificate = makeCertificate();
const root = process.getuid?.() === 0;
const missing = root ? needs('ip', 'nft', 'conntrack') : 'needs root, for network namespaces';
const skip = missing === false ? network.impossible() || (certificate === undefined && 'no openssl: apt-get install openssl') : missing;

class Agent {
  readonly #child: ChildProcess;
  constructor(place: network.Place) {
    const program = [process.execPath, join(import.meta.dirname, 'agent.ts')];
    this.#child = spawn('ip', ['netns', 'exec', network.namespaceOf(place), ...program], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }
  async ready(): Promise<this> {
    await once(this.#child, 'message');
    return this;
  }
  async tell(request: Request): Promise<Reply> {
    const answered = once(this.#child, 'message');
    this.#child.send(request);
    const [reply] = await answered as [Reply];
    if (reply.error !== undefined) throw new Error(`${request.do}: ${reply.error}`);
    return reply;
  }
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}

let agents: Record<network.Place, Agent>;
const findings: Record<Device, Map<string, Finding>> = { helper: new Map(), gateway: new Map() };

before(async () => {
  if (skip !== false) return;
  network.build();
  const places = ['client', 'server', 'other', 'router'] as const;
  const made = await Promise.all(places.map((place) => new Agent(place).ready()));
  agents = Object.fromEntries(places.map((place, at) => [place, made[at]!])) as Record<network.Place, Agent>;
  for (const place of ['client', 'server', 'other'] as const) await agents[place].tell({ do: 'listen', address: network.addresses[place], ports: [port, port + 1, servicePort] });
});
after(async () => {
  if (skip !== false) return;
  for (const agent of Object.values(agents ?? {})) await agent.stop();
  network.remove();
  console.log(`\n${table()}\n`);
});

/** As each end sees the network. */
function sceneOf(device: Device, end: 'client' | 'server'): Scene {
  const server = device === 'gateway' && end === 'client' ? network.routerToClient : network.addresses.server;
  return { client: network.addresses.client, server, other: network.addresses.other, port, servicePort };
}

/** Connections that came to where the attack wants one, from whomever. */
async function connectionsAtGoal({ aim }: AttackScript): Promise<number> {
  if (aim === undefined || aim.port === 'data') return 0;
  const { connections } = await agents[aim.to].tell({ do: 'connections' });
  return connections![sceneOf('helper', 'server')[aim.port]] ?? 0;
}

/** Where the connection that the attack wants would have to go, from where it comes: a translated PORT names the router. */
function goalOf(device: Device, script: AttackScript, atServer: string, passivePort: number): { host: string; port: number } | undefined {
  const { from, to, port: which } = script.aim!;
  if (which === 'data') return passivePort === 0 ? undefined : { host: sceneOf(device, 'client')[to], port: passivePort };
  if (from === 'server' && to === 'client') {
    const told = /^PORT (\d+,\d+,\d+,\d+),(\d+),(\d+)\r\n/m.exec(atServer);
    if (told !== null) return { host: told[1]!.replaceAll(',', '.'), port: Number(told[2]) * 256 + Number(told[3]) };
    // What cannot be told from a line of its own: the address that the server sees.
    return { host: network.routerToServer, port: sceneOf(device, 'server')[which] };
  }
  return { host: network.addresses[to], port: sceneOf(device, 'server')[which] };
}

async function play(device: Device, script: AttackScript): Promise<Finding> {
  const connectionsBefore = await connectionsAtGoal(script);
  if (device === 'gateway') await agents.router.tell({ do: 'gateway-did' });
  await agents.server.tell({ do: 'serve', script: script.name, scene: sceneOf(device, 'server'), address: network.addresses.server });
  const { played } = await agents.client.tell({ do: 'attack', script: script.name, scene: sceneOf(device, 'client') });
  const heard = (await agents.server.tell({ do: 'served' })).played!.received;
  let opened: readonly string[];
  let rules: readonly string[] = [];
  if (device === 'helper') opened = network.expectations();
  else {
    const did = await agents.router.tell({ do: 'gateway-did' });
    assert.deepEqual(did.bugs, []);
    opened = did.leases!;
    rules = did.rules!;
    // Whatever it was made to believe, it would dial now.
    if (script.aim !== undefined && script.hostile && script.aim.port !== 'data') await agents.client.tell({ do: 'provoke' });
  }
  let reached = await connectionsAtGoal(script) > connectionsBefore;
  const goal = script.aim === undefined ? undefined : goalOf(device, script, heard, played!.passivePort);
  if (goal !== undefined) reached = (await agents[script.aim!.from].tell({ do: 'connect', ...goal })).outcome === 'open' || reached;
  if (device === 'gateway') rules = [...new Set([...rules, ...(await agents.router.tell({ do: 'gateway-did' })).rules!])];
  for (const place of ['client', 'server', 'other'] as const) await agents[place].tell({ do: 'end' });
  if (device === 'helper') network.forget();
  const afterLogin = script.loggedIn ? heard.replace(/^USER alice\r\nPASS secret\r\n/, '') : heard;
  return {
    reached, opened, rules, toServer: script.neverToServer?.test(afterLogin) ?? false, toClient: script.neverToClient?.test(played!.received) ?? false,
    said: lastReply(script, played!.received),
  };
}

/** Code of the last reply behind the login or, where there is none, behind the greeting. */
function lastReply(script: AttackScript, received: string): string {
  const behind = received.split('\r\n').slice(script.loggedIn ? loginSteps.length : 1).filter((line) => line !== '');
  return behind.length === 0 ? 'closed' : /^\d{3}/.exec(behind.findLast((line) => /^\d{3} /.test(line)) ?? '')?.[0] ?? '';
}

for (const device of ['helper', 'gateway'] as const) {
  test(device === 'helper' ? `the kernel's helper (Linux ${release().split('-')[0]!})` : 'the gateway', { skip, timeout: 110_000 }, async (context) => {
    if (device === 'helper') network.routeWithHelper();
    else {
      network.routeNothing();
      const { certificateFile, keyFile } = certificate!;
      await agents.router.tell({ do: 'gateway', configuration: `
listeners: { ftp: { bind: "${network.routerToClient}:21", service: files } }
services: { files: { protocol: ftp, pool: files, clientTls: { mode: explicit, profile: own }, login: { failureDelay: 10ms } } }
pools: { files: { servers: ["${network.addresses.server}:21"] } }
tls: { own: { certificates: [{ certificate: ${certificateFile}, key: ${keyFile} }] } }
policy: [{ id: open, then: allow }]
` });
    }
    for (const script of allScripts) {
      await context.test(script.name, async () => {
        const finding = await play(device, script);
        findings[device].set(script.name, finding);
        if (!script.hostile) {
          // Active mode comes about with the transfer, which these scripts do not have: the gateway only agrees to it.
          if (device === 'helper' || script.aim?.port === 'data') assert.equal(finding.reached, true, 'the way that FTP needs is open');
          else assert.equal(finding.said, '200');
        } else if (device === 'gateway') {
          assert.deepEqual({ reached: finding.reached, toServer: finding.toServer, toClient: finding.toClient }, { reached: false, toServer: false, toClient: false });
        }
      });
    }
  });
}

function table(): string {
  const rows = allScripts.map(({ name, aim, hostile }) => {
    const [helper, gateway] = [findings.helper.get(name), findings.gateway.get(name)];
    if (helper === undefined || gateway === undefined) return `| ${name} | not run | not run |`;
    const way = aim === undefined ? '' : helper.reached ? `**way opened**: ${helper.opened.join(', ') || 'no trace of it'}` : 'no way opened';
    const bytes = helper.toServer || helper.toClient ? `bytes pass to the ${helper.toServer ? 'server' : 'client'}` : '';
    const kernel = hostile ? [way, bytes].filter((text) => text !== '').join('; ') : `opened, as it must: ${helper.opened.join(', ')}`;
    const did = [gateway.said === '' ? '' : gateway.said === 'closed' ? 'closed without a word' : `answered ${gateway.said}`, ...gateway.rules.map((rule) => `\`${rule}\``),
      gateway.opened.length > 0 ? 'lease for the client alone' : ''].filter((text) => text !== '');
    return `| ${name} | ${kernel} | ${did.join(', ')} |`;
  });
  return ['| attack | Linux helper | Sallyport |', '|---|---|---|', ...rows].join('\n');
}
