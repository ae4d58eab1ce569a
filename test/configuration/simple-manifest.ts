// A gateway manifest with few settings, for tests of the configuration that shall not depend on a real protocol.
import { z } from 'zod';
import type { GatewayManifest } from '#contract/gateway.ts';
import { resourceName } from '#core/settings/primitives.ts';

const settings = z.strictObject({
  pool: resourceName().optional().describe('Pool to forward to.'),
  from: resourceName().optional().describe('Zone that clients must be in.'),
  greeting: z.string().max(100).prefault('hello').describe('First line.'),
  maxLines: z.number().int().min(1).prefault(10).describe('Most lines.'),
});

type Settings = z.output<typeof settings>;

export const simpleManifest: GatewayManifest<Settings> = {
  protocol: 'simple',
  title: 'Simple',
  maturity: 'experimental',
  faces: ['hostile-clients'],
  transport: 'tcp',
  defaultPort: 7777,
  verbsKey: 'commands',
  attributes: [],
  settings,
  check: (given) => given.greeting === 'goodbye' ? [{ path: ['greeting'], message: 'a greeting that says goodbye', hint: 'say hello' }] : [],
  poolReferences: (given) => given.pool === undefined ? [] : [{ path: ['pool'], pool: given.pool }],
  zoneReferences: (given) => given.from === undefined ? [] : [{ path: ['from'], zone: given.from }],
  compile: () => { throw new Error('not for traffic'); },
};

export const simpleManifests: readonly GatewayManifest[] = [simpleManifest as GatewayManifest];

/** A document without errors or warnings. */
export function simpleDocument(): Record<string, unknown> & { pools: Record<string, unknown>; policy: unknown[] } {
  return {
    zones: { office: { networks: ['10.0.0.0/8'] } },
    listeners: { main: { bind: '127.0.0.1:7777', service: 'echo' } },
    services: { echo: { protocol: 'simple', pool: 'back', from: 'office' } },
    pools: { back: { servers: ['10.1.0.10:7777', '10.1.0.11:7777'] } },
    // oxlint-disable-next-line unicorn/no-thenable -- the word that rules use
    policy: [{ id: 'open', service: 'echo', then: 'allow' }],
  };
}
