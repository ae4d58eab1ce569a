// Where a session's control connection to a server comes from: a server of the pool, or, for a proxy, the host that the
// client named in USER or OPEN. The name was permitted by rules before; the address that it turned out to be is checked here.
import { operational } from '#core/failure.ts';
import { addressFamily } from '#core/network.ts';
import type { ChosenServer, PendingServer, ServerLinkOwner } from '#contract/gateway.ts';
import type { FtpGateway } from './gateway.ts';

export interface Target { readonly host: string; readonly port: number }

/** `excluded`: names of servers that could not be had. */
export function openControl(gateway: FtpGateway, owner: ServerLinkOwner, excluded: readonly string[]): PendingServer | undefined {
  const { settings } = gateway.service;
  if (settings.proxy === undefined) {
    // Each session has a connection of its own: FTP's are never shared or used again.
    return gateway.port.openServer({ pool: settings.pool!, affinity: '', operation: gateway.currentOperation, excluded, fresh: true }, owner);
  }
  const { targetHost, targetPort } = gateway.state;
  const server: ChosenServer = { pool: '', name: `${targetHost}:${targetPort}`, host: targetHost, port: targetPort };
  const denied = operational('denied', 'gateway', 'connect', false, `${targetHost} is in a network that is not connected to`);
  return gateway.port.dial({ host: targetHost, port: targetPort, localAddress: '', timeoutMs: settings.proxy.connectTimeout }, {
    dialed: (link) => {
      if (!gateway.service.proxyDenied.has(link.peer.address)) {
        owner.serverReady(link, server, false);
        return;
      }
      link.reset();
      owner.serverFailed(denied, server);
    },
    dialFailed: (failure) => { owner.serverFailed(failure, server); },
  });
}

/** `name@host` or `name@host:port`; `undefined` when it is not that. The last @ counts: names of users may have one. */
export function splitTarget(text: string): Target & { readonly user: string } | undefined {
  const at = text.lastIndexOf('@');
  if (at < 1) return undefined;
  const target = parseTarget(text.slice(at + 1));
  return target === undefined ? undefined : { user: text.slice(0, at), ...target };
}

/** `host`, `host:port` or `[v6]:port`; port 21 unless given. */
export function parseTarget(text: string): Target | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?))(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const port = match[3] === undefined ? 21 : Number(match[3]);
  if (port < 1 || port > 65_535 || (match[1] !== undefined && addressFamily(match[1]) === 0)) return undefined;
  return { host: (match[1] ?? match[2]!).toLowerCase(), port };
}
