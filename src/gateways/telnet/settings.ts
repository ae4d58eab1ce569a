// Schema of a Telnet service (without `protocol`): what people may write and its defaults. Command control and recording
// are in settings-watch.ts; what a schema cannot see is in settings-check.ts. RFC 854 and the options' own RFCs.
import { z } from 'zod';
import { byteSize, duration, resourceName } from '#core/settings/primitives.ts';
import { optionNames, type OptionName } from '#codecs/telnet/index.ts';
import { commandControlSettings, recordingSettings, watchSettings } from './settings-watch.ts';

export type OptionRule = 'allow' | 'refuse' | 'client' | 'server';

/** What may be negotiated unless the settings say otherwise: `client` and `server` say who may perform the option. */
export const defaultOptions: Readonly<Record<OptionName, OptionRule>> = {
  'BINARY': 'allow', 'ECHO': 'server', 'SGA': 'allow', 'STATUS': 'refuse', 'TM': 'allow', 'LOGOUT': 'refuse', 'SUPDUP': 'refuse', 'TTYPE': 'client', 'EOR': 'allow',
  'NAWS': 'client', 'TSPEED': 'client', 'LFLOW': 'client', 'LINEMODE': 'refuse', 'XDISPLOC': 'refuse', 'OLD-ENVIRON': 'refuse', 'AUTHENTICATION': 'refuse', 'ENCRYPT': 'refuse',
  'NEW-ENVIRON': 'client', 'CHARSET': 'allow', 'COM-PORT': 'refuse', 'START-TLS': 'refuse',
};

/** Options that are never relayed: the gateway could no longer see what passes, or has no grammar for them. */
export const unrelayable: readonly OptionName[] = ['AUTHENTICATION', 'ENCRYPT', 'START-TLS', 'OLD-ENVIRON', 'XDISPLOC', 'COM-PORT', 'SUPDUP', 'LOGOUT', 'STATUS'];

const optionRules = z.partialRecord(z.enum(optionNames as [OptionName, ...OptionName[]]), z.enum(['allow', 'refuse', 'client', 'server']))
  .describe('What may be negotiated, where it differs from the defaults (the table in docs/protocols/telnet.md). `allow`: whoever performs it; '
    + '`client`: only the client may; `server`: only the server may; `refuse`: nobody. Options that are not listed here or there are refused.')
  .meta({ examples: [{ LINEMODE: 'client' }, { BINARY: 'refuse' }] });

const environmentSettings = z.strictObject({
  allow: z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*\*?$/, 'wanted a variable name, or its beginning with a star such as LC_*')).max(64)
    .prefault(['LANG', 'LANGUAGE', 'LC_*', 'TERM', 'COLORTERM'])
    .describe('Environment variables that a client may send to a host (NEW-ENVIRON), and that a host may ask a client for. Values have to be of the kind that '
      + 'the variable holds; none may begin with a dash. Variables that change what programs on the host do (LD_*, PATH, SHELL, TERMINFO ...) cannot be listed.'),
  user: z.enum(['refuse', 'allow']).prefault('refuse')
    .describe('Whether USER is passed: some login programs have taken its value for an option (CVE-2026-24061). Letters, digits, `_.-`, at most 32, no dash in front.'),
});

const signalRule = z.enum(['pass', 'drop']);
const signalSettings = z.strictObject({
  interrupt: signalRule.prefault('pass').describe('Interrupt Process and Abort Output (IP, AO) from the client.'),
  break: signalRule.prefault('pass').describe('Break (BRK) from the client: a console server may stop a machine for it.'),
  areYouThere: z.enum(['pass', 'answer', 'drop']).prefault('pass').describe('Are You There (AYT): `answer` answers it in the gateway.'),
  keepAlive: signalRule.prefault('pass').describe('NOP and Go Ahead, in both directions.'),
});

const loginSettings = z.strictObject({
  banner: z.string().max(2000).prefault('').describe('Text above the prompt.'),
  prompt: z.string().max(80).prefault('login: ').describe('Prompt for the name.'),
  attempts: z.number().int().min(1).max(10).prefault(3).describe('Wrong passwords after which the session ends.').meta({ limit: true }),
  failureDelay: duration().prefault('1s').describe('Pause before a wrong password is answered.'),
});

const menuEntry = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, 'wanted a short name without spaces').describe('What the user types.'),
  pool: resourceName().describe('Pool of servers that it leads to.'),
  description: z.string().max(100).prefault('').describe('Shown behind the name.'),
});

const targetSettings = z.strictObject({
  title: z.string().max(2000).prefault('').describe('Text above the menu.'),
  menu: z.array(menuEntry).max(64).prefault([]).describe('Hosts to choose from, by name or by number.'),
  hosts: z.boolean().prefault(false)
    .describe('Whether any other `host` or `host:port` may be typed. Policy is asked for each (action CONNECT with that host); nothing is allowed by itself.'),
  ports: z.array(z.number().int().min(1).max(65_535)).min(1).max(32).prefault([23]).describe('Ports that may be typed behind a host; the first is taken when none is.'),
  prompt: z.string().max(80).prefault('host: ').describe('The prompt.'),
  attempts: z.number().int().min(1).max(20).prefault(5).describe('Answers that lead nowhere after which the session ends.').meta({ limit: true }),
});

const terminalSettings = z.strictObject({
  filter: z.boolean().prefault(true)
    .describe('Takes dangerous sequences out of what a host sends to a terminal: clipboard (OSC 52), DCS and other strings, answerback, title and screen reports, printing.'),
  titles: z.enum(['pass', 'remove']).prefault('pass').describe('Window titles (OSC 0, 1, 2).'),
  encoding: z.enum(['utf-8', '8-bit']).prefault('utf-8')
    .describe('How terminals read bytes from 0x80 on. `8-bit`: one by one, as Latin-1 and its like; 0x80 to 0x9F are controls then, whatever stands before them.'),
});

const limitSettings = z.strictObject({
  maxSubnegotiationBytes: z.number().int().min(64).max(1024).prefault(512)
    .describe('Most bytes of one suboption. A longer one is left out; twice as long ends the session.')
    .meta({ limit: true }),
  maxNegotiations: z.number().int().min(16).max(100_000).prefault(256)
    .describe('WILL, WONT, DO and DONT from one side in a session, without timing marks. More end it.')
    .meta({ limit: true }),
  negotiationsPerSecond: z.number().int().min(4).max(10_000).prefault(64).describe('The same within a second. More end the session.').meta({ limit: true }),
  suboptionsPerSecond: z.number().int().min(1).max(10_000).prefault(32).describe('Suboptions from one side within a second. More are left out.').meta({ limit: true }),
  signalsPerSecond: z.number().int().min(1).max(1000).prefault(5).describe('AYT, IP, AO and BRK from one side within a second. More are left out.').meta({ limit: true }),
  maxTerminalTypeRequests: z.number().int().min(1).max(256).prefault(16).describe('How often a host may ask for terminal types. More are left out.').meta({ limit: true }),
  maxFaults: z.number().int().min(1).max(100_000).prefault(200)
    .describe('Malformed or forbidden sequences from one side, each left out, after which the session ends.')
    .meta({ limit: true }),
  maxHeldBytes: byteSize().prefault('64KiB').describe('Input that is kept while a line waits for approval; then reading stops.').meta({ limit: true }),
});

const timeoutSettings = z.strictObject({
  negotiation: duration().prefault('10s').describe('How long an option may stay open because the other side has not answered; then it is refused.').meta({ limit: true }),
  login: duration().prefault('60s').describe('Time for login and choice of a host at the gateway.').meta({ limit: true }),
  connect: duration().prefault('10s').describe('Time to connect to a host that was typed. For pools, `connectTimeout` of the pool applies.').meta({ limit: true }),
  idle: duration().prefault('30m').describe('How long a session may be without data in either direction.').meta({ limit: true }),
  session: duration().prefault('24h').describe('Longest session.').meta({ limit: true }),
});

/** Section of a service with `protocol: telnet`, without `protocol`. */
export const telnetSettings = z.strictObject({
  pool: resourceName().optional().describe('Pool of hosts that every client is connected to. Either this or `targets`.'),
  targets: targetSettings.optional().describe('Lets the user choose: from a menu, or by typing a host.'),
  login: loginSettings.optional().describe('Asks for a name and a password of the gateway\'s own user file, before a byte reaches a host.'),
  options: optionRules.prefault({}),
  offerFirst: z.boolean().prefault(true)
    .describe('Whether options that a client offers are put to a host that has not negotiated yet. `false` for hosts that may not know Telnet, such as consoles and '
      + 'devices with a bare port: to them negotiation is input. Offers then wait until the host negotiates.'),
  environment: environmentSettings.prefault({}).describe('Environment variables (NEW-ENVIRON, RFC 1572).'),
  signals: signalSettings.prefault({}).describe('Telnet commands that are not data.'),
  terminal: terminalSettings.prefault({}).describe('What a host may do to a terminal.'),
  commands: commandControlSettings.optional().describe('Rules on the lines that are typed. What they can see and what not: docs/protocols/telnet.md.'),
  recording: recordingSettings.prefault({}).describe('What is recorded, where recordings are configured.'),
  watch: watchSettings.prefault({}).describe('Watching sessions as they run.'),
  limits: limitSettings.prefault({}).describe('Limits.'),
  timeouts: timeoutSettings.prefault({}).describe('Time limits.'),
});

export type TelnetSettings = z.output<typeof telnetSettings>;
export type TargetSettings = z.output<typeof targetSettings>;
