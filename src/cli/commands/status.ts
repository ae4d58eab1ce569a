// `sallyport status`: the gateway as a whole on one screen.
import type { GatewayStatus, Notice } from '#control/control-plane.ts';
import type { AdminClient } from '../client.ts';
import { count, formatNumber, humanBytes, humanDate, humanTime, printJson, table, visible, type Output } from '../output.ts';

type Status = GatewayStatus & { notices: (Notice & { timeMs: number })[] };

export async function status(client: AdminClient, out: Output): Promise<number> {
  const answer = await client.get<Status>('/v1/status');
  if (out.json) {
    printJson(out, answer);
    return 0;
  }
  out.write(statusText(answer, out));
  return 0;
}

export function statusText(status: Status, out: Output): string {
  const { configuration, audit } = status;
  const lines = [
    `${out.paint(`${status.product} ${status.productVersion}`, 'bold')}  pid ${status.pid}, up ${humanTime(status.uptimeMs)}`,
    `configuration  ${configuration.number} (${configuration.version.slice(0, 12)})`,
    `sessions       ${formatNumber(status.sessions)} open, ${formatNumber(status.operations)} operations so far`,
    `audit          ${formatNumber(audit.records)} records${audit.store === undefined ? ', store off' : ''}${lostText(status, out)}`,
  ];
  for (const { name, counters } of audit.sinks) {
    if (counters.failures === 0 && counters.dropped === 0) continue;
    const why = counters.lastFailure === '' ? '' : `; last failure: ${visible(counters.lastFailure)}`;
    lines.push(out.paint(`audit sink     ${name}: ${formatNumber(counters.written)} written, ${formatNumber(counters.dropped)} lost${why}`, 'red'));
  }
  for (const { place, onEngineError, errors, passedOnError } of status.firewalls) {
    const open = onEngineError === 'pass' ? `lets requests pass when its engine fails (${formatNumber(passedOnError)} so far)` : 'refused requests because its engine failed';
    lines.push(out.paint(`firewall       ${visible(place)} ${open}; ${count(errors, 'fault')}`, 'red'));
  }
  if (configuration.pending !== undefined) {
    const left = Math.max(0, configuration.pending.deadlineMs - Date.now());
    const { number, revertTo } = configuration.pending;
    lines.push(out.paint(`version ${number} goes back to ${revertTo} in ${humanTime(left)} unless it is confirmed: sallyport confirm`, 'yellow'));
  }
  const listeners = status.listeners.flatMap((listener) => listener.binds.map((bind) => ({ ...listener, bind })));
  const parts = [`${lines.join('\n')}\n\n`, table(out, [
    { title: 'LISTENER', value: ({ name }) => name },
    { title: 'ADDRESS', value: ({ bind }) => bind.host.includes(':') ? `[${bind.host}]:${bind.port}` : `${bind.host}:${bind.port}` },
    { title: 'PROTOCOL', drop: 1, value: ({ protocol }) => protocol },
    { title: 'SERVICE', value: ({ service }) => service },
  ], listeners), '\n', table(out, [
    { title: 'WORKER', value: ({ worker }) => String(worker) },
    { title: 'PID', value: ({ pid }) => String(pid), right: true },
    { title: 'UP', drop: 1, value: ({ uptimeMs }) => humanTime(uptimeMs), right: true },
    { title: 'SESSIONS', value: ({ sessions }) => formatNumber(sessions), right: true },
    { title: 'OPERATIONS', drop: 2, value: ({ operations }) => formatNumber(operations), right: true },
    { title: 'CPU', drop: 3, value: ({ cpuMs }) => humanTime(cpuMs), right: true },
    { title: 'MEMORY', value: ({ residentBytes }) => humanBytes(residentBytes), right: true },
    { title: 'BUGS', value: ({ bugs }) => String(bugs), right: true, colours: ({ bugs }) => bugs > 0 ? ['red'] : [] },
  ], status.workers)];
  if (status.workerRestarts > 0) parts.push(out.paint(`${count(status.workerRestarts, 'worker')} had to be replaced since the start\n`, 'yellow'));
  const notices = status.notices.filter(({ severity }) => severity !== 'info').slice(0, 5);
  if (notices.length > 0) parts.push('\nLately:\n');
  for (const { timeMs, severity, message } of notices) {
    parts.push(`  ${humanDate(timeMs)}  ${out.paint(severity, severity === 'error' ? 'red' : 'yellow')}  ${visible(message.split('\n')[0] ?? '')}\n`);
  }
  return parts.join('');
}

function lostText({ audit }: Status, out: Output): string {
  const lost = audit.lostInWorkers + audit.lostInStore;
  const text = lost === 0 ? '' : `, ${formatNumber(lost)} lost`;
  return out.paint(`${text}${audit.refusing ? '; operations are refused because nothing can be kept' : ''}`, 'red');
}
