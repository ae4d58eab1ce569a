// The variety of the wild, from specifications: greetings of many programs, old and new versions, what comes after the first
// line, datagrams; and what must not be taken for anything. With the cost of a verdict.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Confidence, Identifier, identifyClient, identifyDatagram, identifyServer, type Identification } from './index.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const hex = (text: string): string => Buffer.from(text.replaceAll(' ', ''), 'hex').toString('latin1');

/** What each side says in turn, the client marked with `>`. */
function talk(port: number, ...said: string[]): Identification {
  const identifier = new Identifier(port);
  for (const part of said) {
    const piece = bytes(part.startsWith('>') ? part.slice(1) : part);
    if (part.startsWith('>')) identifier.client(piece, 0, piece.length);
    else identifier.server(piece, 0, piece.length);
  }
  return identifier.verdict();
}

const greetings: [string, string][] = [
  ['ftp', '220 Microsoft FTP Service\r\n'], ['ftp', '220 ProFTPD 1.3.5 Server (Debian) [::ffff:192.0.2.1]\r\n'],
    ['ftp', '220-FileZilla Server version 0.9.41 beta\r\n220-written by somebody\r\n220 x\r\n'],
  ['ftp', '220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\r\n220-You are user number 1 of 50 allowed.\r\n220 ok\r\n'],
    ['ftp', '220 Serv-U FTP Server v6.4 for WinSock ready...\r\n'],
  ['ftp', '220 ftp.example.org FTP server (Version wu-2.6.2(1)) ready.\r\n'],
    ['ftp', '220-\r\n220-=(<*>)=-.:. (( Welcome )) .:.-=(<*>)=-\r\n220-This is an FTP server\r\n220 go\r\n'],
  ['ftp', '220 mail.example.com FTP server ready\r\n'], ['ftp', '220 JD FTP Server Ready\r\n'], ['ftp', '421 Too many FTP connections\r\n'],
  ['smtp', '220 mx1.example.com ESMTP\r\n'],
    ['smtp', '220-shared.example ESMTP Exim 4.69 #1 Mon, 05 Oct 2009 01:05:54 -0500 \r\n220-We do not authorize the use of this system to transport '
      + 'unsolicited, \r\n220 and/or bulk e-mail.\r\n'],
  ['smtp', '220 example.com Microsoft ESMTP MAIL Service, Version: 6.0.3790 ready at  Mon\r\n'], ['smtp', '220 mail.example.com SMTP Server (JAMES SMTP Server 2.3.2) ready\r\n'],
  ['smtp', '220 ftp.example.org ESMTP Sendmail 8.14.4/8.14.4; Tue\r\n'], ['smtp', '421 4.7.0 mx.example.com Service not available\r\n'], ['smtp', '554 5.7.1 no\r\n'],
    ['smtp', '220 example LMTP Dovecot ready.\r\n'],
  ['pop3', '+OK POP3 server ready <1896.697170952@dbc.example>\r\n'], ['pop3', '+OK Microsoft Windows POP3 Service Version 1.0 <1@x> ready.\r\n'],
    ['imap', '* PREAUTH IMAP4rev1 server logged in as Smith\r\n'],
  ['imap', '* OK [CAPABILITY IMAP4REV1 LITERAL+] mail.example Cyrus ready\r\n'], ['imap', '* BYE Autologout; idle for too long\r\n'], ['ssh', 'SSH-1.99-OpenSSH_3.9p1\n'],
    ['ssh', 'SSH-1.5-1.2.27\n'],
  ['ssh', 'Welcome to the machine\r\nno access\r\nSSH-2.0-x\r\n'], ['ssh', 'SSH-2.0-Cisco-1.25\n'],
  ['mysql', hex('4a0000000a 352e352e352d31302e332e33392d4d61726961444200 0800')], ['mysql', hex('4c0000000a 342e312e31342d6e7400 0100')],
    ['mysql', hex('17000000 ff1504 486f7374206973206e6f7420616c6c6f776564')],
  ['mysql', hex('10000000 ff1004 546f6f206d616e7920636f6e')], ['rdp', hex('03 00 00 13 0e d0 00 00 12 34 00 02 00 08 00 02 00 00 00')],
    ['rdp', hex('03 00 00 0b 06 d0 00 00 12 34 00')],
  ['telnet', hex('fffd18fffd20fffd23fffd27')], ['telnet', `${hex('fffb01fffb03')}\r\nlogin: `], ['tls', hex('160303003a 0200003603 03')], ['tls', hex('15030100020228')],
  // Programs are named in one word; what the RFCs let a server say; refusals; help lists the verbs.
  ['ftp', '220 host.example GridFTP Server 3.1 ready.\r\n'], ['ftp', '220 DrFTPD 2 at your service\r\n'], ['ftp', '220 Service ready for new user.\r\n'],
  ['ftp', '220 ready, log in please\r\n'],
  ['ftp', '421 Service not available, closing control connection.\r\n'], ['ftp', '500 OOPS: child died\r\n'], ['ftp', '530 Connection refused, unknown IP address.\r\n'],
  ['ftp', '220 hello\r\n214-The following commands are recognized:\r\n USER PASS CWD RETR\r\n214 End\r\n'], ['ftp', '220 x\r\n530 Please login with USER and PASS.\r\n'],
  ['smtp', '421 Service not available, closing transmission channel\r\n'], ['smtp', '220 host MicroSMTPd ready\r\n'], ['smtp', '220 relay AvMailGate\r\n'],
  ['smtp', '554 No service here\r\n'],
  ['smtp', '220 x\r\n211 DATA HELO EHLO MAIL NOOP QUIT RCPT RSET VRFY\r\n'], ['smtp', '421 cannot read control (#4.3.0)\r\n'],
  ['smtp', '220-host.example\r\n220 greylisting in use\r\n'],
  ['nntp', '502 you have no permission to talk to newsgroups here\r\n'], ['nntp', '200 you can post\r\n'], ['irc', 'ERROR :Closing Link: too fast\r\n'],
  ['redis', '-ERR max number of clients reached\r\n'],
  ['pop3', '-ERR no mail service for you\r\n'], ['postgres', 'EFATAL:  unsupported frontend protocol\n\0'],
  ['postgres', `${hex('45 00000030 53')}\u00e8\u0087\u00b4\0C0A000\0Mx\0\0`], ['sip', 'sip/2.0 200 OK\r\n'],
  // Banners and screens before the first negotiation; prompts behind a word of Telnet.
  ['telnet', `login: ${hex('fffd03fffb03fffb01')}`], ['telnet', `\u001b[2J\u001b[1;1f${hex('fffb01fffb03')}`], ['telnet', `\r\n\0Server\r\n\0${hex('fffe22')}Login: `],
  ['telnet', `${hex('fffbfdfffb01')}\n\rFabric OS\n`],
  // Firewalls that overwrite the greeting of SMTP; settings of HTTP/2, which servers of gRPC send first; answers of drafts of TLS 1.3.
  ['smtp', '220 **************************************2***200**********\r\n'], ['smtp', '220 ****************************\r\n'],
  ['http', hex('000000 04 00 00000000')], ['http', hex('000006 04 00 00000000 0003 00000064')], ['http', hex('00000c 04 00 00000000 0004 003fffff fe03 00000001')],
  ['http', 'HTTP/1.1  200 OK\r\n'], ['http', 'HTTP/1.0\t404 Not Found\r\n'], ['http', 'HTTP/2 200\r\n'], ['http', 'HTTP/1.1 2000 Fine\r\n'], ['sip', 'SIP/2.0  180 Ringing\r\n'],
  ['tls', hex('160301004a 02000046 7f1c 5555')], ['tls', hex('1603030001 02 1603030040 0000560303 aa')],
  ['telnet', 'Welcome to the Telnet Server\r\nlogin: '], ['telnet', '\r\nUser Access Verification\r\n\r\nPassword: '],
];

const clients: [string, string][] = [
  ['http', 'PROPFIND /dav HTTP/1.1\r\nDepth: 1\r\n'], ['http', 'RPC_IN_DATA /rpc/rpcproxy.dll?h:1 HTTP/1.1\r\n'], ['http', 'VERSION-CONTROL /x HTTP/1.1\r\n'],
    ['http', 'get / HTTP/1.1\r\n'], ['http', 'M-SEARCH * HTTP/1.1\r\n'],
  ['http', 'CONNECT a.example:443 HTTP/1.0\r\n'], ['http', 'GET http://a.example/ HTTP/1.1\r\n'], ['http', 'GET  /two  HTTP/1.1\r\n'], ['http', `GET /${'a'.repeat(1500)}`],
    ['http', 'GET / HTTP/1.1 \r\n'],
  ['rtsp', 'SETUP rtsp://a/b/trackID=1 RTSP/1.0\r\n'], ['rtsp', 'GET_PARAMETER * RTSP/1.0\r\n'], ['sip', 'INVITE tel:+1-201-555-0123 SIP/2.0\r\n'],
    ['sip', '\r\n\r\nREGISTER sip:a SIP/2.0\r\n'],
  ['tls', hex('1603000047 0100004303 00')], ['tls', hex('16030100c8 010000c403 03')], ['tls', hex(`802e 01 0002 0015 0000 0010 ${'010080 '.repeat(7)} ${'aa'.repeat(16)}`)],
  ['tls', hex(`8028 01 0301 000f 0000 0010 ${'010080 '.repeat(5)} ${'aa'.repeat(16)}`)],
  ['smtp', 'HELO localhost\r\nMAIL FROM:<a@b>\r\n'], ['smtp', 'EHLO [192.0.2.1]\r\n'], ['pop3', 'USER joe\r\nPASS x\r\nSTAT\r\n'], ['pop3', 'USER joe\r\nPASS x\r\nUIDL\r\n'],
    ['pop3', `APOP joe ${'c4'.repeat(16)}\r\n`],
  ['ftp', 'USER joe\r\nPASS x\r\nSYST\r\n'], ['ftp', 'USER joe\r\nPASS x\r\nPORT 10,0,0,1,4,5\r\n'], ['ftp', 'USER anonymous\r\n'], ['ftp', 'AUTH TLS\r\n'],
    ['ftp', 'USER joe\r\nPASS x\r\nCWD /\r\n'],
  ['imap', '1 CAPABILITY\r\n'], ['imap', 'A0001 LOGIN joe x\r\n'], ['imap', 'a.1 STARTTLS\r\n'],
  ['mqtt', `${hex('1010 0004')}MQTT${hex('05 02 003c 00 0003')}abc`], ['mqtt', `${hex('10 90 01 0006')}MQIsdp${hex('03 02 003c')}`],
  ['socks', hex('0401 0050 c0000201 00')], ['socks', `${hex('0401 0050 00000001')}joe\0a.example\0`], ['socks', hex('050100 05010001 c0000201 0050')],
    ['socks', hex('050102 0103 6a6f65 03 616263')],
  ['rdp', `${hex('0300 002c 27 e0 0000 0000 00')}Cookie: mstshash=joe\r\n${hex('01 00 08 00 03 00 00 00')}`],
    ['rdp', `${hex('0300 0024 1f e0 0000 0000 00')}Cookie: mstshash=joseph\r\n`], ['rdp', hex('0300 000b 06 e0 0000 0000 00')],
  ['postgres', hex('00000010 04d2162e 00000001 00000002')], ['postgres', hex('00000008 04d21630')], ['postgres', `${hex('00000029 00030000')}TimeZone\0UTC\0user\0joe\0\0`],
    ['postgres', `${hex('00000020 00030002')}user\0joe\0`],
  ['mysql', hex(`540000 01 85a6ff01 00000001 21 ${'00'.repeat(23)} 6a6f6500`)],
  ['dns', hex('0021 1234 0100 0001 0000 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001')],
    ['dns', hex('001c 1234 0000 0001 0000 0000 0000 07 6578616d706c65 02 6465 00 00fc 0001')],
  ['bittorrent', `\u0013BitTorrent protocol${'\0'.repeat(8)}${'h'.repeat(40)}`], ['ssh', 'SSH-2.0-PuTTY_Release_0.78\r\n'], ['telnet', hex('fffb1ffffb20fffb18')],
  // Hellos in small records, of one byte too; bytes in a request line that are no text; no version that exists, but a head.
  ['tls', hex('1603010001 01 1603010001 00 1603010003 00e403 1603010001 03')], ['tls', hex('1603010004 010000c4 16030100c0 0303')],
  ['http', 'GET /cgi-bin/a\0b\u0001 HTTP/1.0\r\nHost: a\r\n\r\n'], ['rtsp', 'OPTIONS rtsp://a/\u0001 RTSP/1.0\r\n'], ['http', 'GET /a\r\nHost: a.example\r\n\r\n'],
  ['http', 'GET / HTTQ/1.1\r\nHost: a.example\r\n\r\n'], ['sip', 'OPTIONS sip:a@b SIP/7.0\r\n'], ['rtsp', 'OPTIONS * RTSP/3.0\r\n'],
  ['http', ' GET / HTTP/1.1\r\n'], ['http', 'GET() / HTTP/1.1\r\n'], ['http', 'GET HTTP/1.0\r\n'], ['http', 'GET / HTTP/1.0 or so\r\n'], ['http', 'G\u00cbT / HTTP/1.1\r\n'],
  ['smtp', 'VRFY root\r\n'], ['ftp', 'USER joe\r\nPASS x\r\nLIST -al\r\n'], ['ftp', 'USER joe\r\nPASS x\r\nDELE a.txt\r\n'], ['pop3', 'USER joe\r\nPASS x\r\nDELE 1\r\n'],
  ['imap', '* CAPABILITY\r\n'.replace('*', '!1')], ['socks', hex('0402 0000 c0000201 00')],
  // Versions written small or that do not exist; tabs; a wrong count in a request of RDP; IXFR, with the zone that is there.
  ['http', 'GET / http/1.1\r\n'], ['http', 'GET / HTTP/1\r\n'], ['http', 'GET\t/a\tHTTP/1.1\r\n'], ['http', 'GET / HTTP/11.01\r\n'], ['sip', 'OPTIONS sip:a@b sip/2.0\r\n'],
  ['rdp', `${hex('0300 002b 24 e0 0000 0000 00')}Cookie: mstshash=joe\r\n${hex('01 00 08 00 03 00 00 00')}`], ['irc', 'USER joe joe host Joe Doe\r\n'],
  ['dns', hex('003a 1234 0000 0001 0000 0001 0000 07 6578616d706c65 00 00fb 0001 c00c 0006 0001 00000000 0016 00 00 00000007 00000000 00000000 00000000 00000000')],
];

/** Of other protocols, or of none: no verdict on which somebody would act as one of the seventeen. */
const strangers: [string, string][] = [
  ['memcached', 'stats\r\n'], ['memcached', 'get a\r\n'], ['memcached', 'set a 0 0 1\r\nx\r\n'], ['rsync', '@RSYNCD: 31.0\n'], ['git', '0032git-upload-pack /x.git\0host=a\0'],
    ['gnutella', 'GNUTELLA CONNECT/0.6\r\n'],
  ['xmpp', "<?xml version='1.0'?><stream:stream to='a' xmlns='jabber:client'>"], ['x11', hex('6c00 0b00 0000 0000 0000 0000')],
    ['modbus', hex('0001 0000 0006 01 03 0000 000a')], ['modbus', hex('0000 0000 0006 01 01 0000 0000')],
  ['kerberos', hex('000000d4 6a81d1 3081ce a103 020105')], ['smb', hex('00000085 ff534d42 72000000')], ['smb2', hex('000000e4 fe534d42 4000')],
    ['netbios', hex(`81000044 20 ${'43'.repeat(32)} 00 20 ${'41'.repeat(32)} 00`)],
  ['icap', 'REQMOD icap://a/b ICAP/1.0\r\n'], ['mgcp', 'RSIP 1 aaln/1@a MGCP 1.0\r\n'], ['gopher', '/\r\n'], ['finger', 'joe\r\n'],
    ['sieve', '"IMPLEMENTATION" "Dovecot Pigeonhole"\r\n'], ['vmware', '220 VMware Authentication Daemon Version 1.10\r\n'],
  ['amqp', hex('414d5150 00000901')], ['zeromq', hex('ff00000000000000017f')], ['mongodb', hex('3a000000 01000000 00000000 d4070000')],
    ['s7', hex('0300 0016 11 e0 0000 0001 00 c1020100 c2020102 c0010a')],
  ['h323', hex('0300 0030 08 02 0001 05')], ['utf-16', hex('fffe3c003f00')], ['utf-16', hex('fffe480065006c00')], ['mp3', hex('fffb9064 00000000')],
    ['jpeg', hex('ffd8ffe0 0010 4a46 4946')], ['gzip', hex('1f8b0800 00000000')],
  ['an order mark behind zeros', hex('00000031 fffe3100 3500 0000')],
  ['query with an authority', hex('0030 1234 0000 0001 0000 0001 0000 07 6578616d706c65 00 0001 0001 c00c 0002 0001 00000000 0000')],
  ['tftp', 'tftp server ready\r\n'], ['dict', '220 dict.example dictd 1.12 ready\r\n'],
  ['bson', hex('160000 00 10 61 00')], ['rlogin', '\0joe\0root\0xterm/38400\0'], ['log', 'Nov 26 12:00:00 host su: USER joe logged in\r\n'],
    ['html', '<html><body>GET / HTTP/1.1</body></html>\r\n'],
  ['middle of tls', hex('1703030040 aabbccddeeff')], ['middle of ftp', '150 Opening data connection\r\n226 done\r\n'],
    ['middle of smtp', 'Subject: hello\r\n\r\nhelo again\r\n'], ['middle of http', 'Content-Type: text/html\r\n\r\n<html>'],
  ['ntp', hex(`1b${'00'.repeat(47)}`)], ['snmp', hex('302602010104067075626c6963a019')], ['cql', hex('04 00 0000 05 00000000')], ['socks?', hex('0500')],
    ['settings that do not exist', hex('000006 04 00 00000000 0077 00000064')], ['a frame of HTTP/2, but no settings', hex('000006 08 00 00000000 0003 00000064')],
  ['an empty record of TLS', hex('1603010000 1603010000')], ['a short hello', hex('1603010005 0100000103')], ['control bytes', 'GET /\0 is what he said\n'],
  ['one byte', hex('10')], ['zeros', '\0'.repeat(64)], ['ones', '\u00ff'.repeat(64)],
];
const listed = new Set(['http', 'tls', 'ftp', 'telnet', 'ssh', 'smtp', 'pop3', 'imap', 'rtsp', 'sip', 'mqtt', 'socks', 'bittorrent', 'rdp', 'mysql', 'postgres', 'dns']);

describe('identification in its variety', () => {
  for (const [side, table, identify] of [['server', greetings, identifyServer], ['client', clients, identifyClient]] as const) {
    for (const [protocol, text] of table) {
      it(`${side}, ${protocol}: ${JSON.stringify(text).slice(0, 60)}`, () => {
        const found = identify(bytes(text), text.length);
        assert.equal(found.protocol, protocol, found.evidence);
        assert.ok(found.confidence >= Confidence.likely, JSON.stringify(found));
      });
    }
  }

  it('both sides make up for a greeting that says nothing', () => {
    for (const [protocol, ...said] of [
      ['ftp', '220 hello\r\n', '>USER joe\r\n', '331 go on\r\n'], ['smtp', '220 hello\r\n', '>EHLO x\r\n', '250 hi\r\n'], ['pop3', '+OK\r\n', '>USER joe\r\n', '+OK\r\n',
        '>PASS x\r\n', '+OK\r\n', '>STAT\r\n'],
      ['ftp', '220 Features: a p .\r\n', '>USER ftp\r\n', '230 ok\r\n'],
      ['ftp', '220 mail.example.org here\r\n', '>AUTH TLS\r\n'], ['ftp', '220 host.example.org\r\n', '>USER joe\r\n'],
      ['redis', '>*1\r\n$4\r\nPING\r\n', '+OK\r\n'], ['postgres', `>${hex('00000008 04d2162f')}`, 'S'],
        ['socks', `>${hex('050100')}`, hex('0500')],
      ['http', '>GET /\r\n', 'HTTP/1.0 200 OK\r\n'], ['mqtt', `>${hex('1010 0004')}MQTT${hex('04 02 003c 0004')}`, hex('20020000')],
        ['rdp', `>${hex('0300 000b 06 e0 0000 0000 00')}`, hex('0300 000b 06 d0 0000 1234 00')],
    ] as const) {
      const found = talk(4000, ...said);
      assert.equal(found.protocol, protocol, JSON.stringify(found));
      assert.ok(!found.open && found.confidence >= Confidence.likely, JSON.stringify(found));
    }
  });

  it('what is open is waited for; when nothing more comes a port lends its weight to it', () => {
    const identifier = new Identifier(23);
    identifier.server(bytes('Welcome to the Telnet Server\r\n'), 0, 30);
    assert.deepEqual([identifier.verdict().open, identifier.verdict().confidence], [true, 60]);
    assert.deepEqual([identifier.final().open, identifier.final().protocol, identifier.final().confidence], [false, 'telnet', Confidence.likely]);
    const cut = new Identifier(443);
    cut.client(bytes('\u0016\u0003\u0001'), 0, 3);
    assert.deepEqual([cut.verdict().protocol, cut.final().protocol, cut.final().open], ['tls', '', false]);
    // A client may send its first byte alone.
    for (const [first, side] of [['\u0080', 'client'], ['\u0016', 'client'], ['\0', 'client'], ['\0', 'server'], ['\u0081', 'client'], ['GET', 'client'], [' ', 'client'],
      ['Hello\r\n', 'server'], ['GET / HTTQ/1.1\r\n', 'client']] as const) {
      assert.equal((side === 'client' ? identifyClient : identifyServer)(bytes(first), first.length).open, true, JSON.stringify(first));
    }
  });

  it('beginnings on both sides prove nothing', () => {
    assert.ok(talk(4000, `>${hex('1603010000')}`, hex('1703010000')).confidence < Confidence.likely);
    assert.ok(talk(4000, '>\0\u0020', '\0\u0030').confidence < Confidence.likely);
  });

  it('verbs of others are no tags of IMAP', () => {
    assert.deepEqual([talk(4000, '+OK ready\r\n', '>AUTH LOGIN\r\n').protocol], ['pop3']);
    assert.ok(talk(4000, '+OK ready\r\n', '>AUTH LOGIN\r\n').confidence >= Confidence.likely);
    assert.equal(talk(4000, '220 hello\r\n', '>USER login\r\n', '331 go on\r\n').protocol, 'ftp');
    assert.notEqual(talk(4000, '>USER id\r\n').protocol, 'imap');
  });

  it('inline commands of Redis are likely with an answer of it', () => {
    assert.ok(talk(4000, '>SET a b\r\n').confidence < Confidence.likely);
    for (const said of [['>SET a b\r\n', '+OK\r\n'], ['>PING\r\n', '+PONG\r\n'], ['>INCR a\r\n', '-ERR unknown command\r\n']]) {
      const found = talk(4000, ...said);
      assert.deepEqual([found.protocol, found.confidence >= Confidence.likely], ['redis', true], JSON.stringify(found));
    }
  });

  it('a port decides what only fits: of rivals the one that it is registered for', () => {
    for (const [port, said, protocol] of [
      [21, '220 hello\r\n', 'ftp'], [25, '220 hello\r\n', 'smtp'], [587, '421 too many connections\r\n', 'smtp'], [110, '+OK\r\n', 'pop3'], [6379, '>*1\r\n', 'redis'],
      [23, 'Password: ', 'telnet'],
      [110, '>USER joe\r\n', 'pop3'], [21, '>USER joe\r\n', 'ftp'], [25, '>QUIT\r\n', 'smtp'], [80, '>GET /\r\n', 'http'], [1080, hex('0500'), 'socks'],
      [1883, hex('20020000'), 'mqtt'],
    ] as const) {
      const found = talk(port, said);
      assert.deepEqual([found.protocol, found.confidence >= Confidence.likely], [protocol, true], `${port} ${said} ${JSON.stringify(found)}`);
    }
    // Nor does a port make something of nothing, or of another protocol.
    for (const [port, said] of [[25, '>USER joe\r\n'], [22, 'login: '], [53, '220 hello\r\n'], [80, '<html>\n'], [443, '+OK\r\n']] as const) {
      assert.ok(talk(port, said).confidence < Confidence.likely || talk(port, said).protocol === 'pop3', `${port} ${said} ${JSON.stringify(talk(port, said))}`);
    }
  });

  it('who spoke first tells +OK of a mail server from the same of Redis', () => {
    assert.ok(talk(4000, '+OK\r\n').confidence >= Confidence.likely, 'Redis never speaks first');
    assert.equal(talk(4000, '>AUTH x\r\n', '+OK\r\n').confidence < Confidence.likely, true);
    assert.deepEqual([talk(4000, '>*1\r\n$4\r\nPING\r\n', '-ERR x\r\n').protocol], ['redis']);
  });

  for (const [name, text] of strangers) {
    it(`not taken for another: ${name} ${JSON.stringify(text).slice(0, 40)}`, () => {
      for (const port of [4000, 21, 25, 53, 80, 443, 3306]) {
        for (const side of ['>', '']) {
          const found = talk(port, side + text);
          assert.ok(!(found.confidence >= Confidence.likely && listed.has(found.protocol)), `port ${port} ${side}: ${JSON.stringify(found)}`);
        }
      }
    });
  }

  it('datagrams: DNS with its relatives, SIP, BitTorrent, and others', () => {
    const datagram = (text: string): string => identifyDatagram(bytes(text), text.length).protocol;
    const question = '03777777 076578616d706c65 03636f6d 00 0001 0001';
    assert.equal(datagram(hex(`1234 0100 0001 0000 0000 0001 ${question} 00 0029 1000 0000 0000 0000`)), 'dns');
    assert.equal(datagram(hex(`1234 8180 0001 0001 0000 0000 ${question} c00c 0001 0001 00000e10 0004 c0000201`)), 'dns');
    assert.equal(datagram(hex('0000 0000 0002 0000 0000 0000 05 5f68747470 04 5f746370 05 6c6f63616c 00 000c 8001 c00c 000c 0001')), 'dns', 'mDNS');
    assert.equal(datagram(hex('0000 8400 0000 0001 0000 0000 05 5f68747470 04 5f746370 05 6c6f63616c 00 000c 0001 00001194 0002 c00c')), 'dns', 'an answer of mDNS');
    assert.equal(datagram(hex(`8001 0110 0001 0000 0000 0000 20 ${'43'.repeat(32)} 00 0020 0001`)), 'dns', 'NetBIOS');
    assert.equal(datagram('SIP/2.0 100 Trying\r\nVia: x\r\n'), 'sip');
    assert.equal(datagram('BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\n'), 'bittorrent');
    assert.equal(datagram('d1:rd2:id20:abcdefghij0123456789e1:t2:aa1:y1:re'), 'bittorrent');
    for (const other of [
      hex(`1b${'00'.repeat(47)}`), hex(`2300${'ff'.repeat(46)}`), hex('0101 0000 2112a442 0102030405060708090a0b0c'), hex(`0101 0600 11223344 ${'00'.repeat(230)}`),
        hex('302602010104067075626c6963a019'),
      hex(`c0 00000001 08 ${'ab'.repeat(40)}`), hex(`80 60 0001 00000001 00000001 ${'7f'.repeat(160)}`), '<34>Oct 11 22:14:15 host su: x',
        hex('16fefd 0000 0000 0000 0000 0030'), hex('01020050 aabbccddeeff00112233445566778899'),
    ]) assert.equal(datagram(other), '', JSON.stringify(other.slice(0, 20)));
  });

  it('cheap, whatever comes', () => {
    const mean = (run: () => void): number => {
      for (let i = 0; i < 300; i++) run();
      const before = process.cpuUsage();
      for (let i = 0; i < 1000; i++) run();
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    };
    let worst = 0;
    let dear = '';
    for (const text of [...greetings, ...clients].map(([, one]) => one)) {
      const piece = bytes(text);
      const cost = Math.max(mean(() => { identifyClient(piece, piece.length); }), mean(() => { identifyServer(piece, piece.length); }));
      if (cost > worst) dear = text;
      worst = Math.max(worst, cost);
    }
    // Measured: 6 at most, most of them 1 to 2; the bound leaves room for a machine that is busy.
    assert.ok(worst < 30, `${worst} microseconds for ${dear}`);
    // The worst that 2 KiB can be made to cost.
    for (const text of ['220-a\r\n'.repeat(290), 'USER a\r\n'.repeat(250), '220 '.padEnd(2040, 'mail '), `GET /${'a '.repeat(1000)}`, `220-${'a.'.repeat(1000)}`,
      'A-'.repeat(1000), `${'- '.repeat(1000)}\r\n`, `220-${'a-'.repeat(500)}\r\n`]) {
      const piece = bytes(text);
      const cost = Math.max(mean(() => { identifyClient(piece, piece.length); }), mean(() => { identifyServer(piece, piece.length); }));
      assert.ok(cost < 300, `${cost} microseconds for ${text.slice(0, 20)}`);
    }
  });
});
