// Socket errors of Node as operational failures of the contract, in words for people.
// Does not decide what follows from them.
import { operational, type OperationalFailure } from '#core/failure.ts';

const known: Record<string, readonly [code: string, text: string]> = {
  ECONNREFUSED: ['refused', 'connection refused'],
  ECONNRESET: ['reset', 'connection reset by the peer'],
  EPIPE: ['reset', 'the peer had closed its side'],
  ETIMEDOUT: ['timeout', 'timed out'],
  EHOSTUNREACH: ['unreachable', 'no route to the host'],
  ENETUNREACH: ['unreachable', 'network unreachable'],
  ENOTFOUND: ['not-found', 'the host name was not found'],
  EAI_AGAIN: ['not-found', 'name resolution failed'],
  EADDRNOTAVAIL: ['unreachable', 'no local address or port available'],
  EMFILE: ['exhausted', 'too many open files in this process'],
};

/** `connecting`: nothing was sent yet, so that another attempt is harmless. */
export function failureOf(error: NodeJS.ErrnoException, side: 'client' | 'server', connecting = false): OperationalFailure {
  const [code, text] = known[error.code ?? ''] ?? ['error', `${error.code ?? error.name}: ${error.message}`];
  return operational(code, side, connecting ? 'connect' : 'receive', connecting, text);
}

/** IPv4-mapped IPv6 written as IPv4: a dual-stack listener must not make two clients of one. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
