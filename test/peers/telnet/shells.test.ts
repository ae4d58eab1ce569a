// Line editors as they are: shells of Debian on a terminal behind the gateway (readline, the editor of the system's terminal), typed to
// faster than they answer. Blocked lines never run, and what is typed right behind them does. What is missing is named, and skipped.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import { after, describe, it } from 'node:test';
import { freePort } from '../../harness/free-port.ts';
import { startGateway } from '../../harness/gateway.ts';
import { RawClient } from '../../harness/raw.ts';
import { allowAll, configurationFor, waitFor } from '../../scenarios/telnet/peers.ts';
import { environmentOf, missingProgram, program } from './programs.ts';

const shells = [
  // In readline ^U clears what is in front of the cursor.
  { name: 'bash', file: '/bin/bash', command: '/bin/bash --norc --noprofile -i', clear: '^U^K' },
  { name: 'dash', file: '/bin/dash', command: '/bin/dash -i', clear: '^U' },
];
const children: ChildProcess[] = [];
after(() => { for (const child of children) child.kill(); });

/** A port on which each connection is the terminal of a shell. */
async function serve(command: string): Promise<number> {
  const port = await freePort();
  const socat = program('socat')!;
  const child = spawn(socat.file, [`TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork`, `EXEC:"${command}",pty,setsid,ctty,stderr,sigint`], {
    stdio: 'ignore', env: { ...environmentOf(socat), PS1: 'peer> ', TERM: 'vt220', HISTFILE: '' },
  });
  children.push(child);
  for (let tries = 0; tries < 200; tries++) {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const up = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false);
    socket.destroy();
    if (up) return port;
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
  throw new Error('socat does not listen');
}

describe('shells behind command control', { timeout: 120_000 }, () => {
  for (const { name, file, command, clear } of shells) {
    it(name, async (test) => {
      if (program('socat') === undefined || !existsSync(file)) {
        test.skip(existsSync(file) ? missingProgram('socat') : `${name} is not here: apt-get install -y ${name}`);
        return;
      }
      const gateway = await startGateway(configurationFor(await serve(command),
        `commands: { rules: [{ id: no, commands: [forbidden], then: block }], unknown: block, clear: "${clear}" }`, allowAll));
      const client = new RawClient(gateway.port());
      // Each key is a packet of its own, one right behind the other.
      const type = async (keys: string): Promise<void> => {
        for (const key of keys) {
          client.send(key);
          await new Promise((resolve) => { setImmediate(resolve); });
        }
      };
      const until = (fits: (text: string) => boolean): Promise<string> => waitFor(() => client.received, fits);
      await until((text) => text.endsWith('peer> '));
      let count = 0;
      const runs = async (keys: string): Promise<void> => {
        count++;
        await type(`${keys}echo ran-$((${count}+0))\r`);
        await until((text) => text.includes(`ran-${count}\r`));
      };
      for (let round = 0; round < 10; round++) {
        await runs('forbidden thing\r');
        await runs('forbidden\u0015');
        await runs('forbidden\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007fecho one twp\u007fo\r');
        // A shell may lose what comes while it begins anew.
        await type('ls /nothing\u0003');
        await until((text) => /\^C[^]*peer> $/.test(text.slice(text.lastIndexOf('ran-'))));
        await runs('');
        await runs('forbidden one\rforbidden two\r');
        await runs('');
      }
      if (name === 'bash') {
        // Recalled, then changed into something else within.
        await type('echo forbidden\r');
        await until((text) => /forbidden\r\n[^]*peer> $/.test(text.slice(text.lastIndexOf('echo forbidden'))));
        await type('\u001b[A\u0001\u001b[3~\u001b[3~\u001b[3~\u001b[3~\u001b[3~\r');
        await until((text) => text.split('blocked (rule no)').length === 32);
        await runs('');
      }
      assert.doesNotMatch(client.received, /not found/);
      assert.equal(client.received.split('blocked (rule no)').length - 1, name === 'bash' ? 31 : 30);
      assert.deepEqual(gateway.bugs, []);
      client.destroy();
      await gateway.stop();
    });
  }
});
