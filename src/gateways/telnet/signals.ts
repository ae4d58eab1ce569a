// Telnet commands between client and host: which pass, in which direction, how often. RFC 854 page 7, RFC 1123 section 3.2.4.
// A Synch cannot be sent on (the socket layer has no urgent data): the command alone goes, in the stream.
import { Command, commandName, Option, violation } from '#codecs/telnet/index.ts';
import type { TelnetGateway } from './gateway.ts';
import type { TelnetSide } from './side.ts';

export function passCommand(gateway: TelnetGateway, side: TelnetSide, code: number): void {
  const server = gateway.server!;
  const fromClient = side === gateway.client;
  const verdict = fromClient ? fromClientVerdict(gateway, server, code) : fromServerVerdict(gateway, code);
  if (verdict === 'pass') {
    if (fromClient && gateway.conversation?.control?.holds === true && overtakes.has(code)) {
      behindHeldLine(gateway, code);
      return;
    }
    if (fromClient) edit(gateway, code);
    if (fromClient && (code === Command.IP || code === Command.AO || code === Command.BRK)) server.parser.expectSynch();
    (fromClient ? server : gateway.client).sendCommand(code);
  } else if (verdict === 'answer') gateway.say('\r\n[Yes]\r\n');
  else if (verdict === 'refuse') side.fault(violation('command-refused', side.name, side.parser.offset, commandName(code)));
}

type Verdict = 'pass' | 'drop' | 'answer' | 'refuse';

function fromClientVerdict(gateway: TelnetGateway, server: TelnetSide, code: number): Verdict {
  const { signals, limits } = gateway.service.settings;
  const withinRate = (): boolean => gateway.client.signalCount.take(gateway.port.nowMs(), limits.signalsPerSecond);
  switch (code) {
    case Command.NOP:
    case Command.GA: return signals.keepAlive;
    // Its place in the stream means nothing without the urgent notification.
    case Command.DM: return 'drop';
    case Command.IP:
    case Command.AO: return withinRate() ? signals.interrupt : 'drop';
    case Command.BRK: return withinRate() ? signals.break : 'drop';
    case Command.AYT: return withinRate() ? signals.areYouThere : 'drop';
    // First in a session, EC and EL crash some servers (CVE-2022-39028): only where the host edits lines.
    case Command.EC:
    case Command.EL: return server.theirs.isOn(Option.ECHO) || server.ours.isOn(Option.LINEMODE) ? 'pass' : 'refuse';
    case Command.EOR: return server.ours.isOn(Option.EOR) ? 'pass' : 'refuse';
    // RFC 1184 section 2.5: only with LINEMODE.
    default: return server.ours.isOn(Option.LINEMODE) ? 'pass' : 'refuse';
  }
}

function fromServerVerdict(gateway: TelnetGateway, code: number): Verdict {
  const { signals, limits } = gateway.service.settings;
  switch (code) {
    case Command.NOP:
    case Command.GA: return signals.keepAlive;
    case Command.DM: return 'drop';
    case Command.AYT: return gateway.server!.signalCount.take(gateway.port.nowMs(), limits.signalsPerSecond) ? 'pass' : 'drop';
    case Command.EOR: return gateway.client.ours.isOn(Option.EOR) ? 'pass' : 'refuse';
    default: return 'refuse';
  }
}

/** Keys that do what a command does to the line that is being typed. */
export const editKeys: ReadonlyMap<number, number> = new Map<number, number>([[Command.EC, 127], [Command.EL, 21], [Command.IP, 3]]);

function edit(gateway: TelnetGateway, code: number): void {
  const key = editKeys.get(code);
  if (key !== undefined) gateway.conversation?.editKey(key);
}

/** What would change or enter a line on the host although its Enter is still held: the host would run another line than was judged. */
const overtakes: ReadonlySet<number> = new Set([...editKeys.keys(), Command.BRK, Command.EOF, Command.SUSP, Command.ABORT, Command.EOR]);

/** Edits and interrupts take their place behind the held Enter, as the keys that mean the same; the rest has no place in a line. */
function behindHeldLine(gateway: TelnetGateway, code: number): void {
  const key = editKeys.get(code);
  if (key !== undefined) gateway.conversation!.clientData(Buffer.of(key), 0, 1);
}
