// What the firewall's resources of the admin API share: records of the firewall, settings and rules in force.
import { z } from 'zod';
import type { AuditQuery } from '#audit/query.ts';
import type { StoredRecord } from '#audit/record.ts';
import type { WebInspectionSettings } from '#contract/web-inspection.ts';
import type { Configuration } from '../configuration/index.ts';
import type { ControlPlane } from '../control-plane.ts';
import { prepareRules, type PreparedRules } from '../waf/prepare.ts';
import { settingsFor } from '../waf/service-rules.ts';
import { ApiProblem } from './problem.ts';

export const maxRecords = 200_000;

export const fromMs = z.coerce.number().int().nonnegative();

/** Records with something of the firewall in them, newest first. */
export async function* wafHistory(plane: ControlPlane, from: number, service?: string): AsyncGenerator<StoredRecord, void, undefined> {
  const query: AuditQuery = { fromMs: from, kinds: ['operation'], text: 'waf', ...(service === undefined ? {} : { services: [service] }) };
  let read = 0;
  for await (const record of plane.trail.query(query)) {
    if (++read > maxRecords) return;
    if (record.facts?.['waf'] !== undefined) yield record;
  }
}

export function running(plane: ControlPlane): Configuration {
  const active = plane.transactions.active;
  if (active === undefined) throw new ApiProblem('no-answer', 'no configuration is in force');
  return active.configuration;
}

export function settingsOf(plane: ControlPlane, service: string, routeId: string): WebInspectionSettings {
  const settings = settingsFor(running(plane), plane.options.manifests, service, routeId);
  if (settings === undefined) throw new ApiProblem('not-found', `service ${service} has no firewall${routeId === '' ? '' : ` on route ${routeId}`}`,
    'give it one: waf: { ruleset: crs }');
  return settings;
}

export function prepared(plane: ControlPlane, settings: WebInspectionSettings, draft?: string): PreparedRules {
  try {
    return prepareRules(settings, plane.places, draft === undefined ? undefined : { name: 'draft', text: Buffer.from(draft, 'utf8').toString('latin1') });
  } catch (error) { throw new ApiProblem('bad-request', (error as Error).message, 'places are file:line:column; "draft" is the text that was given'); }
}
