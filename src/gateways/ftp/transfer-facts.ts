// What the record of a transfer says beyond its command: filled in when it begins and when it is over. Decides nothing.
import type { TransferFacts } from './command-run.ts';
import type { ContentTap } from './content.ts';
import type { DataSetup } from './data-setup.ts';
import type { DataSide } from './data-side.ts';

function modeOf(side: DataSide): string { return side.way === 'listen' ? 'passive' : 'active'; }

/** The server's half is not known yet when this is asked. */
export function factsAtBeginning(direction: TransferFacts['direction'], isFile: boolean, tap: ContentTap, client: DataSide, restOffset: number): TransferFacts {
  return {
    direction, listing: !isFile, bytes: 0, bytesPerSecond: 0, sha256: '', type: '', declaredType: tap.declared, restOffset, clientMode: modeOf(client), serverMode: '',
    clientLease: client.leaseId, serverLease: '', clientTls: '', serverTls: '', verdict: '',
  };
}

/** The gateway dials a passive server: the other way round than towards a client. */
export function serverFacts(facts: TransferFacts, server: DataSide): void {
  facts.serverMode = server.way === 'dial' ? 'passive' : 'active';
  facts.serverLease = server.leaseId;
}

function tlsOf({ link }: DataSide): string {
  const tls = link?.tls;
  return tls === undefined ? '' : `${tls.protocol} ${tls.cipher}${tls.resumed ? ' resumed' : ''}${link!.endedWithoutNotify ? ' no-close-notify' : ''}`;
}

/** `complete`: both ends have all of it. `flowMs`: from the first to the last byte, 0 when it cannot be measured. */
export function factsAtEnd(facts: TransferFacts, { client, server }: DataSetup, tap: ContentTap, complete: boolean, flowMs: number): void {
  facts.bytes = tap.bytes;
  facts.bytesPerSecond = flowMs <= 0 ? 0 : Math.round(tap.bytes * 1000 / flowMs);
  facts.type = tap.type;
  facts.sha256 = complete ? tap.sha256 : '';
  facts.clientTls = tlsOf(client!);
  facts.serverTls = tlsOf(server!);
}
