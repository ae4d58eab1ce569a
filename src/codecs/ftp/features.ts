// FEAT lists (RFC 2389 section 3.2): reading what a server offers, and writing what the gateway offers instead.
import type { FtpReply } from './messages.ts';

export interface Feature {
  /** Upper case: `MLST`, `REST`. */
  readonly name: string;
  /** What follows it, as the server wrote it. */
  readonly parameters: string;
}

/** Features of a 211. Lines that have another form are left out: nothing is passed on that was not understood. */
export function parseFeatures(reply: FtpReply, maximum: number): Feature[] {
  const features: Feature[] = [];
  const { lines } = reply;
  for (let i = 1; i < lines.length - 1 && features.length < maximum; i++) {
    const match = /^(?:211-)? *([A-Za-z][A-Za-z0-9-]{1,15})(?: ([\x20-\x7e]{0,500}))?$/.exec(lines[i]!);
    if (match !== null) features.push({ name: match[1]!.toUpperCase(), parameters: match[2]?.trim() ?? '' });
  }
  return features;
}

/** Lines of a 211 for `replyText`. */
export function featureLines(features: readonly Feature[]): string[] {
  if (features.length === 0) return ['No features'];
  return ['Features:', ...features.map(({ name, parameters }) => parameters === '' ? ` ${name}` : ` ${name} ${parameters}`), 'End'];
}
