// Makes labels.txt anew: what each conversation of the captures is, as two others say who do not know our code: nDPI's ndpiReader
// and Wireshark's tshark (packages libndpi-bin and tshark), and hand.txt where they disagree or say nothing.
//   node test/peers/captures/label.ts            writes labels.txt, and lists what nobody could tell
// Who says it is kept: n nDPI, t tshark, p the registered port, h by hand. Agreement is wanted: n and t, or one of them and
// the port; a name of some other protocol counts from either. Takes some minutes.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { registeredPorts } from '#codecs/identify/index.ts';
import { archives, fetchCaptures } from './archives.ts';
import type { Conversation } from './conversations.ts';
import { filesOf, keyOf, type CapturedFile } from './corpus.ts';

const run = promisify(execFile);
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** What one of them says: one of our protocols, 'none' for another one, undefined for no opinion. */
type Opinion = string | undefined;

const ofNdpi: Readonly<Record<string, string>> = {
  HTTP: 'http', HTTP_Proxy: 'http', HTTP_Connect: 'http', WebSocket: 'http', TLS: 'tls', DoH_DoT: 'tls', FTP_CONTROL: 'ftp', Telnet: 'telnet', SSH: 'ssh', SMTP: 'smtp',
  POP3: 'pop3', IMAP: 'imap', RTSP: 'rtsp', SIP: 'sip', MQTT: 'mqtt', SOCKS: 'socks', BitTorrent: 'bittorrent', RDP: 'rdp', MySQL: 'mysql', PostgreSQL: 'postgres',
  DNS: 'dns', VNC: 'rfb', SMBv1: 'smb', SMBv23: 'smb', NetBIOS: 'smb', LDAP: 'ldap', Redis: 'redis', IRC: 'irc',
};
/** Either TLS from the start, or behind STARTTLS; and names of networks and companies, which it knows by their addresses. */
const saysNothing = /^(?:Unknown|IMAPS|POPS|SMTPS|FTPS|Google|Amazon|AmazonAWS|Azure|Microsoft|Cloudflare|Apple|ApplePush|Facebook)$/;
const ofTshark: Readonly<Record<string, string>> = {
  http: 'http', http2: 'http', websocket: 'http', tls: 'tls', ftp: 'ftp', telnet: 'telnet', ssh: 'ssh', smtp: 'smtp', pop: 'pop3', imap: 'imap', rtsp: 'rtsp', sip: 'sip',
  mqtt: 'mqtt', socks: 'socks', bittorrent: 'bittorrent', rdp: 'rdp', mysql: 'mysql', pgsql: 'postgres', dns: 'dns', nntp: 'nntp', vnc: 'rfb', nbss: 'smb', smb: 'smb',
  smb2: 'smb', ldap: 'ldap', resp: 'redis', irc: 'irc',
};

/** What there is of it, where the program ends with an error: of a damaged file it says what it has read. */
async function outputOf(program: string, words: readonly string[]): Promise<string> {
  const ran = await run(program, words, { encoding: 'latin1', maxBuffer: 1 << 28 }).catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }));
  return ran.stdout;
}

const pairKey = (a: string, b: string): string => [a, b].sort().join(' ');

/** `a:p <-> b:p [proto: 91.126/TLS.Google][..][Confidence: DPI]`; what it guesses by port or address is no opinion. */
async function askNdpi(path: string): Promise<Map<string, Opinion[]>> {
  const said = new Map<string, Opinion[]>();
  const stdout = await outputOf('ndpiReader', ['-i', path, '-v', '2']);
  for (const [, a, b, name, confidence] of stdout.matchAll(/^\s+\d+\s+TCP (\S+) <?-> (\S+) .*?\[proto: [\d.]+\/([^\]]*)\].*?\[Confidence: ([^\]]*)\]/gm)) {
    const master = name!.split('.')[0]!;
    const opinion = confidence !== 'DPI' || saysNothing.test(master) ? undefined : ofNdpi[master] ?? 'none';
    const key = pairKey(a!, b!);
    said.set(key, [...said.get(key) ?? [], opinion]);
  }
  return said;
}

/** The first protocol above TCP of a stream that is more than `data`. */
async function askTshark(path: string): Promise<Map<string, Opinion[]>> {
  const fields = ['tcp.stream', 'ip.src', 'ipv6.src', 'tcp.srcport', 'ip.dst', 'ipv6.dst', 'tcp.dstport', 'frame.protocols'].flatMap((name) => ['-e', name]);
  const words = ['-n', '-r', path, '-Y', 'tcp.len>0', '-T', 'fields', '-E', 'separator=|', '-E', 'occurrence=l', ...fields];
  const stdout = await outputOf('tshark', words);
  const streams = new Map<string, { key: string; opinion: Opinion }>();
  for (const line of stdout.split('\n')) {
    const [stream, from4, from6, fromPort, to4, to6, toPort, protocols] = line.split('|');
    if (protocols === undefined) continue;
    const end = (four: string, six: string, port: string): string => `${four === '' ? `[${six}]` : four}:${port}`;
    const one = streams.get(stream!) ?? { key: pairKey(end(from4!, from6!, fromPort!), end(to4!, to6!, toPort!)), opinion: undefined };
    streams.set(stream!, one);
    const above = protocols.slice(protocols.lastIndexOf(':tcp') + 4).split(':').filter((name) => name !== '');
    // HTTP of which only the port speaks.
    if (one.opinion !== undefined || above.length === 0 || above[0] === 'data' || above.join(':') === 'http:data') continue;
    one.opinion = above.map((name) => ofTshark[name]).find((name) => name !== undefined) ?? 'none';
  }
  const said = new Map<string, Opinion[]>();
  for (const { key, opinion } of streams.values()) said.set(key, [...said.get(key) ?? [], opinion]);
  return said;
}

interface Labelled { readonly conversation: Conversation; readonly label: string; readonly by: string }

/** `archive/file client>server protocol reason`; `*` stands for all ports of a file. */
const byHand = new Map(readFileSync(here('hand.txt'), 'utf8').split('\n').filter((line) => /^[^#\s]/.test(line)).map((line) => {
  const [file, ports, label] = line.split(/\s+/);
  return [`${file!} ${ports!}`, label!] as const;
}));

function decide(n: Opinion, t: Opinion, p: Opinion): { label: string; by: string } | undefined {
  if (n !== undefined && t !== undefined) return n === t ? { label: n, by: 'nt' } : undefined;
  const [one, who] = n === undefined ? [t, 't'] : [n, 'n'];
  if (one === undefined) return { label: 'unknown', by: '-' };
  if (one === 'none') return { label: 'none', by: who };
  return one === p ? { label: one, by: `${who}p` } : undefined;
}

async function labelFile(archive: string, folder: string, captured: CapturedFile): Promise<Labelled[]> {
  if (captured.conversations.length === 0) return [];
  const path = join(folder, captured.file);
  const [ndpi, tshark] = await Promise.all([askNdpi(path), askTshark(path)]);
  return captured.conversations.map((conversation) => {
    const name = `${archive}/${captured.file}`;
    const hand = byHand.get(`${name} ${keyOf(conversation)}`) ?? byHand.get(`${name} *`);
    if (hand !== undefined) return { conversation, label: hand, by: 'h' };
    const key = pairKey(conversation.client, conversation.server);
    const only = (opinions: readonly Opinion[] | undefined): Opinion => {
      const some = [...new Set(opinions?.filter((one) => one !== undefined))];
      return some.length === 1 ? some[0] : undefined;
    };
    const [n, t, p] = [only(ndpi.get(key)), only(tshark.get(key)), registeredPorts[conversation.serverPort]];
    const decided = decide(n, t, p);
    if (decided === undefined) {
      const first = conversation.said[0]!;
      const said = `${conversation.whole ? '' : '(no handshake) '}${first.side} ${JSON.stringify(first.bytes.subarray(0, 60).toString('latin1'))}`;
      console.log(`${name} ${keyOf(conversation)} ${n ?? '-'} ${t ?? '-'} ${said}`);
    }
    return { conversation, label: decided?.label ?? 'unlabelled', by: decided?.by ?? '?' };
  });
}

function written(labelled: readonly Labelled[]): string {
  const groups = Map.groupBy(labelled, ({ label, by }) => `${label} ${by}`);
  const largest = Math.max(...[...groups.values()].map((group) => group.length));
  let rest = false;
  return [...groups].sort(([, a], [, b]) => a.length - b.length).map(([head, group]) => {
    // The last and largest group of a file is all the others.
    const all = group.length === largest && !rest && group === [...groups.values()].sort((a, b) => a.length - b.length).at(-1);
    rest ||= all;
    return `  ${head}: ${all ? '*' : [...new Set(group.map(({ conversation }) => keyOf(conversation)))].join(' ')}`;
  }).join('\n');
}

const fetched = fetchCaptures();
const parts: string[] = [];
for (const { name } of archives) {
  const there = fetched.get(name);
  if (there?.state !== 'there') throw new Error(`${name}: ${there?.reason ?? 'not fetched'}`);
  const files = [...filesOf(there.folder)].filter(({ conversations }) => conversations.length > 0);
  const done = new Map<string, Labelled[]>();
  const queue = [...files];
  await Promise.all(Array.from({ length: availableParallelism() }, async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) done.set(file.file, await labelFile(name, there.folder, file));
  }));
  for (const { file } of files) parts.push(`${name}/${file} ${done.get(file)!.length}\n${written(done.get(file)!)}`);
}
writeFileSync(here('labels.txt'), `# What the conversations of each capture are, and who says so (label.ts): n nDPI, t tshark, p the registered port, h by hand (hand.txt).\n`
  + `# Behind the name of a file: how many conversations it has. Then by protocol their ports, client>server; * is all others of the file.\n`
  + `# none: another protocol. unknown: neither of them knows it. unlabelled: they disagree, and nobody has looked.\n\n${parts.join('\n')}\n`);
