// RETR, STOR, LIST and their kin: what has to hold before a transfer may begin, and its beginning.
import type { ContentFacts } from '#contract/inspection.ts';
import { announcedBytes } from './attributes.ts';
import type { CommandRun } from './command-run.ts';
import { ContentTap } from './content.ts';
import { typeOfName } from '#core/content-type.ts';
import { prepareServer } from './data-handlers.ts';
import type { DataSetup } from './data-setup.ts';
import type { FtpGateway } from './gateway.ts';
import type { FtpOperation } from './operations.ts';
import { Transfer } from './transfer.ts';
import { factsAtBeginning, serverFacts } from './transfer-facts.ts';

export function handleTransfer(gateway: FtpGateway, run: CommandRun): void {
  const { state, service } = gateway;
  const { setup } = state;
  const { clientTls } = service.settings;
  if (setup?.client === undefined) return gateway.refuse(run, 425, 'Use PASV or PORT first.', 'ftp.sequence');
  if (clientTls.require === 'data' && !state.protectedData) return gateway.refuse(run, 521, 'Data connections must be protected, use PROT P.', 'ftp.tls-required');
  const upload = run.entry!.transfer === 'up';
  const isFile = run.operation.verbClass !== 'list';
  const partial = state.restOffset > 0 || run.verb === 'APPE';
  const announced = isFile ? announcedBytes(state, run.operation) : -1;
  if (!upload && announced - state.restOffset > service.limits.maxDownloadBytes) return tooLarge(gateway, run, announced);
  const facts = contentFacts(run.operation, partial, announced);
  const inspection = isFile ? gateway.port.inspect(run.operation, facts) : undefined;
  const { hash, partialUploads, partialDownloads } = service.settings.content;
  if (inspection !== undefined && partial && (upload ? partialUploads : partialDownloads) === 'refuse') {
    inspection.abandon();
    return gateway.refuse(run, upload ? 551 : 550, 'Only whole files can be transferred here.', upload ? 'ftp.partial-upload' : 'ftp.partial-download');
  }
  const hashed = hash === 'sha256' || hash === (upload ? 'sha256-uploads' : 'sha256-downloads');
  const tap = new ContentTap({ path: run.operation.path, isFile, partial, hashed }, inspection);
  run.transfer = factsAtBeginning(upload ? 'upload' : 'download', isFile, tap, setup.client, state.restOffset);
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

/** Known beforehand, it is refused before its first byte, not cut at its last. */
function tooLarge(gateway: FtpGateway, run: CommandRun, bytes: number): void {
  run.outcome = 'limited';
  run.rule = 'ftp.limit.maxDownloadBytes';
  run.reason = `${bytes} bytes, more than ${gateway.service.limits.maxDownloadBytes}`;
  gateway.finish(run, 550, ['The file is larger than permitted.']);
}

/** What inspectors are told before the first byte. */
export function contentFacts(operation: FtpOperation, partial: boolean, declaredSize: number): ContentFacts {
  return { direction: operation.direction === 'upload' ? 'to-server' : 'to-client', declaredType: typeOfName(operation.path), name: operation.path, declaredSize, partial };
}

function begin(gateway: FtpGateway, run: CommandRun, setup: DataSetup, tap: ContentTap): void {
  serverFacts(run.transfer!, setup.server!);
  const transfer = new Transfer(gateway, run, setup, tap);
  gateway.transfer = transfer;
  transfer.begin();
}
