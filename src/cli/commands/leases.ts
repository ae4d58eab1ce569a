// `sallyport leases`: ports that are open for one expected connection of a session, and closing one.
import type { LeaseReport } from '#runtime/messages.ts';
import type { AdminClient } from '../client.ts';
import { exitCodes } from '../exit-codes.ts';
import { humanTime, printJson, table, visible, type Output } from '../output.ts';

export async function leases(client: AdminClient, out: Output): Promise<number> {
  const answer = await client.get<{ leases: LeaseReport[] }>('/v1/leases');
  if (out.json) printJson(out, answer);
  else out.write(answer.leases.length === 0 ? 'no open leases\n' : leasesText(answer.leases, out));
  return exitCodes.ok;
}

export function leasesText(rows: readonly LeaseReport[], out: Output): string {
  return table(out, [
    { title: 'LEASE', value: ({ id }) => id },
    { title: 'SESSION', drop: 3, value: ({ session }) => session },
    { title: 'SERVICE', drop: 6, value: ({ service }) => service },
    { title: 'PURPOSE', drop: 2, value: ({ purpose, side }) => `${purpose} (${side})` },
    { title: 'PEER', drop: 1, value: ({ peer }) => peer },
    { title: 'PORT', value: ({ address, port }) => address.includes(':') ? `[${address}]:${port}` : `${address}:${port}` },
    { title: 'AGE', drop: 4, value: ({ ageMs }) => humanTime(ageMs), right: true },
    { title: 'LEFT', value: ({ leftMs }) => humanTime(Math.max(0, leftMs)), right: true },
    { title: 'STRANGERS', drop: 5, value: ({ strangers }) => String(strangers), right: true, colours: ({ strangers }) => strangers > 0 ? ['red'] : [] },
    { title: 'CAUSE', value: ({ cause }) => cause },
  ], rows);
}

export async function revoke(client: AdminClient, id: string, options: { reason?: string | undefined }, out: Output): Promise<number> {
  const { body } = await client.call('DELETE', `/v1/leases/${encodeURIComponent(id)}?${new URLSearchParams({ reason: options.reason ?? '' }).toString()}`);
  if (out.json) printJson(out, body);
  else out.write(`lease ${visible(id)} was revoked: its port is closed\n`);
  return exitCodes.ok;
}
