// Rules on paths against what real servers make of a LIST: pure-ftpd enters every directory that a wildcard fits and takes a space for
// the end of a name, ProFTPD lets wildcards stand in the middle of a path. Nothing of a directory that rules deny is to be seen.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startGateway } from '../../harness/gateway.ts';
import { FtpClient } from '../../scenarios/ftp/peers.ts';
import { startProftpd, startPureFtpd, startVsftpd } from './servers.ts';

for (const [name, start] of [['vsftpd', startVsftpd], ['proftpd', startProftpd], ['pure-ftpd', startPureFtpd]] as const) {
  test(`a denied directory is not listed by any spelling: ${name}`, async (context) => {
    const server = await start({ tls: false });
    if (server === undefined) return context.skip(`apt-get install ${name}`);
    for (const path of ['secret', 'secret/deep', 'pub']) mkdirSync(join(server.root, path));
    for (const path of ['secret/hidden-1', 'secret/deep/hidden-2', 'pub/open.txt', 'pub/a b.txt']) writeFileSync(join(server.root, path), 'x');
    const gateway = await startGateway(`
listeners: { ftp: { bind: "127.0.0.1:0", service: files } }
services: { files: { protocol: ftp, pool: files } }
pools: { files: { servers: ["127.0.0.1:${server.port}"] } }
policy: [ { id: no-secret, operation: { path: [/secret, /secret/**] }, then: deny }, { id: open, then: allow } ]
`);
    try {
      const client = await new FtpClient(gateway.port()).login(server.user, server.password);
      const seen = async (command: string): Promise<string> => {
        const data = await client.passive();
        const reply = await client.command(command);
        if (!reply.startsWith('150')) return `${reply}\n`;
        const text = await data.untilEnd();
        return `${text}${await client.reply()}`;
      };
      const operands = ['secret', 's*', 's*/', 's*/*', '*/*', '?ecret', '[s]ecret', '{secret}', '{pub,secret}',
        'zz secret', 'secret zz', 'pub secret/*', 'zz s*/*', '*', 'secret/h*'];
      for (const operand of operands) {
        for (const verb of ['LIST', 'LIST -a', 'NLST', 'NLST -l', 'MLSD']) assert.doesNotMatch(await seen(`${verb} ${operand}`), /hidden|deep/, `${verb} ${operand}`);
        assert.doesNotMatch(await client.command(`STAT ${operand}`), /hidden|deep/, `STAT ${operand}`);
      }
      assert.match(await seen('LIST pub/*.txt'), /open\.txt/);
      assert.match(await seen('LIST'), /secret/);
      await client.command('CWD pub');
      // pure-ftpd takes it for two names, as it does without a gateway.
      if (name !== 'pure-ftpd') assert.match(await seen('LIST a b.txt'), /a b\.txt/);
      client.close();
      assert.deepEqual(gateway.bugs, []);
    } finally {
      await gateway.stop();
      await server.stop();
    }
  });
}
