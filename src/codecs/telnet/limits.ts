// Limits of the Telnet codec: what a suboption may cost before its meaning is known.

export interface TelnetLimits {
  /** Bytes of one suboption, unescaped. A longer one is dropped; */
  maxSubnegotiationBytes: number;
  /** from here on it is told once more as fatal, whatever comes. */
  maxAbandonedBytes: number;
}

export const defaultTelnetLimits: Readonly<TelnetLimits> = Object.freeze({ maxSubnegotiationBytes: 512, maxAbandonedBytes: 1024 });
