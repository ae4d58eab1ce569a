// Telnet peers for scenarios: a client and a host that say exactly what the test says, and configurations of one service.
import type { TestCertificate } from '../../harness/certificates.ts';
import { RawClient, startRawServer, type RawServer } from '../../harness/raw.ts';
import { startGateway, type GatewayUnderTest } from '../../harness/gateway.ts';

export const IAC = '\u00ff';
export const WILL = `${IAC}\u00fb`;
export const WONT = `${IAC}\u00fc`;
export const DO = `${IAC}\u00fd`;
export const DONT = `${IAC}\u00fe`;
export const SB = `${IAC}\u00fa`;
export const SE = `${IAC}\u00f0`;
export const option = {
  BINARY: '\0', ECHO: '\u0001', SGA: '\u0003', STATUS: '\u0005', TM: '\u0006', TTYPE: '\u0018', NAWS: '\u001f', TSPEED: '\u0020', LFLOW: '\u0021', LINEMODE: '\u0022',
  XDISPLOC: '\u0023', OLDENV: '\u0024', AUTH: '\u0025', ENCRYPT: '\u0026', NEWENV: '\u0027', CHARSET: '\u002a',
};

/** Bytes as people read them. */
export function shown(text: string): string {
  return text.replaceAll(/[^\u0020-\u007e]/g, (c) => `<${c.charCodeAt(0).toString(16).padStart(2, '0')}>`);
}

export interface TelnetScene {
  readonly gateway: GatewayUnderTest;
  readonly host: RawServer;
  /** Hosts close when the client does, unless told to stay. */
  readonly behaviour: { staysOpen: boolean };
  client(): RawClient;
  /** Waits until the host (its nth connection) has received what fits. */
  hostUntil(fits: (received: string) => boolean, connection?: number): Promise<string>;
  hostSend(text: string, connection?: number): void;
  stop(): Promise<void>;
}

export const allowAll = 'policy:\n  - { id: open, then: allow }\n';

/** One listener, one service, one host. `service` are further settings of the service in flow style, `rest` further sections. */
export async function startScene(service = '', rest = allowAll, greeting = ''): Promise<TelnetScene> {
  const behaviour = { staysOpen: false };
  const host = await startRawServer((socket) => {
    if (greeting !== '') socket.write(Buffer.from(greeting, 'latin1'));
    socket.on('end', () => { if (!behaviour.staysOpen) socket.end(); });
  });
  const gateway = await startGateway(configurationFor(host.port, service, rest));
  return {
    gateway, host, behaviour,
    client: () => new RawClient(gateway.port()),
    hostUntil: (fits, connection = 0) => waitFor(() => host.received[connection] ?? '', fits),
    hostSend: (text, connection = 0) => { host.connections[connection]!.write(Buffer.from(text, 'latin1')); },
    stop: async () => {
      await gateway.stop();
      await host.close();
    },
  };
}

export function configurationFor(port: number, service: string, rest: string): string {
  const leads = /\b(?:pool|targets):/.test(service) ? '' : ', pool: hosts';
  return `listeners:\n  telnet: { bind: 127.0.0.1:0, service: terminal }\nservices:\n  terminal: { protocol: telnet${leads}${service === '' ? '' : `, ${service}`} }\n`
    + `pools:\n  hosts: { servers: [127.0.0.1:${port}] }\n${rest}`;
}

/** Each side with TLS and without, by itself: four listeners, `plain-tls` being a client in the clear before a host with TLS. */
export function tlsOnEitherSide(certificate: TestCertificate, ports: readonly [plain: number, secure: number], service = '', rest = ''): string {
  const ways = ['plain-plain', 'plain-tls', 'tls-plain', 'tls-tls'].map((way) => {
    return `  ${way}: { bind: 127.0.0.1:0, service: ${way.endsWith('tls') ? 'secure' : 'plain'}${way.startsWith('tls') ? ', tls: site' : ''} }\n`;
  });
  return `listeners:\n${ways.join('')}tls:\n  site: { certificates: [{ certificate: "${certificate.certificateFile}", key: "${certificate.keyFile}" }] }\n`
    + `  hosts: { ca: "${certificate.certificateFile}", serverName: localhost }\n`
    + `services:\n  plain: { protocol: telnet, pool: plain${service} }\n  secure: { protocol: telnet, pool: secure }\n`
    + `pools:\n  plain: { servers: [127.0.0.1:${ports[0]}] }\n  secure: { servers: [127.0.0.1:${ports[1]}], tls: hosts }\n${rest}${allowAll}`;
}

/** Looks again whenever the event loop has turned; bounded by time, so that a failing test says what it saw. */
export async function waitFor(read: () => string, fits: (text: string) => boolean, limitMs = 20_000): Promise<string> {
  const startedMs = Date.now();
  while (!fits(read())) {
    if (Date.now() - startedMs > limitMs) throw new Error(`waited in vain; there is: ${shown(read().slice(-2000))}`);
    await new Promise((resolve) => { setTimeout(resolve, 2); });
  }
  return read();
}
