// Building blocks of configuration schemas: durations, sizes, rates, addresses and names, as people write them and as
// numbers for the machine. Does not read files and knows no section of the configuration.
import { z } from 'zod';
import { addressFamily, parseNetwork } from '../network.ts';

const durationUnits: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const byteUnits: Record<string, number> = {
  B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3,
};

/** A duration such as `250ms`, `5s`, `2m`, `1h`; parsed to milliseconds. */
export function duration() {
  return z.string()
    .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, 'wanted a duration such as 250ms, 5s, 2m, 1h or 7d')
    .transform((text) => Math.round(Number.parseFloat(text) * durationUnits[/[a-z]+$/.exec(text)![0]]!))
    .meta({ title: 'duration', examples: ['250ms', '5s', '2m'] });
}

/** A size such as `16KiB` or `10MB`, or a plain number of bytes; parsed to bytes. */
export function byteSize() {
  return z.union([
    z.number().int().nonnegative(),
    z.string().regex(/^\d+(\.\d+)?(B|kB|MB|GB|KiB|MiB|GiB)$/, 'wanted a size such as 512B, 16KiB, 10MiB or 1GB'),
  ])
    .transform((size) => typeof size === 'number' ? size : Math.round(Number.parseFloat(size) * byteUnits[/[A-Za-z]+$/.exec(size)![0]]!))
    .meta({ title: 'size', examples: ['16KiB', '10MiB'] });
}

/** A count per time such as `100/s`, `30/m`, `1000/h`; parsed to `{ count, perMs }`. */
export function rate() {
  return z.string()
    .regex(/^\d+\/(\d+)?(ms|s|m|h|d)$/, 'wanted a rate such as 100/s, 30/m or 5/10s')
    .transform((text) => {
      const [, count, span, unit] = /^(\d+)\/(\d+)?([a-z]+)$/.exec(text)!;
      return { count: Number(count), perMs: Number(span ?? 1) * durationUnits[unit!]! };
    })
    .meta({ title: 'rate', examples: ['100/s', '30/m'] });
}

/** The name of a zone, listener, service, pool, rule or limit. */
export function resourceName() {
  return z.string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i, 'wanted a name: letters, digits, dot, dash and underscore, at most 63 characters')
    .meta({ title: 'name' });
}

export interface HostPort { host: string; port: number }

/** Splits `host:port`, `[v6]:port`. Returns undefined when it is neither. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const port = Number(match[3]);
  const host = match[1] ?? match[2]!;
  if (port > 65_535 || (match[1] !== undefined && (!match[1].includes(':') || addressFamily(match[1]) === 0))) return undefined;
  return { host, port };
}

/** `address:port` with a host name or an address; parsed to `{ host, port }`. */
export function hostPort(hint = 'wanted host:port, for example 10.1.0.10:8080, web.internal:80 or [fd00::1]:80') {
  return z.string()
    .refine((text) => parseHostPort(text) !== undefined, hint)
    .transform((text) => parseHostPort(text)!)
    .meta({ title: 'address and port', examples: ['10.1.0.10:8080', '[fd00::1]:80'] });
}

/** A network in CIDR form or a single address. Kept as text; `core/network.ts` compiles it. */
export function network() {
  return z.string()
    .refine(isNetwork, 'wanted an address or a network such as 10.0.0.0/8 or fd00::/8')
    .meta({ title: 'network', examples: ['10.0.0.0/8', 'fd00::/8'] });
}

export function isNetwork(text: string): boolean { return parseNetwork(text) !== undefined; }
