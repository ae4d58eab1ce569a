// A service that recognises protocols, as compiled.
import type { Gateway, ServicePlan, SessionPort } from '#contract/gateway.ts';
import { AutoGateway } from './gateway.ts';
import type { AutoSettings } from './settings.ts';

export class AutoService implements ServicePlan {
  readonly protocol = 'auto';
  readonly alpn: readonly string[] = [];
  readonly name: string;
  readonly pools: readonly string[];
  readonly settings: AutoSettings;

  constructor(name: string, settings: AutoSettings) {
    this.name = name;
    this.settings = settings;
    this.pools = settings.ask === undefined ? [] : [settings.ask];
  }

  accept(port: SessionPort): Gateway { return new AutoGateway(port, this); }
}
