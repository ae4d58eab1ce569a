// The commented configuration that `sallyport init` writes from a few answers. Text only: asks nothing, writes nothing.
import { formatBind } from '#runtime/settings.ts';
import { parseHostPort } from '#core/settings/primitives.ts';

export interface StarterAnswers {
  /** `address:port` where clients arrive. */
  listen?: string | undefined;
  /** `host:port` of each web server behind. */
  origins?: readonly string[] | undefined;
  /** Host names of the site; none: every request is forwarded, whatever its host. */
  hosts?: readonly string[] | undefined;
  /** Networks that may use paths below /admin; none: no such rule. */
  adminNetworks?: readonly string[] | undefined;
  /** Path that a healthy server answers with 200 to 399; none: no active health check. */
  healthPath?: string | undefined;
}

export const starterDefaults = { listen: '127.0.0.1:8080', origins: ['127.0.0.1:8081'] } as const;

/** A YAML scalar that is what it says: quoted unless it is plain by any reading. */
function scalar(text: string): string {
  return /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(text) && !/^[\d.]+$|^(true|false|null|~|yes|no|on|off)$|^0x|^\d+e\d+$/i.test(text) ? text : JSON.stringify(text);
}

function flowList(texts: readonly string[]): string { return `[${texts.map(scalar).join(', ')}]`; }

/** Text of a configuration that loads without errors or warnings when the answers are sound. */
export function starterText(answers: StarterAnswers): string {
  const listen = answers.listen ?? starterDefaults.listen;
  const bind = parseHostPort(listen);
  const origins = answers.origins && answers.origins.length > 0 ? answers.origins : starterDefaults.origins;
  const hosts = answers.hosts ?? [];
  const admins = answers.adminNetworks ?? [];
  const blocks = [
    header,
    ...admins.length > 0 ? [zonesBlock(admins)] : [],
    listenersBlock(bind ? formatBind(bind) : listen),
    servicesBlock(hosts),
    poolsBlock(origins, answers.healthPath),
    policyBlock(admins.length > 0),
    limitsBlock,
    auditBlock,
    runtimeBlock,
  ];
  return `${blocks.join('\n\n')}\n`;
}

const header = `# Sallyport configuration.
#
#   sallyport check FILE    is it right? Every error with its line and a hint.
#   sallyport run FILE      start the gateway
#   sallyport reload        put changes of this file in force; no connection is dropped
#   sallyport explain GET http://HOST/PATH    what would happen to a request, and why
#
# Every key with its default: docs/reference/configuration.md. What is not written here has a safe default.`;

function zonesBlock(networks: readonly string[]): string {
  return `# Zones: named networks that rules speak of. The zone "any" is built in.
zones:
  admins:
    networks: ${flowList(networks)}`;
}

function listenersBlock(listen: string): string {
  return `# Listeners: where clients arrive, and the service that they come to.
listeners:
  main:
    bind: ${JSON.stringify(listen)}    # 0.0.0.0:80 is port 80 of every IPv4 address of this machine
    service: site`;
}

function servicesBlock(hosts: readonly string[]): string {
  const lines = ['# Services: one protocol each, and what becomes of its requests.', 'services:', '  site:', '    protocol: http'];
  if (hosts.length === 0) {
    lines.push('    pool: web');
    lines.push('    # Several sites, or other servers for some paths:');
    lines.push('    # routes:');
    lines.push('    #   - match: { host: shop.example, path: /api/** }');
    lines.push('    #     pool: api');
  } else {
    lines.push('    routes:');
    lines.push(`      - match: { host: ${flowList(hosts)} }`);
    lines.push('        pool: web');
    lines.push('    # A request for any other host is answered with 404.');
  }
  lines.push('    # Allow WebSocket connections:');
  lines.push('    # upgrades: [websocket]');
  lines.push('    limits:');
  lines.push('      maxBodyBytes: 10MiB    # the largest upload');
  return lines.join('\n');
}

function poolsBlock(origins: readonly string[], healthPath: string | undefined): string {
  const lines = ['# Pools: the servers behind, and how requests are spread over them.', 'pools:', '  web:', '    servers:'];
  for (const origin of origins) lines.push(`      - ${JSON.stringify(origin)}`);
  lines.push('    balance: least-requests');
  if (healthPath === undefined || healthPath === '') {
    lines.push('    # Ask each server regularly whether it is well:');
    lines.push('    # health: { http: { path: /healthz }, interval: 5s }');
  } else {
    lines.push('    health:');
    lines.push(`      http: { path: ${JSON.stringify(healthPath)}, expect: [200-399] }`);
    lines.push('      interval: 5s');
    lines.push('      rise: 2    # successes that bring a server up');
    lines.push('      fall: 3    # failures that take it down');
  }
  return lines.join('\n');
}

function policyBlock(admins: boolean): string {
  const lines = ['# Policy: the first rule that matches decides. What no rule allows is denied.', 'policy:'];
  if (admins) {
    lines.push('  - id: admin-for-admins-only');
    lines.push('    service: site');
    lines.push('    operation: { path: [/admin, /admin/**] }');
    lines.push('    unless: { from: admins }');
    lines.push('    then: deny');
  }
  lines.push('  - id: site-open');
  lines.push('    service: site');
  lines.push('    operation: { methods: [GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS] }');
  lines.push('    then: allow');
  return lines.join('\n');
}

const limitsBlock = `# Limits: counted per client address unless \`key\` says otherwise. Above them the answer is 429.
limits:
  per-client:
    service: site
    requests: 100/s
    burst: 200
  connections-per-client:
    connections: 200`;

const auditBlock = `# Audit: a record of every request, searched with "sallyport logs".
audit:
  store:
    maxSize: 1GiB
    maxAge: 30d`;

const runtimeBlock = `runtime:
  workers: auto              # one process a processor core
  stateDirectory: .sallyport # audit store, history and admin socket; relative to this file`;
