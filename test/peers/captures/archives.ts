// The captures: source packages of Debian that carry some in their tests, fetched by apt into a folder of their own outside the
// repository, checked against a sum that is written here, and unpacked once. Nothing of them is part of this project. Changes
// nothing on the machine: apt works with lists of its own, and what it fetched is deleted when it is unpacked.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Archive {
  /** Of the source package. */
  readonly name: string;
  /** The upstream source, as `apt-get source` names it; the version stands in it. */
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Where the captures are in it. */
  readonly folder: string;
}

/** 176 MB to fetch, 130 MB unpacked. */
export const archives: readonly Archive[] = [
  {
    name: 'ndpi', file: 'ndpi_4.2.orig.tar.gz', sha256: 'e54ce8fe13adc5d747be7553513657fae78f796e0bd459e122c280cc06ce4daf', bytes: 126_559_327,
    folder: 'nDPI-4.2/tests/pcap',
  },
  {
    name: 'wireshark', file: 'wireshark_4.0.17.orig.tar.bz2', sha256: '62fd1491b6211d1651a16a45ead15808970b3a6a9ebde2537f96722af47aaaa5', bytes: 46_774_565,
    folder: 'wireshark-v4.0.17/test/captures',
  },
  {
    name: 'tcpdump', file: 'tcpdump_4.99.3.orig.tar.gz', sha256: 'ad75a6ed3dc0d9732945b2e5483cb41dc8b4b528a169315e499c6861952e73b3', bytes: 1_901_814,
    folder: 'tcpdump-4.99.3/tests',
  },
  {
    name: 'tcpflow', file: 'tcpflow_1.6.1.orig.tar.gz', sha256: 'c1c88513473e12011c0c00bba88dd02013ea3b813b08088f250cbf82b8f42358', bytes: 915_245,
    folder: 'tcpflow-tcpflow-1.6.1/tests',
  },
  { name: 'dnscap', file: 'dnscap_2.1.1.orig.tar.xz', sha256: '808040a5388c8b3281e905cba3ec4a17d6451ac1aa369b58e06da4e2c65a8acd', bytes: 365_996, folder: 'dnscap-2.1.1/src/test' },
  {
    name: 'python-dpkt', file: 'python-dpkt_1.9.8.orig.tar.gz', sha256: '9990639e19a9c8f1db4af453b7e6a45ef2995ec03e13bac35b9824839fd46867', bytes: 196_917,
    folder: 'dpkt-1.9.8/examples/data',
  },
];

/** `there`: its captures are in `folder`. Otherwise why not, and what would bring them. */
export type Fetched = { readonly state: 'there'; readonly folder: string } | { readonly state: 'moved' | 'missing'; readonly reason: string };

const cache = join(process.env.SALLYPORT_CAPTURES ?? tmpdir(), 'sallyport-captures');
const captures = /\.(?:pcap|pcapng|cap)(?:\.gz)?$/;
const fetchMs = 180_000;

/** apt with one list of sources, and lists and archives of its own. */
class SourceIndex {
  readonly #folder: string;
  readonly problem: string | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    this.problem = this.#prepare();
  }

  #prepare(): string | undefined {
    if (!existsSync('/usr/bin/apt-get')) return 'not a Debian machine';
    // The mirror that the machine is set up with.
    const listed = this.run(['indextargets', '--format', '$(REPO_URI) $(CODENAME) $(COMPONENT) $(LABEL)', 'Created-By: Packages'], 'apt-get').text;
    const main = /^(\S+) ([a-z]+) main Debian$/m.exec(listed);
    if (main === null) return 'apt knows no mirror of Debian';
    mkdirSync(join(this.#folder, 'lists', 'partial'), { recursive: true });
    writeFileSync(join(this.#folder, 'sources.list'), `deb-src ${main[1]!} ${main[2]!} main\n`);
    const updated = this.apt(['-qq', 'update']);
    return updated.ok ? undefined : `apt-get update: ${updated.text.trim().slice(-300)}`;
  }

  apt(words: readonly string[]): { ok: boolean; text: string } {
    const options = {
      'Dir::Etc::sourcelist': join(this.#folder, 'sources.list'), 'Dir::Etc::sourceparts': '-', 'Dir::State::lists': join(this.#folder, 'lists'), 'APT::Sandbox::User': '',
    };
    return this.run([...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]), ...words], 'apt-get');
  }

  run(words: readonly string[], program: string): { ok: boolean; text: string } {
    const ran = spawnSync(program, words, { cwd: this.#folder, encoding: 'utf8', timeout: fetchMs, env: { ...process.env, LC_ALL: 'C' } });
    return { ok: ran.status === 0, text: `${ran.stdout ?? ''}${ran.stderr ?? ''}` };
  }

  /** The name of the upstream source that the mirror has now. */
  current(name: string): string | undefined {
    return /^'\S+' (\S+\.orig\.tar\.\w+) /m.exec(this.apt(['source', '--print-uris', '--tar-only', name]).text)?.[1];
  }
}

function unpack(index: SourceIndex, working: string, { name, file, sha256, bytes, folder }: Archive): string | undefined {
  const fetched = index.apt(['-qq', 'source', '--download-only', '--tar-only', name]);
  const path = join(working, file);
  if (!existsSync(path)) return `apt-get source --download-only --tar-only ${name}: ${fetched.text.trim().slice(-300)}`;
  const content = readFileSync(path);
  const sum = createHash('sha256').update(content).digest('hex');
  if (sum !== sha256) return `${file} has the sum ${sum} and ${content.length} bytes; ${sha256} and ${bytes} were wanted`;
  const unpacked = index.run(['-xf', file, '--wildcards', ...['*.pcap', '*.pcapng', '*.cap', '*.gz'].map((end) => `${folder}/${end}`)], 'tar');
  rmSync(path);
  // Patterns that fit nothing make tar complain; what is there counts.
  return existsSync(join(working, folder)) ? undefined : `${file} has no ${folder}: ${unpacked.text.slice(-300)}`;
}

/** Fetches what is not there yet, side by side in one folder. Never throws for what cannot be had. */
export function fetchCaptures(): ReadonlyMap<string, Fetched> {
  const found = new Map<string, Fetched>();
  const target = ({ name, sha256 }: Archive): string => join(cache, `${name}-${sha256.slice(0, 12)}`);
  let working: string | undefined;
  let index: SourceIndex | undefined;
  try {
    for (const archive of archives) {
      if (!existsSync(target(archive))) {
        if (index === undefined) {
          mkdirSync(cache, { recursive: true });
          working = mkdtempSync(join(cache, 'fetching-'));
          index = new SourceIndex(working);
        }
        const failed = fetchOne(index, working!, archive, target(archive));
        if (failed !== undefined) {
          found.set(archive.name, failed);
          continue;
        }
      }
      found.set(archive.name, { state: 'there', folder: target(archive) });
    }
  } finally {
    if (working !== undefined) rmSync(working, { recursive: true, force: true });
  }
  return found;
}

function fetchOne(index: SourceIndex, working: string, archive: Archive, target: string): Fetched | undefined {
  if (index.problem !== undefined) return { state: 'missing', reason: index.problem };
  const current = index.current(archive.name);
  if (current !== archive.file) {
    return current === undefined ? { state: 'missing', reason: `the mirror has no source of ${archive.name}` }
      : { state: 'moved', reason: `the mirror has ${current} now, ${archive.file} was labelled: see archives.ts and label.ts` };
  }
  const problem = unpack(index, working, archive);
  if (problem !== undefined) return { state: 'missing', reason: problem };
  // Another run may have been quicker.
  try { renameSync(join(working, archive.folder), target); } catch (error) { if (!existsSync(target)) throw error; }
  return undefined;
}

/** Names of the captures of an archive, in a fixed order. */
export function capturesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => captures.test(name)).sort();
}
