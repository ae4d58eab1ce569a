// Where an FTP session stands: who is logged in, where, with which settings of the next transfer. RFC 959 section 5.1.
import type { Feature } from '#codecs/ftp/index.ts';
import type { DataSetup } from './data-setup.ts';
import type { Target } from './server-connection.ts';

/** Why a name will fail whatever the password: told only behind it (RFC 2577 section 7). */
export interface RefusedLogin { readonly text: string; readonly reason: string; readonly rule: string }

export class SessionState {
  /** Name given with USER, before a password proved it, as text. */
  login = '';
  /** Name at the server, as bytes of the wire (latin1). */
  serverUser = '';
  refusedLogin: RefusedLogin | undefined = undefined;
  /** User of the gateway who has proved it, in `login.mode: both`. */
  gatewayUser = '';
  loggedIn = false;
  /** The server wants ACCT. */
  wantsAccount = false;
  failedLogins = 0;
  unknownCommands = 0;
  /** Proxy: where to. */
  targetHost = '';
  targetPort = 0;
  /** Wire form. */
  cwd = '/';
  type = 'A';
  restOffset = 0;
  announcedBytes = -1;
  /** What the server said to SIZE last (as bytes: TYPE I), for a RETR of the same path. */
  sizedPath = '';
  sizedBytes = -1;
  /** Wire form of what RNFR named, or ''. */
  renameFrom = '';
  bufferSizeSet = false;
  protectedData = false;
  /** AUTH SSL and AUTH TLS-P, older than RFC 4217, stand for PBSZ 0 and PROT P as well. */
  protectsData = false;
  epsvAll = false;
  features: readonly Feature[] | undefined = undefined;
  setup: DataSetup | undefined = undefined;

  replaceSetup(setup: DataSetup | undefined): void {
    this.setup?.discard('replaced');
    this.setup = setup;
  }

  /** REST and ALLO are for the next transfer, whatever becomes of it (RFC 959 section 4.1.3). */
  transferOver(): void {
    this.restOffset = 0;
    this.announcedBytes = -1;
  }

  /** A name that was permitted for one server is not yet one for another. */
  aim({ host, port }: Target): void {
    this.targetHost = host;
    this.targetPort = port;
    this.login = '';
    this.refusedLogin = undefined;
  }

  /** RFC 4217 section 4: what was said before TLS is forgotten. */
  secured(): void {
    this.login = '';
    this.serverUser = '';
    this.refusedLogin = undefined;
    this.gatewayUser = '';
    this.targetHost = '';
    this.targetPort = 0;
    this.features = undefined;
    this.bufferSizeSet = this.protectsData;
    this.protectedData = this.protectsData;
  }
}
