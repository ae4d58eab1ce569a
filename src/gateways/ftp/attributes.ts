// Facts of an FTP command that rules and limits may ask for beyond verb, class, host and path (operations.ts lists them).
import { typeOfName } from '#core/content-type.ts';
import { readable } from '#codecs/ftp/index.ts';
import type { FtpOperation } from './operations.ts';
import type { SessionState } from './state.ts';

/** How large the file is going to be, as far as was said: with ALLO before an upload, in the answer to SIZE before a download. -1: not. */
export function announcedBytes(state: SessionState, { direction, path }: FtpOperation): number {
  if (direction !== 'download') return state.announcedBytes;
  return state.sizedPath === path && path !== '' ? state.sizedBytes : -1;
}

export function attributeOf(state: SessionState, tls: boolean, key: string, operation: FtpOperation): string | undefined {
  switch (key) {
    case 'argument': return operation.argument;
    case 'site': return operation.verb === 'SITE' ? /^\S*/.exec(operation.argument)![0].toUpperCase() : undefined;
    case 'login': return operation.login === '' ? undefined : operation.login;
    case 'server-user': return state.serverUser === '' ? undefined : readable(state.serverUser);
    case 'direction': return operation.direction === '' ? undefined : operation.direction;
    case 'declared-type': return operation.path === '' ? undefined : typeOfName(operation.path) || undefined;
    case 'extension': return /\.([^./]+)$/.exec(operation.path)?.[1]?.toLowerCase();
    case 'rest': return state.restOffset === 0 ? undefined : String(state.restOffset);
    case 'size': {
      const bytes = announcedBytes(state, operation);
      return bytes < 0 ? undefined : String(bytes);
    }
    case 'tls': return tls ? 'on' : 'off';
    case 'data-tls': return state.protectedData ? 'on' : 'off';
    case 'data-mode': return state.setup?.client === undefined ? undefined : state.setup.client.way === 'listen' ? 'passive' : 'active';
    default: return undefined;
  }
}
