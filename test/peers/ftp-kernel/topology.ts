// A small network of namespaces: a client, a server and a third host, each on a network of its own, and a router between
// them. The router can be a packet filter with the kernel's FTP helper and address translation, or route nothing at all, so
// that only what runs on it passes anything. Needs root, iproute2, nftables and conntrack; all is gone after `remove`.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export const routerToClient = '10.77.1.1';
export const routerToServer = '10.77.2.1';
export const addresses = { client: '10.77.1.2', server: '10.77.2.2', other: '10.77.3.2' } as const;
const routerToOther = '10.77.3.1';

const prefix = `sallyport-${process.pid}-`;
const routers = { client: routerToClient, server: routerToServer, other: routerToOther } as const;
export type Place = keyof typeof addresses | 'router';

export function namespaceOf(place: Place): string { return prefix + place; }

function ip(...args: string[]): void { execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] }); }

/** What a program said in a namespace. @throws Error with what it complained of. */
export function inside(place: Place, command: string, args: readonly string[], input = ''): string {
  return execFileSync('ip', ['netns', 'exec', namespaceOf(place), command, ...args], { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Why there can be no such network here, or ''. */
export function impossible(): string {
  const name = `${prefix}try`;
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (made.status !== 0) return `network namespaces cannot be made: ${made.stderr.trim()}`;
  const filter = spawnSync('ip', ['netns', 'exec', name, 'nft', '-f', '-'], { encoding: 'utf8', input: helperRules });
  ip('netns', 'del', name);
  return filter.status === 0 ? '' : `the kernel has no FTP helper (nf_conntrack_ftp, nf_nat_ftp): ${filter.stderr.split('\n')[0]!}`;
}

/** Of a run that was killed. */
function removeLeftovers(): void {
  for (const line of execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).split('\n')) {
    const [, name, owner] = /^(sallyport-(\d+)-\w+)/.exec(line) ?? [];
    if (name !== undefined && !existsSync(`/proc/${owner!}`)) spawnSync('ip', ['netns', 'del', name]);
  }
}

export function build(): void {
  removeLeftovers();
  process.once('exit', remove);
  for (const place of ['router', 'client', 'server', 'other'] as const) {
    ip('netns', 'add', namespaceOf(place));
    ip('-n', namespaceOf(place), 'link', 'set', 'lo', 'up');
  }
  for (const place of ['client', 'server', 'other'] as const) {
    const name = namespaceOf(place);
    const router = routers[place];
    ip('link', 'add', 'eth0', 'netns', name, 'type', 'veth', 'peer', 'name', `to-${place}`, 'netns', namespaceOf('router'));
    ip('-n', name, 'address', 'add', `${addresses[place]}/24`, 'dev', 'eth0');
    ip('-n', namespaceOf('router'), 'address', 'add', `${router}/24`, 'dev', `to-${place}`);
    ip('-n', name, 'link', 'set', 'eth0', 'up');
    ip('-n', namespaceOf('router'), 'link', 'set', `to-${place}`, 'up');
    ip('-n', name, 'route', 'add', 'default', 'via', router);
  }
}

/** As the documentation of nftables has it: the client's network may reach FTP servers, is hidden behind the router's address,
 *  and what the helper expects is let through as related. Everything else is refused. */
const helperRules = `
table ip gateway {
  ct helper ftp-standard { type "ftp" protocol tcp; }
  chain prerouting { type filter hook prerouting priority 0; tcp dport 21 ct helper set "ftp-standard"; }
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname "to-client" oifname "to-server" tcp dport 21 ct state new accept
    meta l4proto tcp reject with tcp reset
  }
  chain input { type filter hook input priority 0; ct state established,related accept; meta l4proto tcp reject with tcp reset; }
  chain postrouting { type nat hook postrouting priority 100; oifname "to-server" ip saddr 10.77.1.0/24 masquerade; }
}
`;

/** The router as a packet filter that follows FTP. */
export function routeWithHelper(): void {
  inside('router', 'nft', ['-f', '-'], helperRules);
  inside('router', 'sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
}

/** The router passes nothing on: whoever wants through has to speak to what runs on it. */
export function routeNothing(): void {
  inside('router', 'nft', ['flush', 'ruleset']);
  inside('router', 'nft', ['-f', '-'], 'table ip gateway { chain forward { type filter hook forward priority 0; policy drop; meta l4proto tcp reject with tcp reset; }; }');
  inside('router', 'sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
}

/** Connections that the helper expects, and would let through. */
export function expectations(): string[] {
  const lines = inside('router', 'conntrack', ['-L', 'expect']).split('\n').filter((line) => line.includes('proto=6'));
  return lines.map((line) => {
    const field = (name: string): string => new RegExp(`${name}=(\\S+)`).exec(line)?.[1] ?? '?';
    return `${field(' src')} -> ${field(' dst')}:${field('dport')}`;
  });
}

/** Forgets the connections too: the next script begins anew. */
export function forget(): void {
  inside('router', 'conntrack', ['-F']);
}

/** A namespace takes its interfaces along. */
export function remove(): void {
  process.off('exit', remove);
  for (const place of ['router', 'client', 'server', 'other'] as const) spawnSync('ip', ['netns', 'del', namespaceOf(place)]);
}
