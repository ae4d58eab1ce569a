// An FTP service as compiled from its settings. One per configuration; a session keeps the one that it began with.
import { NetworkSet } from '#core/network.ts';
import type { ExplainRequest, Gateway, GatewayEnvironment, ServicePlan, SessionPort } from '#contract/gateway.ts';
import type { Trace } from '#contract/decision.ts';
import type { PathRules } from '#codecs/ftp/index.ts';
import { explainCommand } from './explain.ts';
import { FtpGateway } from './gateway.ts';
import type { FtpSettings } from './settings.ts';

/** `*` for any text. */
function globMatcher(patterns: readonly string[]): (text: string) => boolean {
  const compiled = patterns.map((pattern) => new RegExp(`^${pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)).join('.*')}$`, 's'));
  return (text) => compiled.some((pattern) => pattern.test(text));
}

export class FtpService implements ServicePlan {
  readonly protocol = 'ftp';
  readonly name: string;
  readonly alpn: readonly string[] = ['ftp'];
  readonly pools: readonly string[];

  readonly settings: FtpSettings;
  readonly timeouts: FtpSettings['timeouts'];
  readonly limits: FtpSettings['limits'];
  readonly paths: PathRules;
  readonly proxyDenied: NetworkSet;
  readonly mayLogIn: (user: string) => boolean;
  readonly serverLogins: readonly { readonly fits: (user: string) => boolean; readonly user: string; readonly password: string }[];
  readonly #deniedPorts: readonly (readonly [number, number])[];

  constructor(name: string, settings: FtpSettings, _environment: GatewayEnvironment) {
    this.name = name;
    this.settings = settings;
    this.pools = settings.pool === undefined ? [] : [settings.pool];
    this.timeouts = settings.timeouts;
    this.limits = settings.limits;
    this.paths = { maxPathBytes: settings.limits.maxPathBytes, maxPathSegments: settings.limits.maxPathSegments, backslash: settings.backslash, names: settings.names };
    this.proxyDenied = new NetworkSet(settings.proxy?.denyNetworks ?? []);
    this.mayLogIn = settings.login.users === undefined ? () => true : globMatcher(settings.login.users);
    this.serverLogins = settings.login.serverLogins.map(({ user, serverUser, serverPassword }) => ({ fits: globMatcher([user]), user: serverUser, password: serverPassword }));
    this.#deniedPorts = settings.deniedPorts.map((text) => {
      const [first, last] = text.split('-').map(Number);
      return [first!, last ?? first!] as const;
    });
  }

  /** Ports below 1024 and those of other services. */
  isDeniedPort(port: number): boolean {
    return port < 1024 || this.#deniedPorts.some(([first, last]) => port >= first && port <= last);
  }

  accept(port: SessionPort): Gateway {
    return new FtpGateway(port, this);
  }

  explain(port: SessionPort, request: ExplainRequest, trace: Trace): void {
    explainCommand(this, port, request, trace);
  }
}
