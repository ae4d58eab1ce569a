// Schema of a service that finds out what clients speak (without `protocol`): which service each protocol leads to, what
// becomes of clients that say nothing, and of everything else.
import { z } from 'zod';
import type { SettingsProblem } from '#contract/gateway.ts';
import { duration, resourceName } from '#core/settings/primitives.ts';
import { Confidence, identifiable, serverFirst, type Identifiable } from '#codecs/identify/index.ts';

const protocol = z.enum(identifiable);

export const autoSettings = z.strictObject({
  services: z.partialRecord(protocol, resourceName())
    .describe('Protocol that was recognised, to the service that the session is given to. A protocol that is not listed is a mismatch: closed and recorded.')
    .meta({ examples: [{ http: 'web', telnet: 'consoles' }] }),
  silent: resourceName().optional()
    .describe('Service for clients that say nothing by themselves, because in their protocol the server speaks first (FTP, Telnet, SMTP ...). Without it: closed.'),
  ask: resourceName().optional()
    .describe('Pool whose server is asked, when a client says nothing, what it speaks: the connection is made, its first bytes are classified, and it is closed again. '
      + 'The session then goes to the service of that protocol. Nothing of the client is sent to it. Instead of `silent`.'),
  wait: duration().prefault('300ms').describe('How long a client may say nothing before it counts as silent.').meta({ limit: true }),
  timeout: duration().prefault('5s').describe('How long recognition may take in all.').meta({ limit: true }),
  minConfidence: z.number().int().min(1).max(99).prefault(Confidence.likely)
    .describe('Confidence that is wanted, in hundredths: 90 is certain, 70 likely, 40 possible. Less is a mismatch.'),
});

export type AutoSettings = z.output<typeof autoSettings>;

export function checkAutoSettings(settings: AutoSettings): SettingsProblem[] {
  const problems: SettingsProblem[] = [];
  if (Object.keys(settings.services).length === 0 && settings.silent === undefined) {
    problems.push({ path: ['services'], message: 'no protocol leads anywhere', hint: 'for example services: { http: web }' });
  }
  if (settings.silent !== undefined && settings.ask !== undefined) {
    problems.push({ path: ['ask'], message: 'both `silent` and `ask` are given', hint: '`silent` names the service at once, `ask` finds out' });
  }
  if (settings.silent === undefined && settings.ask === undefined) {
    for (const name of Object.keys(settings.services) as Identifiable[]) {
      if (!serverFirst.includes(name) || name === 'ssh' || name === 'telnet') continue;
      problems.push({
        path: ['services', name], severity: 'warning', message: `in ${name} the client says nothing first: it will not be recognised`, hint: 'add `silent` or `ask`',
      });
    }
  }
  return problems;
}
