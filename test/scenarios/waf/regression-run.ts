// Sends the regression stages of the Core Rule Set through the real gateway: raw bytes as given on a socket of their own, a
// reflector behind it for the response rules, detection only at paranoia level 4. Judges as go-ftw does.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WebInspection, WebMatch } from '#contract/web-inspection.ts';
import { startGateway, type GatewayUnderTest } from '#test/harness/gateway.ts';
import { crsFolder } from '../../waf/files.ts';
import type { Stage } from '../../waf/regression-run.ts';

/** What the rule set's own tests set. */
const testSettings = `
SecAction "id:900005,phase:1,nolog,pass,setvar:tx.blocking_paranoia_level=4,setvar:tx.crs_validate_utf8_encoding=1,\\
setvar:tx.arg_name_length=100,setvar:tx.arg_length=400,setvar:tx.total_arg_length=64000,setvar:tx.max_num_args=255,\\
setvar:tx.max_file_size=64100,setvar:tx.combined_file_sizes=65535"
`;

/** Everything that the parser can be told to let through: the rules, not the parser, are being tested. */
const relaxed = `
      contentLengthWithTransferEncoding: prefer-transfer-encoding
      duplicateContentLength: collapse-identical
      underscoreInHeaderName: pass
      duplicateSingletonHeader: pass
      absoluteFormHostMismatch: use-target
      fragmentInTarget: reject
      encodedSlash: keep
      dotSegments: resolve
      encodedDotSegments: resolve
      invalidPercentEncoding: keep
      encodedControl: keep
      backslashInPath: keep
      nonAsciiInTarget: encode
      invalidTargetCharacters: encode
      getWithBody: pass
      unknownExpectation: ignore
      protectedConnectionOption: ignore`;

function configuration(directory: string, port: number): string {
  return `
listeners: { web: { bind: "127.0.0.1:0", service: site } }
services:
  site:
    protocol: http
    pool: reflector
    timeouts: { clientBody: 500ms, clientHeader: 500ms, serverFirstByte: 2s }
    limits: { maxBodyBytes: 20MB, maxRequestLineBytes: 32KiB, maxHeadBytes: 128KiB, maxHeaderLineBytes: 64KiB, maxHeaderCount: 200 }
    normalization: ${relaxed}
    waf:
      ruleset: crs
      path: ${crsFolder}
      setup: ${join(directory, 'setup.conf')}
      mode: detect
      responseBody: { inspect: true }
pools: { reflector: { servers: ["127.0.0.1:${port}"] } }
policy: [{ id: all, then: allow }]
`;
}

interface Reflection { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: string; readonly encodedBody?: string }

/** /reflect gives back what the request's JSON asks for. */
async function startReflector(): Promise<http.Server> {
  const server = http.createServer({ insecureHTTPParser: true, maxHeaderSize: 128 * 1024 }, (request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      let asked: Reflection = {};
      if ((request.url ?? '').includes('/reflect')) {
        try { asked = JSON.parse(Buffer.concat(pieces).toString('utf8')) as Reflection; } catch { /* nothing is asked for */ }
      }
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(asked.headers ?? {})) if (name.toLowerCase() !== 'content-length') headers[name] = value;
      if (!Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')) headers['Content-Type'] = 'text/plain; charset=utf-8';
      const body = asked.encodedBody === undefined ? Buffer.from(asked.body ?? '', 'utf8') : Buffer.from(asked.encodedBody, 'base64');
      try { response.writeHead(asked.status ?? 200, headers).end(body); } catch { response.writeHead(500).end(); }
    });
    request.on('error', () => { /* the gateway gave up */ });
  });
  server.on('connect', (_request, socket) => { socket.destroy(); });
  server.keepAliveTimeout = 30_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** What a connection came to. */
export interface Seen { readonly matches: WebMatch[]; readonly inspections: number; readonly refusals: string[]; readonly statuses: number[] }

export class RegressionGateway {
  readonly #gateway: GatewayUnderTest;
  readonly #reflector: http.Server;
  readonly #directory: string;
  readonly #byPort = new Map<number, { seen: Seen; open: WebInspection[]; done(): void }>();

  private constructor(gateway: GatewayUnderTest, reflector: http.Server, directory: string) {
    this.#gateway = gateway;
    this.#reflector = reflector;
    this.#directory = directory;
  }

  static async start(): Promise<RegressionGateway> {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-crs-'));
    writeFileSync(join(directory, 'setup.conf'), `Include ${join(crsFolder, 'crs-setup.conf.example')}\n${testSettings}`);
    const reflector = await startReflector();
    const { port } = reflector.address() as net.AddressInfo;
    const gateway = await startGateway(configuration(directory, port), { baseDirectory: directory, stateDirectory: directory });
    const regression = new RegressionGateway(gateway, reflector, directory);
    regression.#watch();
    return regression;
  }

  /** Looks at what the gateway's own inspections found, and at the records for what its parser refused. */
  #watch(): void {
    const { worker } = this.#gateway;
    const inspector = worker.plan.webInspectors.all()[0]!;
    const begin = inspector.begin.bind(inspector);
    inspector.begin = (client) => {
      const inspection = begin(client);
      this.#byPort.get(client.clientPort)?.open.push(inspection);
      return inspection;
    };
    const record = worker.record.bind(worker);
    worker.record = (one) => {
      const entry = this.#byPort.get(one.clientPort);
      if (entry !== undefined) {
        if (one.kind === 'session') {
          for (const inspection of entry.open) entry.seen.matches.push(...inspection.matches().filter(({ logged }) => logged));
          setImmediate(entry.done);
        } else {
          entry.seen.statuses.push(one.status);
          if (one.outcome !== 'allowed') entry.seen.refusals.push(`${one.rule}: ${one.reason}`);
        }
      }
      record(one);
    };
  }

  /** Sends the bytes on a connection of their own and waits for the end of the session. */
  async send(bytes: Buffer): Promise<Seen> {
    const socket = net.connect({ port: this.#gateway.port(), host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    socket.on('error', () => { /* refused requests may be answered by a reset */ });
    socket.resume();
    await once(socket, 'connect');
    const { localPort } = socket;
    const open: WebInspection[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const entry = { seen: { matches: [], get inspections() { return open.length; }, refusals: [], statuses: [] }, open, done: resolve };
    this.#byPort.set(localPort!, entry);
    socket.end(bytes);
    await promise;
    this.#byPort.delete(localPort!);
    socket.destroy();
    return entry.seen;
  }

  get bugs(): readonly string[] { return this.#gateway.bugs; }

  async stop(): Promise<void> {
    await this.#gateway.stop();
    this.#reflector.closeAllConnections();
    this.#reflector.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

export interface Judgement { readonly passed: boolean; readonly why: string; /** The parser refused, and no rule saw the request. */ readonly refused: string }

export function judge(stage: Stage, seen: Seen): Judgement {
  const { status, log, expect_error: expectError } = stage.out;
  const refused = seen.inspections === 0 ? (seen.refusals[0] ?? 'no request was understood') : '';
  const answer = (why: string): Judgement => ({ passed: why === '', why, refused });
  if (expectError === true && refused !== '') return answer('');
  if (status === 400 && refused === '' && !seen.statuses.includes(400)) return answer('not refused with 400');
  const ids = new Set(seen.matches.map(({ rule }) => rule));
  for (const id of log?.expect_ids ?? []) if (!ids.has(id)) return answer(`${id} expected`);
  for (const id of log?.no_expect_ids ?? []) if (ids.has(id)) return answer(`${id} not expected`);
  const text = seen.matches.map(({ rule, message, logData }) => `[id "${rule}"] [msg "${message}"] [data "${logData}"]`).join('\n');
  if (log?.match_regex !== undefined && !new RegExp(log.match_regex, 's').test(text)) return answer(`log does not match ${log.match_regex}`);
  if (log?.no_match_regex !== undefined && new RegExp(log.no_match_regex, 's').test(text)) return answer(`log matches ${log.no_match_regex}`);
  return answer('');
}
