// Attacks on FTP and on what stands between its two ends, as data: what a hostile client sends, what a hostile server
// answers, which connection the attack is after and which bytes must not get across. The same scripts run against the
// gateway (attack-scripts.test.ts) and against a packet filter that follows FTP in the packets that pass.
// No sockets here: attack-play.ts plays a script over any address. Sources: docs/protocols/ftp.md.

/** Who is where. All addresses are IPv4. */
export interface Scene {
  readonly client: string;
  /** As the client reaches it: the gateway's address where there is one. */
  readonly server: string;
  /** A third host. */
  readonly other: string;
  /** A port above 1023 that the attack wants reached, on whichever host the script's aim says. */
  readonly port: number;
  /** The same below 1024 or of a well-known service. */
  readonly servicePort: number;
}

/** What the client sends, each piece a segment of its own, and then waits for: the start of a reply line. '' waits for nothing. */
export interface ClientStep { readonly send: readonly string[]; readonly awaits: string }

/** Pieces, each a segment of its own. '' is the greeting; `*` is for every verb that is not there. */
export type ServerAnswers = Readonly<Record<string, readonly string[]>>;

/** The connection that the attack wants: who would connect, to which host and port. `data` is the port of the last 227. */
export interface Aim { readonly from: keyof Pick<Scene, 'client' | 'server' | 'other'>; readonly to: keyof Pick<Scene, 'client' | 'server' | 'other'>;
  readonly port: 'port' | 'servicePort' | 'data' }

export interface AttackScript {
  readonly name: string;
  /** Where it comes from. */
  readonly source: string;
  /** Runs behind `loginSteps`. */
  readonly loggedIn: boolean;
  client(scene: Scene): readonly ClientStep[];
  /** Laid over `peacefulAnswers`. */
  server(scene: Scene): ServerAnswers;
  /** Undefined: the attack is about bytes only. */
  readonly aim: Aim | undefined;
  /** Whether a device that opens the way has been deceived (true) or did what FTP asks it to (false: a control). */
  readonly hostile: boolean;
  /** Must not be in what the server received, or the client. */
  readonly neverToServer?: RegExp;
  readonly neverToClient?: RegExp;
}

export const loginSteps: readonly ClientStep[] = [
  { send: [], awaits: '220 ' }, { send: ['USER alice\r\n'], awaits: '331 ' }, { send: ['PASS secret\r\n'], awaits: '230 ' },
];

export const peacefulAnswers: ServerAnswers = {
  '': ['220 ready\r\n'], 'USER': ['331 password\r\n'], 'PASS': ['230 in\r\n'], 'PWD': ['257 "/"\r\n'], 'TYPE': ['200 type\r\n'], 'QUIT': ['221 bye\r\n'], 'PORT': ['200 port\r\n'],
  'EPRT': ['200 eprt\r\n'], 'AUTH': ['234 go\r\n'], '*': ['502 what\r\n'],
};

const commas = (address: string, port: number): string => `${address.replaceAll('.', ',')},${port >> 8},${port & 255}`;
const entering = (address: string, port: number): string => `227 Entering Passive Mode (${commas(address, port)}).\r\n`;
const bytesOf = (text: string): string[] => [...text];
/** One command, and whatever is answered. */
const say = (text: string, awaits = ''): ClientStep => ({ send: [text], awaits });
const anyReply = '\\d';
const nothing = (): ServerAnswers => ({});

export const attackScripts: readonly AttackScript[] = [
  {
    name: 'control: PORT of the client itself', source: 'RFC 959', loggedIn: true, hostile: false, aim: { from: 'server', to: 'client', port: 'port' },
    client: ({ client, port }) => [say(`PORT ${commas(client, port)}\r\n`, anyReply)], server: nothing,
  },
  {
    name: 'control: PASV as it should be', source: 'RFC 959', loggedIn: true, hostile: false, aim: { from: 'client', to: 'server', port: 'data' },
    client: () => [say('PASV\r\n', anyReply)], server: ({ server, port }) => ({ PASV: [entering(server, port)] }),
  },
  {
    name: 'bounce: PORT to a third host', source: 'CA-1997-27; RFC 2577 section 3', loggedIn: true, hostile: true, aim: { from: 'server', to: 'other', port: 'port' },
    client: ({ other, port }) => [say(`PORT ${commas(other, port)}\r\n`, anyReply)], server: nothing, neverToServer: /PORT/,
  },
  {
    name: 'bounce: EPRT to a third host', source: 'RFC 2428; RFC 2577 section 3', loggedIn: true, hostile: true, aim: { from: 'server', to: 'other', port: 'port' },
    client: ({ other, port }) => [say(`EPRT |1|${other}|${port}|\r\n`, anyReply)], server: nothing, neverToServer: /EPRT/,
  },
  {
    name: 'bounce: PORT to a service of the client\'s own host', source: 'RFC 2577 section 3', loggedIn: true, hostile: true,
    aim: { from: 'server', to: 'client', port: 'servicePort' },
    client: ({ client, servicePort }) => [say(`PORT ${commas(client, servicePort)}\r\n`, anyReply)], server: nothing, neverToServer: /PORT/,
  },
  {
    name: 'bounce back: 227 to a third host', source: 'RFC 2577 section 2; CVE-2020-8284', loggedIn: true, hostile: true, aim: { from: 'client', to: 'other', port: 'port' },
    client: () => [say('PASV\r\n', anyReply)], server: ({ other, port }) => ({ PASV: [entering(other, port)] }), neverToClient: /^227/m,
  },
  {
    name: 'bounce back: 227 to a service of the server', source: 'VU#328867', loggedIn: true, hostile: true, aim: { from: 'client', to: 'server', port: 'servicePort' },
    client: () => [say('PASV\r\n', anyReply)], server: ({ server, servicePort }) => ({ PASV: [entering(server, servicePort)] }), neverToClient: /^227/m,
  },
  {
    name: 'a 227 echoed in the reply to another command', source: 'VU#328867', loggedIn: true, hostile: true, aim: { from: 'client', to: 'server', port: 'port' },
    client: ({ server, port }) => [say(`HELP ${entering(server, port)}`, anyReply)],
    // The echo begins a segment, as a small MSS makes it do.
    server: ({ server, port }) => ({ HELP: ['500-unknown:\r\n', entering(server, port), '500 end\r\n'] }), neverToClient: /^227/m,
  },
  {
    name: 'a 227 echoed in the text of an error about a file', source: 'VU#328867', loggedIn: true, hostile: true, aim: { from: 'client', to: 'server', port: 'port' },
    client: () => [say('DELE x\r\n', anyReply)],
    server: ({ server, port }) => ({ DELE: ['550-the file\r\n', entering(server, port), '550 is not there\r\n'] }), neverToClient: /^227/m,
  },
  {
    name: 'a 227 that nobody asked for', source: 'VU#328867', loggedIn: true, hostile: true, aim: { from: 'client', to: 'server', port: 'port' },
    client: () => [say('DELE x\r\n', anyReply)], server: ({ server, port }) => ({ DELE: ['250 gone\r\n', entering(server, port)] }), neverToClient: /^227/m,
  },
  {
    name: 'a 227 before anybody has logged in', source: 'VU#328867', loggedIn: false, hostile: true, aim: { from: 'client', to: 'server', port: 'port' },
    client: () => [say('', '220 '), say('NOOP\r\n', anyReply)], server: ({ server, port }) => ({ 'NOOP': [entering(server, port)] }), neverToClient: /^227/m,
  },
  {
    name: 'PORT split over segments, to a third host', source: 'FireWall-1, 2000: extending the FTP ALG vulnerability', loggedIn: true, hostile: true,
    aim: { from: 'server', to: 'other', port: 'port' },
    client: ({ other, port }) => [{ send: bytesOf(`PORT ${commas(other, port)}\r\n`), awaits: anyReply }], server: nothing, neverToServer: /PORT/,
  },
  {
    name: 'a long argument whose tail begins a segment with PORT', source: 'FireWall-1, 2000', loggedIn: true, hostile: true, aim: { from: 'server', to: 'client', port: 'port' },
    client: ({ client, port }) => [{ send: [`RNFR ${'a'.repeat(200)} `, `PORT ${commas(client, port)}\r\n`], awaits: anyReply }],
    server: nothing, neverToServer: /^PORT/m,
  },
  {
    name: 'NAT slipstreaming: a form that a browser posts to port 21', source: 'samy.pl/slipstream', loggedIn: false, hostile: true,
    aim: { from: 'server', to: 'client', port: 'port' },
    client: ({ client, server, port }) => [{
      send: [`POST / HTTP/1.1\r\nHost: ${server}\r\nContent-Type: text/plain\r\nContent-Length: 4000\r\n\r\n${'x'.repeat(1000)}\r\n`,
        `PORT ${commas(client, port)}\r\n`], awaits: '',
    }],
    server: nothing, neverToServer: /PORT/,
  },
  {
    name: 'PORT before a login', source: 'Java and Python URL injection: Morgan, Klink 2017', loggedIn: false, hostile: true, aim: { from: 'server', to: 'client', port: 'port' },
    client: ({ client, port }) => [say('', '220 '), say(`PORT ${commas(client, port)}\r\n`, anyReply)], server: nothing, neverToServer: /PORT/,
  },
  {
    name: 'PORT behind a line break in a path', source: 'Java and Python URL injection: Morgan, Klink 2017', loggedIn: true, hostile: true,
    aim: { from: 'server', to: 'client', port: 'port' },
    client: ({ client, port }) => [{ send: ['CWD a\n', `PORT ${commas(client, port)}\r\n`], awaits: anyReply }], server: nothing, neverToServer: /PORT|CWD a/,
  },
  {
    name: 'a second command behind a bare CR', source: 'RFC 959 section 5.3.1', loggedIn: true, hostile: true, aim: undefined,
    client: () => [say('RETR a\rDELE b\r\n', anyReply)], server: nothing, neverToServer: /DELE|RETR/,
  },
  {
    name: 'a NUL in a path', source: 'RFC 2640 section 3.1', loggedIn: true, hostile: true, aim: undefined,
    client: () => [say('DELE a\0.txt\r\n', anyReply)], server: nothing, neverToServer: /DELE/,
  },
  {
    name: 'stolen data port: another host is first', source: 'RFC 2577 section 8', loggedIn: true, hostile: true, aim: { from: 'other', to: 'server', port: 'data' },
    client: () => [say('PASV\r\n', anyReply)], server: ({ server, port }) => ({ PASV: [entering(server, port)] }),
  },
  {
    name: 'HTTP on the port', source: 'ALPACA, CVE-2021-3618', loggedIn: false, hostile: true, aim: undefined,
    client: () => [say('', '220 '), say('GET /<script>alert(1)</script> HTTP/1.1\r\nHost: ftp.example\r\n\r\nUSER alice\r\nPASS secret\r\nDELE x\r\n')],
    server: nothing, neverToServer: /GET|DELE|USER/, neverToClient: /script/,
  },
  {
    name: 'commands behind AUTH TLS', source: 'CVE-2011-0411 and kin: nostarttls.secvuln.info', loggedIn: false, hostile: true, aim: undefined,
    client: () => [say('', '220 '), say('AUTH TLS\r\nUSER evil\r\nPASS evil\r\nDELE x\r\n', anyReply)], server: nothing, neverToServer: /evil|DELE/,
  },
  {
    name: 'a reply of a million lines', source: 'RFC 2577 section 5', loggedIn: true, hostile: true, aim: undefined,
    client: () => [say('DELE x\r\n', anyReply)], server: () => ({ DELE: ['550-x\r\n', 'y\r\n'.repeat(1_000_000), '550 z\r\n'] }), neverToClient: /^y/m,
  },
  {
    name: 'a FEAT flood', source: 'RFC 2389', loggedIn: true, hostile: true, aim: undefined,
    client: () => [say('FEAT\r\n', anyReply)], server: () => ({ FEAT: ['211-x\r\n', ' EVIL\r\n'.repeat(100_000), '211 z\r\n'] }), neverToClient: /EVIL/,
  },
  {
    name: 'escapes for the terminal in a reply', source: 'CVE-2003-0063 and kin', loggedIn: true, hostile: true, aim: undefined,
    client: () => [say('DELE x\r\n', anyReply)], server: () => ({ DELE: ['550 \x1b]0;owned\x07\x1b[2J\r\n'] }), neverToClient: /\x1b|\x07/,
  },
];
