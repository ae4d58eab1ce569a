// curl as a client, with the options by which people find out what a proxy is worth. The origin is Node's server, which
// says what it got.
import { after, before, suite, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { startGateway, type GatewayUnderTest } from '../harness/gateway.ts';
import { needs, runPeer, type Ran } from './peer.ts';

const content = randomBytes(500_000);
let origin: Server;
let gateway: GatewayUnderTest;

/** What the origin tells of a request. */
interface Told {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly headers: Record<string, string>;
  readonly bytes: number;
  readonly sha256: string;
}

async function curl(path: string, ...options: string[]): Promise<Ran> {
  return runPeer('curl', ['-sS', '--max-time', '20', ...options, `http://127.0.0.1:${gateway.port()}${path}`]);
}

async function told(path: string, input: Buffer | undefined, ...options: string[]): Promise<Told> {
  const ran = await runPeer('curl', ['-sS', '--max-time', '20', ...options, `http://127.0.0.1:${gateway.port()}${path}`], input);
  assert.equal(ran.code, 0, ran.stderr);
  return JSON.parse(ran.stdout.toString()) as Told;
}

suite('curl', { skip: needs('curl'), timeout: 120_000 }, () => {
  before(async () => {
    origin = createServer((request, response) => {
      if (request.url === '/file') {
        const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
        if (range === null) response.writeHead(200, { 'Content-Length': content.length }).end(request.method === 'HEAD' ? undefined : content);
        else {
          const part = content.subarray(Number(range[1]), Number(range[2]) + 1);
          response.writeHead(206, { 'Content-Range': `bytes ${range[1]}-${range[2]}/${content.length}`, 'Content-Length': part.length }).end(part);
        }
        return;
      }
      const hash = createHash('sha256');
      let bytes = 0;
      request.on('data', (chunk: Buffer) => { hash.update(chunk); bytes += chunk.length; });
      request.on('end', () => {
        response.end(JSON.stringify({ method: request.method, url: request.url, httpVersion: request.httpVersion, headers: request.headers, bytes, sha256: hash.digest('hex') }));
      });
    });
    origin.listen(0, '127.0.0.1');
    await once(origin, 'listening');
    gateway = await startGateway(`
listeners: { plain: { bind: "127.0.0.1:0", service: site } }
services: { site: { protocol: http, pool: web } }
pools: { web: { servers: ["127.0.0.1:${(origin.address() as AddressInfo).port}"] } }
policy:
  - { id: no-admin, operation: { path: /admin/** }, then: deny }
  - { id: open, then: allow }
`);
  });
  after(async () => {
    await gateway.stop();
    origin.closeAllConnections();
    origin.close();
    assert.deepEqual(gateway.bugs, []);
  });

  test('GET, HTTP/1.0, HEAD, ranges', async () => {
    assert.deepEqual((await curl('/file')).stdout, content);
    assert.deepEqual((await curl('/file', '--http1.0')).stdout, content);
    assert.match((await curl('/file', '--head')).stdout.toString(), /^HTTP\/1\.1 200 OK\r\n.*Content-Length: 500000\r\n/s);
    assert.deepEqual((await curl('/file', '--range', '1000-1999')).stdout, content.subarray(1000, 2000));
    assert.equal((await told('/info', undefined)).httpVersion, '1.1');
    assert.equal((await told('/info', undefined, '--http1.0')).httpVersion, '1.1', 'the gateway speaks 1.1 to servers');
  });

  test('several URLs on one connection', async () => {
    const urls = Array.from({ length: 20 }, (_, number) => `http://127.0.0.1:${gateway.port()}/many/${number}`);
    const ran = await runPeer('curl', ['-sS', '-w', '%{num_connects}\n', ...urls.flatMap((url) => ['-o', '/dev/null', url])]);
    assert.equal(ran.stdout.toString().split('\n').filter((line) => line === '1').length, 1);
    assert.equal(ran.stdout.toString().split('\n').filter((line) => line === '0').length, 19);
  });

  test('form data, Expect: 100-continue and chunked uploads arrive whole', async () => {
    const form = await told('/form', undefined, '-d', 'a=1&b=2');
    assert.deepEqual([form.method, form.bytes, form.headers['content-type']], ['POST', 7, 'application/x-www-form-urlencoded']);
    const body = randomBytes(3_000_000);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const expected = await told('/expect', body, '-H', 'Expect: 100-continue', '--data-binary', '@-');
    assert.deepEqual([expected.sha256, expected.headers['content-length']], [sha256, '3000000']);
    const chunked = await told('/chunked', body, '-T', '-');
    assert.deepEqual([chunked.method, chunked.sha256, chunked.headers['transfer-encoding']], ['PUT', sha256, 'chunked']);
    const old = await told('/old', body, '--http1.0', '--data-binary', '@-');
    assert.equal(old.sha256, sha256);
  });

  test('an upload above the limit is answered with 413, with and without Expect', async () => {
    const body = Buffer.alloc(11 * 1024 * 1024);
    for (const expect of ['Expect: 100-continue', 'Expect:']) {
      const options = ['-sS', '--max-time', '20', '-o', '/dev/null', '-w', '%{http_code}', '-H', expect, '--data-binary', '@-'];
      const ran = await runPeer('curl', [...options, `http://127.0.0.1:${gateway.port()}/large`], body);
      assert.equal(ran.stdout.toString(), '413', ran.stderr);
    }
  });

  test('paths that climb are refused, and so are ways around a rule', async () => {
    const status = async (path: string): Promise<string> => (await curl(path, '--path-as-is', '-o', '/dev/null', '-w', '%{http_code}')).stdout.toString();
    for (const path of ['/a/../admin/x', '/a/%2e%2e/admin/x', '/..%2fadmin/x', '/a/./b', '/a%00b', '/a\\b']) assert.equal(await status(path), '400', path);
    for (const path of ['/admin/x', '//admin//x', '/%61dmin/x', '/admin']) assert.equal(await status(path), '403', path);
    assert.equal(await status('/fine/..name/x'), '200');
  });

  test('headers that lie are refused', async () => {
    const status = async (...headers: string[]): Promise<string> => {
      const options = headers.flatMap((header) => ['-H', header]);
      return (await curl('/x', '-o', '/dev/null', '-w', '%{http_code}', ...options)).stdout.toString();
    };
    assert.equal(await status('Host: a b'), '400');
    assert.equal(await status('X_Forwarded_For: 1.2.3.4'), '400');
    assert.equal(await status('Transfer-Encoding: gzip'), '501');
    assert.equal((await told('/forwarded', undefined, '-H', 'X-Forwarded-For: 1.2.3.4')).headers['x-forwarded-for'], '127.0.0.1');
  });
});
