// Health of a Telnet host: it comes to a prompt, negotiating or not. Options are refused, except that the host may echo and
// leave out go-aheads; nothing is ever typed. RFC 854; RFC 1143 for at most one answer a change. A pure conversation.
import { z } from 'zod';
import type { HealthProbe, ProbeConversation, ProbePort } from '#contract/health-probe.ts';
import { Command, negotiationText, Option, TelnetParser, type NegotiationVerb, type TelnetEvents } from '#codecs/telnet/index.ts';

export const telnetProbeSettings = z.strictObject({
  prompt: z.array(z.string().min(1).max(100).regex(/^[\x20-\x7e]*$/, 'wanted printable ASCII')).min(1).max(20).prefault(['*:', '*>', '*#', '*$', '*%'])
    .describe('Healthy is a host whose last line is one of these, ends of line and spaces left out; `*` stands for any text. `*login:` or `*> `, for example. Upper and '
      + 'lower case are the same.'),
});

type TelnetProbeSettings = z.output<typeof telnetProbeSettings>;

const maxLine = 512;
const maxNegotiations = 100;

/** `*` for any text, without regular expressions: what it is held against comes from a server. */
export function fitsPrompt(pattern: string, text: string): boolean {
  const parts = pattern.toLowerCase().trim().split('*');
  const line = text.toLowerCase().trim();
  if (parts.length === 1) return line === parts[0];
  const [first, last] = [parts[0]!, parts.at(-1)!];
  if (line.length < first.length + last.length || !line.startsWith(first) || !line.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = line.indexOf(part, at);
    if (found < 0 || found + part.length > line.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}

class TelnetProbe implements ProbeConversation, TelnetEvents {
  readonly #settings: TelnetProbeSettings;
  readonly #port: ProbePort;
  readonly #parser = new TelnetParser('server');
  /** Options that we agreed to: each is answered once. */
  readonly #agreed = new Set<number>();
  #line = '';
  #negotiations = 0;
  #fault = '';

  constructor(settings: TelnetProbeSettings, port: ProbePort) {
    this.#settings = settings;
    this.#port = port;
  }

  connected(): void { this.#port.waitsFor('a prompt'); }

  received(bytes: Buffer): void {
    this.#parser.push(bytes, 0, bytes.length, this);
    if (this.#fault !== '') {
      this.#port.done(false, this.#fault);
      return;
    }
    // Looked at when a piece has ended: a prompt is what a host waits behind.
    const fits = this.#settings.prompt.some((pattern) => fitsPrompt(pattern, this.#line));
    if (this.#line.trim() !== '' && fits) this.#port.done(true, `prompt "${this.#shown()}"`);
  }

  #shown(): string { return this.#line.trim().slice(-60).replaceAll(/[^\x20-\x7e]/g, '?'); }

  data(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === 10 || byte === 13) this.#line = '';
      else if (byte !== 0) this.#line = `${this.#line.length < maxLine ? this.#line : this.#line.slice(1 - maxLine)}${String.fromCharCode(byte)}`;
    }
  }

  negotiation(verb: NegotiationVerb, option: number): void {
    if (++this.#negotiations > maxNegotiations) {
      this.#fault = `more than ${maxNegotiations} negotiations before a prompt`;
      return;
    }
    const wanted = verb === Command.WILL && (option === Option.ECHO || option === Option.SGA);
    if (wanted && !this.#agreed.has(option)) {
      this.#agreed.add(option);
      this.#port.send(negotiationText(Command.DO, option));
    } else if (verb === Command.WILL && !wanted) this.#port.send(negotiationText(Command.DONT, option));
    else if (verb === Command.DO) this.#port.send(negotiationText(Command.WONT, option));
    else if (verb === Command.WONT && this.#agreed.delete(option)) this.#port.send(negotiationText(Command.DONT, option));
  }

  command(): void { /* a prompt may come with GA, EOR or NOP */ }
  subnegotiation(): void { /* nothing was agreed on that has any */ }
  fault(fault: { readonly message: string }): void { this.#fault = `not Telnet: ${fault.message}`; }

  ended(): void {
    const last = this.#shown();
    this.#port.done(false, last === '' ? 'connection closed before a prompt' : `connection closed; the last line is no prompt: "${last}"`);
  }
}

export const telnetHealthProbe: HealthProbe<TelnetProbeSettings> = {
  name: 'telnet',
  description: 'Healthy is a host that comes to a prompt. Nothing is typed.',
  settings: telnetProbeSettings,
  start: (settings, port) => new TelnetProbe(settings, port),
};
