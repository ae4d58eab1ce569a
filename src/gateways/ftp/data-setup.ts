// What was agreed on for the next transfer: how the client and how the server will be met. Replaced by the next PASV or
// PORT, used up by one transfer. Before the transfer begins it only waits: what goes wrong then is remembered by the sides.
import type { OperationalFailure } from '#core/failure.ts';
import type { DataSide, DataSideOwner } from './data-side.ts';

export class DataSetup implements DataSideOwner {
  client: DataSide | undefined = undefined;
  server: DataSide | undefined = undefined;
  /** `PASV`, `EPSV`, `PORT` or `EPRT`, as the client asked. */
  readonly asked: string;

  /** Told while a command waits for a side. */
  onFailed: ((side: DataSide, reason: string) => void) | undefined = undefined;

  constructor(asked: string) {
    this.asked = asked;
  }

  sideReady(): void { /* held still until a transfer wants it */ }
  sideFailed(side: DataSide, reason: string): void { this.onFailed?.(side, reason); }
  // A side that is held still delivers nothing; if it does, the peer is not one that we understand.
  sideReceived(side: DataSide): void { side.drop(true, 'data before a transfer'); }
  sideRelayed(): void { /* no relay yet */ }
  sideEnded(): void { /* seen when the transfer begins */ }
  sideDrained(): void { /* nothing was sent */ }
  sideClosed(_side: DataSide, _failure: OperationalFailure | undefined): void { /* the side is ended */ }

  discard(reason: string): void {
    this.client?.drop(true, reason);
    this.server?.drop(true, reason);
  }
}
