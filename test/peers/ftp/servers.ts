// Starts real FTP servers on loopback, each with the same files: `/one` (1 byte), `/mega` (1 MiB), `/incoming` (writable).
// The login is `tester` with the password `secret` where the server has users of its own, else anonymous.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestCertificate } from '../../harness/certificates.ts';
import { program } from './programs.ts';

export interface RealServer {
  readonly name: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Where its files are. */
  readonly root: string;
  /** What it wrote to its output. */
  log(): string;
  stop(): Promise<void>;
}

export interface ServerOptions { readonly certificate?: TestCertificate; readonly tls: boolean; readonly implicit?: boolean }

const nobody = 65_534;
/** `secret` as crypt(3) keeps it (SHA-512, few rounds: a login costs little), so that no program is needed to make it. */
const secretHash = '$6$rounds=1000$sallyport$MlADC7kzgZsu.wtS8HYCpCyyXYyWDGmuH4JXK7ozXC7CCISfDsecDfvIS2E4./XBABJ85.CgcpBvANZzC6X31.';
export const tiny: Buffer = Buffer.from('x');
export const mega: Buffer = Buffer.from(Array.from({ length: 1024 * 1024 }, (_, i) => (i * 31 + (i >> 8) * 7) & 255));

function makeRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-ftp-'));
  chmodSync(root, 0o755);
  writeFileSync(join(root, 'one'), tiny);
  writeFileSync(join(root, 'mega'), mega);
  mkdirSync(join(root, 'incoming'));
  chmodSync(join(root, 'incoming'), 0o777);
  return root;
}

export async function freePort(): Promise<number> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port: number, child: ChildProcess, log: () => string): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`the server did not start: ${log()}`);
    const socket = net.connect({ port, host: '127.0.0.1' });
    const up = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false);
    socket.destroy();
    if (up) return;
    await new Promise((resolve) => { setTimeout(resolve, 30); });
  }
}

async function run(name: string, file: string, arguments_: readonly string[], environment: NodeJS.ProcessEnv, port: number, root: string, login: [string,
  string]): Promise<RealServer> {
  let text = '';
  const child = spawn(file, arguments_, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.on('data', (bytes: Buffer) => { text += bytes.toString(); });
  child.stderr.on('data', (bytes: Buffer) => { text += bytes.toString(); });
  await listening(port, child, () => text);
  return {
    name, port, root, user: login[0], password: login[1], log: () => text,
    stop: async () => {
      if (child.exitCode === null && child.kill('SIGTERM')) await Promise.race([once(child, 'exit'), new Promise((resolve) => { setTimeout(resolve, 2000); })]);
      if (child.exitCode === null) child.kill('SIGKILL');
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** vsftpd, with `require_ssl_reuse` when TLS is on. */
export async function startVsftpd({ certificate, tls, implicit }: ServerOptions): Promise<RealServer | undefined> {
  const found = program('vsftpd');
  if (found === undefined) return undefined;
  const root = makeRoot();
  const port = await freePort();
  const empty = join(root, '..', `${root.split('/').at(-1)}-empty`);
  mkdirSync(empty, { recursive: true });
  const lines = [
    'listen=YES', 'listen_ipv6=NO', 'listen_address=127.0.0.1', `listen_port=${port}`, 'background=NO', 'seccomp_sandbox=NO', 'anonymous_enable=YES', 'local_enable=NO',
      'write_enable=YES',
    'anon_upload_enable=YES', 'anon_mkdir_write_enable=YES', 'anon_other_write_enable=YES', 'anon_umask=022', 'anon_world_readable_only=NO', `anon_root=${root}`,
      `secure_chroot_dir=${empty}`,
    'ftp_username=daemon', 'xferlog_enable=NO', 'connect_from_port_20=NO', 'allow_writeable_chroot=YES', 'max_per_ip=0', 'data_connection_timeout=20', 'mdtm_write=YES',
  ];
  if (tls) {
    lines.push('ssl_enable=YES', 'allow_anon_ssl=YES', 'force_anon_data_ssl=YES', 'force_anon_logins_ssl=YES', 'require_ssl_reuse=YES',
      `rsa_cert_file=${certificate!.certificateFile}`,
      `rsa_private_key_file=${certificate!.keyFile}`, 'ssl_ciphers=HIGH', ...implicit ? ['implicit_ssl=YES'] : []);
  }
  const file = join(empty, '..', `${empty.split('/').at(-1)}.conf`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return run('vsftpd', found.file, [file], found.environment, port, root, ['anonymous', 'test@example.org']);
}

export async function startProftpd({ certificate, tls }: ServerOptions): Promise<RealServer | undefined> {
  const found = program('proftpd');
  if (found === undefined) return undefined;
  const root = makeRoot();
  const port = await freePort();
  const etc = mkdtempSync(join(tmpdir(), 'sallyport-proftpd-'));
  writeFileSync(join(etc, 'passwd'), `tester:${secretHash}:${nobody}:${nobody}::${root}:/bin/sh\n`);
  writeFileSync(join(etc, 'group'), `nogroup:x:${nobody}:\n`);
  for (const name of ['passwd', 'group']) chmodSync(join(etc, name), 0o600);
  const lines = [
    `ModulePath ${found.modules}`, ...tls ? ['LoadModule mod_tls.c'] : [], 'ServerType standalone', 'ServerName test', 'DefaultServer on', 'UseIPv6 off',
      'DefaultAddress 127.0.0.1', 'SocketBindTight on',
    `Port ${port}`, 'User nobody', 'Group nogroup', 'UseReverseDNS off', 'WtmpLog off', 'TransferLog none', 'AuthPAM off', 'RequireValidShell off', 'AllowOverwrite on',
      'AllowStoreRestart on',
    'AllowRetrieveRestart on', 'DefaultRoot ~', `PidFile ${etc}/pid`, `ScoreboardFile ${etc}/scoreboard`, `DelayTable none`, `SystemLog none`, `AuthUserFile ${etc}/passwd`,
      `AuthGroupFile ${etc}/group`, 'AuthOrder mod_auth_file.c',
  ];
  if (tls) {
    lines.push('<IfModule mod_tls.c>', 'TLSEngine on', `TLSRSACertificateFile ${certificate!.certificateFile}`, `TLSRSACertificateKeyFile ${certificate!.keyFile}`,
      'TLSRequired on', 'TLSProtocol TLSv1.2 TLSv1.3',
      `TLSLog ${etc}/tls.log`, 'TLSVerifyClient off', '</IfModule>');
  }
  writeFileSync(join(etc, 'proftpd.conf'), `${lines.join('\n')}\n`);
  return run('proftpd', found.file, ['-n', '-c', join(etc, 'proftpd.conf')], found.environment, port, root, ['tester', 'secret']);
}

export async function startPureFtpd({ certificate, tls }: ServerOptions): Promise<RealServer | undefined> {
  const found = program('pure-ftpd');
  const pureDb = program('pure-pw');
  if (found === undefined || pureDb === undefined) return undefined;
  const root = makeRoot();
  chownSync(join(root, 'incoming'), nobody, nobody);
  const port = await freePort();
  const etc = mkdtempSync(join(tmpdir(), 'sallyport-pureftpd-'));
  // Written by hand: the hash that pure-pw makes takes seconds for each login.
  writeFileSync(join(etc, 'passwd'), `tester:${secretHash}:${nobody}:${nobody}::${root}/./::::::::::::\n`, { mode: 0o600 });
  spawnSync(pureDb.file, ['mkdb', join(etc, 'pure.pdb'), '-f', join(etc, 'passwd')], { env: pureDb.environment });
  const pem = join(etc, 'both.pem');
  if (tls) writeFileSync(pem, `${certificate!.key}\n${certificate!.certificate}`, { mode: 0o600 });
  const arguments_ = ['-4', '-S', `127.0.0.1,${port}`, '-l', `puredb:${join(etc, 'pure.pdb')}`, '-E', '-H', '-u', '1000', '-g', join(etc, 'pid'), ...tls ? ['-Y', '3', '-2',
    pem] : []];
  return run('pure-ftpd', found.file, arguments_, found.environment, port, root, ['tester', 'secret']);
}
