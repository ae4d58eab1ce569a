// What the gateway itself says to a terminal: notices and ends. Fixed text, or text of the configuration; nothing of the
// client or the server is repeated without its control codes shown.
import { visible } from '#core/terminal/escape-filter.ts';

/** A notice on a line of its own. */
export function notice(text: string): string { return `\r\n*** ${visible(text)}\r\n`; }

/** Text of the configuration as terminal lines. */
export function block(text: string): string {
  return text === '' ? '' : `${text.split(/\r?\n/).map(visible).join('\r\n')}\r\n`;
}

export function unavailable(id: string): string { return notice(`the host cannot be reached (incident ${id})`); }
export function denied(message: string, id: string): string { return notice(`${message === '' ? 'not permitted' : message} (incident ${id})`); }
export function ended(reason: string): string { return notice(reason); }
