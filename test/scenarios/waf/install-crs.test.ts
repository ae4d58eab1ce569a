// `waf install-crs` against servers of the test: a mirror over HTTPS with checksum and signature, releases as GitHub lists them, and
// everything that must install nothing: tampered, wrong checksum, bad signature, paths and links that lead outside, too large, cut off.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { archiveLimits, mirroredArchive, releaseArchive } from '#cli/commands/crs-archive.ts';
import { makeCertificate } from '../../harness/certificates.ts';
import { needs } from '../../peers/peer.ts';
import { sallyport, temporaryDirectory, type Ended } from '../../cli/command.ts';

const directory = temporaryDirectory();
const cwd = directory.path;
after(() => { directory[Symbol.dispose](); });

/** What the servers have, by path. A number is a status. `cut`: the connection ends in the middle. */
const files = new Map<string, Buffer | string | number>();
const cut = new Set<string>();
let https: Server;
let http: Server;
let mirror = '';
let plainMirror = '';
let certificateFile = '';

before(async () => {
  const made = makeCertificate();
  assert.ok(made !== undefined, 'openssl is not there');
  certificateFile = made.certificateFile;
  const handler: Parameters<typeof createHttp>[1] = (request, response) => {
    const found = files.get(request.url!);
    if (found === undefined || typeof found === 'number') {
      response.writeHead(found ?? 404).end();
      return;
    }
    const bytes = Buffer.from(found);
    response.writeHead(200, { 'Content-Length': bytes.length });
    if (cut.has(request.url!)) response.write(bytes.subarray(0, bytes.length >> 1), () => { response.destroy(); });
    else response.end(bytes);
  };
  https = createHttps({ cert: made.certificate, key: made.key }, handler) as unknown as Server;
  http = createHttp(handler);
  for (const server of [https, http]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  mirror = `https://localhost:${(https.address() as AddressInfo).port}/crs`;
  plainMirror = `http://127.0.0.1:${(http.address() as AddressInfo).port}/crs`;
});
after(() => {
  https.close();
  http.close();
});

function sha256(bytes: Buffer): string { return createHash('sha256').update(bytes).digest('hex'); }

/** An archive of a rule set, as releases are. */
function pack(version: string, rules = 'SecRule ARGS "@rx attack" "id:942001,phase:2,deny"\n', change: (folder: string) => void = () => {}): Buffer {
  const folder = join(cwd, `coreruleset-${version}`);
  mkdirSync(join(folder, 'rules'), { recursive: true });
  writeFileSync(join(folder, 'crs-setup.conf.example'), 'SecAction "id:900990,phase:1,pass,nolog,setvar:tx.crs_setup_version=480"\n');
  writeFileSync(join(folder, 'rules', 'REQUEST-942.conf'), rules);
  change(folder);
  execFileSync('tar', ['czf', 'made.tar.gz', `coreruleset-${version}`], { cwd });
  return readFileSync(join(cwd, 'made.tar.gz'));
}

function serve(version: string, bytes: Buffer, checksum = sha256(bytes)): string {
  const path = `/crs/coreruleset-${version}-minimal.tar.gz`;
  files.set(path, bytes);
  if (checksum !== '') files.set(`${path}.sha256`, `${checksum}  coreruleset-${version}-minimal.tar.gz\n`);
  return path;
}

async function install(...args: string[]): Promise<Ended> {
  return await sallyport(['waf', 'install-crs', '--state-dir', 'state', ...args], { cwd, environment: { NODE_EXTRA_CA_CERTS: certificateFile, GNUPGHOME: join(cwd, 'gnupg') } });
}

function current(): string { return readlinkSync(join(cwd, 'state', 'crs', 'current')); }

/** Refused with this text, and what was installed before is still there, with nothing left behind. */
async function refused(pattern: RegExp, ...args: string[]): Promise<void> {
  const was = current();
  const ended = await install(...args);
  assert.notEqual(ended.code, 0, ended.stdout);
  assert.match(ended.stderr, pattern);
  assert.equal(current(), was);
  assert.deepEqual(readdirSync(join(cwd, 'state', 'crs')).filter((name) => name.startsWith('.')), []);
}

test('from a mirror over HTTPS, with its checksum; a version that is there is never changed', { timeout: 60_000 }, async () => {
  serve('4.0.1', pack('4.0.1'));
  const ended = await install('--version', '4.0.1', '--from', `${mirror}/`);
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stdout, /installed: Core Rule Set 4\.0\.1, [^]*SHA-256 [0-9a-f]{64} \(as the mirror announces\); signature: none at hand/);
  assert.equal(current(), 'coreruleset-4.0.1');
  const other = pack('4.0.1', 'SecRule ARGS "@rx other" "id:942002,phase:2,deny"\n');
  serve('4.0.1', other);
  for (let times = 0; times < 2; times++) assert.equal((await install('--version', 'v4.0.1', '--from', mirror)).code, 0);
  assert.equal(current(), `coreruleset-4.0.1-${sha256(other).slice(0, 12)}`);
  assert.match(readFileSync(join(cwd, 'state', 'crs', 'coreruleset-4.0.1', 'rules', 'REQUEST-942.conf'), 'utf8'), /attack/);
  assert.deepEqual(readdirSync(join(cwd, 'state', 'crs')).filter((name) => name.startsWith('.')), []);
  const byVariable = await sallyport(['waf', 'install-crs', '--state-dir', 'state', '--version', 'v4.0.1', '--json'], { cwd,
    environment: { NODE_EXTRA_CA_CERTS: certificateFile, SALLYPORT_CRS_MIRROR: mirror } });
  assert.equal((JSON.parse(byVariable.stdout) as { checked: string }).checked, 'as the mirror announces');
});

test('nothing is installed: tampered, wrong or no checksum, missing, cut off, unencrypted, unknown authority, no version, no address', { timeout: 120_000 }, async () => {
  const good = pack('4.0.2');
  const tampered = gzipSync(Buffer.from(gunzipSync(good).toString('latin1').replace('attack', 'attacc'), 'latin1'));
  serve('4.0.2', tampered, sha256(good));
  await refused(/has SHA-256 [0-9a-f]{64}, announced is [0-9a-f]{64}: nothing was installed/, '--version', '4.0.2', '--from', mirror);
  await refused(/not 00[^]*nothing was installed/, '--version', '4.0.1', '--from', mirror, '--sha256', `00${'1'.repeat(62)}`);
  serve('4.0.3', pack('4.0.3'), '');
  await refused(/nobody vouches for .*no checksum beside it/, '--version', '4.0.3', '--from', mirror);
  files.set('/crs/coreruleset-4.0.3-minimal.tar.gz.sha256', 'see elsewhere');
  await refused(/holds no checksum/, '--version', '4.0.3', '--from', mirror);
  await refused(/coreruleset-4\.9\.9-minimal\.tar\.gz is not at /, '--version', '4.9.9', '--from', mirror);
  files.set('/crs/coreruleset-4.0.5-minimal.tar.gz', 503);
  await refused(/answered 503/, '--version', '4.0.5', '--from', mirror);
  cut.add(serve('4.0.4', pack('4.0.4')));
  await refused(/cannot be fetched from localhost/, '--version', '4.0.4', '--from', mirror);
  await refused(/which came unencrypted/, '--version', '4.0.1', '--from', plainMirror);
  const untrusted = await sallyport(['waf', 'install-crs', '--state-dir', 'state', '--version', '4.0.1', '--from', mirror], { cwd });
  assert.match(untrusted.stderr, /cannot be fetched[^]*self-signed/);
  await refused(/is no version/, '--version', '4', '--from', mirror);
  await refused(/is no address/, '--version', '4.0.1', '--from', 'ftp://mirror.example/');
  // With a checksum of one's own, the way does not matter.
  serve('4.0.6', pack('4.0.6'), '');
  const sum = sha256(files.get('/crs/coreruleset-4.0.6-minimal.tar.gz') as Buffer);
  assert.equal((await install('--version', '4.0.6', '--from', plainMirror, '--sha256', sum.toUpperCase())).code, 0);
});

test('archives that lead outside, hold links or are broken: nothing is installed, nothing is written elsewhere', { timeout: 120_000 }, async () => {
  const archive = (bytes: Buffer): string[] => {
    writeFileSync(join(cwd, 'given.tar.gz'), bytes);
    return ['--file', 'given.tar.gz'];
  };
  const good = gunzipSync(pack('4.1.0'));
  /** The same archive with another name in the header of the rules, its sum made anew. */
  const renamed = (name: string): Buffer => {
    const bytes = Buffer.from(good);
    const at = bytes.indexOf('coreruleset-4.1.0/rules/REQUEST-942.conf');
    bytes.fill(0, at, at + 100).write(name, at);
    bytes.fill(' ', at + 148, at + 156);
    let sum = 0;
    for (let i = at; i < at + 512; i++) sum += bytes[i]!;
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148);
    return gzipSync(bytes);
  };
  await refused(/leads outside/, ...archive(renamed('coreruleset-4.1.0/rules/../../../../outside.conf')));
  await refused(/leads outside/, ...archive(renamed(join(cwd, 'outside.conf'))));
  assert.equal(existsSync(join(cwd, 'outside.conf')), false);
  const broken = Buffer.from(good);
  broken[broken.indexOf('coreruleset-4.1.0/rules/REQUEST-942.conf') + 1] = 0x78;
  await refused(/wrong checksum/, ...archive(gzipSync(broken)));
  await refused(/no \.tar\.gz that can be unpacked/, ...archive(gzipSync(good).subarray(0, 300)));
  await refused(/cut off or broken/, ...archive(gzipSync(good.subarray(0, good.indexOf('SecRule ARGS') + 5))));
  await refused(/no \.tar\.gz/, ...archive(Buffer.from('hello')));
  await refused(/holds no crs-setup/, ...archive(gzipSync(Buffer.alloc(1024))));
  const link = (version: string, to: string) => pack(version, undefined, (folder) => { symlinkSync(to, join(folder, 'rules', 'REQUEST-999.conf')); });
  await refused(/"coreruleset-4\.1\.1\/rules\/REQUEST-999\.conf", which is no file/, ...archive(link('4.1.1', '/etc/passwd')));
  const folderLink = pack('4.1.2', undefined, (folder) => { symlinkSync('/tmp', join(folder, 'plugins')); });
  // A link instead of a folder is left out: nothing can be written through it.
  assert.equal((await install(...archive(folderLink))).code, 0);
  assert.deepEqual(readdirSync(join(cwd, 'state', 'crs', 'coreruleset-4.1.2')).sort(), ['crs-setup.conf.example', 'rules']);
  await refused(/the rules cannot be used[^]*REQUEST-942\.conf:1:\d+/, ...archive(pack('4.1.3', 'SecRule ARGS "@nothing x" "id:1"\n')));
  // A bomb: little that becomes much.
  await refused(/no \.tar\.gz that can be unpacked/, ...archive(gzipSync(Buffer.alloc(257 * 1024 * 1024))));
});

test('releases as GitHub lists them; sizes at the limit and one more', async () => {
  const api = plainMirror.replace('/crs', '/api');
  const bytes = pack('4.2.0');
  const asset = (name: string, digest?: string) => ({ name, browser_download_url: `${plainMirror}/${name}`, ...(digest === undefined ? {} : { digest }) });
  const name = 'coreruleset-4.2.0-minimal.tar.gz';
  files.set(`/crs/${name}`, bytes);
  files.set(`/crs/${name}.asc`, 'signature');
  const list = (...assets: object[]): void => { files.set('/api/tags/v4.2.0', JSON.stringify({ assets })); };
  list(asset('coreruleset-4.2.0.zip'), asset(name, `sha256:${sha256(bytes)}`), asset(`${name}.asc`));
  const found = await releaseArchive('v4.2.0', api);
  assert.deepEqual([found.name, found.sha256, found.announcedBy, found.signature?.toString()], [name, sha256(bytes), 'as the release announces', 'signature']);
  list(asset(name, `sha256:${'0'.repeat(64)}`));
  await assert.rejects(releaseArchive('4.2.0', api), /nothing was installed/);
  list(asset(name));
  await assert.rejects(releaseArchive('4.2.0', api), /announces no checksum/);
  list(asset('other.zip'));
  await assert.rejects(releaseArchive('4.2.0', api), /has no archive/);
  for (const odd of ['{', '[]', '{"assets":3}']) {
    files.set('/api/tags/v4.2.0', odd);
    await assert.rejects(releaseArchive('4.2.0', api), /cannot be understood/);
  }
  await assert.rejects(releaseArchive('4.2.1', api), /is not at /);
  const limit = archiveLimits.maxArchiveBytes;
  serve('4.2.0', bytes);
  archiveLimits.maxArchiveBytes = bytes.length;
  assert.equal((await mirroredArchive('4.2.0', plainMirror)).bytes.length, bytes.length);
  archiveLimits.maxArchiveBytes = bytes.length - 1;
  await assert.rejects(mirroredArchive('4.2.0', plainMirror), /is larger than/);
  archiveLimits.maxArchiveBytes = limit;
});

test('signatures: good by the wanted key, bad, by another key, by one that gpg does not know', { timeout: 120_000, skip: needs('gpg', 'gpg-agent') }, async () => {
  const gnupg = join(cwd, 'gnupg');
  mkdirSync(gnupg);
  chmodSync(gnupg, 0o700);
  const gpg = (home: string, ...args: string[]): string => execFileSync('gpg', ['--homedir', home, '--batch', '--pinentry-mode', 'loopback', '--passphrase', '', ...args],
    { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const makeKey = (home: string, name: string): string => {
    gpg(home, '--quick-gen-key', `${name} <${name}@example.org>`, 'ed25519', 'sign', 'never');
    return /^fpr:+([0-9A-F]{40}):/m.exec(gpg(home, '--with-colons', '--list-keys', `${name}@example.org`))![1]!;
  };
  try {
    const project = makeKey(gnupg, 'project');
    const other = makeKey(gnupg, 'other');
    const sign = (version: string, key: string, bytes = pack(version)): string => {
      const path = serve(version, bytes, '');
      writeFileSync(join(cwd, 'signed'), bytes);
      gpg(gnupg, '--yes', '-u', key, '--armor', '--output', 'signed.asc', '--detach-sign', 'signed');
      files.set(`${path}.asc`, readFileSync(join(cwd, 'signed.asc')));
      return path;
    };
    sign('4.3.0', project);
    const good = await install('--version', '4.3.0', '--from', plainMirror, '--key', project.replaceAll(/(....)/g, '$1 '), '--require-signature');
    assert.equal(good.code, 0, good.stderr);
    assert.match(good.stdout, /signature: good/);
    await refused(new RegExp(`is signed by ${project}, not by 36006F0E0BA167832158821138EEACA1AB8A6E72`), '--version', '4.3.0', '--from', mirror);
    sign('4.3.1', other);
    await refused(new RegExp(`is signed by ${other}, not by ${project}`), '--version', '4.3.1', '--from', mirror, '--key', project);
    const path = sign('4.3.2', project);
    files.set(path, pack('4.3.2', '# something else\n'));
    files.set(`${path}.sha256`, sha256(files.get(path) as Buffer));
    await refused(/the signature of the archive is bad/, '--version', '4.3.2', '--from', mirror, '--key', project);
    files.set(`${path}.asc`, 'no signature at all');
    await refused(/the signature of the archive is bad/, '--version', '4.3.2', '--from', mirror, '--key', project);
    await refused(/signature is none at hand: nothing was installed/, '--version', '4.0.1', '--from', mirror, '--require-signature');
    await refused(/40 hexadecimal digits/, '--version', '4.0.1', '--from', mirror, '--key', 'abc');
    // A key that is not in the key ring proves nothing, and the checksum over HTTPS still counts.
    sign('4.3.3', project);
    gpg(gnupg, '--yes', '--delete-secret-and-public-key', project);
    await refused(/gpg does not know the key[^]*nothing was installed/, '--version', '4.3.3', '--from', mirror, '--require-signature', '--key', project);
    await refused(/nobody vouches/, '--version', '4.3.3', '--from', mirror, '--key', project);
    serve('4.3.3', files.get('/crs/coreruleset-4.3.3-minimal.tar.gz') as Buffer);
    assert.match((await install('--version', '4.3.3', '--from', mirror, '--key', project)).stdout, /signature: not checked: gpg does not know the key/);
  } finally { spawnSync('gpgconf', ['--homedir', gnupg, '--kill', 'all']); }
});

test('plugins: configuration, then what comes before the rules, then what comes after', { timeout: 60_000 }, async () => {
  const rule = (id: number): string => `SecAction "id:${id},phase:1,pass,log,msg:'${id}',setvar:'tx.order=%{tx.order} ${id}'"\n`;
  const bytes = pack('4.4.0', `${rule(942_100)}SecRule TX:order "@rx ." "id:942101,phase:2,pass,log,msg:'order%{tx.order}'"\n`, (folder) => {
    mkdirSync(join(folder, 'plugins'));
    for (const [at, name] of ['b-after', 'a-after', 'b-before', 'a-before', 'b-config', 'a-config'].entries())
      writeFileSync(join(folder, 'plugins', `${name}.conf`), rule(9_500_000 + at));
    writeFileSync(join(folder, 'plugins', 'a-other.conf'), rule(9_500_099));
  });
  writeFileSync(join(cwd, 'plugins.tar.gz'), bytes);
  assert.equal((await install('--file', 'plugins.tar.gz')).code, 0);
  const { prepareRules } = await import('#control/waf/prepare.ts');
  const { replay } = await import('#control/waf/replay.ts');
  const { gateways } = await import('../../../src/standard.ts');
  const manifest = gateways.find(({ protocol }) => protocol === 'http')!;
  const settings = manifest.webInspections!(manifest.settings.parse({ pool: 'x', waf: { ruleset: 'crs' } }))[0]!.settings;
  const { inspector } = prepareRules(settings, { baseDirectory: cwd, stateDirectory: join(cwd, 'state') });
  const { matches } = replay(inspector, { method: 'GET', target: '/', version: 'HTTP/1.1', headers: [['Host', 'a']], body: '', client: '192.0.2.1' }, 0);
  assert.match(matches.find(({ rule: id }) => id === 942_101)!.message, /order 9500005 9500004 9500003 9500002 942100 9500001 9500000$/);
});
