// Limits of the Telnet codec: what a suboption may cost before its meaning is known.

export interface TelnetLimits {
  /** Bytes of one suboption, unescaped. A longer one is dropped, and told when it ends; */
  maxSubnegotiationBytes: number;
  /** beyond this it is told as fatal, whatever comes. */
  maxAbandonedBytes: number;
}

export const defaultTelnetLimits: Readonly<TelnetLimits> = Object.freeze({ maxSubnegotiationBytes: 512, maxAbandonedBytes: 1024 });
