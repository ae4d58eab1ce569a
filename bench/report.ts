// Tables of a benchmark: for the terminal with colours, for bench/results as Markdown. Pure: results in, text out.
import { ftpBulkAtMost, growthAtMost, idleAim, idleAtMost, idleConnections } from './cases.ts';
import { idleFtpSessions, type FtpResults } from './ftp/run.ts';
import type { HeldFigures } from './idle.ts';
import type { Figure } from './measure.ts';
import { gradeOf, ratioTo, type CaseResult, type Grade, type PeerFigures, type Results } from './results.ts';
import { idleTelnetSessions, type TelnetResults } from './telnet/run.ts';

type Colour = 'green' | 'yellow' | 'red' | 'bold' | 'none';
interface Cell { readonly text: string; readonly colour?: Colour }
interface Table { readonly title: string; readonly head: readonly string[]; readonly rows: readonly (readonly Cell[])[]; readonly note?: string }

const codes: Readonly<Record<Colour, string>> = { green: '\u001b[32m', yellow: '\u001b[33m', red: '\u001b[31m', bold: '\u001b[1m', none: '' };
const gradeColours: Readonly<Record<Grade, Colour>> = { aim: 'green', target: 'yellow', missed: 'red', none: 'none' };
const gradeTexts: Readonly<Record<Grade, string>> = { aim: 'aim reached', target: 'target met', missed: 'MISSED', none: '' };

function number(value: number): string {
  return value >= 1000 ? value.toLocaleString('en', { maximumFractionDigits: 0 }) : value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

function spread({ median, low, high }: Figure): string { return `${number(median)} (${number(low)}-${number(high)})`; }
function cell(text: string, colour: Colour = 'none'): Cell { return { text, colour }; }

function figuresRow(figures: PeerFigures, result: CaseResult | undefined): Cell[] {
  const grade = result === undefined ? 'none' : gradeOf(result);
  const own = figures.peer === 'sallyport';
  const toNginx = result === undefined || !own ? undefined : ratioTo(result, 'nginx');
  const toHaproxy = result === undefined || !own ? undefined : ratioTo(result, 'haproxy');
  return [
    cell(figures.peer, own ? 'bold' : 'none'), cell(spread(figures.cpu)),
    cell(figures.supervisor.median === 0 ? '' : spread(figures.supervisor)), cell(spread(figures.perSecond)),
    cell(spread(figures.p99Micros)), cell(figures.logged === undefined ? '' : `${number(figures.logged)} of ${number(figures.requests)}`),
    cell(toNginx === undefined ? '' : toNginx.toFixed(2), own ? gradeColours[grade] : 'none'), cell(toHaproxy === undefined ? '' : toHaproxy.toFixed(2)),
    cell(own ? gradeTexts[grade] : '', own ? gradeColours[grade] : 'none'),
  ];
}

const head = ['proxy', 'CPU us/request', 'supervisor us', 'requests/s', 'p99 us', 'logged', 'to nginx', 'to HAProxy', ''];

function targetNote(result: CaseResult): string | undefined {
  const parts = [];
  if (result.atMost !== undefined) parts.push(`at most ${result.atMost.ratio}x ${result.atMost.peer}`);
  if (result.aim !== undefined) parts.push(`aim ${result.aim.ratio}x ${result.aim.peer}`);
  return parts.length === 0 ? undefined : `Target: ${parts.join(', ')}.`;
}

function growthTable(growth: readonly PeerFigures[]): Table {
  const rows = growth.map((figures) => {
    const least = growth.find((other) => other.peer === figures.peer)!;
    const ratio = figures.cpu.median / least.cpu.median;
    const own = figures.peer === 'sallyport';
    const colour = !own || figures === least ? 'none' : ratio <= growthAtMost ? 'green' : 'red';
    const { routes, rules } = figures.shape;
    return [cell(figures.peer, own ? 'bold' : 'none'), cell(String(routes)), cell(String(rules)), cell(spread(figures.cpu)), cell(ratio.toFixed(2), colour)];
  });
  return {
    title: 'Cost against the number of routes and rules (growth)', head: ['proxy', 'routes', 'rules', 'CPU us/request', 'to its smallest'], rows,
    note: `Target: Sallyport flat within ${Math.round((growthAtMost - 1) * 100)} %. HAProxy: routes only.`,
  };
}

function idleTable(results: Results): Table {
  const rows = results.idle.map(({ peer, atOnce, later, many, resident, cpu }) => {
    const own = peer === 'sallyport';
    const worst = Math.max(later.median, many.median);
    const colour = !own ? 'none' : worst <= idleAim ? 'green' : worst <= idleAtMost ? 'yellow' : 'red';
    return [cell(peer, own ? 'bold' : 'none'), cell(spread(atOnce)), cell(spread(later), colour), cell(spread(many), colour),
      cell(number(resident.median)), cell(cpu.median.toFixed(2))];
  });
  return {
    title: `${number(idleConnections)} idle connections that made one request (idle)`, rows,
    head: ['proxy', 'KiB each at once', 'KiB each after 3.5 s', `of ${number(idleConnections * 3)}`, 'worker MiB', 'CPU us a second each'],
    note: `Target: at most ${idleAtMost} KiB, aim ${idleAim} KiB. Resident memory of the worker; the kernel's memory of sockets is not in it.`,
  };
}

function isOwn(peer: string): boolean { return peer.startsWith('sallyport'); }
function peerCell(peer: string): Cell { return cell(peer, isOwn(peer) ? 'bold' : 'none'); }

/** What stands beside a figure of Sallyport: its ratio to HAProxy's. */
function toHaproxy<Row extends { readonly peer: string }>(rows: readonly Row[], row: Row, pick: (one: Row) => Figure, atMost?: number): Cell {
  const other = rows.find(({ peer }) => peer === 'haproxy');
  if (!isOwn(row.peer) || other === undefined) return cell('');
  const ratio = pick(row).median / pick(other).median;
  return cell(ratio.toFixed(2), atMost === undefined ? 'none' : ratio <= atMost ? 'green' : 'red');
}

/** Who wants the sums of what passed HAProxy takes them of the files: that, and carrying them, is what the hashed transfer does. */
function hashNote({ bulk, hash }: Pick<FtpResults, 'bulk' | 'hash'>): string {
  const ratios = bulk.filter(({ peer }) => peer === 'sallyport, SHA-256').map(({ direction, cpu }) => {
    const carried = bulk.find((row) => row.peer === 'haproxy' && row.direction === direction)!;
    return `${direction} ${(cpu.median / (carried.cpu.median + hash.median)).toFixed(2)}`;
  });
  return `Target: at most ${ftpBulkAtMost}x haproxy. The SHA-256 by itself: ${hash.median.toFixed(2)} s; hashed transfers to HAProxy and that: ${ratios.join(', ')}.`;
}

function ftpTables({ bulk, hash, sessions, idle }: FtpResults): Table[] {
  const seconds = ({ median, low, high }: Figure): string => `${median.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
  return [
    {
      title: '1 GiB by FTP, compared byte by byte; HAProxy in TCP mode (ftp)', head: ['proxy', '', 'CPU s/GiB', 'to HAProxy', 'seconds', 'memory rose by MiB'],
      rows: bulk.map((row) => [peerCell(row.peer), cell(row.direction), cell(seconds(row.cpu)),
        toHaproxy(bulk.filter(({ direction }) => direction === row.direction), row, ({ cpu }) => cpu, ftpBulkAtMost), cell(seconds(row.seconds)),
        cell(row.peak.high.toFixed(1))]),
      note: hashNote({ bulk, hash }),
    },
    {
      title: 'Anonymous FTP sessions: connect, login, PASV, RETR of 1 KiB, QUIT (ftp)', head: ['proxy', 'CPU us/session', 'supervisor us', 'to HAProxy', 'sessions/s', 'p99 us'],
      rows: sessions.map((row) => [peerCell(row.peer), cell(spread(row.cpu)), cell(row.supervisor.median === 0 ? '' : spread(row.supervisor)),
        toHaproxy(sessions, row, ({ cpu }) => cpu), cell(spread(row.perSecond)), cell(spread(row.p99Micros))]),
      note: 'The server forks for each session on the core of the load: it sets the sessions a second.',
    },
    heldTable(`${number(idleFtpSessions)} idle FTP sessions, logged in (ftp)`, idle),
  ];
}

function telnetTables({ keys, idle }: TelnetResults): Table[] {
  const direct = keys.find(({ peer }) => peer === 'direct');
  const added = (figure: Figure, base: Figure | undefined): string => base === undefined ? '' : (figure.median - base.median).toFixed(1);
  return [
    {
      title: 'A key and its echo (telnet)', head: ['through', 'median us', 'added', 'p99 us', 'added', 'CPU us/key'],
      rows: keys.map((row) => [peerCell(row.peer), cell(spread(row.p50)), cell(row === direct ? '' : added(row.p50, direct?.p50)), cell(spread(row.p99)),
        cell(row === direct ? '' : added(row.p99, direct?.p99)), cell(row.cpu === undefined ? '' : spread(row.cpu))]),
    },
    heldTable(`${number(idleTelnetSessions)} idle Telnet sessions, negotiated (telnet)`, idle),
  ];
}

function heldTable(title: string, idle: readonly HeldFigures[]): Table {
  return { title, head: ['proxy', 'KiB each'], rows: idle.map(({ peer, kib }) => [peerCell(peer), cell(spread(kib))]) };
}

function tablesOf(results: Results): Table[] {
  const tables: Table[] = results.cases.map((result) => {
    const note = targetNote(result);
    return { title: `${result.title} (${result.name})`, head, rows: result.peers.map((figures) => figuresRow(figures, result)), ...(note === undefined ? {} : { note }) };
  });
  if (results.growth.length > 0) tables.push(growthTable(results.growth));
  if (results.idle.length > 0) tables.push(idleTable(results));
  if (results.ftp !== undefined) tables.push(...ftpTables(results.ftp));
  if (results.telnet !== undefined) tables.push(...telnetTables(results.telnet));
  return tables;
}

function machineLines({ machine, options, date }: Results): string[] {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`).join(', ');
  return [
    `${date.slice(0, 10)}: ${machine.processors} processors (${machine.model}, ${machine.architecture}), ${machine.memoryGiB} GiB, Linux ${machine.kernel}`,
    `${versions}, commit ${machine.commit}`,
    `${options.rounds} rounds of ${options.seconds} s for each proxy in turn; median (lowest-highest); load average before: ${machine.loadBefore.toFixed(2)}`,
  ];
}

export function terminalText(results: Results, colours: boolean): string {
  const paint = (text: string, colour: Colour): string => (colours && colour !== 'none' ? `${codes[colour]}${text}\u001b[0m` : text);
  const blocks = tablesOf(results).map((table) => {
    const widths = table.head.map((title, column) => Math.max(title.length, ...table.rows.map((row) => row[column]!.text.length)));
    const line = (cells: readonly Cell[]): string => cells.map(({ text, colour }, column) =>
      paint(column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!), colour ?? 'none')).join('  ').trimEnd();
    return [paint(table.title, 'bold'), line(table.head.map((text) => cell(text))), ...table.rows.map(line), ...(table.note === undefined ? [] : [table.note])].join('\n');
  });
  const faults = results.faults.map((fault) => paint(`fault: ${fault}`, 'red'));
  return `${[machineLines(results).join('\n'), ...blocks, ...(faults.length === 0 ? [] : [faults.join('\n')])].join('\n\n')}\n`;
}

export function markdownText(results: Results): string {
  const blocks = tablesOf(results).map((table) => {
    const rows = table.rows.map((row) => `| ${row.map(({ text }) => text).join(' | ')} |`);
    const note = table.note === undefined ? [] : ['', table.note];
    return [`## ${table.title}`, '', `| ${table.head.join(' | ')} |`, `|${table.head.map(() => '---').join('|')}|`, ...rows, ...note].join('\n');
  });
  const faults = results.faults.length === 0 ? 'Faults seen: none.' : `Faults seen:\n${results.faults.map((fault) => `- ${fault}`).join('\n')}`;
  return `${['# Benchmark', machineLines(results).map((line) => `- ${line}`).join('\n'), faults, ...blocks].join('\n\n')}\n`;
}
