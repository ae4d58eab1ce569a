// RETR, STOR, LIST and their kin: what has to hold before a transfer may begin, and its beginning.
import type { CommandRun } from './command-run.ts';
import { ContentTap } from './content.ts';
import { typeOfName } from './content-type.ts';
import { prepareServer } from './data-handlers.ts';
import type { DataSetup } from './data-setup.ts';
import type { FtpGateway } from './gateway.ts';
import { Transfer } from './transfer.ts';

export function handleTransfer(gateway: FtpGateway, run: CommandRun): void {
  const { state, service } = gateway;
  const { setup } = state;
  const { clientTls } = service.settings;
  if (setup?.client === undefined) return gateway.refuse(run, 425, 'Use PASV or PORT first.', 'ftp.sequence');
  if (clientTls.require === 'data' && !state.protectedData) return gateway.refuse(run, 521, 'Data connections must be protected, use PROT P.', 'ftp.tls-required');
  const upload = run.entry!.transfer === 'up';
  const isFile = run.operation.verbClass !== 'list';
  const { port } = gateway;
  const resumed = state.restOffset > 0 || run.verb === 'APPE';
  const inspection = isFile ? port.inspect({
    direction: upload ? 'to-server' : 'to-client', declaredType: typeOfName(run.operation.path), name: run.operation.path,
    declaredSize: upload ? state.announcedBytes : -1,
  }) : undefined;
  if (upload && resumed && service.content.partialUploads === 'refuse' && (inspection !== undefined || service.content.judges)) {
    inspection?.abandon();
    return gateway.refuse(run, 551, 'Only whole files can be stored here.', 'ftp.partial-upload');
  }
  const tap = new ContentTap(service.content, run.operation.path, upload, isFile, resumed, inspection);
  run.transfer = {
    direction: upload ? 'upload' : 'download', bytes: 0, sha256: '', type: '', declaredType: tap.declared, restOffset: state.restOffset,
    clientMode: setup.client.way === 'listen' ? 'passive' : 'active', serverMode: '', clientLease: setup.client.leaseId, serverLease: '', clientTls: '', serverTls: '', verdict: '',
  };
  if (setup.server !== undefined) {
    begin(gateway, run, setup, tap);
    return;
  }
  prepareServer(gateway, run, setup, (refused) => {
    if (refused === '') return begin(gateway, run, setup, tap);
    tap.abandon();
    state.replaceSetup(undefined);
    gateway.refuse(run, 425, 'Cannot open data connection.', refused, run.reason);
  });
}

function begin(gateway: FtpGateway, run: CommandRun, setup: DataSetup, tap: ContentTap): void {
  run.transfer!.serverMode = setup.server!.way === 'dial' ? 'passive' : 'active';
  run.transfer!.serverLease = setup.server!.leaseId;
  const transfer = new Transfer(gateway, run, setup, tap);
  gateway.transfer = transfer;
  transfer.begin();
}
