// Real FTP clients, each told to list, fetch, store, resume, rename and abort through one port, as its own command line wants it.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from './programs.ts';
import { mega } from './servers.ts';

export type DataMode = 'passive' | 'extended' | 'active';
export type Act = 'list' | 'download' | 'upload' | 'resume' | 'rename' | 'abort';

export interface Visit {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly tls: boolean;
  readonly mode: DataMode;
  /** A file name that nobody else uses. */
  readonly unique: string;
  /** For `abort`: the transfer of `huge-UNIQUE` is under way at the gateway. */
  flowing(): Promise<void>;
}

export interface RealClient {
  readonly name: string;
  readonly speaksTls: boolean;
  /** Acts that it knows. */
  readonly acts: readonly Act[];
  /** Why such a visit is beyond it, whoever the server is; '' when it is not. */
  lacks?(tls: boolean, mode: DataMode): string;
  /** What happened: '' when it went well, else why not. `root` is where the server's files are. */
  act(act: Act, visit: Visit, root: string): Promise<string>;
}

/** How long anything may take on a machine with other work: long, as nothing waits for it when all is well. */
export const patienceMs = 40_000;
const patienceSeconds = String(patienceMs / 1000);

interface Ran { readonly code: number; readonly output: string; readonly stdout: string }

function run(name: string, arguments_: readonly string[], input = '', timeout = 2 * patienceMs): Promise<Ran> {
  const found = program(name)!;
  return new Promise((resolve) => {
    const child = execFile(found.file, arguments_, { env: { ...found.environment, HOME: tmpdir(), LANG: 'C.UTF-8' }, timeout, maxBuffer: 8 * 1024 * 1024,
      encoding: 'latin1' }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 255, output: `${stdout.slice(0, 2000)}${stderr}`, stdout });
    });
    child.stdin!.on('error', () => { /* it did not read */ });
    child.stdin!.end(input);
  });
}

/** Starts to fetch, and is interrupted as by Control-C once bytes flow. What came of it, the gateway's records say. */
async function interrupted(name: string, arguments_: readonly string[], visit: Visit, input = ''): Promise<string> {
  const found = program(name)!;
  const child = spawn(found.file, arguments_, { env: { ...found.environment, HOME: tmpdir(), LANG: 'C.UTF-8' }, stdio: ['pipe', 'ignore', 'ignore'] });
  const gone = once(child, 'exit');
  child.stdin.on('error', () => { /* it did not read */ });
  child.stdin.end(input);
  const timer = setTimeout(() => { child.kill('SIGKILL'); }, 2 * patienceMs);
  await Promise.race([visit.flowing(), gone]);
  child.kill('SIGINT');
  await gone;
  clearTimeout(timer);
  return '';
}

const local = mkdtempSync(join(tmpdir(), 'sallyport-ftp-client-'));
const half = mega.length / 2;

function file(name: string, content: Buffer): string {
  const path = join(local, name);
  writeFileSync(path, content);
  return path;
}

/** Compares what arrived; '' when it is all there. */
function same(path: string): string {
  try {
    return readFileSync(path).equals(mega) ? '' : `${path} differs`;
  } catch { return `${path} is missing`; }
}

const stored = (root: string, visit: Visit): string => join(root, 'incoming', visit.unique);
const short = (ran: Ran): string => ran.output.trim().split('\n').slice(-3).join(' / ').slice(0, 300) || `exit ${ran.code}`;
const listed = (text: string, ran: Ran): string => (/mega/.test(text) ? '' : `no listing: ${short(ran)}`);

const curl: RealClient = {
  name: 'curl', speaksTls: true, acts: ['list', 'download', 'upload', 'resume', 'rename', 'abort'],
  lacks: (tls, mode) => (tls && mode === 'active' ? 'curl 7.88 fails at active TLS data connections, also straight to vsftpd' : ''),
  async act(act, visit, root) {
    const base = ['-sS', '-k', '--max-time', patienceSeconds, '-u', `${visit.user}:${visit.password}`, ...visit.tls ? ['--ssl-reqd'] : [],
      ...visit.mode === 'active' ? ['-P', '-'] : visit.mode === 'passive' ? ['--disable-epsv'] : []];
    const url = `ftp://127.0.0.1:${visit.port}`;
    const target = join(local, visit.unique);
    if (act === 'abort') return interrupted('curl', [...base, '-o', '/dev/null', `${url}/huge-${visit.unique}`], visit);
    if (act === 'list') {
      const ran = await run('curl', [...base, `${url}/`]);
      return listed(ran.stdout, ran);
    }
    if (act === 'download' || act === 'resume') {
      if (act === 'resume') writeFileSync(target, mega.subarray(0, half));
      const ran = await run('curl', [...base, ...act === 'resume' ? ['-C', String(half)] : [], '-o', target, `${url}/mega`]);
      return ran.code === 0 ? same(target) : short(ran);
    }
    // A quoted command with a minus is sent behind the transfer.
    const after = act === 'rename' ? ['-Q', `-RNFR /incoming/${visit.unique}`, '-Q', `-RNTO /incoming/${visit.unique}.new`] : [];
    const ran = await run('curl', [...base, ...after, '-T', file(`${visit.unique}.up`, mega), `${url}/incoming/${visit.unique}`]);
    return ran.code === 0 ? same(act === 'upload' ? stored(root, visit) : `${stored(root, visit)}.new`) : short(ran);
  },
};

const lftp: RealClient = {
  name: 'lftp', speaksTls: true, acts: ['list', 'download', 'upload', 'resume', 'rename', 'abort'],
  async act(act, visit, root) {
    const target = join(local, visit.unique);
    if (act === 'resume') writeFileSync(target, mega.subarray(0, half));
    const words: Record<Act, string> = {
      list: 'ls', download: `get mega -o ${target}`, resume: `get -c mega -o ${target}`, upload: `put ${file(`${visit.unique}.up`, mega)} -o incoming/${visit.unique}`,
      rename: `put ${file(`${visit.unique}.up`, mega)} -o incoming/${visit.unique}; mv incoming/${visit.unique} incoming/${visit.unique}.new`,
      abort: `cat huge-${visit.unique}`,
    };
    const settings = `set net:max-retries 1; set net:timeout ${patienceSeconds}; set ssl:verify-certificate no; set ftp:ssl-allow ${visit.tls}; set ftp:ssl-force ${visit.tls}; `
      + `set ftp:ssl-protect-data ${visit.tls}; set ftp:ssl-protect-list ${visit.tls}; `
      + `set ftp:passive-mode ${visit.mode !== 'active'}; set ftp:prefer-epsv ${visit.mode === 'extended'}; set cmd:fail-exit yes; `;
    const commands = ['-c', `${settings} open -u ${visit.user},${visit.password} -p ${visit.port} 127.0.0.1; ${words[act]}`];
    if (act === 'abort') return interrupted('lftp', commands, visit);
    const ran = await run('lftp', commands);
    if (act === 'list') return listed(ran.stdout, ran);
    if (ran.code !== 0) return short(ran);
    return same(act === 'upload' ? stored(root, visit) : act === 'rename' ? `${stored(root, visit)}.new` : target);
  },
};

/** ftplib does not resume the TLS session for data connections by itself: the usual few lines are added. */
const pythonText = `
import sys, ftplib, ssl
mode, tls, port, user, password, act, local, remote = sys.argv[1:9]
class Reusing(ftplib.FTP_TLS):
    def ntransfercmd(self, cmd, rest=None):
        conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        if self._prot_p:
            conn = self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session)
        return conn, size
if tls == '1':
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    ftp = Reusing(context=context)
else:
    ftp = ftplib.FTP()
ftp.connect('127.0.0.1', int(port), timeout=${patienceSeconds})
ftp.login(user, password)
if tls == '1': ftp.prot_p()
ftp.set_pasv(mode != 'active')
if act == 'list': ftp.retrlines('LIST')
if act == 'download':
    with open(local, 'wb') as f: ftp.retrbinary('RETR mega', f.write)
if act == 'resume':
    with open(local, 'ab') as f: ftp.retrbinary('RETR mega', f.write, rest=f.tell())
if act in ('upload', 'rename'):
    with open(local, 'rb') as f: ftp.storbinary('STOR incoming/' + remote, f)
if act == 'rename': ftp.rename('incoming/' + remote, 'incoming/' + remote + '.new')
if act == 'abort':
    ftp.voidcmd('TYPE I')
    data = ftp.transfercmd('RETR huge-' + remote)
    data.recv(100000)
    ftp.abort()
    data.close()
    ftp.voidresp()
    ftp.voidcmd('NOOP')
ftp.quit()
`;

const ftplib: RealClient = {
  name: 'ftplib', speaksTls: true, acts: ['list', 'download', 'upload', 'resume', 'rename', 'abort'],
  async act(act, visit, root) {
    const target = act === 'upload' || act === 'rename' ? file(`${visit.unique}.up`, mega) : join(local, visit.unique);
    if (act === 'resume') writeFileSync(target, mega.subarray(0, half));
    const ran = await run('python3', ['-c', pythonText, visit.mode, visit.tls ? '1' : '0', String(visit.port), visit.user, visit.password, act, target, visit.unique]);
    if (act === 'list') return listed(ran.stdout, ran);
    if (ran.code !== 0) return short(ran);
    if (act === 'abort') return '';
    return same(act === 'upload' ? stored(root, visit) : act === 'rename' ? `${stored(root, visit)}.new` : target);
  },
};

/** The classic command line of BSD: commands on its standard input. */
function classic(name: string, extended: boolean): RealClient {
  return {
    name, speaksTls: false, acts: ['list', 'download', 'upload', 'resume', 'rename', 'abort'],
    async act(act, visit, root) {
      const target = join(local, visit.unique);
      if (act === 'resume') writeFileSync(target, mega.subarray(0, half));
      const upload = `put ${file(`${visit.unique}.up`, mega)} incoming/${visit.unique}\n`;
      const words: Record<Act, string> = {
        list: 'ls\n', download: `get mega ${target}\n`, upload, resume: `reget mega ${target}\n`,
        rename: `${upload}rename incoming/${visit.unique} incoming/${visit.unique}.new\n`, abort: `get huge-${visit.unique} /dev/null\n`,
      };
      const passive = name === 'tnftp' ? (visit.mode === 'active' ? 'passive off\n' : 'passive on\n') : '';
      const epsv = name === 'tnftp' && !(extended && visit.mode === 'extended') ? 'epsv4 off\n' : '';
      const flags = ['-n', '-v', visit.mode === 'active' ? '-A' : '-p'];
      const commands = `open 127.0.0.1 ${visit.port}\nuser ${visit.user} ${visit.password}\n${passive}${epsv}binary\n${words[act]}quit\n`;
      if (act === 'abort') return interrupted(name, flags, visit, commands);
      const ran = await run(name, flags, commands);
      if (act === 'list') return listed(ran.stdout, ran);
      const result = same(act === 'upload' ? stored(root, visit) : act === 'rename' ? `${stored(root, visit)}.new` : target);
      return result === '' ? '' : `${result}: ${short(ran)}`;
    },
  };
}

const ncftp: RealClient = {
  name: 'ncftp', speaksTls: false, acts: ['list', 'download', 'upload', 'resume', 'abort'],
  async act(act, visit, root) {
    const base = ['-u', visit.user, '-p', visit.password, '-P', String(visit.port), visit.mode === 'active' ? '-E' : '-F', '-t', patienceSeconds];
    if (act === 'list') {
      const ran = await run('ncftpls', [...base, `ftp://127.0.0.1:${visit.port}/`]);
      return listed(ran.stdout, ran);
    }
    if (act === 'upload') {
      const source = file(visit.unique, mega);
      const ran = await run('ncftpput', [...base, '127.0.0.1', '/incoming', source]);
      return ran.code === 0 ? same(stored(root, visit)) : short(ran);
    }
    if (act === 'abort') return interrupted('ncftpget', [...base, '-c', '127.0.0.1', `/huge-${visit.unique}`], visit);
    const directory = mkdtempSync(join(local, 'get-'));
    if (act === 'resume') writeFileSync(join(directory, 'mega'), mega.subarray(0, half));
    const ran = await run('ncftpget', [...base, ...act === 'resume' ? ['-z'] : [], '127.0.0.1', directory, '/mega']);
    return ran.code === 0 ? same(join(directory, 'mega')) : short(ran);
  },
};

export const clients: readonly RealClient[] = [curl, lftp, ftplib, classic('tnftp', true), classic('inetutils-ftp', false), ncftp];

export function isPresent(client: RealClient): boolean {
  return program(({ ftplib: 'python3', ncftp: 'ncftpget' } as Record<string, string>)[client.name] ?? client.name) !== undefined;
}
