// Schemas of time limits, limits and content settings of an FTP service. Enforced by the session machine and the codec.
import { z } from 'zod';
import { defaultFtpLimits, type FtpLimits } from '#codecs/ftp/index.ts';
import { byteSize, duration } from '#core/settings/primitives.ts';

/** What `unlimited` becomes: a number that no file reaches, and that JSON can carry between processes. */
export const unlimitedBytes = Number.MAX_SAFE_INTEGER;

function sizeOrUnlimited() {
  return z.union([z.literal('unlimited').transform(() => unlimitedBytes), byteSize()]).meta({ title: 'size or unlimited', examples: ['10MiB', 'unlimited'] });
}

function time(fallback: string, description: string) {
  return duration().prefault(fallback).describe(description).meta({ limit: true });
}

export const ftpTimeouts = z.strictObject({
  login: time('60s', 'Longest time from connecting to having logged in. 421.'),
  idle: time('5m', 'Longest wait for a command. Does not run while a file is transferred (RFC 1123 section 4.1.3.2). 421.'),
  serverGreeting: time('30s', 'Longest wait for a server\'s greeting. 421.'),
  serverReply: time('60s', 'Longest wait for a server\'s reply to a command. 421.'),
  dataConnect: time('30s', 'Longest wait for a data connection after it was agreed on, on either side. 425.'),
  dataStall: time('60s', 'Longest time in which a transfer moves no byte. Both data connections are reset. 426.'),
  transferEnd: time('60s', 'Longest wait for the server\'s word that a transfer is complete, after its last byte. 421.'),
  heldReply: time('20s', 'Longest time without a reply to a client that fetches a file which is held for inspection. Then 150, though the file is not judged yet.'),
});

function count(fallback: number, maximum: number, description: string) {
  return z.number().int().min(1).max(maximum).prefault(fallback).describe(description).meta({ limit: true });
}

const codecAbout: Record<keyof FtpLimits, string> = {
  maxCommandBytes: 'Longest command line, in bytes. Longer: 500, and the session ends.',
  maxReplyLineBytes: 'Longest line of a server\'s reply, in bytes. Longer: 421, and the session ends.',
  maxReplyLines: 'Most lines of one reply of a server. More: 421, and the session ends.',
  maxReplyBytes: 'Most bytes of one reply of a server. More: 421, and the session ends.',
  maxTelnetCommands: 'Most Telnet sequences that one side may send in a session. More: the session ends.',
  maxSubnegotiationBytes: 'Longest Telnet subnegotiation, in bytes. Longer: the session ends.',
};
const codecShape = Object.fromEntries(Object.entries(codecAbout).map(([name, about]) => [name, count(defaultFtpLimits[name as keyof FtpLimits], 1_048_576, about)])) as
  Record<keyof FtpLimits, ReturnType<typeof count>>;

export const ftpLimitSettings = z.strictObject({
  ...codecShape,
  maxPipelinedCommands: count(32, 10_000, 'Commands that may wait while one is under way. At so many, the client is not read from until there is room.'),
  maxCommandsPerSecond: count(200, 100_000, 'Commands a second of one session. Beyond it the client waits.'),
  maxUnknownCommands: count(10, 1000, 'Commands that are not understood, in one session. More: 421, as another protocol may be spoken.'),
  maxUserBytes: count(128, 4096, 'Longest user name, in bytes. Longer: 501.'),
  maxPasswordBytes: count(256, 4096, 'Longest password, in bytes. Longer: 501.'),
  maxPathBytes: count(1024, 4096, 'Longest path, resolved, in bytes. Longer: 501.'),
  maxPathSegments: count(64, 1024, 'Most directories in a path. More: 501.'),
  maxWildcards: count(4, 100, 'Most wildcards (`*`, `?`, `[`, `{`) in a LIST or NLST. More: 501. Many of them keep a server busy for long.'),
  maxFeatures: count(64, 1000, 'Most lines of a server\'s FEAT list that are looked at.'),
  maxUploadBytes: sizeOrUnlimited().prefault('unlimited').describe('Largest file that clients may store. 552, the connection to the server is reset.').meta({ limit: true }),
  maxDownloadBytes: sizeOrUnlimited().prefault('unlimited').describe('Largest file that clients may fetch. 451, the connection to the client is reset.').meta({ limit: true }),
});

const partial = (verbs: string, of: string) => z.enum(['refuse', 'allow']).prefault('refuse')
  .describe(`${verbs}, while inspectors apply to ${of}: they do not see the whole file then. \`allow\`: what passes is inspected as far as that goes, without its type and sum.`);

export const contentSettings = z.strictObject({
  hash: z.enum(['sha256', 'sha256-uploads', 'sha256-downloads', 'off']).prefault('sha256')
    .describe('Of which transfers the SHA-256 is taken and recorded: of all, of one direction, of none. It is about half a second of a processor for each GiB, more than '
      + 'passing it on. An inspector with sums has it taken where it applies.'),
  partialUploads: partial('REST before STOR, and APPE', 'an upload'),
  partialDownloads: partial('REST before RETR', 'a download'),
});
