// Further pairs of real peers: BitTorrent and RDP, other implementations of the protocols in pairs.ts, unusual requests, and
// protocols that are none of those told apart.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { client, curlClient, openssl, program, write, type ClientPeer, type Pair, type Place } from './pair.ts';
import type { Needed } from './programs.ts';

const python = (name: string, needed: Needed, source: string): ClientPeer => ({
  name, programs: [needed], command: (place) => ['/usr/bin/python3', '-c', source.replaceAll('PORT', `${place.port}`).replaceAll('DIRECTORY', place.directory)],
});
const module = (name: string, path: string): Needed => ({ file: `usr/lib/python3/dist-packages/${path}`, package: name });
const socat = program('socat');
const lines = (name: string, input: string): ClientPeer => ({ name, programs: [socat], command: (place) => [place.path('socat'), '-t2', '-', `TCP:127.0.0.1:${place.port}`],
  input });
const silent = (protocol: string, clients: readonly ClientPeer[]): Pair => ({
  protocol, quick: false, clients,
  server: { name: 'silence', programs: [socat], command: (place) => [place.path('socat'), '-u', `TCP-LISTEN:${place.port},bind=127.0.0.1,reuseaddr,fork`, 'OPEN:/dev/null'] },
});

// BitTorrent: a torrent of one file, a tracker that knows one peer, and clients that are told of it.

const torrent = `
import hashlib, http.server, threading
piece = hashlib.sha1(b'x' * 16384).digest()
def bencode(v):
    if isinstance(v, int): return b'i%de' % v
    if isinstance(v, str): v = v.encode()
    if isinstance(v, bytes): return b'%d:%s' % (len(v), v)
    return b'd' + b''.join(bencode(k) + bencode(v[k]) for k in sorted(v)) + b'e'
def torrent(port): return bencode({'announce': 'http://127.0.0.1:%d/announce' % port, 'info': {'length': 16384, 'name': 'a', 'piece length': 16384, 'pieces': piece}})
class Tracker(http.server.BaseHTTPRequestHandler):
    peer = 0
    def log_message(self, *a): pass
    def do_GET(self):
        body = bencode({'interval': 1800, 'peers': bytes([127, 0, 0, 1]) + Tracker.peer.to_bytes(2, 'big') if Tracker.peer else b''})
        self.send_response(200); self.send_header('Content-Length', str(len(body))); self.end_headers(); self.wfile.write(body)
def tracker(peer):
    Tracker.peer = peer
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Tracker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]
`;
/** A client of BitTorrent that a script starts in a directory with \`a.torrent\`. */
const peer = (seeds: boolean, place: Place, words: readonly string[]): string[] => {
  const directory = join(place.directory, `${seeds ? 'seed' : 'leech'}-${words[0]!.split('/').at(-1)!}-${place.port}`);
  mkdirSync(directory, { recursive: true });
  if (seeds) writeFileSync(join(directory, 'a'), 'x'.repeat(16_384));
  const script = write(place, `torrent-${place.port}.py`,
    `${torrent}\nimport ctypes, subprocess, sys\nopen(sys.argv[1] + '/a.torrent', 'wb').write(torrent(tracker(${seeds ? 0 : place.port})))\n`
    + `subprocess.run(sys.argv[2:], cwd=sys.argv[1], preexec_fn=lambda: ctypes.CDLL(None).prctl(1, 9))\n`);
  return ['/usr/bin/python3', script, directory, ...words];
};
const aria2 = program('aria2c', 'aria2');
const aria2Words = (place: Place, port: number, crypto: readonly string[]): string[] => [place.path('aria2c'), '--no-conf', '--enable-dht=false', '--enable-dht6=false',
  '--bt-enable-lpd=false',
  '--enable-peer-exchange=false', `--listen-port=${port}`, '--check-integrity=true', '--seed-ratio=0.0', '--bt-hash-check-seed=true', '--interface=127.0.0.1', ...crypto,
    'a.torrent'];
const libtorrent = module('python3-libtorrent', 'libtorrent.cpython-311-x86_64-linux-gnu.so');
const withLibtorrent = (name: string, policy: string): ClientPeer => python(name, libtorrent, `${torrent}
import libtorrent as lt, time
s = lt.session({'listen_interfaces': '127.0.0.1:0', 'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False,
  'allow_multiple_connections_per_ip': True,
  'enable_outgoing_utp': False, 'enable_incoming_utp': False, ${policy}})
h = s.add_torrent({'ti': lt.torrent_info(lt.bdecode(torrent(1))), 'save_path': 'DIRECTORY/' + str(time.time())})
for i in range(20):
    h.connect_peer(('127.0.0.1', PORT)); time.sleep(0.2)
`);
const bittorrent: Pair = {
  protocol: 'bittorrent', quick: false,
  server: { name: 'aria2', programs: [aria2], command: (place) => peer(true, place, aria2Words(place, place.port, [])) },
  clients: [
    withLibtorrent('libtorrent', "'out_enc_policy': 2, 'in_enc_policy': 2"),
  ],
};
/** Message stream encryption has no fixed head: nothing can know it. */
const obfuscated: Pair = {
  ...bittorrent, protocol: '',
  clients: [withLibtorrent('libtorrent encrypted', "'out_enc_policy': 0, 'allowed_enc_level': 2"),
    { name: 'aria2 encrypted', programs: [aria2], command: (place) => peer(false, place, aria2Words(place, place.port + 1, ['--bt-force-encryption=true'])) }],
};

// Remote desktop. Clients want a display.

/** The server of the display wants its keyboard's files at their places. */
const inPlace = (xvfb: string): string[] => xvfb.startsWith('/usr/') ? [] : ['unshare', '-m', 'sh', '-c',
  `mount -t overlay overlay -o lowerdir=${xvfb.replace('/usr/bin/Xvfb', '/usr')}:/usr /usr && exec "$@"`, 'sh'];
const display = (place: Place, words: readonly string[]): string[] => [...inPlace(place.path('Xvfb')), '/usr/bin/python3', '-c',
  "import ctypes, subprocess, sys, os\nends = lambda: ctypes.CDLL(None).prctl(1, 9)\nr, w = os.pipe()\n"
  + "x = subprocess.Popen([sys.argv[1], '-displayfd', str(w), '-nolisten', 'tcp', '-screen', '0', '640x480x24'], pass_fds=[w], stderr=subprocess.DEVNULL, preexec_fn=ends)\n"
  + "d = os.read(r, 16).decode().strip()\ntry: subprocess.run(sys.argv[2:], env={**os.environ, 'DISPLAY': ':' + d}, timeout=4, preexec_fn=ends)\n"
    + "except subprocess.TimeoutExpired: pass\nfinally: x.terminate()",
  place.path('Xvfb'), ...words];
const xvfb = program('Xvfb', 'xvfb');
const rdpClient = (name: string, needed: Needed, words: (place: Place) => string[]): ClientPeer => ({
  name, programs: [needed, xvfb], command: (place) => display(place, [place.path(needed.file), ...words(place)]),
});
const freerdp = program('xfreerdp', 'freerdp2-x11');
const rdp: Pair = {
  protocol: 'rdp', quick: false,
  server: {
    name: 'xrdp', programs: [program('usr/sbin/xrdp', 'xrdp'), program('xrdp-keygen', 'xrdp')], installed: true,
    command: (place) => ['/bin/sh', '-c',
      `cp -r /etc/xrdp ${place.directory}/etc && xrdp-keygen xrdp ${place.directory}/etc/rsakeys.ini && mount --bind ${place.directory}/etc /etc/xrdp && exec `
        + `/usr/sbin/xrdp "$@"`, 'sh', '--nodaemon', '--port', `${place.port}`, '--config', write(place, 'xrdp.ini',
      `[Globals]\nini_version=1\nport=tcp://127.0.0.1:${place.port}\nsecurity_layer=rdp\ncrypt_level=low\n[Logging]\nLogFile=${place.directory}/log\nLogLevel=INFO\n`
      + '[Xorg]\nname=Xorg\nlib=libxup.so\nip=127.0.0.1\nport=-1\ncode=20\n')],
  },
  clients: [
    ...['rdp', 'tls', 'nla'].map((security) => rdpClient(`xfreerdp /sec:${security}`, freerdp, ({ port }) => [`/v:127.0.0.1:${port}`, `/sec:${security}`, '/u:joe', '/p:x',
      '/cert:ignore'])),
    rdpClient('xfreerdp with a routing token', freerdp, ({ port }) => [`/v:127.0.0.1:${port}`, '/load-balance-info:Cookie: msts=3640205228.15629.0000', '/u:joe', '/p:x',
      '/cert:ignore']),
    rdpClient('rdesktop', program('rdesktop'), ({ port }) => ['-u', 'joe', '-p', 'x', `127.0.0.1:${port}`]),
  ],
};

// Mail by other programs.

const msmtp = client('msmtp', program('msmtp'), ({ port }) => ['--host=127.0.0.1', `--port=${port}`, '--from=a@example.test', 'b@example.test'], 'Subject: x\n\nx\n');
const smtplib = python('smtplib', program('python3'),
  "import smtplib\ns = smtplib.SMTP('127.0.0.1', PORT, 'me.example', timeout=4)\ns.sendmail('a@example.test', ['b@example.test'], 'x')");
const postfix: Pair = {
  protocol: 'smtp', quick: false,
  server: {
    name: 'postfix', users: ['postfix', 'postdrop'], installed: true, inetd: true, programs: [program('usr/sbin/postconf', 'postfix'), socat],
    command: (place) => {
      const directory = join(place.directory, 'postfix');
      mkdirSync(directory);
      writeFileSync(join(directory, 'main.cf'), `queue_directory=${place.directory}/q\ndata_directory=${place.directory}/d\nmyhostname=mx.example.test\ncompatibility_level=3.6\n`
        + 'mydestination=example.test\nlocal_recipient_maps=\nsmtpd_banner=$myhostname ESMTP $mail_name (Debian)\nmail_owner=postfix\nsetgid_group=postdrop\n');
      writeFileSync(join(directory, 'master.cf'), '');
      for (const name of ['q', 'd', 'q/pid', 'q/maildrop', 'q/public', 'q/private', 'q/incoming']) mkdirSync(join(place.directory, name), { recursive: true, mode: 0o777 });
      return ['/usr/bin/env', `MAIL_CONFIG=${directory}`, '/usr/sbin/sendmail', '-bs'];
    },
  },
  clients: [msmtp, smtplib, lines('lines: pipelined', 'EHLO a.example\r\nMAIL FROM:<a@example.test>\r\nRCPT TO:<b@example.test>\r\nQUIT\r\n')],
};
const aiosmtpd: Pair = {
  protocol: 'smtp', quick: false,
  server: { name: 'aiosmtpd', programs: [module('python3-aiosmtpd', 'aiosmtpd/__init__.py')], command: (place) => ['/usr/bin/python3', '-m', 'aiosmtpd', '-n', '-l',
    `127.0.0.1:${place.port}`] },
  clients: [msmtp, smtplib],
};
const perdition = (protocol: 'imap' | 'pop3', clients: readonly ClientPeer[]): Pair => ({
  protocol, quick: false, clients,
  server: { name: `perdition ${protocol}`, programs: [program('usr/sbin/perdition', 'perdition')], command: (place) => [place.path('usr/sbin/perdition'), '--no_daemon',
    '--config_file', '/dev/null',
    '--protocol', protocol === 'imap' ? 'IMAP4' : 'POP3', '--listen_port', `${place.port}`, '--bind_address', '127.0.0.1', '--outgoing_server', '127.0.0.1:9',
      '--map_library', '', '--username', 'nobody',
    '--group', 'nogroup', '--pid_file', `${place.directory}/pid`] },
});
const popa3d: Pair = {
  protocol: 'pop3', quick: false, clients: [],
  server: { name: 'popa3d', users: ['popa3d'], installed: true, inetd: true, programs: [program('usr/sbin/popa3d', 'popa3d'), socat], command: () => ['/usr/sbin/popa3d'] },
};
const imaplib = python('imaplib', program('python3'), "import imaplib\ni = imaplib.IMAP4('127.0.0.1', PORT, timeout=4)\ni.login('joe', 'x')");
const poplib = python('poplib', program('python3'), "import poplib\np = poplib.POP3('127.0.0.1', PORT, timeout=4)\np.capa()\np.user('joe')\np.pass_('x')");
const mbsync: ClientPeer = {
  name: 'mbsync', programs: [program('mbsync', 'isync')], command: (place) => [place.path('mbsync'), '-c', write(place, 'mbsyncrc',
    `IMAPStore a\nHost 127.0.0.1\nPort ${place.port}\nUser joe\nPass x\nSSLType None\nAuthMechs LOGIN\nMaildirStore b\nPath ${place.directory}/\n`
      + `Inbox ${place.directory}/inbox\nChannel c\nFar :a:\nNear :b:\n`), 'c'],
};
const mpop = client('mpop', program('mpop'), (place) => ['--host=127.0.0.1', `--port=${place.port}`, '--user=joe', '--passwordeval=echo x', '--auth=user',
  '--delivery=mbox,/dev/null']);

// HTTP of other clients and servers.

const httpServer: Pair = {
  protocol: 'http', quick: false,
  server: { name: 'lighttpd', programs: [program('usr/sbin/lighttpd', 'lighttpd')], command: (place) => [place.path('usr/sbin/lighttpd'), '-D', '-f', write(place, 'lighttpd.conf',
    `server.document-root = "${place.directory}"\nserver.port = ${place.port}\nserver.bind = "127.0.0.1"\n`), '-m',
  place.path('usr/sbin/lighttpd').replace('usr/sbin/lighttpd', 'usr/lib/lighttpd')] },
  clients: [
    client('lynx', program('lynx'), ({ port }) => ['-dump', `http://127.0.0.1:${port}/`]), client('w3m', program('w3m'), ({ port }) => ['-dump', `http://127.0.0.1:${port}/`]),
    client('cadaver', program('cadaver'), ({ port }) => [`http://127.0.0.1:${port}/dav/`], 'ls\nquit\n'),
    client('svn', program('svn', 'subversion'), ({ port }) => ['ls', '--non-interactive', `http://127.0.0.1:${port}/svn`]),
    client('git', program('git'), ({ port }) => ['ls-remote', `http://127.0.0.1:${port}/x.git`]),
    client('ipptool', program('ipptool', 'cups-ipp-utils'), (place) => ['-T', '3', `ipp://127.0.0.1:${place.port}/ipp/print`, write(place, 'ipp.test',
      '{\nOPERATION Get-Printer-Attributes\nGROUP operation-attributes-tag\nATTR charset attributes-charset utf-8\nATTR language attributes-natural-language en\n'
      + 'ATTR uri printer-uri $uri\n}\n')]),
    client('ab', program('ab', 'apache2-utils'), ({ port }) => ['-n', '1', '-s', '3', `http://127.0.0.1:${port}/`]),
    curlClient('chunked POST', ({ port }) => ['-H', 'Transfer-Encoding: chunked', '-d', 'a=b', `http://127.0.0.1:${port}/`]),
    curlClient('h2c by upgrade', ({ port }) => ['--http2', `http://127.0.0.1:${port}/`]),
    curlClient('NOTIFY', ({ port }) => ['-X', 'NOTIFY', '-H', 'NT: upnp:event', `http://127.0.0.1:${port}/evt`]),
    curlClient('a long path', ({ port }) => [`http://127.0.0.1:${port}/${'a'.repeat(3000)}`]),
    lines('lines: HTTP/1.0 and no head', 'GET / HTTP/1.0\r\n\r\n'),
  ],
};
const oldHttp: Pair = {
  protocol: 'http', quick: false,
  server: { name: 'python http.server', programs: [program('python3')], command: (place) => ['/usr/bin/python3', '-m', 'http.server', '--bind', '127.0.0.1', '-d',
    place.directory, `${place.port}`] },
  clients: [lines('lines: HTTP/0.9', 'GET /\r\n'), curlClient('http/0.9 allowed', ({ port }) => ['--http0.9', `http://127.0.0.1:${port}/`])],
};

// TLS of other libraries, old and odd hellos.

const gnutls: Pair = {
  protocol: 'tls', quick: false,
  server: { name: 'gnutls-serv', programs: [program('gnutls-serv', 'gnutls-bin')], command: (place) => [place.path('gnutls-serv'), '-p', `${place.port}`, '--quiet', '--echo',
    '--priority', 'NORMAL:+ANON-ECDH:+ANON-DH', '--noticket'] },
  clients: [
    client('gnutls-cli', program('gnutls-cli', 'gnutls-bin'), ({ port }) => ['--insecure', '-p', `${port}`, '127.0.0.1'], ''),
    client('sslscan', program('sslscan'), ({ port }) => ['--no-colour', `127.0.0.1:${port}`]),
    client('openssl s_client -tls1_1', openssl, ({ port }) => ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'], ''),
    client('openssl s_client with many names', openssl, ({ port }) => ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', `${'a.'.repeat(100)}example`, '-alpn',
      'h2,http/1.1'], ''),
    client('openssl s_client, small records', openssl, ({ port }) => ['s_client', '-connect', `127.0.0.1:${port}`, '-max_send_frag', '512'], ''),
  ],
};

// DNS over TCP.

const dnsmasq: Pair = {
  protocol: 'dns', quick: false,
  server: { name: 'dnsmasq', programs: [program('usr/sbin/dnsmasq', 'dnsmasq-base')], command: (place) => [place.path('usr/sbin/dnsmasq'), '-k', '-C', '/dev/null', '-p',
    `${place.port}`,
    '--listen-address=127.0.0.1', '--bind-interfaces', '--no-resolv', '--no-hosts', '--address=/a.example/192.0.2.1', '--user=root', '--pid-file='] },
  clients: [
    client('dig +keepopen, two questions', program('dig', 'bind9-dnsutils'), ({ port }) => ['+tcp', '+keepopen', '+time=2', '+tries=1', '-p', `${port}`, '@127.0.0.1',
      'a.example', 'A', 'a.example', 'AAAA']),
    client('dig +dnssec +cookie', program('dig', 'bind9-dnsutils'), ({ port }) => ['+tcp', '+dnssec', '+nsid', '+subnet=192.0.2.0/24', '+time=2', '+tries=1', '-p',
      `${port}`, '@127.0.0.1', 'a.example', 'HTTPS']),
    client('dig IXFR', program('dig', 'bind9-dnsutils'), ({ port }) => ['+tcp', '+time=2', '+tries=1', '-p', `${port}`, '@127.0.0.1', 'example', 'IXFR=7']),
    client('dig +noedns CH TXT', program('dig', 'bind9-dnsutils'), ({ port }) => ['+tcp', '+noedns', '+time=2', '+tries=1', '-p', `${port}`, '@127.0.0.1', 'version.bind',
      'CH', 'TXT']),
    client('dig of the root', program('dig', 'bind9-dnsutils'), ({ port }) => ['+tcp', '+noedns', '+time=2', '+tries=1', '-p', `${port}`, '@127.0.0.1', '.', 'NS']),
  ],
};

// Databases.

const pgClients = [
  client('pg_isready', program('usr/lib/postgresql/15/bin/pg_isready', 'postgresql-client-15'), ({ port }) => ['-h', '127.0.0.1', '-p', `${port}`]),
  client('pg_basebackup', program('usr/lib/postgresql/15/bin/pg_basebackup', 'postgresql-client-15'), ({ port, directory }) => ['-h', '127.0.0.1', '-p', `${port}`, '-U',
    'joe', '-D', `${directory}/b`, '-w']),
  python('psycopg2', module('python3-psycopg2', 'psycopg2/__init__.py'),
    "import psycopg2\npsycopg2.connect('host=127.0.0.1 port=PORT user=joe sslmode=disable connect_timeout=3')"),
  python('pg8000', module('python3-pg8000', 'pg8000/__init__.py'), "import pg8000\npg8000.connect(user='joe', host='127.0.0.1', port=PORT, timeout=3)"),
];

// SOCKS, MQTT, SSH, SIP, RTSP of others.

const socksClients = [
  client('ncat socks4', program('ncat'), ({ port }) => ['--proxy', `127.0.0.1:${port}`, '--proxy-type', 'socks4', '127.0.0.1', '9'], ''),
  client('ncat socks5 with a login', program('ncat'), ({ port }) => ['--proxy', `127.0.0.1:${port}`, '--proxy-type', 'socks5', '--proxy-auth', 'joe:x', '127.0.0.1', '9'], ''),
  client('socat socks4a', socat, ({ port }) => ['-', `SOCKS4A:127.0.0.1:a.example:80,socksport=${port},socksuser=joe`], ''),
  python('PySocks', module('python3-socks', 'socks.py'),
    "import socks\ns = socks.socksocket()\ns.settimeout(3)\ns.set_proxy(socks.SOCKS5, '127.0.0.1', PORT)\ns.connect(('127.0.0.1', 9))"),
];
const ssh: Pair = {
  protocol: 'ssh', quick: false,
  server: { name: 'tinysshd', programs: [program('usr/sbin/tinysshd', 'tinysshd'), program('usr/sbin/tinysshd-makekey', 'tinysshd'), socat], inetd: true, command: (place) => {
    return ['/bin/sh', '-c', `test -d ${place.directory}/k || ${place.path('usr/sbin/tinysshd-makekey')} -q ${place.directory}/k; exec `
      + `${place.path('usr/sbin/tinysshd')} ${place.directory}/k`];
  } },
  clients: [
    python('paramiko', module('python3-paramiko', 'paramiko/__init__.py'), "import paramiko\nt = paramiko.Transport(('127.0.0.1', PORT))\nt.start_client(timeout=3)"),
    python('asyncssh', module('python3-asyncssh', 'asyncssh/__init__.py'),
      "import asyncio, asyncssh\nasyncio.run(asyncio.wait_for(asyncssh.connect('127.0.0.1', PORT, known_hosts=None, username='x'), 3))"),
    curlClient('sftp', ({ port }) => [`sftp://joe:x@127.0.0.1:${port}/`]), client('ssh-keyscan', program('ssh-keyscan', 'openssh-client'), ({ port }) => ['-T', '3', '-p',
      `${port}`, '127.0.0.1']),
    client('psftp', program('psftp', 'putty-tools'), ({ port }) => ['-batch', '-P', `${port}`, 'joe@127.0.0.1']),
    client('ssh1', program('ssh1', 'openssh-client-ssh1'), ({ port }) => ['-1', '-p', `${port}`, '-o', 'BatchMode=yes', 'joe@127.0.0.1', 'true']),
  ],
};
const rtspSilent = silent('rtsp', [
  client('mpv', program('mpv'), ({ port }) => ['--no-video', '--ao=null', '--network-timeout=3', `rtsp://127.0.0.1:${port}/a`]),
]);
const mqttSilent = silent('mqtt', [
  python('paho 3.1', module('python3-paho-mqtt', 'paho/mqtt/client.py'),
    "import paho.mqtt.client as m\nc = m.Client('a', protocol=m.MQTTv31)\nc.username_pw_set('joe', 'x')\nc.will_set('w', 'x' * 200)\nc.connect('127.0.0.1', PORT)\n"
      + "c.loop_start()\nimport time; time.sleep(1)"),
  python('paho 5', module('python3-paho-mqtt', 'paho/mqtt/client.py'),
    "import paho.mqtt.client as m\nc = m.Client('a', protocol=m.MQTTv5)\nc.connect('127.0.0.1', PORT)\nc.loop_start()\nimport time; time.sleep(1)"),
]);

// Telnet and FTP of others.

const onTerminal = (name: string, needed: Needed, words: (place: Place) => string): ClientPeer => ({
  name, programs: [needed, socat], input: 'joe\r', command: (place) => [place.path('socat'), '-', `EXEC:"${place.path(needed.file)} ${words(place)}",pty,setsid,ctty`],
});
const telnetSsl: Pair = {
  protocol: 'telnet', quick: false,
  server: { name: 'telnetd-ssl', programs: [program('usr/sbin/telnetd', 'telnetd-ssl'), socat], inetd: true, command: (place) => [place.path('usr/sbin/telnetd'), '-h',
    '-L', '/bin/cat'] },
  clients: [onTerminal('telnet-ssl', program('telnet-ssl'), ({ port }) => `127.0.0.1 ${port}`),
    python('telnetlib', program('python3'), "import telnetlib\nt = telnetlib.Telnet('127.0.0.1', PORT, 3)\nt.read_until(b'x', 1)"),
    onTerminal('c3270', program('c3270', '3270-common'), ({ port }) => `127.0.0.1:${port}`)],
};
const ftpClients = [
  python('ftplib', program('python3'), "import ftplib\nf = ftplib.FTP()\nf.connect('127.0.0.1', PORT, 3)\nf.login()\nf.nlst()"),
  client('wget', program('wget'), ({ port }) => ['-q', '-T', '4', '-t', '1', '-O', '/dev/null', `ftp://127.0.0.1:${port}/`]),
  client('ncftpls', program('ncftpls', 'ncftp'), ({ port }) => ['-t', '3', '-P', `${port}`, 'ftp://127.0.0.1/']),
];
const pyftpdlib: Pair = {
  protocol: 'ftp', quick: false,
  server: { name: 'pyftpdlib', programs: [module('python3-pyftpdlib', 'pyftpdlib/__init__.py')], command: (place) => ['/usr/bin/python3', '-m', 'pyftpdlib', '-i',
    '127.0.0.1', '-p', `${place.port}`, '-d', place.directory] },
  clients: ftpClients,
};
const inetutilsFtpd: Pair = {
  protocol: 'ftp', quick: false,
  server: { name: 'inetutils-ftpd', programs: [program('usr/sbin/ftpd', 'inetutils-ftpd'), socat], inetd: true, command: (place) => [place.path('usr/sbin/ftpd'), '-A'] },
  clients: ftpClients,
};

// None of those told apart.

const stranger = (name: string, needed: Needed, command: (place: Place) => string[], clients: readonly ClientPeer[] = [lines('lines', 'HELP\r\n')]): Pair => ({
  protocol: '', quick: false, server: { name, programs: [needed], command: (place) => [place.path(needed.file), ...command(place)] }, clients,
});
const strangers: readonly Pair[] = [
  stranger('git daemon', program('git'), ({ port, directory }) => ['daemon', '--listen=127.0.0.1', `--port=${port}`, `--base-path=${directory}`, '--export-all'],
    [client('git', program('git'), ({ port }) => ['ls-remote', `git://127.0.0.1:${port}/x`])]),
  stranger('svnserve', program('svnserve', 'subversion'), ({ port, directory }) => ['-d', '--foreground', '--listen-host', '127.0.0.1', '--listen-port', `${port}`, '-r',
    directory],
    [client('svn', program('svn', 'subversion'), ({ port }) => ['ls', '--non-interactive', `svn://127.0.0.1:${port}/x`])]),
  stranger('mpd', program('mpd'), (place) => ['--no-daemon', write(place, 'mpd.conf',
    `bind_to_address "127.0.0.1"\nport "${place.port}"\ndb_file "${place.directory}/db"\nmusic_directory "${place.directory}"\n`)]),
  stranger('beanstalkd', program('beanstalkd'), ({ port }) => ['-l', '127.0.0.1', '-p', `${port}`], [lines('lines: put', 'put 0 0 10 3\r\nabc\r\n')]),
  stranger('iperf3', program('iperf3'), ({ port }) => ['-s', '-B', '127.0.0.1', '-p', `${port}`],
    [client('iperf3', program('iperf3'), ({ port }) => ['-c', '127.0.0.1', '-p', `${port}`, '-t', '1'])]),
  stranger('gearmand', program('usr/sbin/gearmand', 'gearman-job-server'), ({ port, directory }) => ['-L', '127.0.0.1', '-p', `${port}`, '-l', `${directory}/log`],
    [lines('lines: status', 'status\r\n')]),
  stranger('iscsi, rpc and others, by socat', socat, ({ port }) => ['-u', `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork`, 'OPEN:/dev/null'], [
    client('iscsi', program('iscsi-ls', 'libiscsi-bin'), ({ port }) => [`iscsi://127.0.0.1:${port}`]), client('showmount by rpc', program('nfs-ls', 'libnfs-utils'), ({ port }) => [
      `nfs://127.0.0.1/x?nfsport=${port}&mountport=${port}`]),
    client('nbd', program('qemu-img', 'qemu-utils'), ({ port }) => ['info', `nbd://127.0.0.1:${port}`]),
    python('zeromq', module('python3-zmq', 'zmq/__init__.py'),
      "import zmq\ns = zmq.Context().socket(zmq.REQ)\ns.connect('tcp://127.0.0.1:PORT')\ns.send(b'hi', zmq.NOBLOCK) if s.poll(500, zmq.POLLOUT) else 0\ns.close(0)"),
    python('amqp', module('python3-amqp', 'amqp/__init__.py'), "import amqp\namqp.Connection('127.0.0.1:PORT', connect_timeout=3, read_timeout=2).connect()"),
    python('cassandra', module('python3-cassandra', 'cassandra/__init__.py'),
      "from cassandra.cluster import Cluster\nCluster(['127.0.0.1'], port=PORT, connect_timeout=2).connect()"),
    python('mongodb', module('python3-pymongo', 'pymongo/__init__.py'), "import pymongo\npymongo.MongoClient('127.0.0.1', PORT, serverSelectionTimeoutMS=1500).server_info()"),
  ]),
];

export const morePairs: readonly Pair[] = [
  bittorrent, obfuscated, rdp, postfix, aiosmtpd, perdition('imap', [imaplib, mbsync]), perdition('pop3', [poplib, mpop]), { ...popa3d, clients: [poplib, mpop] },
  httpServer, oldHttp, gnutls, dnsmasq, ssh, rtspSilent, mqttSilent, telnetSsl, pyftpdlib, inetutilsFtpd, silent('socks', socksClients), silent('postgres', pgClients),
  ...strangers,
];
