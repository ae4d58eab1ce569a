// `sallyport control`, `approve` and `deny`: an administrator's word to a live session.
import type { WaitingApproval } from '#control/approvals.ts';
import type { AdminClient } from '../client.ts';
import { exitCodes } from '../exit-codes.ts';
import { printJson, table, visible, type Output } from '../output.ts';

export async function control(client: AdminClient, id: string, command: string, argument: string, out: Output): Promise<number> {
  const { body } = await client.call('POST', `/v1/sessions/${encodeURIComponent(id)}/control`, { command, argument });
  if (out.json) printJson(out, body);
  else out.write(`${visible((body as { answer: string }).answer)}\n`);
  return exitCodes.ok;
}

/** Without an id: what waits, with the line that is asked about. */
export async function approvals(client: AdminClient, out: Output): Promise<number> {
  const answer = await client.get<{ approvals: WaitingApproval[] }>('/v1/approvals');
  if (out.json) {
    printJson(out, answer);
    return exitCodes.ok;
  }
  if (answer.approvals.length === 0) {
    out.write('nothing waits for approval\n');
    return exitCodes.ok;
  }
  out.write(table(out, [
    { title: 'APPROVAL', value: ({ id }) => id },
    { title: 'SESSION', value: ({ session }) => session },
    { title: 'SERVICE', value: ({ service }) => service },
    { title: 'CLIENT', value: ({ client: address }) => address },
    { title: 'USER', value: ({ user }) => user || '-' },
    { title: 'LINE', value: ({ line }) => line },
  ], answer.approvals));
  return exitCodes.ok;
}

export async function decide(client: AdminClient, id: string, approve: boolean, out: Output): Promise<number> {
  const { body } = await client.call('POST', `/v1/approvals/${encodeURIComponent(id)}`, { approve });
  const { approval } = body as { approval: WaitingApproval };
  if (out.json) printJson(out, body);
  else out.write(`${approve ? 'approved' : 'denied'}: ${visible(approval.id)} of session ${visible(approval.session)}\n`);
  return exitCodes.ok;
}
