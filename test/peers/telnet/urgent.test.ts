// Synch as the kernel really delivers it: TCP urgent data from a client and from a host (python, since Node has none). The urgent byte never
// arrives; what is left of the pair IAC DM is recognised wherever the mark stood, and nothing of it is taken for data.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { it } from 'node:test';
import { startGateway } from '../../harness/gateway.ts';
import { allowAll, configurationFor, shown } from '../../scenarios/telnet/peers.ts';
import { missingProgram, program } from './programs.ts';

it('urgent data, from either side, wherever the mark stands', { timeout: 60_000 }, async (test) => {
  const python = program('python3');
  if (python === undefined) {
    test.skip(missingProgram('python3'));
    return;
  }
  const child = spawn(python.file, [fileURLToPath(new URL('urgent.py', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = createInterface(child.stdout)[Symbol.asyncIterator]();
  try {
    const port = Number((await said.next()).value);
    const gateway = await startGateway(configurationFor(port, '', allowAll));
    try {
      child.stdin.write(`${gateway.port()}\n`);
      for (const where of ['DM', 'IAC', 'both']) {
        const found = JSON.parse((await said.next()).value ?? '{}') as { where: string; host: string; client: string };
        assert.deepEqual([found.where, shown(found.host), shown(found.client)], [where, '<ff><f4>after<0d><00>', 'out<0d><0a>prompt> ']);
      }
      assert.deepEqual(gateway.bugs, []);
    } finally { await gateway.stop(); }
  } finally { child.kill(); }
});
