// A Telnet service as compiled: its settings, the options that may be negotiated as a table, its command rules.
import type { ExplainRequest, Gateway, GatewayEnvironment, ServicePlan, SessionPort } from '#contract/gateway.ts';
import type { Trace } from '#contract/decision.ts';
import type { TelnetLimits } from '#codecs/telnet/index.ts';
import { CommandRules } from './command-rules.ts';
import { explainTelnet } from './explain.ts';
import { TelnetGateway } from './gateway.ts';
import { optionTable } from './option-table.ts';
import type { SuboptionRules } from './suboption-relay.ts';
import type { TelnetSettings } from './settings.ts';

export class TelnetService implements ServicePlan {
  readonly protocol = 'telnet';
  readonly alpn: readonly string[] = ['telnet'];
  readonly name: string;
  readonly pools: readonly string[];
  readonly settings: TelnetSettings;
  readonly codecLimits: TelnetLimits;
  /** Who may perform each option (option-table.ts). */
  readonly options: Uint8Array;
  readonly suboptionRules: SuboptionRules;
  readonly rules: CommandRules | undefined;

  constructor(name: string, settings: TelnetSettings, _environment: GatewayEnvironment) {
    this.name = name;
    this.settings = settings;
    this.pools = [...new Set([...settings.pool === undefined ? [] : [settings.pool], ...(settings.targets?.menu ?? []).map(({ pool }) => pool)])];
    this.codecLimits = { maxSubnegotiationBytes: settings.limits.maxSubnegotiationBytes, maxAbandonedBytes: settings.limits.maxSubnegotiationBytes * 2 };
    this.options = optionTable(settings.options);
    const { allow, user } = settings.environment;
    this.suboptionRules = { variables: user === 'allow' ? [...allow, 'USER'] : allow, maxTerminalTypeRequests: settings.limits.maxTerminalTypeRequests };
    this.rules = settings.commands === undefined ? undefined : new CommandRules(settings.commands);
  }

  accept(port: SessionPort): Gateway { return new TelnetGateway(port, this); }

  explain(port: SessionPort, request: ExplainRequest, trace: Trace): void { explainTelnet(this, port, request, trace); }
}
