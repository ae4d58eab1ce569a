// The scripts of test/scenarios/ftp/attack-scripts.ts, and those that are about following FTP from outside.
import { attackScripts, type AttackScript, type Scene } from '../../scenarios/ftp/attack-scripts.ts';

const commas = (address: string, port: number): string => `${address.replaceAll('.', ',')},${port >> 8},${port & 255}`;

const blind: readonly AttackScript[] = [
  {
    name: 'PORT before a login, behind another command', source: 'the helper looks at no first line', loggedIn: false, hostile: true,
    aim: { from: 'server', to: 'client', port: 'port' },
    client: ({ client, port }: Scene) => [{ send: [], awaits: '220 ' }, { send: ['NOOP\r\n'], awaits: '\\d' }, { send: [`PORT ${commas(client, port)}\r\n`], awaits: '\\d' }],
    server: () => ({}), neverToServer: /PORT/,
  },
  {
    name: 'PORT in what ought to be TLS, behind AUTH TLS', source: 'a helper cannot know that the stream is TLS from here', loggedIn: false, hostile: true,
    aim: { from: 'server', to: 'client', port: 'port' },
    client: ({ client, port }: Scene) => [{ send: [], awaits: '220 ' }, { send: ['AUTH TLS\r\n'], awaits: '234 ' },
      { send: ['\x16\x03\x01\x02\x00\x01\r\n', `PORT ${commas(client, port)}\r\n`], awaits: '' }],
    server: () => ({}), neverToServer: /PORT/,
  },
  {
    name: '227 in what ought to be TLS, behind AUTH TLS', source: 'the same from the server', loggedIn: false, hostile: true, aim: { from: 'client', to: 'server', port: 'port' },
    client: () => [{ send: [], awaits: '220 ' }, { send: ['AUTH TLS\r\n'], awaits: '234 ' }],
    server: ({ server, port }: Scene) => ({ AUTH: ['234 go\r\n', '\x16\x03\x03\x00\x10\r\n', `227 Entering Passive Mode (${commas(server, port)}).\r\n`] }), neverToClient: /^227/m,
  },
];

export const allScripts: readonly AttackScript[] = [...attackScripts, ...blind];

/** The script as the server plays it: with a transfer that would begin, so that whoever was deceived goes on to connect. */
export function servedScript(name: string): AttackScript {
  const script = scriptNamed(name);
  return { ...script, server: (scene) => ({ PASV: [`227 Entering Passive Mode (${commas(scene.server, scene.port + 1)}).\r\n`], RETR: ['150 go\r\n'], ...script.server(scene) }) };
}

export function scriptNamed(name: string): AttackScript {
  const found = allScripts.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no script "${name}"`);
  return found;
}
