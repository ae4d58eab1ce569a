// What FTP is measured with: vsftpd as the server, HAProxy in TCP mode and Sallyport in front of it. All on loopback.
// HAProxy cannot follow FTP: it takes the control port and the server's whole range of passive ports on an address of its
// own, as somebody who forwards FTP with it has to (peers/haproxy-tcp.ts).
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../../test/peers/ftp/programs.ts';
import { runSallyport, type RunningSallyport } from '../peers/sallyport.ts';
import { accepting, freePort, type Processes } from '../processes.ts';

export const gibibyte = 1024 ** 3;
/** The big file, its uploaded copy, the upload's source, and room. */
const neededBytes = 4 * gibibyte;
/** Passive ports of the server: each session of the load takes one for a moment. */
const passivePorts = 400;

export interface FtpServer {
  readonly port: number;
  readonly root: string;
  readonly firstPassive: number;
  readonly lastPassive: number;
  stop(): Promise<void>;
}

/** Memory, if there is enough of it: a disk that writes in the background would disturb. */
export function bulkDirectory(processes: Processes): string {
  const inMemory = '/dev/shm';
  try {
    const { bavail, bsize } = statfsSync(inMemory);
    if (bavail * bsize > neededBytes) {
      const directory = mkdtempSync(join(inMemory, 'sallyport-bench-'));
      processes.atEnd(() => { rmSync(directory, { recursive: true, force: true }); });
      return directory;
    }
  } catch { /* no such place on this system */ }
  return mkdtempSync(join(processes.directory, 'bulk-'));
}

/** vsftpd for anonymous users who may do everything in `root`. */
export async function startVsftpd(processes: Processes, core: number, directory: string): Promise<FtpServer> {
  const root = join(directory, 'ftp');
  mkdirSync(join(root, 'incoming'), { recursive: true });
  chmodSync(directory, 0o755);
  chmodSync(join(root, 'incoming'), 0o777);
  const empty = join(processes.directory, 'empty');
  mkdirSync(empty, { recursive: true });
  const port = await freePort();
  // Below the ports that the system hands out.
  const firstPassive = 10_000 + Math.floor(Math.random() * 10) * 1000;
  const lastPassive = firstPassive + passivePorts - 1;
  const configuration = join(processes.directory, `vsftpd-${port}.conf`);
  writeFileSync(configuration, `${[
    'listen=YES', 'listen_ipv6=NO', 'listen_address=127.0.0.1', `listen_port=${port}`, 'background=NO', 'seccomp_sandbox=NO', 'anonymous_enable=YES', 'local_enable=NO',
    'write_enable=YES', 'anon_upload_enable=YES', 'anon_other_write_enable=YES', 'anon_umask=022', 'anon_world_readable_only=NO', `anon_root=${root}`,
    `secure_chroot_dir=${empty}`, 'ftp_username=daemon', 'xferlog_enable=NO', 'allow_writeable_chroot=YES', 'max_per_ip=0', 'max_clients=0',
    `pasv_min_port=${firstPassive}`, `pasv_max_port=${lastPassive}`, 'idle_session_timeout=600', 'no_anon_password=NO',
  ].join('\n')}\n`);
  const found = program('vsftpd')!;
  const child = processes.start(found.file, [configuration], { core, environment: found.environment });
  await accepting(child, port);
  return { port, root, firstPassive, lastPassive, stop: async () => { await processes.stop(child); } };
}

export interface FtpSallyport extends RunningSallyport {
  /** Services that differ in `content.hash`. */
  readonly plainPort: number;
  readonly hashedPort: number;
}

/** Two services in one worker, with and without SHA-256 of what is transferred. A rule decides on each command; all is audited. */
export async function startFtpSallyport(processes: Processes, core: number, target: number): Promise<FtpSallyport> {
  const [plainPort, hashedPort] = [await freePort(), await freePort()];
  const service = (hash: string): object => ({ protocol: 'ftp', pool: 'servers', content: { hash }, clientData: { ports: '22000-29999' } });
  const running = await runSallyport(processes, core, plainPort, {
    listeners: { plain: { bind: `127.0.0.1:${plainPort}`, service: 'plain', backlog: 4096 }, hashed: { bind: `127.0.0.1:${hashedPort}`, service: 'hashed', backlog: 4096 } },
    services: { plain: service('off'), hashed: service('sha256') },
    pools: { servers: { servers: [`127.0.0.1:${target}`], maxConnections: 10_000 } },
    policy: [{ id: 'no-site', operation: { commands: ['SITE'] }, then: 'deny' }, { id: 'open', then: 'allow' }],
  });
  return { ...running, plainPort, hashedPort };
}
