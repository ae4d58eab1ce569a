// A line that waits for a second person: what else the client sends must not change it, and nobody approves for one who has left.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RawClient } from '../../harness/raw.ts';
import { DO, IAC, option, shown, startScene, WILL, type TelnetScene } from './peers.ts';

const rules = 'commands: { rules: [{ id: two, commands: ["rm *"], then: approve }] }';

interface Waiting { scene: TelnetScene; client: RawClient; id: string; control(command: string, argument: string): Promise<string | undefined> }

/** A host that echoes has `rm x` without Enter, which waits under `id`. */
async function waitingLine(): Promise<Waiting> {
  const scene = await startScene(rules, undefined, `${WILL}${option.ECHO}> `);
  const client = scene.client();
  await client.until((text) => text.endsWith('> '));
  client.send(`${DO}${option.ECHO}`);
  await scene.hostUntil((text) => text.includes(`${DO}${option.ECHO}`));
  client.send('rm x');
  await scene.hostUntil((text) => text.endsWith('rm x'));
  scene.hostSend('rm x');
  await client.until((text) => text.endsWith('rm x'));
  client.send('\r\0');
  const id = /second person \((\w+)\)/.exec(await client.until((text) => text.includes('second person')))![1]!;
  const [session] = await scene.gateway.sessions();
  return {
    scene, client, id,
    control: async (command, argument) => {
      const answer = await scene.gateway.ask({ what: 'control', session: session!.id, command, argument });
      return answer.what === 'control' ? answer.answer : undefined;
    },
  };
}

describe('a line that waits for a second person', { timeout: 60_000 }, () => {
  for (const [name, command] of [['EC', '\u00f7'], ['EL', '\u00f8'], ['BRK', '\u00f3']] as const) {
    it(`${name} behind it does not change it`, async () => {
      const { scene, client, id, control } = await waitingLine();
      // AYT passes: it is answered, and shows that what stood before it was read.
      client.send(`${IAC}${command}${IAC}\u00f6`);
      const received = await scene.hostUntil((text) => text.endsWith(`${IAC}\u00f6`));
      assert.match(shown(received), /rm x<ff><f6>$/);
      assert.equal(await control('approve', `${id} proven anna`), 'approved');
      // What was an edit of the line behind it arrives behind it.
      const after = await scene.hostUntil((text) => text.includes('\r\0'));
      assert.match(shown(after), name === 'BRK' ? /<f6><0d><00>$/ : /<f6><0d><00>/);
      assert.deepEqual(scene.gateway.bugs, []);
      await scene.stop();
    });
  }

  it('IP gives it up, as ^C does', async () => {
    const { scene, client, id, control } = await waitingLine();
    client.send(`${IAC}\u00f4`);
    await client.until((text) => text.includes('given up by the user'));
    assert.equal(await control('approve', `${id} proven anna`), `nothing waits under ${id}`);
    assert.match(shown(await scene.hostUntil((text) => text.endsWith('\u0015'))), /rm x<15>$/);
    await scene.stop();
  });

  it('is given up when the client has finished sending, before the host is told of that', async () => {
    const { scene, client, id, control } = await waitingLine();
    scene.behaviour.staysOpen = true;
    client.end();
    await client.until((text) => text.includes('not approved: the user has left'));
    assert.equal(await control('approve', `${id} proven anna`), `nothing waits under ${id}`);
    assert.match(shown(await scene.hostUntil((text) => text.endsWith('\u0015'))), /rm x<15>$/);
    const record = await scene.gateway.record(({ reason }) => reason === 'refused: the user has left');
    assert.deepEqual([record.outcome, record.params], ['denied', 'rm x']);
    await scene.stop();
  });
});

it('a line that waits for its echo passes before the host is told that the client has finished sending', { timeout: 60_000 }, async () => {
  const scene = await startScene('commands: { rules: [], echoWait: 200ms }', undefined, `${WILL}${option.ECHO}> `);
  const client = scene.client();
  await client.until((text) => text.endsWith('> '));
  client.send(`${DO}${option.ECHO}`);
  await scene.hostUntil((text) => text.includes(`${DO}${option.ECHO}`));
  // Recalled from history: only the echo tells.
  client.send('\u001b[A\r\0').end();
  const socket = scene.host.connections[0]!;
  const ended = new Promise<string>((resolve) => { socket.once('end', () => { resolve(scene.host.received[0]!); }); });
  assert.match(shown(await ended), /<1b>\[A<0d><00>$/);
  await scene.stop();
});
