// How each of the four connections of an FTP session is protected: RFC 4217 sections 4 and 7, RFC 7301 (ALPN `ftp`). Whoever dials,
// the FTP client is the TLS client; a data connection continues the TLS session of its own control connection, on either side.
import type { Link, SecureRequest } from '#contract/link.ts';
import type { DataSide } from './data-side.ts';
import type { FtpGateway } from './gateway.ts';

function towardsClient(gateway: FtpGateway, alpn: readonly string[], continues: Link | undefined): SecureRequest {
  return { end: 'tls-server', profile: gateway.service.settings.clientTls.profile ?? '', serverName: '', alpn, continues, ownTickets: true };
}

function towardsServer(gateway: FtpGateway, continues: Link | undefined): SecureRequest {
  const { server, service } = gateway;
  return { end: 'tls-client', profile: service.settings.serverTls.profile ?? '', serverName: server.server!.host, alpn: ['ftp'], continues, ownTickets: false };
}

export function clientControlSecurity(gateway: FtpGateway): SecureRequest { return towardsClient(gateway, ['ftp'], undefined); }
export function serverControlSecurity(gateway: FtpGateway): SecureRequest { return towardsServer(gateway, undefined); }

/** Undefined: in the clear. */
export function clientDataSecurity(gateway: FtpGateway): SecureRequest | undefined {
  return gateway.state.protectedData ? towardsClient(gateway, ['ftp', 'ftp-data'], gateway.port.client) : undefined;
}

export function serverDataSecurity(gateway: FtpGateway): SecureRequest | undefined {
  return gateway.server.protectedData ? towardsServer(gateway, gateway.server.link) : undefined;
}

/** Whoever connected has the TLS session of the control connection (or need not have it). */
export function clientDataProven({ service }: FtpGateway, side: DataSide): boolean {
  const tls = side.link!.tls;
  return tls === undefined || tls.resumed || service.settings.clientTls.dataSession === 'any';
}

export function wantsCloseNotify({ service: { settings } }: FtpGateway, role: 'client' | 'server'): boolean {
  return (role === 'client' ? settings.clientTls : settings.serverTls).closeNotify === 'require';
}
