// Real FTP clients, each told to list, fetch, store, resume, rename and abort through one port, as its own command line wants it:
// all but the abort in one session where the client can, as people do it. What came of each act is seen by its files.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from './programs.ts';
import { mega, tiny } from './servers.ts';

export type DataMode = 'passive' | 'extended' | 'active';
export type Act = 'list' | 'download' | 'upload' | 'resume' | 'rename' | 'abort';

export interface Visit {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly tls: boolean;
  readonly mode: DataMode;
  /** A file name that nobody else uses: there are incoming/UNIQUE and incoming/UNIQUE.new when all is done. */
  readonly unique: string;
  /** For `abort`: the transfer of `huge-UNIQUE` is under way at the gateway. */
  flowing(): Promise<void>;
}

export type Faults = Partial<Record<Act, string>>;

export interface RealClient {
  readonly name: string;
  readonly speaksTls: boolean;
  /** Acts that it knows. */
  readonly acts: readonly Act[];
  /** Why such a visit is beyond it, whoever the server is; '' when it is not. */
  lacks?(tls: boolean, mode: DataMode): string;
  /** Everything but the abort. What went wrong, by act; an act that went well is not among it. `root` is where the server's files are. */
  visit(visit: Visit, root: string): Promise<Faults>;
  /** Fetches huge-UNIQUE and is stopped in the middle. What went wrong at the client, or ''. */
  abort(visit: Visit): Promise<string>;
}

/** How long anything may take on a machine with other work: long, as nothing waits for it when all is well. */
export const patienceMs = 40_000;
const patienceSeconds = String(patienceMs / 1000);

export interface Ran { readonly code: number; readonly output: string; readonly stdout: string }

export function run(name: string, arguments_: readonly string[], input = '', timeout = 2 * patienceMs): Promise<Ran> {
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

/** Where a client keeps what it fetches and has what it stores, made for one visit. */
interface Places { readonly list: string; readonly whole: string; readonly tiny: string; readonly rest: string; readonly source: string; readonly other: string }

function placesOf({ unique }: Visit): Places {
  const place = (name: string): string => join(local, `${unique}.${name}`);
  const places = { list: place('list'), whole: place('whole'), tiny: place('tiny'), rest: place('rest'), source: place('source'), other: place('other') };
  writeFileSync(places.rest, mega.subarray(0, half));
  writeFileSync(places.source, mega);
  writeFileSync(places.other, mega);
  return places;
}

/** Compares what arrived; '' when it is all there. */
function same(path: string, wanted: Buffer = mega): string {
  try {
    return readFileSync(path).equals(wanted) ? '' : `${path} differs`;
  } catch { return `${path} is missing`; }
}

const short = (ran: Ran): string => ran.output.trim().split('\n').slice(-3).join(' / ').slice(0, 300) || `exit ${ran.code}`;

/** What the files say of each act. `listing`: what the client showed. */
function judged(client: Pick<RealClient, 'acts'>, visit: Visit, root: string, places: Places, listing: string, ran: Ran): Faults {
  const stored = join(root, 'incoming', visit.unique);
  const found: Record<Act, string> = {
    list: /mega/.test(listing) ? '' : 'no listing', download: same(places.whole) || same(places.tiny, tiny), resume: same(places.rest), upload: same(stored),
    rename: same(`${stored}.new`), abort: '',
  };
  return Object.fromEntries(client.acts.filter((act) => found[act] !== '').map((act) => [act, `${found[act]}: ${short(ran)}`]));
}

function textOf(path: string): string {
  try { return readFileSync(path, 'latin1'); } catch { return ''; }
}

const curl: RealClient = {
  name: 'curl', speaksTls: true, acts: ['list', 'download', 'upload', 'resume', 'rename', 'abort'],
  lacks: (tls, mode) => (tls && mode === 'active' ? 'curl 7.88 fails at active TLS data connections, also straight to vsftpd' : ''),
  async visit(visit, root) {
    const places = placesOf(visit);
    const base = curlBase(visit);
    const url = `ftp://127.0.0.1:${visit.port}`;
    // A quoted command with a minus is sent behind the transfer.
    const after = ['-Q', `-RNFR /incoming/${visit.unique}.old`, '-Q', `-RNTO /incoming/${visit.unique}.new`];
    const acts = [
      ['-o', places.list, `${url}/`], ['-o', places.whole, `${url}/mega`], ['-o', places.tiny, `${url}/one`], ['-C', String(half), '-o', places.rest, `${url}/mega`],
      ['-T', places.source, `${url}/incoming/${visit.unique}`], [...after, '-T', places.other, `${url}/incoming/${visit.unique}.old`],
    ];
    const ran = await run('curl', acts.flatMap((act, at) => [...at === 0 ? [] : ['--next'], ...base, ...act]));
    return judged(curl, visit, root, places, textOf(places.list), ran);
  },
  abort: (visit) => interrupted('curl', [...curlBase(visit), '-o', '/dev/null', `ftp://127.0.0.1:${visit.port}/huge-${visit.unique}`], visit),
};

function curlBase({ user, password, tls, mode }: Visit): string[] {
  return ['-sS', '-k', '--max-time', patienceSeconds, '-u', `${user}:${password}`, ...tls ? ['--ssl-reqd'] : [],
    ...mode === 'active' ? ['-P', '-'] : mode === 'passive' ? ['--disable-epsv'] : []];
}

const lftp: RealClient = {
  name: 'lftp', speaksTls: true, acts: ['list', 'download', 'upload', 'resume', 'rename', 'abort'],
  async visit(visit, root) {
    const places = placesOf(visit);
    const { unique } = visit;
    const ran = await run('lftp', ['-c', lftpScript(visit, `ls > ${places.list}; get mega -o ${places.whole}; get one -o ${places.tiny}; get -c mega -o ${places.rest}; `
      + `put ${places.source} -o incoming/${unique}; put ${places.other} -o incoming/${unique}.old; mv incoming/${unique}.old incoming/${unique}.new`)]);
    return judged(lftp, visit, root, places, textOf(places.list), ran);
  },
  abort: (visit) => interrupted('lftp', ['-c', lftpScript(visit, `cat huge-${visit.unique}`)], visit),
};

function lftpScript({ tls, mode, user, password, port }: Visit, acts: string): string {
  return `set net:max-retries 1; set net:timeout ${patienceSeconds}; set ssl:verify-certificate no; set ftp:ssl-allow ${tls}; set ftp:ssl-force ${tls}; `
    + `set ftp:ssl-protect-data ${tls}; set ftp:ssl-protect-list ${tls}; set ftp:passive-mode ${mode !== 'active'}; set ftp:prefer-epsv ${mode === 'extended'}; `
    + `open -u ${user},${password} -p ${port} 127.0.0.1; ${acts}`;
}

/** ftplib does not resume the TLS session for data connections by itself: the usual few lines are added. */
const pythonText = `
import sys, ftplib, ssl
mode, tls, port, user, password, act, unique, whole, tiny, rest, source, other = sys.argv[1:13]
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
if act == 'visit':
    ftp.retrlines('LIST')
    with open(whole, 'wb') as f: ftp.retrbinary('RETR mega', f.write)
    with open(tiny, 'wb') as f: ftp.retrbinary('RETR one', f.write)
    with open(rest, 'ab') as f: ftp.retrbinary('RETR mega', f.write, rest=f.tell())
    with open(source, 'rb') as f: ftp.storbinary('STOR incoming/' + unique, f)
    with open(other, 'rb') as f: ftp.storbinary('STOR incoming/' + unique + '.old', f)
    ftp.rename('incoming/' + unique + '.old', 'incoming/' + unique + '.new')
if act == 'abort':
    ftp.voidcmd('TYPE I')
    data = ftp.transfercmd('RETR huge-' + unique)
    data.recv(100000)
    ftp.abort()
    data.close()
    ftp.voidresp()
    ftp.voidcmd('NOOP')
ftp.quit()
`;

const ftplib: RealClient = {
  name: 'ftplib', speaksTls: true, acts: ['list', 'download', 'upload', 'resume', 'rename', 'abort'],
  async visit(visit, root) {
    const places = placesOf(visit);
    const ran = await python(visit, 'visit', places);
    return judged(ftplib, visit, root, places, ran.stdout, ran);
  },
  async abort(visit) {
    const ran = await python(visit, 'abort', placesOf(visit));
    return ran.code === 0 ? '' : short(ran);
  },
};

function python({ mode, tls, port, user, password, unique }: Visit, act: string, { whole, tiny: one, rest, source, other }: Places): Promise<Ran> {
  return run('python3', ['-c', pythonText, mode, tls ? '1' : '0', String(port), user, password, act, unique, whole, one, rest, source, other]);
}

/** The classic command line of BSD: commands on its standard input. */
function classic(name: string, extended: boolean): RealClient {
  const flags = ({ mode }: Visit): string[] => ['-n', '-v', mode === 'active' ? '-A' : '-p'];
  const script = ({ port, user, password, mode }: Visit, acts: string): string => {
    const passive = name === 'tnftp' ? (mode === 'active' ? 'passive off\n' : 'passive on\n') : '';
    const epsv = name === 'tnftp' && !(extended && mode === 'extended') ? 'epsv4 off\n' : '';
    return `open 127.0.0.1 ${port}\nuser ${user} ${password}\n${passive}${epsv}binary\n${acts}quit\n`;
  };
  const client: RealClient = {
    name, speaksTls: false, acts: ['list', 'download', 'upload', 'resume', 'rename', 'abort'],
    async visit(visit, root) {
      const places = placesOf(visit);
      const { unique } = visit;
      const ran = await run(name, flags(visit), script(visit, `ls\nget mega ${places.whole}\nget one ${places.tiny}\nreget mega ${places.rest}\n`
        + `put ${places.source} incoming/${unique}\nput ${places.other} incoming/${unique}.old\nrename incoming/${unique}.old incoming/${unique}.new\n`));
      // The line of a listing, not of the download behind it.
      return judged(client, visit, root, places, /^-r.* mega\r?$/m.exec(ran.stdout)?.[0] ?? '', ran);
    },
    abort: (visit) => interrupted(name, flags(visit), visit, script(visit, `get huge-${visit.unique} /dev/null\n`)),
  };
  return client;
}

/** A program for each act, none that renames. */
const ncftp: RealClient = {
  name: 'ncftp', speaksTls: false, acts: ['list', 'download', 'upload', 'resume', 'abort'],
  async visit(visit, root) {
    const base = ncftpBase(visit);
    const directory = mkdtempSync(join(local, 'get-'));
    const inside = (name: string): string => join(directory, name);
    const places = { ...placesOf(visit), whole: inside('mega'), tiny: inside('one'), rest: inside('rest/mega'), source: inside(visit.unique) };
    mkdirSync(join(directory, 'rest'));
    writeFileSync(places.rest, mega.subarray(0, half));
    writeFileSync(places.source, mega);
    const listed = await run('ncftpls', [...base, `ftp://127.0.0.1:${visit.port}/`]);
    const runs = [
      listed, await run('ncftpput', [...base, '127.0.0.1', '/incoming', places.source]), await run('ncftpget', [...base, '127.0.0.1', directory, '/mega', '/one']),
      await run('ncftpget', [...base, '-z', '127.0.0.1', join(directory, 'rest'), '/mega']),
    ];
    return judged(ncftp, visit, root, places, listed.stdout, runs.find(({ code }) => code !== 0) ?? listed);
  },
  abort: (visit) => interrupted('ncftpget', [...ncftpBase(visit), '-c', '127.0.0.1', `/huge-${visit.unique}`], visit),
};

function ncftpBase({ user, password, port, mode }: Visit): string[] {
  return ['-u', user, '-p', password, '-P', String(port), mode === 'active' ? '-E' : '-F', '-t', patienceSeconds];
}

export const clients: readonly RealClient[] = [curl, lftp, ftplib, classic('tnftp', true), classic('inetutils-ftp', false), ncftp];

export function isPresent(client: RealClient): boolean {
  return program(({ ftplib: 'python3', ncftp: 'ncftpget' } as Record<string, string>)[client.name] ?? client.name) !== undefined;
}
