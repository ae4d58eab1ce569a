// Still other implementations, of protocols that few captures of networks have: mail of Courier, Mailutils and Twisted,
// name servers, a BitTorrent daemon, SIP of baresip, a pool of PostgreSQL, and HTTP/2 servers that speak first.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificate, client, curlClient, program, write, type ClientPeer, type Pair, type Place } from './pair.ts';
import type { Needed } from './programs.ts';

const socat = program('socat');
const module = (name: string, path: string): Needed => ({ file: `usr/lib/python3/dist-packages/${path}`, package: name });
const python = (name: string, needed: Needed, source: string): ClientPeer => ({
  name, programs: [needed], command: (place) => ['/usr/bin/python3', '-c', source.replaceAll('PORT', `${place.port}`)],
});
const lines = (name: string, input: string): ClientPeer => ({
  name, programs: [socat], command: (place) => [place.path('socat'), '-t2', '-', `TCP:127.0.0.1:${place.port}`], input,
});
/** One program for each connection, on its standard input and output. */
const inetd = (protocol: string, name: string, needed: Needed, command: (place: Place) => string[], clients: readonly ClientPeer[]): Pair => ({
  protocol, quick: false, clients, server: { name, programs: [needed, socat], inetd: true, installed: true, command },
});
const daemon = (protocol: string, name: string, needed: readonly Needed[], command: (place: Place) => string[], clients: readonly ClientPeer[]): Pair => ({
  protocol, quick: false, clients, server: { name, programs: needed, command },
});

// Mail.

const poplib = python('poplib', program('python3'), "import poplib\np = poplib.POP3('127.0.0.1', PORT, timeout=4)\np.capa()\np.user('joe')\np.pass_('x')");
const imaplib = python('imaplib', program('python3'), "import imaplib\ni = imaplib.IMAP4('127.0.0.1', PORT, timeout=4)\ni.login('joe', 'x')");
const smtplib = python('smtplib', program('python3'),
  "import smtplib\ns = smtplib.SMTP('127.0.0.1', PORT, 'me.example', timeout=4)\ns.sendmail('a@example.test', ['b@example.test'], 'x')");
const popClients = [poplib, curlClient('pop3', ({ port }) => [`pop3://127.0.0.1:${port}/`, '-u', 'joe:x']), curlClient('pop3 with SASL', ({ port }) => [
  `pop3://127.0.0.1:${port}/`, '-u', 'joe:x', '--login-options', 'AUTH=LOGIN'])];
const imapClients = [imaplib, curlClient('imap', ({ port }) => [`imap://127.0.0.1:${port}/`, '-u', 'joe:x'])];
const smtpClients = [smtplib, client('esmtp', program('esmtp'), (place) => ['-C', write(place, 'esmtprc', `hostname = 127.0.0.1:${place.port}\nstarttls = disabled\n`), '-f',
  'a@example.test', 'b@example.test'], 'Subject: x\n\nx\n'),
curlClient('smtp', ({ port }) => [`smtp://127.0.0.1:${port}/me.example`, '--mail-from', 'a@example.test', '--mail-rcpt', 'b@example.test', '-T', '/etc/hostname'])];

/** Greets as it does behind its own acceptor, which says in the environment who has connected. */
const courier = (words: readonly string[]): string[] => ['/usr/bin/env', 'TCPREMOTEIP=127.0.0.1', 'TCPLOCALIP=127.0.0.1', 'IMAP_CAPABILITY=IMAP4rev1 UIDPLUS CHILDREN',
  'TLS_PROTOCOL=', ...words];
const mail: readonly Pair[] = [
  inetd('imap', 'courier-imap', program('usr/lib/courier/courier/imaplogin', 'courier-imap'), () => courier(['/usr/lib/courier/courier/imaplogin', '/usr/bin/false',
    'Maildir']), imapClients),
  inetd('pop3', 'courier-pop', program('usr/lib/courier/courier/courierpop3login', 'courier-pop'), () => courier(['/usr/lib/courier/courier/courierpop3login', '/usr/bin/false',
    'Maildir']), popClients),
  inetd('imap', 'mailutils-imap4d', program('usr/sbin/imap4d', 'mailutils-imap4d'), () => ['/usr/sbin/imap4d', '--inetd', '--no-config'], imapClients),
  inetd('pop3', 'mailutils-pop3d', program('usr/sbin/pop3d', 'mailutils-pop3d'), () => ['/usr/sbin/pop3d', '--inetd', '--no-config'], popClients),
];

const twistd = program('usr/bin/twistd3', 'python3-twisted');
/** Protocols of Twisted with nothing behind them. */
const twisted = (protocol: string, name: string, source: string, clients: readonly ClientPeer[]): Pair => daemon(protocol, `twisted ${name}`, [twistd],
  (place) => ['/usr/bin/python3', write(place, `${name}.py`,
    `${source}\nfrom twisted.internet import reactor\nreactor.listenTCP(${place.port}, f, interface='127.0.0.1')\nreactor.run()\n`)],
  clients);
const factory = 'from twisted.internet.protocol import Factory\nf = Factory()\n';
const ofTwisted: readonly Pair[] = [
  twisted('ftp', 'ftp', 'from twisted.protocols.ftp import FTPFactory\nfrom twisted.cred.portal import Portal\nfrom twisted.protocols.ftp import FTPRealm\n'
    + "from twisted.cred.checkers import AllowAnonymousAccess\nf = FTPFactory(Portal(FTPRealm('/nowhere'), [AllowAnonymousAccess()]))", [
    curlClient('ftp', ({ port }) => [`ftp://127.0.0.1:${port}/`]), client('ftp of inetutils', program('inetutils-ftp'), ({ port }) => ['-n', '127.0.0.1', `${port}`],
      'user anonymous x\nls\nquit\n')]),
  twisted('smtp', 'smtp', 'from twisted.mail.smtp import SMTPFactory\nf = SMTPFactory()', smtpClients),
  twisted('pop3', 'pop3', `${factory}from twisted.mail.pop3 import POP3\nf.protocol = POP3\nf.challengers = {}`, popClients),
  twisted('imap', 'imap4', `${factory}from twisted.mail.imap4 import IMAP4Server\nf.protocol = IMAP4Server`, imapClients),
  twisted('socks', 'socks', 'from twisted.protocols.socks import SOCKSv4Factory\nf = SOCKSv4Factory(None)', [curlClient('--socks4', ({ port }) => ['--socks4', `127.0.0.1:${port}`,
    'http://127.0.0.1:9/'])]),
  twisted('telnet', 'telnet', `${factory}from twisted.conch.telnet import TelnetTransport, AuthenticatingTelnetProtocol, TelnetBootstrapProtocol, TelnetProtocol\n`
    + 'f.protocol = lambda: TelnetTransport(TelnetBootstrapProtocol, TelnetProtocol)', [python('telnetlib', program('python3'),
    "import telnetlib\nt = telnetlib.Telnet('127.0.0.1', PORT, 3)\nt.read_until(b'x', 1)")]),
];

// Name servers.

const dig = (name: string, ...words: string[]): ClientPeer => client(`dig ${name}`, program('dig', 'bind9-dnsutils'), ({ port }) => ['+tcp', '+time=2', '+tries=1', '-p', `${port}`,
  '@127.0.0.1', ...words]);
const dnsClients = [dig('SOA', 'example.', 'SOA'), dig('AXFR', 'example.', 'AXFR'), dig('with EDNS off', '+noedns', 'a.example.', 'ANY'), dig('NOTIFY', '+opcode=notify',
  'example.', 'SOA'),
  dig('of a long name', `${'a'.repeat(60)}.${'b'.repeat(60)}.example.`, 'TXT'), client('nsupdate', program('nsupdate', 'bind9-dnsutils'), (place) => ['-v', '-t', '2', write(place,
    'update', `server 127.0.0.1 ${place.port}\nzone example\nupdate add x.example 60 A 192.0.2.1\nsend\n`)]),
  client('delv', program('delv', 'bind9-dnsutils'), ({ port }) => ['+tcp', '-p', `${port}`, '@127.0.0.1', 'a.example', 'A'])];
const zone = (place: Place): string => write(place, 'example.zone',
  '$TTL 60\n@ IN SOA ns.example. x.example. 1 60 60 60 60\n@ IN NS ns.example.\nns IN A 192.0.2.1\na IN TXT "x"\n');
const names: readonly Pair[] = [
  daemon('dns', 'bind', [program('usr/sbin/named', 'bind9')], (place) => [place.path('usr/sbin/named'), '-f', '-c', write(place, 'named.conf',
    `options { directory "${place.directory}"; listen-on port ${place.port} { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; pid-file none; session-keyfile none;\n`
    + `allow-transfer { any; }; dnssec-validation no; };\ncontrols { };\nzone "example" { type primary; file "${zone(place)}"; allow-update { any; }; };\n`)], dnsClients),
  daemon('dns', 'nsd', [program('usr/sbin/nsd', 'nsd')], (place) => [place.path('usr/sbin/nsd'), '-d', '-c', write(place, 'nsd.conf',
    `server:\n ip-address: 127.0.0.1@${place.port}\n username: ""\n chroot: ""\n database: ""\n pidfile: ""\n zonesdir: "${place.directory}"\n`
    + ` xfrdfile: ""\n zonelistfile: "${place.directory}/l"\n`
    + ` xfrdir: "${place.directory}"\nremote-control:\n control-enable: no\nzone:\n name: example\n zonefile: ${zone(place)}\n provide-xfr: 0.0.0.0/0 NOKEY\n`)], dnsClients),
];

// BitTorrent daemons: another client connects to them.

const handshake = python('handshake', program('python3'), "import socket\ns = socket.create_connection(('127.0.0.1', PORT), 3)\n"
  + "s.sendall(b'\\x13BitTorrent protocol' + bytes(8) + bytes(20) + b'-XX0001-' + bytes(12))\ns.settimeout(1)\ns.recv(100)");
const torrents: readonly Pair[] = [
  daemon('bittorrent', 'transmission-daemon', [program('transmission-daemon')], (place) => [place.path('transmission-daemon'), '-f',
    '-g', place.directory, '-P', `${place.port}`, '-i',
    '127.0.0.1', '-et', '-O', '-y', '-p', `${place.port + 1}`], [handshake]),
];

const silent = (protocol: string, clients: readonly ClientPeer[]): Pair => ({
  protocol, quick: false, clients,
  server: { name: 'nobody', programs: [socat], command: (place) => [place.path('socat'), '-u', `TCP-LISTEN:${place.port},bind=127.0.0.1,reuseaddr,fork`, 'OPEN:/dev/null'] },
});
const sip: readonly Pair[] = [
  silent('sip', [
    client('baresip', program('baresip', 'baresip-core'), (place) => {
      const directory = join(place.directory, `${place.port}`);
      mkdirSync(directory);
      writeFileSync(join(directory, 'accounts'), `<sip:joe@127.0.0.1:${place.port};transport=tcp>;auth_pass=x;regint=60\n`);
      writeFileSync(join(directory, 'config'), `module_path ${place.path('baresip').replace('/usr/bin/baresip', '')}/usr/lib/baresip/modules\nmodule_app account.so\n`);
      return ['-f', directory, '-t', '3'];
    })]),
];

// HTTP/2 whose server speaks first, a database behind a pool, a screen, TLS of another kind.

const others: readonly Pair[] = [
  daemon('http', 'nghttpd', [program('nghttpd', 'nghttp2-server')], (place) => [place.path('nghttpd'), '--no-tls', '-a', '127.0.0.1', `${place.port}`], [
    client('nghttp', program('nghttp', 'nghttp2-client'), ({ port }) => [`http://127.0.0.1:${port}/`]),
    client('nghttp by upgrade', program('nghttp', 'nghttp2-client'), ({ port }) => ['-u', `http://127.0.0.1:${port}/`]),
    client('h2load', program('h2load', 'nghttp2-client'), ({ port }) => ['-n', '1', `http://127.0.0.1:${port}/`])]),
  daemon('http', 'a server of gRPC', [module('python3-grpcio', 'grpc/__init__.py')], (place) => ['/usr/bin/python3', '-c',
    `import grpc, concurrent.futures as c\ns = grpc.server(c.ThreadPoolExecutor(1))\ns.add_insecure_port('127.0.0.1:${place.port}')\ns.start()\ns.wait_for_termination()`], [
    python('a client of gRPC', module('python3-grpcio', 'grpc/__init__.py'), "import grpc\nc = grpc.insecure_channel('127.0.0.1:PORT')\nc.unary_unary('/a.B/C')(b'x', timeout=3)"),
    lines('nothing', '')]),
  daemon('rfb', 'Xtigervnc', [program('Xtigervnc', 'tigervnc-standalone-server')], (place) => [place.path('Xtigervnc'), `:${place.port}`, '-rfbport', `${place.port}`,
    '-localhost', '-SecurityTypes', 'None', '-nolisten', 'tcp'], [lines('lines: RFB', 'RFB 003.008\n')]),
  daemon('postgres', 'pgbouncer', [program('usr/sbin/pgbouncer', 'pgbouncer')], (place) => ['/usr/bin/setpriv', '--reuid=nobody', '--clear-groups',
    place.path('usr/sbin/pgbouncer'), write(place, 'pgbouncer.ini',
      `[databases]\n* = host=127.0.0.1\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${place.port}\nauth_type = any\nunix_socket_dir =\n`)], [
    client('psql', program('usr/lib/postgresql/15/bin/psql', 'postgresql-client-15'), ({ port }) => [
      `host=127.0.0.1 port=${port} user=joe dbname=postgres connect_timeout=3`, '-c', 'select 1'])]),
  daemon('tls', 'stunnel', [program('stunnel4', 'stunnel4')], (place) => {
    const { key, certificate: crt } = certificate(place);
    return [place.path('stunnel4'), write(place, 'stunnel.conf',
      `foreground = yes\npid =\n[a]\naccept = 127.0.0.1:${place.port}\nconnect = 127.0.0.1:9\ncert = ${crt}\nkey = ${key}\n`)];
  }, [curlClient('https', ({ port }) => [`https://127.0.0.1:${port}/`]), python('python ssl', program('python3'),
    "import ssl, socket\nc = ssl._create_unverified_context()\nc.wrap_socket(socket.create_connection(('127.0.0.1', PORT), 3))")]),
];

export const thirdPairs: readonly Pair[] = [...mail, ...ofTwisted, ...names, ...torrents, ...sip, ...others];
