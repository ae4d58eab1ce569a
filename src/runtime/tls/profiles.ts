// TLS on links: from the start or in mid-stream, at either end of the handshake, with sessions of a control link carried
// on to its data links. RFC 8446; RFC 4217 section 10 for why data links continue the control link's session.
// Knows no protocol and reads no files.
import { X509Certificate } from 'node:crypto';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { operational } from '#core/failure.ts';
import type { SecureRequest, TlsFacts } from '#contract/link.ts';
import type { LinkSecurity, LinkTransport, SocketLink } from '../link.ts';
import { tlsFailureText } from './failure-text.ts';
import { OwnContext } from './own-context.ts';
import type { TlsProfile } from './settings.ts';
import { TicketTransport } from './ticket-transport.ts';

/** Sessions of a control link may be resumed as long as it lives; RFC 8446 section 4.6.1 has a week for the longest. OpenSSL's own are two hours. */
const ownSessionSeconds = 7 * 24 * 3600;

interface NamedContext { readonly names: X509Certificate; readonly context: tls.SecureContext }

/** One compiled profile. @throws Error when a certificate or key does not fit. */
class CompiledProfile {
  readonly settings: TlsProfile;
  readonly #contexts: NamedContext[];

  constructor(settings: TlsProfile) {
    this.settings = settings;
    this.#contexts = settings.certificates.map((pair) => ({ names: new X509Certificate(pair.certificate), context: this.#make(pair) }));
  }

  #make(pair: { certificate: string; key: string } | undefined, sessionTimeout?: number): tls.SecureContext {
    const { minVersion, maxVersion, ciphers, ca } = this.settings;
    return tls.createSecureContext({
      minVersion, maxVersion,
      ...(pair === undefined ? {} : { cert: pair.certificate, key: pair.key }),
      ...(ciphers === undefined ? {} : { ciphers }),
      ...(ca === undefined ? {} : { ca }),
      ...(sessionTimeout === undefined ? {} : { sessionTimeout }),
    });
  }

  get first(): tls.SecureContext | undefined { return this.#contexts[0]?.context; }

  byName(name: string): tls.SecureContext | undefined {
    return (this.#contexts.find(({ names }) => names.checkHost(name) !== undefined) ?? this.#contexts[0])?.context;
  }

  /** A context of one session: its tickets open nothing elsewhere. */
  own(): OwnContext {
    return new OwnContext(this.#make(this.settings.certificates[0], ownSessionSeconds));
  }

  toServers(): tls.SecureContext {
    return this.#make(this.settings.certificates[0]);
  }
}

export class TlsProfiles implements LinkSecurity {
  readonly #profiles = new Map<string, CompiledProfile>();
  /** Of links that asked for tickets of their own, and of those that continue them. */
  readonly #contexts = new WeakMap<SocketLink, OwnContext>();
  /** The latest session that a server gave a link. */
  readonly #sessions = new WeakMap<SocketLink, Buffer>();

  /** @throws Error naming the profile that does not compile. */
  constructor(profiles: Readonly<Record<string, TlsProfile>>) {
    for (const [name, settings] of Object.entries(profiles)) {
      try {
        this.#profiles.set(name, new CompiledProfile(settings));
      } catch (error) { throw new Error(`tls profile ${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error }); }
    }
  }

  /** A control link can be given its ticket again. */
  carrier(request: SecureRequest, transport: LinkTransport): TicketTransport | undefined {
    return request.end === 'tls-server' && request.ownTickets && request.continues === undefined ? new TicketTransport(transport) : undefined;
  }

  secure(link: SocketLink, transport: Socket | Duplex, request: SecureRequest): Socket {
    const profile = this.#profiles.get(request.profile);
    if (profile === undefined) throw new Error(`there is no TLS profile "${request.profile}"`);
    const secured = request.end === 'tls-server' ? this.#asServer(link, transport, request, profile) : this.#asClient(link, transport, request, profile);
    this.#limitHandshake(link, secured, profile);
    if (transport instanceof Socket) watchForNotify(link, secured, transport);
    return secured;
  }

  #asServer(link: SocketLink, transport: Socket | Duplex, request: SecureRequest, profile: CompiledProfile): tls.TLSSocket {
    const continued = request.continues === undefined ? undefined : this.#contexts.get(request.continues as SocketLink);
    const own = continued ?? (request.ownTickets ? profile.own() : undefined);
    const context = own?.secureContext ?? profile.first;
    if (context === undefined) throw new Error(`TLS profile "${request.profile}" has no certificate to show to clients`);
    if (own !== undefined) this.#contexts.set(link, own);
    continued?.beginDataLink();
    const { clientCertificates } = profile.settings;
    const options: tls.TLSSocketOptions = {
      isServer: true, secureContext: context, requestCert: clientCertificates !== 'off', rejectUnauthorized: clientCertificates === 'require',
      ...own === undefined ? {} : { server: own.sessions },
    };
    options.SNICallback = (name, done) => { done(null, profile.byName(name)); };
    // RFC 7301 section 3.2 with ALPACA's advice: a client that offers protocols must offer ours; one that offers none may pass.
    if (request.alpn.length > 0) Object.assign(options, { ALPNCallback: ({ protocols }: { protocols: string[] }) => request.alpn.find((name) => protocols.includes(name)) });
    const secured = new tls.TLSSocket(transport, options);
    if (transport instanceof TicketTransport && own !== undefined) {
      own.control = transport;
      transport.serves(secured);
    }
    secured.once('secure', () => {
      if (clientCertificates === 'require' && secured.getPeerCertificate().subject === undefined) {
        link.failure = operational('tls', 'client', 'tls', false, 'the client showed no certificate');
        secured.destroy();
      } else link.onSecured(factsOf(secured));
    });
    return secured;
  }

  #asClient(link: SocketLink, transport: Socket | Duplex, request: SecureRequest, profile: CompiledProfile): tls.TLSSocket {
    const session = request.continues === undefined ? undefined : this.#sessions.get(request.continues as SocketLink);
    const secured = tls.connect({
      ...towardsServer(profile, transport, request.serverName),
      ...(session === undefined ? {} : { session }),
      ...(request.alpn.length === 0 ? {} : { ALPNProtocols: [...request.alpn] }),
    } as tls.ConnectionOptions);
    secured.allowHalfOpen = true;
    secured.on('session', (ticket: Buffer) => { this.#sessions.set(link, ticket); });
    secured.once('secureConnect', () => {
      const resumable = secured.getSession();
      if (resumable !== undefined && !this.#sessions.has(link)) this.#sessions.set(link, resumable);
      link.onSecured(factsOf(secured));
    });
    return secured;
  }

  /** For whoever has no link: health probes. @throws Error when there is no such profile. */
  connect(transport: Socket, profile: string, serverName: string | undefined): tls.TLSSocket {
    const compiled = this.#profiles.get(profile);
    if (compiled === undefined) throw new Error(`there is no TLS profile "${profile}"`);
    return tls.connect(towardsServer(compiled, transport, serverName ?? ''));
  }

  #limitHandshake(link: SocketLink, secured: tls.TLSSocket, profile: CompiledProfile): void {
    const { handshakeTimeoutMs } = profile.settings;
    const fail = (message: string): void => {
      link.failure ??= operational('tls', link.role, 'tls', link.role === 'server', message);
      secured.destroy();
    };
    const timer = setTimeout(() => { fail(`no TLS handshake within ${handshakeTimeoutMs} ms`); }, handshakeTimeoutMs);
    const done = (): void => { clearTimeout(timer); };
    secured.once('secure', done);
    secured.once('close', done);
    // Once TLS stands, a reset is a reset.
    const isOfTls = (error: NodeJS.ErrnoException): boolean => link.tls === undefined || error.syscall === undefined;
    // Before the handshake is done, errors of a TLS server end come only by this event; later, every error comes by both.
    secured.on('_tlsError', (error: Error) => { if (isOfTls(error)) fail(tlsFailureText(error)); });
    secured.prependListener('error', (error: NodeJS.ErrnoException) => {
      if (isOfTls(error)) link.failure ??= operational('tls', link.role, 'tls', link.role === 'server', tlsFailureText(error));
    });
  }
}

function towardsServer(profile: CompiledProfile, transport: Socket | Duplex, host: string): tls.ConnectionOptions {
  const { settings } = profile;
  const name = settings.serverName ?? host;
  return {
    socket: transport, secureContext: profile.toServers(), rejectUnauthorized: settings.verify,
    ...(name === '' || /^[\d.]+$|:/.test(name) ? {} : { servername: name }),
    ...(name === '' ? { checkServerIdentity: () => settings.verify ? new Error('no name to verify the server by') : undefined } : {}),
  };
}

function factsOf(secured: tls.TLSSocket): TlsFacts {
  const { subject } = secured.getPeerCertificate();
  return {
    protocol: secured.getProtocol() ?? '', cipher: secured.getCipher().name, serverName: (secured as { servername?: string | false }).servername || '',
    alpn: secured.alpnProtocol || '', peerSubject: typeof subject?.CN === 'string' ? subject.CN : '', resumed: secured.isSessionReused(),
  };
}

interface ReadHandle { readonly reading?: boolean; readStart(): number; readStop(): number }
interface WithHandle { readonly _handle?: ReadHandle | null }
interface Pushing { push(bytes: Uint8Array | null, encoding?: NodeJS.BufferEncoding): boolean }

/**
 * Notices a peer whose TCP connection ends without close_notify. Node tells both as the end of the stream, but at different
 * times: a close_notify while the TCP connection is still being read, an end of TCP when libuv has just stopped reading it.
 * Asked to read, libuv then answers 0 and not EALREADY. A paused stream is not read, so that only a close_notify can end it.
 */
function watchForNotify(link: SocketLink, secured: tls.TLSSocket, transport: Socket): void {
  const pushing = secured as unknown as Pushing;
  const push = secured.push.bind(secured) as Pushing['push'];
  pushing.push = (bytes, encoding) => {
    if (bytes === null && (secured as WithHandle)._handle?.reading === true) {
      const below = (transport as WithHandle)._handle;
      // Gone already: nobody has ended it in order.
      const started = below == null ? 0 : below.readStart();
      if (started === 0) {
        link.endedWithoutNotify = true;
        below?.readStop();
      }
    }
    return push(bytes, encoding);
  };
}
