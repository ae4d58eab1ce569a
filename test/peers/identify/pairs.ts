// Real servers and clients, each with the protocol that they speak: how they are started on loopback and made to talk. `quick`
// ones are small to fetch and belong to the test; `record.ts` runs all of them. Everything lives in a temporary directory.
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { morePairs } from './more-pairs.ts';
import { certificate, client, curlClient, make, openssl, program, write, type ClientPeer, type Pair, type Place } from './pair.ts';
import type { Needed } from './programs.ts';
import { thirdPairs } from './third-pairs.ts';

const ssh: Pair = {
  protocol: 'ssh', quick: false,
  server: {
    name: 'openssh', users: ['sshd'], programs: [program('usr/sbin/sshd', 'openssh-server'), program('ssh-keygen', 'openssh-client')],
    command: (place) => {
      const key = join(place.directory, 'host');
      make(place, place.path('ssh-keygen'), ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
      mkdirSync('/run/sshd', { recursive: true });
      return [place.path('usr/sbin/sshd'), '-D', '-e', '-f', '/dev/null', '-h', key, '-p', String(place.port), '-o', 'ListenAddress=127.0.0.1', '-o', 'UsePAM=no', '-o',
        'PidFile=none'];
    },
  },
  clients: [client('openssh', program('ssh', 'openssh-client'), ({ port }) => ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'BatchMode=yes',
    '-p', `${port}`,
    'nobody@127.0.0.1', 'true'])],
};

const dropbear: Pair = {
  protocol: 'ssh', quick: true,
  server: {
    name: 'dropbear', programs: [program('usr/sbin/dropbear', 'dropbear-bin'), program('dropbearkey', 'dropbear-bin')],
    command: (place) => {
      const key = join(place.directory, 'host');
      make(place, place.path('dropbearkey'), ['-t', 'ed25519', '-f', key]);
      return [place.path('usr/sbin/dropbear'), '-F', '-E', '-r', key, '-p', `127.0.0.1:${place.port}`];
    },
  },
  clients: [client('plink', program('plink', 'putty-tools'), ({ port }) => ['-batch', '-ssh', '-P', `${port}`, 'nobody@127.0.0.1', 'true'])],
};

const mqtt: Pair = {
  protocol: 'mqtt', quick: true,
  server: {
    name: 'mosquitto', programs: [program('usr/sbin/mosquitto', 'mosquitto')],
    command: (place) => [place.path('usr/sbin/mosquitto'), '-c', write(place, 'mosquitto.conf', `listener ${place.port} 127.0.0.1\nallow_anonymous true\n`)],
  },
  clients: ['mqttv31', 'mqttv311', 'mqttv5'].map((version) => client(`mosquitto_pub ${version}`, program('mosquitto_pub', 'mosquitto-clients'), ({ port }) => [
    '-h', '127.0.0.1', '-p', `${port}`, '-V', version, '-t', 'a/b', '-m', 'hello',
  ])),
};

const socksClients = ['--socks4', '--socks4a', '--socks5', '--socks5-hostname'].map((option) => curlClient(option, ({ port }) => [option, `127.0.0.1:${port}`,
  'http://127.0.0.1:9/']));
const microsocks: Pair = {
  protocol: 'socks', quick: true,
  server: { name: 'microsocks', programs: [program('microsocks')], command: (place) => [place.path('microsocks'), '-i', '127.0.0.1', '-p', `${place.port}`] },
  clients: [...socksClients, curlClient('--socks5 with a login', ({ port }) => ['--socks5', `joe:secret@127.0.0.1:${port}`, 'http://127.0.0.1:9/'])],
};
const dante: Pair = {
  protocol: 'socks', quick: false,
  server: {
    name: 'dante', programs: [program('usr/sbin/danted', 'dante-server')],
    command: (place) => [place.path('usr/sbin/danted'), '-f', write(place, 'danted.conf',
      `internal: 127.0.0.1 port = ${place.port}\nexternal: lo\nsocksmethod: none\nclientmethod: none\n`
      + 'user.privileged: root\nuser.unprivileged: nobody\nclient pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }\nsocks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }\n')],
  },
  clients: socksClients,
};

const tls: Pair = {
  protocol: 'tls', quick: true,
  server: {
    name: 'openssl s_server', programs: [openssl],
    command: (place) => {
      const made = certificate(place);
      return [place.path('openssl'), 's_server', '-quiet', '-accept', `127.0.0.1:${place.port}`, '-key', made.key, '-cert', made.certificate, '-www'];
    },
  },
  clients: [
    ...['-tls1_2', '-tls1_3'].map((version) => client(`openssl s_client ${version}`, openssl, ({ port }) => ['s_client', '-connect', `127.0.0.1:${port}`, version], '')),
    client('openssl s_client -tls1', openssl, ({ port }) => ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1', '-cipher', 'ALL:@SECLEVEL=0'], ''),
    curlClient('https', ({ port }) => [`https://127.0.0.1:${port}/`]), client('wget https', program('wget'), ({ port }) => ['-q', '-T', '5', '-t', '1', '-O', '/dev/null',
      '--no-check-certificate', `https://127.0.0.1:${port}/`]),
  ],
};

const http: Pair = {
  protocol: 'http', quick: true,
  server: {
    name: 'nginx', programs: [program('usr/sbin/nginx', 'nginx-light')],
    command: (place) => [place.path('usr/sbin/nginx'), '-p', place.directory, '-e', 'stderr', '-c', write(place, 'nginx.conf',
      `daemon off; master_process off; pid ${place.directory}/pid;\n`
      + `events { }\nhttp { access_log off; client_body_temp_path ${place.directory}; proxy_temp_path ${place.directory}; fastcgi_temp_path ${place.directory};\n`
      + `uwsgi_temp_path ${place.directory}; scgi_temp_path ${place.directory};\nserver { listen 127.0.0.1:${place.port} http2; root ${place.directory}; } }\n`)],
  },
  clients: [
    curlClient('http', ({ port }) => [`http://127.0.0.1:${port}/a?b=c`]), curlClient('http/1.0', ({ port }) => ['-0', `http://127.0.0.1:${port}/`]),
    curlClient('h2 prior knowledge', ({ port }) => ['--http2-prior-knowledge', `http://127.0.0.1:${port}/`]),
    ...['PROPFIND', 'M-SEARCH', 'VERSION-CONTROL', 'OPTIONS', 'brew'].map((method) => curlClient(method, ({ port }) => ['-X', method, `http://127.0.0.1:${port}/`])),
    curlClient('as a proxy', ({ port }) => ['-x', `http://127.0.0.1:${port}`, 'http://example.test/']), curlClient('CONNECT', ({ port }) => ['-x', `http://127.0.0.1:${port}`,
      'https://example.test/']),
    client('wget', program('wget'), ({ port }) => ['-q', '-T', '5', '-t', '1', '-O', '/dev/null', `http://127.0.0.1:${port}/`]),
  ],
};

const dns: Pair = {
  protocol: 'dns', quick: false,
  server: {
    name: 'unbound', programs: [program('usr/sbin/unbound', 'unbound')],
    command: (place) => [place.path('usr/sbin/unbound'), '-d', '-c', write(place, 'unbound.conf',
      'server:\n username: ""\n chroot: ""\n use-syslog: no\n pidfile: ""\n directory: ""\n interface: 127.0.0.1\n'
      + ` port: ${place.port}\n do-daemonize: no\n local-zone: "example." static\n local-data: "a.example. A 192.0.2.1"\n local-data: "a.example. TXT 'hello'"\n`)],
  },
  clients: [
    ...[['a.example', 'A'], ['a.example', 'TXT'], ['gone.example', 'AAAA'], ['example', 'AXFR']].map((question) => client(`dig +tcp ${question.join(' ')}`, program('dig',
      'bind9-dnsutils'),
      ({ port }) => ['+tcp', '+time=2', '+tries=1', '-p', `${port}`, '@127.0.0.1', ...question])),
    client('kdig +tcp', program('kdig', 'knot-dnsutils'), ({ port }) => ['+tcp', '+time=2', '-p', `${port}`, '@127.0.0.1', 'a.example', 'A']),
  ],
};

const sip: Pair = {
  protocol: 'sip', quick: false,
  server: { name: 'sipp uas', programs: [program('sipp', 'sip-tester')], command: (place) => [place.path('sipp'), '-sn', 'uas', '-t', 't1', '-i', '127.0.0.1', '-p',
    `${place.port}`, '-nostdin'] },
  clients: [
    client('sipp uac', program('sipp', 'sip-tester'), ({ port }) => ['-sn', 'uac', `127.0.0.1:${port}`, '-t', 't1', '-i', '127.0.0.1', '-m', '1', '-nostdin', '-timeout', '4']),
    client('sipsak', program('sipsak'), ({ port }) => ['-E', 'tcp', '-s', `sip:joe@127.0.0.1:${port}`]),
  ],
};

const kamailio: Pair = {
  protocol: 'sip', quick: false,
  server: {
    name: 'kamailio', programs: [program('usr/sbin/kamailio', 'kamailio')],
    command: (place) => [place.path('usr/sbin/kamailio'), '-DD', '-E', '-L',
      `${place.path('usr/sbin/kamailio').replace('/usr/sbin/kamailio', '')}/usr/lib/x86_64-linux-gnu/kamailio/modules`, '-f',
      write(place, 'kamailio.cfg',
        `#!KAMAILIO\nlisten=tcp:127.0.0.1:${place.port}\nchildren=1\ntcp_children=1\nloadmodule "sl.so"\nrequest_route { sl_send_reply("200", "OK"); }\n`)],
  },
  clients: [client('sipsak', program('sipsak'), ({ port }) => ['-E', 'tcp', '-s', `sip:joe@127.0.0.1:${port}`])],
};

const rtsp: Pair = {
  protocol: 'rtsp', quick: false,
  server: {
    name: 'gst-rtsp-server', programs: [program('usr/lib/x86_64-linux-gnu/girepository-1.0/GstRtspServer-1.0.typelib', 'gir1.2-gst-rtsp-server-1.0'),
      program('usr/lib/python3/dist-packages/gi/__init__.py',
      'python3-gi')],
    command: (place) => ['/usr/bin/python3', write(place, 'rtsp.py',
      'import gi, sys\ngi.require_version("GstRtspServer", "1.0")\nfrom gi.repository import Gst, GstRtspServer, GLib\nGst.init(None)\n'
      + 's = GstRtspServer.RTSPServer()\ns.set_address("127.0.0.1")\ns.set_service(sys.argv[1])\nf = '
        + 'GstRtspServer.RTSPMediaFactory()\nf.set_launch("( audiotestsrc ! rtpL16pay name=pay0 )")\n'
      + 's.get_mount_points().add_factory("/a", f)\ns.attach(None)\nGLib.MainLoop().run()\n'), `${place.port}`],
  },
  clients: [client('ffmpeg', program('ffmpeg'), ({ port }) => ['-v', 'error', '-rtsp_transport', 'tcp', '-timeout', '3000000', '-i', `rtsp://127.0.0.1:${port}/a`, '-t', '1',
    '-f', 'null', '-']),
    curlClient('rtsp', ({ port }) => [`rtsp://127.0.0.1:${port}/a`])],
};

const ffmpegRecord: Pair = {
  protocol: 'rtsp', quick: false,
  server: { name: 'ffmpeg as a server', programs: [program('ffmpeg')], command: (place) => [place.path('ffmpeg'), '-v', 'error', '-rtsp_flags', 'listen', '-i',
    `rtsp://127.0.0.1:${place.port}/x`, '-f', 'null', '-'] },
  clients: [client('ffmpeg ANNOUNCE', program('ffmpeg'), ({ port }) => ['-v', 'error', '-f', 'lavfi', '-i', 'sine', '-t', '1', '-c:a', 'aac', '-f', 'rtsp', '-rtsp_transport',
    'tcp', `rtsp://127.0.0.1:${port}/x`])],
};

const mail = (place: Place): string => {
  mkdirSync(join(place.directory, 'spool'), { recursive: true });
  chmodSync(place.directory, 0o777);
  chmodSync(join(place.directory, 'spool'), 0o777);
  return place.directory;
};
const smtpClients = [
  client('swaks', program('swaks'), ({ port }) => ['--server', '127.0.0.1', '--port', `${port}`, '--quit-after', 'RCPT', '--to', 'a@example.test', '--from', 'b@example.test',
    '--helo', 'me.example']),
  curlClient('smtp', ({ port }) => [`smtp://127.0.0.1:${port}/me.example`, '--mail-from', 'a@example.test', '--mail-rcpt', 'b@example.test', '-T', '/etc/hostname']),
];
const exim: Pair = {
  protocol: 'smtp', quick: false,
  server: {
    name: 'exim', users: ['Debian-exim'], installed: true, programs: [program('usr/sbin/exim4', 'exim4-daemon-light'), program('socat')], inetd: true,
    command: (place) => ['/usr/sbin/exim4', '-C', write(place, 'exim.conf',
      `keep_environment =\nprimary_hostname = exim.example\nspool_directory = ${mail(place)}/spool\nlog_file_path = ${place.directory}/log-%s\n`
      + 'acl_smtp_rcpt = deny_all\nbegin acl\ndeny_all:\n  deny\nbegin routers\nbegin transports\n'), '-bs'],
  },
  clients: smtpClients,
};
const opensmtpd: Pair = {
  protocol: 'smtp', quick: false,
  server: {
    name: 'opensmtpd', users: ['opensmtpd', 'opensmtpq'], installed: true, programs: [program('usr/sbin/smtpd', 'opensmtpd')],
    command: (place) => ['/usr/sbin/smtpd', '-d', '-f', write(place, 'smtpd.conf',
      `listen on 127.0.0.1 port ${place.port} hostname mx.example\naction "a" relay\nmatch for any action "a"\n`)],
  },
  clients: smtpClients,
};

const dovecot = (protocol: 'imap' | 'pop3', clients: readonly ClientPeer[]): Pair => ({
  protocol, quick: false,
  server: {
    name: `dovecot ${protocol}`, users: ['dovecot', 'dovenull'], installed: true, programs: [program('usr/sbin/dovecot', 'dovecot-core'),
      program(`usr/lib/dovecot/${protocol}`, `dovecot-${protocol}d`)],
    command: (place) => {
      return ['/usr/sbin/dovecot', '-F', '-c', write(place, 'dovecot.conf', `protocols = ${protocol}\nbase_dir = ${place.directory}/run\n`
        + `state_dir = ${place.directory}\nssl = no\nlog_path = /dev/stderr\nlisten = 127.0.0.1\n`
        + `mail_location = maildir:${place.directory}/mail\npassdb {\n driver = static\n args = nopassword=y\n}\nuserdb {\n driver = static\n args = `
          + `uid=nobody gid=nogroup home=${place.directory}\n}\n`
        + `disable_plaintext_auth = no\nservice ${protocol}-login {\n chroot =\n inet_listener ${protocol} {\n  port = ${place.port}\n }\n `
          + `inet_listener ${protocol}s {\n  port = 0\n }\n}\n`)];
    },
  },
  clients,
});
const fetchmail = (protocol: string): ClientPeer => ({
  name: `fetchmail ${protocol}`, programs: [program('fetchmail')],
  command: (place) => [place.path('fetchmail'), '-f', write(place, 'fetchmailrc', `poll 127.0.0.1 protocol ${protocol} port ${place.port} user joe password x\n`, 0o600), '-c',
    '--sslproto', '', '--pidfile',
    join(place.directory, 'fetchmail.pid')],
});

const mariadb: Pair = {
  protocol: 'mysql', quick: false,
  server: {
    name: 'mariadb', programs: [program('usr/sbin/mariadbd', 'mariadb-server-core')],
    command: (place) => {
      mkdirSync(join(place.directory, 'db', 'mysql'), { recursive: true });
      const root = place.path('usr/sbin/mariadbd').replace('/usr/sbin/mariadbd', '');
      return [place.path('usr/sbin/mariadbd'), '--no-defaults', '--user=root', `--datadir=${place.directory}/db`, `--socket=${place.directory}/sock`, '--skip-grant-tables',
        '--skip-networking=0', '--bind-address=127.0.0.1', `--port=${place.port}`, `--lc-messages-dir=${root}/usr/share/mysql`, `--pid-file=${place.directory}/pid`,
        '--plugin-dir=/tmp', `--character-sets-dir=${root}/usr/share/mysql/charsets`];
    },
  },
  clients: [client('mariadb', program('mariadb', 'mariadb-client-core'), ({ port }) => ['--no-defaults', '-h', '127.0.0.1', '-P', `${port}`, '-u', 'root', '-e', 'select 1'])],
};

const postgres: Pair = {
  protocol: 'postgres', quick: false,
  server: {
    name: 'postgresql', programs: [program('usr/lib/postgresql/15/bin/postgres', 'postgresql-15'), program('setpriv', 'util-linux')],
    command: (place) => {
      const data = join(place.directory, 'pg');
      mkdirSync(data);
      chmodSync(place.directory, 0o777);
      make(place, 'chown', ['nobody', data]);
      const as = [place.path('setpriv'), '--reuid=nobody', '--clear-groups'];
      make(place, as[0]!, [...as.slice(1), place.path('usr/lib/postgresql/15/bin/postgres').replace(/postgres$/, 'initdb'), '-D', data, '-A', 'trust', '-U', 'joe', '--no-sync']);
      return [...as, place.path('usr/lib/postgresql/15/bin/postgres'), '-D', data, '-h', '127.0.0.1', '-p', `${place.port}`, '-k', data];
    },
  },
  clients: ['disable', 'prefer'].map((mode) => client(`psql sslmode=${mode}`, program('usr/lib/postgresql/15/bin/psql', 'postgresql-client-15'), ({ port }) => [
    `host=127.0.0.1 port=${port} user=joe dbname=postgres sslmode=${mode}`, '-c', 'select 1',
  ])),
};

/** Servers that say nothing, for clients that speak first. */
const silence = (protocol: string, clients: readonly ClientPeer[]): Pair => ({
  protocol, quick: false,
  server: { name: 'a server that says nothing', programs: [program('socat')], command: (place) => [place.path('socat'), '-u',
    `TCP-LISTEN:${place.port},bind=127.0.0.1,reuseaddr,fork`, 'OPEN:/dev/null'] },
  clients,
});
const ftpClients = [
  curlClient('ftp', ({ port }) => [`ftp://127.0.0.1:${port}/`]), curlClient('ftp with AUTH TLS', ({ port }) => ['--ssl-reqd', `ftp://127.0.0.1:${port}/`]),
  client('lftp', program('lftp'), ({ port }) => ['-c', `set net:max-retries 1; set net:timeout 3; open -p ${port} 127.0.0.1; ls`]),
  client('tnftp', program('tnftp'), ({ port }) => ['-n', '-a', '-q', '3', `ftp://127.0.0.1:${port}/`]),
];
const vsftpd: Pair = {
  protocol: 'ftp', quick: true,
  server: {
    name: 'vsftpd', programs: [program('usr/sbin/vsftpd', 'vsftpd')],
    command: (place) => {
      const empty = join(place.directory, 'empty');
      mkdirSync(empty);
      return [place.path('usr/sbin/vsftpd'), write(place, 'vsftpd.conf',
        `listen=YES\nlisten_ipv6=NO\nlisten_address=127.0.0.1\nlisten_port=${place.port}\nbackground=NO\nseccomp_sandbox=NO\n`
        + `anonymous_enable=YES\nanon_root=${empty}\nsecure_chroot_dir=${empty}\nftp_username=daemon\n`)];
    },
  },
  clients: ftpClients,
};
const pureFtpd: Pair = {
  protocol: 'ftp', quick: false,
  server: { name: 'pure-ftpd', programs: [program('usr/sbin/pure-ftpd', 'pure-ftpd')], command: (place) => [place.path('usr/sbin/pure-ftpd'), '-S', `127.0.0.1,${place.port}`,
    '-e', '-H'] },
  clients: ftpClients,
};

/** On a terminal of its own, which socat makes. */
const onTerminal = (name: string, needed: Needed, words: (place: Place) => string): ClientPeer => ({
  name, programs: [needed, program('socat')], input: 'joe\r', command: (place) => [place.path('socat'), '-', `EXEC:"${place.path(needed.file)} ${words(place)}",pty,setsid,ctty`],
});
const telnet = (file: string, name: string, quick: boolean, words: string[]): Pair => ({
  protocol: 'telnet', quick,
  server: { name: `${name} telnetd`, programs: [program(file, name), program('socat')], inetd: true, command: (place) => [place.path(file), ...words] },
  clients: [
    onTerminal('inetutils-telnet', program('usr/bin/inetutils-telnet', 'inetutils-telnet'), ({ port }) => `127.0.0.1 ${port}`),
    onTerminal('busybox telnet', program('busybox'), ({ port }) => `telnet 127.0.0.1 ${port}`), onTerminal('plink', program('plink', 'putty-tools'),
      ({ port }) => `-telnet -P ${port} 127.0.0.1`),
  ],
});

// What is told apart from all these, or is none of them.
const redis: Pair = {
  protocol: 'redis', quick: false,
  server: { name: 'redis', programs: [program('redis-server')], command: (place) => [place.path('redis-server'), '--port', `${place.port}`, '--bind', '127.0.0.1', '--save',
    '', '--dir', place.directory] },
  clients: [client('redis-cli', program('redis-cli', 'redis-tools'), ({ port }) => ['-p', `${port}`, 'SET', 'a', 'b'])],
};
const ircd: Pair = {
  protocol: 'irc', quick: false,
  server: {
    name: 'ngircd', programs: [program('usr/sbin/ngircd', 'ngircd')],
    command: (place) => [place.path('usr/sbin/ngircd'), '-n', '-f', write(place, 'ngircd.conf',
      `[Global]\nName = irc.example\nInfo = x\nListen = 127.0.0.1\nPorts = ${place.port}\nServerGID = nogroup\nServerUID = nobody\n`
      + '[Options]\nDNS = no\nIdent = no\nPAM = no\n')],
  },
  clients: [{ name: 'lines of a client', programs: [program('socat')], command: (place) => [place.path('socat'), '-t3', '-', `TCP:127.0.0.1:${place.port}`],
    input: 'CAP LS 302\r\nNICK joe\r\nUSER joe 0 * :Joe\r\n' }],
};
const ldap: Pair = {
  protocol: 'ldap', quick: false,
  server: {
    name: 'slapd', programs: [program('usr/sbin/slapd', 'slapd')],
    command: (place) => [place.path('usr/sbin/slapd'), '-d', '0', '-h', `ldap://127.0.0.1:${place.port}`, '-f', write(place, 'slapd.conf', `pidfile ${place.directory}/pid\n`)],
  },
  clients: [client('ldapsearch', program('ldapsearch', 'ldap-utils'), ({ port }) => ['-x', '-H', `ldap://127.0.0.1:${port}`, '-b', '', '-s', 'base'])],
};
const none = (name: string, needed: Needed, command: (place: Place) => string[], clients: readonly ClientPeer[]): Pair => ({
  protocol: '', quick: false, server: { name, programs: [needed], command: (place) => [place.path(needed.file), ...command(place)] }, clients,
});
const lines = (name: string, input: string): ClientPeer => ({ name, programs: [program('socat')], command: (place) => [place.path('socat'), '-t2', '-',
  `TCP:127.0.0.1:${place.port}`], input });

export const pairs: readonly Pair[] = [
  ssh, dropbear, vsftpd, pureFtpd, telnet('usr/sbin/telnetd', 'inetutils-telnetd', true, ['-h', '-E', '/bin/cat']), mqtt, microsocks, dante, tls, http, dns, sip, kamailio,
    rtsp, ffmpegRecord, exim, opensmtpd,
  dovecot('imap', [curlClient('imap', ({ port }) => [`imap://127.0.0.1:${port}/`, '-u', 'joe:x']), fetchmail('imap')]),
  dovecot('pop3', [curlClient('pop3', ({ port }) => [`pop3://127.0.0.1:${port}/`, '-u', 'joe:x']), fetchmail('pop3')]),
  mariadb, postgres, redis, ircd, ldap,
  silence('smb', [client('smbclient', program('smbclient'), ({ port }) => ['-N', '-p', `${port}`, '-L', '127.0.0.1'])]),
  none('memcached', program('memcached'), ({ port }) => ['-u', 'root', '-l', '127.0.0.1', '-p', `${port}`], [lines('lines: stats', 'stats\r\nquit\r\n'), lines('lines: get',
    'get a\r\nquit\r\n')]),
  none('rsync', program('rsync'), (place) => ['--daemon', '--no-detach', '--port', `${place.port}`, '--address', '127.0.0.1', '--config', write(place, 'rsyncd.conf',
    '[a]\npath = /tmp\n')],
    [client('rsync', program('rsync'), ({ port }) => [`rsync://127.0.0.1:${port}/`])]),
  ...morePairs, ...thirdPairs,
];
