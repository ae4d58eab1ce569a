// What a classification says: a protocol, how sure, and why. Values only.

/** Protocols that are told apart. */
export const identifiable = [
  'http', 'tls', 'ftp', 'telnet', 'ssh', 'smtp', 'pop3', 'imap', 'rtsp', 'sip', 'mqtt', 'socks', 'bittorrent', 'rdp', 'mysql', 'postgres', 'dns',
  'nntp', 'rfb', 'smb', 'ldap', 'redis', 'irc',
] as const;
export type Identifiable = (typeof identifiable)[number];

/**
 * How sure, in hundredths. From `certain` on the bytes are long or peculiar enough to be nothing else; from `likely` on they
 * fit one protocol and none that is its neighbour; below that several protocols begin so, and port or order decided.
 */
export const Confidence = { none: 0, port: 10, possible: 40, likely: 70, certain: 90 } as const;

export interface Identification {
  /** '' for none. */
  readonly protocol: Identifiable | '';
  readonly confidence: number;
  /** In words: what was seen. */
  readonly evidence: string;
  /** More bytes of the same side may change the answer. */
  readonly open: boolean;
  /** Others that begin just so: the port decides among them. */
  readonly rivals?: readonly Identifiable[];
}

export const unidentified: Identification = Object.freeze({ protocol: '', confidence: Confidence.none, evidence: 'nothing known fits', open: false });

/** The protocols whose registered port it is (IANA). Only breaks ties: a port proves nothing. */
export const registeredPorts: Readonly<Record<number, Identifiable>> = {
  20: 'ftp', 21: 'ftp', 22: 'ssh', 23: 'telnet', 25: 'smtp', 53: 'dns', 80: 'http', 110: 'pop3', 119: 'nntp', 143: 'imap', 389: 'ldap', 443: 'tls', 445: 'smb', 465: 'tls',
  554: 'rtsp', 587: 'smtp', 636: 'tls', 853: 'tls', 990: 'tls', 992: 'tls', 993: 'tls', 995: 'tls', 563: 'tls', 631: 'http', 8008: 'http', 8088: 'http', 1080: 'socks',
    1883: 'mqtt', 3306: 'mysql', 3389: 'rdp', 5060: 'sip',
  5061: 'tls', 5432: 'postgres', 5900: 'rfb', 6379: 'redis', 6667: 'irc', 6881: 'bittorrent', 8080: 'http', 8443: 'tls', 8554: 'rtsp', 8883: 'tls',
};

export function answer(protocol: Identifiable, confidence: number, evidence: string): Identification {
  return { protocol, confidence, evidence, open: false };
}

/** What fits several protocols: the first of them, until the port or the other side tells. */
export function either(protocol: Identifiable, rivals: readonly Identifiable[], confidence: number, evidence: string): Identification {
  return { protocol, confidence, evidence, open: false, rivals };
}

/** The beginning fits, there is too little of it. */
export function beginning(protocol: Identifiable, evidence: string): Identification {
  return { protocol, confidence: Confidence.none, evidence, open: true };
}
