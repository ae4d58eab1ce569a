// Who may perform each option, as bits: a service's table, 256 entries.
import { Option, type OptionName } from '#codecs/telnet/index.ts';
import { defaultOptions, type OptionRule } from './settings.ts';

export const byClient = 1;
export const byServer = 2;

const bits: Readonly<Record<OptionRule, number>> = { refuse: 0, client: byClient, server: byServer, allow: byClient | byServer };

export function optionTable(settings: Partial<Record<OptionName, OptionRule>>): Uint8Array {
  const table = new Uint8Array(256);
  for (const [option, rule] of Object.entries({ ...defaultOptions, ...settings }) as [OptionName, OptionRule][]) table[Option[option]] = bits[rule];
  return table;
}
