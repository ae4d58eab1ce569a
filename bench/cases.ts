// What is measured: each case with its load, its peers and its targets (docs/performance.md says where they come from).
import type { LoadShape } from './load/wrk.ts';
import type { Part } from './machine.ts';
import { usualShape, type PeerName, type Shape } from './peers/peer.ts';

export interface Case {
  readonly name: string;
  readonly title: string;
  readonly load: LoadShape;
  readonly peers: readonly PeerName[];
  readonly shape: Shape;
  /** Most that Sallyport may cost, as a ratio of a peer's CPU time. */
  readonly atMost?: { readonly peer: PeerName; readonly ratio: number };
  readonly aim?: { readonly peer: PeerName; readonly ratio: number };
}

const usualPeers: readonly PeerName[] = ['nginx', 'haproxy', 'sallyport'];

export const cases: readonly Case[] = [
  {
    name: '1k', title: '1 KiB GET, keep-alive, 50 routes, 100 rules, all logged', load: { target: '1k', connections: 64 },
    peers: ['nginx', 'nginx-buffered', 'haproxy', 'sallyport'], shape: usualShape, atMost: { peer: 'nginx', ratio: 1.25 }, aim: { peer: 'nginx', ratio: 1 },
  },
  {
    name: '100k', title: '100 KiB GET', load: { target: '100k', connections: 16 }, peers: usualPeers, shape: usualShape,
    atMost: { peer: 'nginx', ratio: 1 }, aim: { peer: 'haproxy', ratio: 1 },
  },
  {
    name: '10m', title: '10 MiB GET', load: { target: '10m', connections: 16 }, peers: usualPeers, shape: usualShape,
    atMost: { peer: 'nginx', ratio: 1 }, aim: { peer: 'haproxy', ratio: 1 },
  },
  { name: 'post', title: 'POST of 16 KiB', load: { target: 'post', connections: 64, bodyBytes: 16 * 1024 }, peers: usualPeers, shape: usualShape },
  { name: 'connect', title: '1 KiB GET, a new connection each', load: { target: '1k', connections: 64, newConnections: true }, peers: usualPeers, shape: usualShape },
];

/** Cost against the size of the configuration. */
export const growthShapes: readonly Shape[] = [{ routes: 10, rules: 10 }, { routes: 100, rules: 100 }, { routes: 1000, rules: 1000 }];
export const growthLoad: LoadShape = { target: '1k', connections: 64 };
export const growthPeers: readonly PeerName[] = usualPeers;
/** Most that the largest configuration may cost, as a ratio of the smallest. */
export const growthAtMost = 1.2;

export const idleConnections = 3000;
export const idlePeers: readonly PeerName[] = usualPeers;
/** KiB of a connection. */
export const idleAtMost = 20;
export const idleAim = 12;

/** Most CPU time a GiB by FTP, as a ratio of HAProxy's in TCP mode. */
export const ftpBulkAtMost = 1.2;

const httpNames = [...cases.map(({ name }) => name), 'idle', 'growth'];
export const caseNames: readonly string[] = [...httpNames, 'ftp', 'telnet'];

/** The parts of the benchmark that these cases belong to. */
export function partsOf(names: readonly string[]): Part[] {
  return (['http', 'ftp', 'telnet'] as const).filter((part) => part === 'http' ? names.some((name) => httpNames.includes(name)) : names.includes(part));
}
