// Real hosts on loopback: telnetd of inetutils, telnetd-ssl, and a device that never negotiates. Behind each telnetd is a
// login that asks for a password without echo and then runs a shell; it answers `peer> `.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate, type TestCertificate } from '../../harness/certificates.ts';
import { freePort } from '../../harness/free-port.ts';
import { environmentOf, program } from './programs.ts';

export interface Host { readonly name: string; readonly port: number; readonly password: boolean; stop(): void }

const login = "#!/bin/sh\nstty -echo; printf 'Password: '; read pw; stty echo; echo; echo \"pw was $pw\" > \"$(dirname \"$0\")/password\"\n"
  + "PS1='peer> '; export PS1; exec /bin/sh -i\n";

async function listening(port: number, child: ChildProcess): Promise<boolean> {
  const deadline = performance.now() + 5000;
  while (child.exitCode === null && performance.now() < deadline) {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const up = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false);
    socket.destroy();
    if (up) return true;
    await new Promise((resolve) => { setTimeout(resolve, 30); });
  }
  return false;
}

/** `undefined` when a program is missing: the name of it is in `missing`. `tls`: with this certificate from the first byte. */
export async function startTelnetd(name: 'telnetd' | 'in.telnetd', missing: string[], tls?: TestCertificate): Promise<Host | undefined> {
  const socat = program('socat');
  const server = program(name);
  if (socat === undefined || server === undefined) {
    missing.push(socat === undefined ? 'socat' : name);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-telnetd-'));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'login'), login, { mode: 0o755 });
  let options = `-h -E ${folder}/login`;
  if (name === 'in.telnetd') {
    const own = tls ?? makeCertificate();
    if (own === undefined) {
      missing.push('openssl');
      return undefined;
    }
    options = `-h -L ${folder}/login ${tls === undefined ? '' : '-z ssl '}-z cert=${own.certificateFile} -z key=${own.keyFile}`;
  }
  const port = await freePort();
  const child = spawn(socat.file, [`TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork`, `EXEC:"${server.file} ${options}",nofork`], {
    stdio: 'ignore', env: environmentOf(socat, server),
  });
  const host = { name, port, password: true, stop: () => { child.kill(); rmSync(folder, { recursive: true, force: true }); } };
  if (await listening(port, child)) return host;
  host.stop();
  missing.push(`${name} (it did not start)`);
  return undefined;
}

/** A line-oriented device in python: no Telnet at all, no echo, answers whole lines. */
const device = `import socketserver, sys
class H(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b'peer> ')
        for line in self.rfile:
            text = line.strip(b'\\r\\n\\0 ')
            if text == b'exit': return
            if text.startswith(b'echo '): self.wfile.write(b'hi-42 raw\\r\\n')
            self.wfile.write(b'peer> ')
class S(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
S(('127.0.0.1', int(sys.argv[1])), H).serve_forever()
`;

export async function startDevice(missing: string[]): Promise<Host | undefined> {
  const python = program('python3');
  if (python === undefined) {
    missing.push('python3');
    return undefined;
  }
  const port = await freePort();
  const child = spawn(python.file, ['-c', device, String(port)], { stdio: 'ignore' });
  if (await listening(port, child)) return { name: 'device', port, password: false, stop: () => { child.kill(); } };
  child.kill();
  missing.push('the device in python');
  return undefined;
}
