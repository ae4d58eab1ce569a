// Puts together what both sides of a connection have said so far, and on which port: one answer with its confidence.
// Pure: who spoke first and when is told by whoever feeds it. No signature is tuned to one capture.
import { clientSignatures, dnsDatagram, negotiationBehindText, serverSignatures, type Signature } from './binary.ts';
import { answer, Confidence, registeredPorts, unidentified, type Identifiable, type Identification } from './identification.ts';
import { linesOf } from './lines.ts';
import { clientText } from './text-client.ts';
import { serverText } from './text-server.ts';

/** What is kept of each side: enough for a request line. */
export const maxIdentifyBytes = 2048;

const nothing = new Uint8Array(0);

/** Protocols in which the server speaks first; of the others a silent client is no client. */
export const serverFirst: readonly Identifiable[] = ['ftp', 'smtp', 'pop3', 'imap', 'mysql', 'nntp', 'rfb', 'telnet', 'ssh', 'irc'];

export class Identifier {
  readonly #port: number;
  #client: Uint8Array = nothing;
  #server: Uint8Array = nothing;
  #first: 'client' | 'server' | undefined = undefined;

  constructor(port: number) { this.#port = port; }

  get clientBytes(): Uint8Array { return this.#client; }

  client(bytes: Uint8Array, start: number, end: number): Identification {
    this.#first ??= 'client';
    this.#client = joined(this.#client, bytes, start, end);
    return this.verdict();
  }

  server(bytes: Uint8Array, start: number, end: number): Identification {
    this.#first ??= 'server';
    this.#server = joined(this.#server, bytes, start, end);
    return this.verdict();
  }

  verdict(): Identification { return this.#withPort(this.#together()); }

  /** The verdict when nothing more will come: nothing in it is open, what has only begun is nothing, and a port lends its weight to the rest. */
  final(): Identification {
    const found = this.#together();
    if (found.confidence === Confidence.none) return { ...unidentified, evidence: found.evidence };
    return this.#withPort({ ...found, open: false });
  }

  #together(): Identification {
    const client = this.#client.length === 0 ? undefined : identifyClient(this.#client, this.#client.length);
    const server = this.#server.length === 0 ? undefined : identifyServer(this.#server, this.#server.length);
    return together(client, server, this.#first === 'client');
  }

  /** What only fits is likely on its own port, and a registered port decides between rivals. It lends nothing to anything else. */
  #withPort(found: Identification): Identification {
    const registered = registeredPorts[this.#port];
    if (registered === undefined || found.open || found.confidence < Confidence.possible) return found;
    if (found.protocol === registered) {
      return { ...found, confidence: Math.min(99, Math.max(found.confidence + 10, Confidence.likely)), evidence: `${found.evidence}, on its port` };
    }
    if (found.confidence < Confidence.likely && found.rivals?.includes(registered)) {
      return { protocol: registered, confidence: Confidence.likely, evidence: `${found.evidence}; the port decides`, open: false };
    }
    return found;
  }
}

function joined(had: Uint8Array, bytes: Uint8Array, start: number, end: number): Uint8Array {
  const room = Math.min(end - start, maxIdentifyBytes - had.length);
  if (room <= 0) return had;
  const all = new Uint8Array(had.length + room);
  all.set(had);
  all.set(bytes.subarray(start, start + room), had.length);
  return all;
}

function together(client: Identification | undefined, server: Identification | undefined, clientFirst: boolean): Identification {
  if (server?.rivals?.includes('redis') && !clientFirst) return together(client, { ...server, rivals: [], confidence: Math.max(server.confidence, 80) }, true);
  if (client === undefined) return server ?? unidentified;
  if (server === undefined) return client;
  if (client.protocol === server.protocol && client.protocol !== '') {
    // Two that only fit are likely together; what has only begun on one side adds nothing.
    const surest = Math.max(client.confidence, server.confidence);
    const both = Math.min(client.confidence, server.confidence) > Confidence.none;
    return { ...client, confidence: both ? Math.min(99, Math.max(surest + 5, Confidence.likely)) : surest, evidence: `${client.evidence}; ${server.evidence}`,
      open: client.open && server.open };
  }
  if (client.protocol === '' || client.open) return server.protocol === '' ? client : server;
  if (server.protocol === '' || server.open) return client;
  // One that fits several protocols is decided by the other side: a host named as of mail and USER is FTP, +OK to SET is of Redis.
  const agreed = common(client, server);
  if (agreed !== undefined) {
    return { protocol: agreed, confidence: Math.min(99, Math.max(client.confidence, server.confidence, Confidence.likely)),
      evidence: `${client.evidence}; ${server.evidence}`, open: false };
  }
  // They contradict: 220 and EHLO is SMTP, 220 and USER is FTP; otherwise whoever is surer, and of equals who came first.
  if (client.confidence === server.confidence) return clientFirst ? client : server;
  const [surer, other] = client.confidence > server.confidence ? [client, server] : [server, client];
  if (other.confidence > Confidence.possible) {
    return { ...surer, confidence: Math.min(surer.confidence, Confidence.possible), evidence: `${surer.evidence}, against ${other.evidence} of the other side` };
  }
  return surer;
}

/** What fits both, where one of them fits several. */
function common(client: Identification, server: Identification): Identifiable | undefined {
  if (client.protocol !== '' && server.rivals?.includes(client.protocol) === true) return client.protocol;
  if (server.protocol !== '' && client.rivals?.includes(server.protocol) === true) return server.protocol;
  return client.rivals?.find((one) => server.rivals?.includes(one));
}

function best(signatures: readonly Signature[], bytes: Uint8Array, length: number, text: Identification | undefined): Identification {
  // A whole line that tells is enough: what looks binary behind it changes nothing.
  if (text !== undefined && !text.open && text.confidence >= Confidence.likely) return text;
  let found = text;
  for (let i = 0; i < signatures.length; i++) {
    const one = signatures[i]!(bytes, length);
    if (one === undefined) continue;
    if (found === undefined || one.confidence > found.confidence) found = one;
  }
  return found ?? unidentified;
}

/** Only ends of lines so far: what they stand before will tell. */
const emptyLines: Identification = Object.freeze({ protocol: '', confidence: Confidence.none, evidence: 'empty lines', open: true });

/** From the first bytes of a client alone. */
export function identifyClient(bytes: Uint8Array, length: number): Identification {
  const lines = linesOf(bytes, length);
  if (lines !== undefined && lines.rest === '' && lines.whole.length === 0 && length < 8) return emptyLines;
  return best(clientSignatures, bytes, length, lines === undefined ? undefined : clientText(lines));
}

/** From the first bytes of a server alone. */
export function identifyServer(bytes: Uint8Array, length: number): Identification {
  const negotiates = negotiationBehindText(bytes, length);
  if (negotiates > 0) {
    const before = identifyServer(bytes, negotiates);
    return before.confidence >= Confidence.likely && !before.open ? before : answer('telnet', 85, 'Telnet negotiation behind text');
  }
  const lines = linesOf(bytes, length);
  if (lines !== undefined && lines.rest === '' && lines.whole.length === 0 && length < 8) return emptyLines;
  return best(serverSignatures, bytes, length, lines === undefined ? undefined : serverText(lines));
}

/** From one datagram: DNS without the length that TCP puts before it, the tracker and the table of BitTorrent, SIP. */
export function identifyDatagram(bytes: Uint8Array, length: number): Identification {
  const lines = linesOf(bytes, length);
  const text = lines === undefined ? undefined : clientText(lines);
  if (text !== undefined && !text.open && text.confidence >= Confidence.certain && /^(?:sip|rtsp|http|bittorrent)$/.test(text.protocol)) return text;
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(length, 16)).toString('latin1');
  // BEP 5: a bencoded dictionary whose keys are sorted; BEP 15: the tracker's magic number.
  if (/^d1:(?:ad|rd|eli|q)/.test(start) || start.startsWith('d2:ip6:')) return answer('bittorrent', Confidence.certain, 'a message of the distributed hash table');
  if (length >= 16 && start.startsWith('\0\0\u0004\u0017\u0027\u0010\u0019\u0080\0\0\0\0')) return answer('bittorrent', 98, 'a request to a tracker');
  return (length > 4096 ? undefined : dnsDatagram(bytes, length)) ?? unidentified;
}
