// The line protocol for the compliance suite.
import type { ComplianceDriver, ComplianceServer, LimitTest } from '../../compliance/driver.ts';
import { startRawServer } from '../../harness/raw.ts';

async function startLineServer(): Promise<ComplianceServer> {
  let mute = false;
  const server = await startRawServer((socket, _index, received) => {
    let at = 0;
    socket.on('data', () => {
      for (let end = received().indexOf('\r\n', at); end >= 0; end = received().indexOf('\r\n', at)) {
        const line = received().slice(at, end);
        at = end + 2;
        if (!mute && !line.endsWith('held')) socket.write(`OK ${line}\r\n`);
      }
    });
    socket.on('end', () => { socket.end(); });
  });
  return { port: server.port, received: () => server.received.join(''), sockets: () => server.connections, mute: (on) => { mute = on; }, close: server.close };
}

const time = (name: string, part: string, reply: RegExp): LimitTest => ({ time: { set: `    timeouts: { ${name}: 7s }`, ms: 7000, steps: 1, part, mute: true, reply } });

export const lineDriver: ComplianceDriver = {
  protocol: 'line',
  service: '    pool: servers',
  startServer: startLineServer,
  steps: [
    { name: 'TOKEN', send: 'TOKEN top-secret-1\r\n', expect: /^OK TOKEN top-secret-1\r\n$/ },
    { name: 'SET', send: 'SET b\r\n', expect: /^OK SET b\r\n$/ },
  ],
  user: '', secret: 'top-secret-1',
  stream: { before: 'TOKEN top-secret-1\r\n', after: 'SET b\r\n', done: /OK SET b\r\n$/, operations: ['TOKEN /***', 'SET /b'] },
  forbidden: { rule: '{ verbs: [DROP] }', bytes: 'DROP table\r\n', reply: /ERR denied\r\n/, verb: 'DROP', path: '/table' },
  denied: { reply: /^ERR denied\r\n$/, outcome: 'denied', rule: 'default', verb: 'TOKEN' },
  unit: { condition: '{ verbs: [LOOKUP] }', steps: 0, bytes: 'LOOKUP unit\r\n', verb: 'LOOKUP', ok: /^OK LOOKUP unit\r\n$/, limited: /^ERR busy\r\n$/,
      held: 'LOOKUP held\r\n', denied: /^ERR denied\r\n$/ },
  places: [{ name: 'answered', condition: '{ verbs: [LOOKUP] }', steps: 0, bytes: 'LOOKUP unit\r\n', over: /^OK LOOKUP unit\r\n$/ }],
  unread: { steps: 0, pieces: ['LOOKUP held\r\n', 'LOOKUP ahead\r\n'] },
  faults: {
    refused: { reply: /^ERR unavailable\r\n$/, outcome: 'failed', verb: 'TOKEN' }, reset: { reply: /^ERR unavailable\r\n$/, outcome: 'failed', verb: 'TOKEN' },
    garbage: { reply: /^ERR unavailable\r\n$/, outcome: 'failed', verb: 'TOKEN' }, silent: { reply: /^ERR unavailable\r\n$/, outcome: 'failed', verb: 'TOKEN' },
  },
  neverReached: ['client drained', 'client relayed', 'server drained', 'server relayed'],
  content: { because: 'lines have no content' },
  limits: {
    'limits.maxLineBytes': {
      size: { set: '    limits: { maxLineBytes: 12 }', within: 'SET 12345678\r\n', taken: /SET 12345678\r\n/, beyond: 'SET BEYOND789\r\n',
      refused: /^ERR syntax\r\n$/, canary: 'BEYOND' },
    },
    'timeouts.idle': time('idle', 'SET', /^$/),
    'timeouts.reply': time('reply', 'SET x\r\n', /^ERR unavailable\r\n$/),
  },
};
