// Facts of an FTP command that rules and limits may ask for beyond verb, class, host and path (operations.ts lists them).
import { typeOfName } from '#core/content-type.ts';
import { readable } from '#codecs/ftp/index.ts';
import type { FtpOperation } from './operations.ts';
import type { SessionState } from './state.ts';

export function attributeOf(state: SessionState, tls: boolean, key: string, operation: FtpOperation): string | undefined {
  switch (key) {
    case 'argument': return operation.argument;
    case 'site': return operation.verb === 'SITE' ? /^\S*/.exec(operation.argument)![0].toUpperCase() : undefined;
    case 'login': return operation.verb === 'USER' ? operation.argument : state.login === '' ? undefined : state.login;
    case 'server-user': return state.serverUser === '' ? undefined : readable(state.serverUser);
    case 'direction': return operation.direction === '' ? undefined : operation.direction;
    case 'declared-type': return operation.path === '' ? undefined : typeOfName(operation.path) || undefined;
    case 'extension': return /\.([^./]+)$/.exec(operation.path)?.[1]?.toLowerCase();
    case 'rest': return state.restOffset === 0 ? undefined : String(state.restOffset);
    case 'size': return state.announcedBytes < 0 ? undefined : String(state.announcedBytes);
    case 'tls': return tls ? 'on' : 'off';
    case 'data-tls': return state.protectedData ? 'on' : 'off';
    case 'data-mode': return state.setup?.client === undefined ? undefined : state.setup.client.way === 'listen' ? 'passive' : 'active';
    default: return undefined;
  }
}
