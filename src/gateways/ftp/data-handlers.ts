// PORT, EPRT, PASV, EPSV: how the client wants to be met, and how the gateway meets the server, each side for itself. A port
// is opened for the client only when the server's side was asked for and answered well; addresses other than the peers'
// own and ports of services are refused in both directions (RFC 2577 sections 3 and 8, RFC 6384 section 6, RFC 2428).
import { addressFamily } from '#core/network.ts';
import { eprtArgument, parse227, parse229, parseEprt, parsePort, portArgument, text227, text229, type HostAndPort } from '#codecs/ftp/index.ts';
import type { CommandRun } from './command-run.ts';
import { DataSetup } from './data-setup.ts';
import { DataSide } from './data-side.ts';
import type { FtpGateway } from './gateway.ts';
import { clientDataSecurity } from './tls.ts';

function isIpv6(gateway: FtpGateway): boolean {
  return addressFamily(gateway.port.client.local.address) === 6;
}

/** PORT and EPRT. */
export function handleActive(gateway: FtpGateway, run: CommandRun): void {
  const { service, state } = gateway;
  if (state.epsvAll) return gateway.refuse(run, 503, 'EPSV ALL was given.', 'ftp.epsv-all');
  if (!service.settings.clientData.active) return gateway.refuse(run, 502, 'Active data connections are not permitted.', 'ftp.active-off');
  const target = run.verb === 'PORT' ? parsePort(run.argument.trimEnd()) : parseEprt(run.argument.trimEnd());
  if (target === undefined) return gateway.refuse(run, 501, 'Syntax error in address.', 'ftp.address-syntax');
  const peer = gateway.port.client.peer.address;
  if (target === 'unsupported' || addressFamily(target.address) !== addressFamily(peer)) {
    return gateway.refuse(run, run.verb === 'EPRT' ? 522 : 501, `Network protocol not supported, use (${isIpv6(gateway) ? 2 : 1})`, 'ftp.address-family');
  }
  // RFC 2577 section 3: never to a third host, never to a service.
  if (target.address !== peer) return gateway.refuse(run, 500, 'The address is not yours.', 'ftp.bounce', `asked for ${target.address}, comes from ${peer}`);
  if (service.isDeniedPort(target.port)) return gateway.refuse(run, 500, 'The port is not permitted.', 'ftp.port-denied', `port ${target.port}`);
  const setup = new DataSetup(run.verb);
  setup.client = new DataSide('client', 'dial', setup);
  setup.client.target(target.address, target.port);
  state.replaceSetup(setup);
  gateway.finish(run, 200, [`${run.verb} command successful.`]);
}

/** PASV and EPSV. */
export function handlePassive(gateway: FtpGateway, run: CommandRun): void {
  const { service, state } = gateway;
  const { clientData } = service.settings;
  const six = isIpv6(gateway);
  const wanted = run.argument.trimEnd().toUpperCase();
  if (run.verb === 'EPSV' && wanted === 'ALL') {
    state.epsvAll = true;
    return gateway.finish(run, 200, ['EPSV ALL ok.']);
  }
  if (run.verb === 'PASV') {
    if (state.epsvAll) return gateway.refuse(run, 503, 'EPSV ALL was given.', 'ftp.epsv-all');
    if (six) return gateway.refuse(run, 425, 'Use EPSV.', 'ftp.address-family');
  } else if (wanted !== '' && wanted !== (six ? '2' : '1')) {
    return gateway.refuse(run, /^\d+$/.test(wanted) ? 522 : 501, `Network protocol not supported, use (${six ? 2 : 1})`, 'ftp.address-family');
  }
  if (!clientData.passive) return gateway.refuse(run, 502, 'Passive data connections are not permitted.', 'ftp.passive-off');
  const setup = new DataSetup(run.verb);
  state.replaceSetup(setup);
  prepareServer(gateway, run, setup, (refused) => {
    if (refused !== '') return gateway.refuse(run, 425, 'Cannot open data connection.', refused);
    listenForClient(gateway, run, setup);
  });
}

function listenForClient(gateway: FtpGateway, run: CommandRun, setup: DataSetup): void {
  const { clientData, timeouts } = gateway.service.settings;
  const { local, peer } = gateway.port.client;
  const side = new DataSide('client', 'listen', setup);
  setup.client = side;
  side.secureAtOnce(clientDataSecurity(gateway));
  setup.onFailed = (failed, reason) => {
    setup.onFailed = undefined;
    if (failed === side && !run.finished) gateway.refuse(run, 425, 'Cannot open data connection.', 'data-connection', reason);
  };
  side.listen(gateway.port, {
    purpose: 'ftp-data', side: 'client', address: local.address, ports: clientData.ports, peer: peer.address, ttlMs: timeouts.dataConnect, cause: `${run.verb} ${run.id}`,
  }, (lease) => {
    setup.onFailed = undefined;
    const address = clientData.address ?? local.address;
    gateway.finish(run, run.verb === 'PASV' ? 227 : 229, [run.verb === 'PASV' ? text227(address, lease.port) : text229(lease.port)]);
  });
}

/** Brings the server's half of a data connection to where a transfer can begin. `done` with '' or the rule that refused. */
export function prepareServer(gateway: FtpGateway, run: CommandRun, setup: DataSetup, done: (refused: string) => void): void {
  const { mode } = gateway.service.settings.serverData;
  const clientIsActive = setup.asked === 'PORT' || setup.asked === 'EPRT';
  const passive = mode === 'passive' || (mode === 'as-client' && !clientIsActive);
  gateway.withServer(run, () => {
    if (passive) askServerPassive(gateway, run, setup, done);
    else offerServerActive(gateway, run, setup, done);
  });
}

/** Servers without a port range of their own draw any port above 1023, now and then one that is denied: then they draw again. */
const maxPassiveDraws = 4;

function askServerPassive(gateway: FtpGateway, run: CommandRun, setup: DataSetup, done: (refused: string) => void, draw = 1): void {
  const link = gateway.server.link!;
  const six = addressFamily(link.peer.address) === 6;
  gateway.server.command(six ? 'EPSV' : 'PASV', '', (reply) => {
    run.note(reply);
    const wanted = six ? 229 : 227;
    const text = reply.lines.at(-1) ?? '';
    // The one-line answer to our own question, and nothing else, opens anything (VU#328867).
    const found: HostAndPort | undefined = reply.code !== wanted || reply.lines.length !== 1 ? undefined : six ? portOnly(link.peer.address, parse229(text)) : parse227(text);
    if (found === undefined) {
      run.reason = `the server does not open a data connection: ${reply.code}`;
      return done('ftp.no-passive');
    }
    const ignores = gateway.service.settings.serverData.passiveAddress === 'ignore';
    if (!ignores && found.address !== link.peer.address) {
      run.reason = `the server named ${found.address}, it is ${link.peer.address}`;
      return done('ftp.passive-address');
    }
    if (gateway.service.isDeniedPort(found.port)) {
      if (draw < maxPassiveDraws) return askServerPassive(gateway, run, setup, done, draw + 1);
      run.reason = `the server named port ${found.port}`;
      return done('ftp.port-denied');
    }
    setup.server = new DataSide('server', 'dial', setup);
    setup.server.target(link.peer.address, found.port);
    done('');
  });
}

function portOnly(address: string, port: number | undefined): HostAndPort | undefined {
  return port === undefined ? undefined : { address, port };
}

function offerServerActive(gateway: FtpGateway, run: CommandRun, setup: DataSetup, done: (refused: string) => void): void {
  const { clientData, timeouts } = gateway.service.settings;
  const { local, peer } = gateway.server.link!;
  const side = new DataSide('server', 'listen', setup);
  setup.server = side;
  let answered = false;
  setup.onFailed = (failed, reason) => {
    if (failed !== side || answered) return;
    answered = true;
    run.reason = reason;
    done('data-connection');
  };
  side.listen(gateway.port, {
    purpose: 'ftp-data', side: 'server', address: local.address, ports: clientData.ports, peer: peer.address, ttlMs: timeouts.dataConnect, cause: `${run.verb} ${run.id}`,
  }, (lease) => {
    const six = addressFamily(local.address) === 6;
    gateway.server.command(six ? 'EPRT' : 'PORT', six ? eprtArgument(local.address, lease.port) : portArgument(local.address, lease.port), (reply) => {
      run.note(reply);
      if (answered) return;
      answered = true;
      if (reply.code >= 200 && reply.code < 300) done('');
      else {
        run.reason = `the server refuses active data connections: ${reply.code}`;
        done('ftp.no-active');
      }
    });
  });
}
