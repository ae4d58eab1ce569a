// Time windows of rules: days of the week, hours of the day in a named time zone, and a period from and until a date.
// Takes the time as an argument. The answer of a minute is kept, because calendars are slow to ask.
import { z } from 'zod';

export const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type DayName = typeof dayNames[number];

export interface TimeWindowSettings {
  days?: readonly DayName[] | undefined;
  hours?: string | readonly string[] | undefined;
  timezone?: string | undefined;
  after?: string | undefined;
  before?: string | undefined;
}

const minuteMs = 60_000;
const hoursForm = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))$/;

function isTimezone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch { return false; }
}

export function timeWindow() {
  const hours = z.string().regex(hoursForm, 'wanted hours such as 08:00-18:00 (22:00-06:00 crosses midnight)');
  const instant = z.iso.datetime({ offset: true, error: 'wanted a date and time with zone such as 2026-12-24T18:00:00Z' });
  return z.strictObject({
    days: z.array(z.enum(dayNames)).min(1).optional().describe('Days of the week. All days when left out.'),
    hours: z.union([hours, z.array(hours).min(1)]).optional()
      .describe('Hours of the day, the end not included. Hours that cross midnight belong to the day on which they begin.'),
    timezone: z.string().refine(isTimezone, 'wanted a time zone such as UTC or Europe/Prague').default('UTC')
      .describe('Time zone in which days and hours are meant.'),
    after: instant.optional().describe('Holds from this moment on.'),
    before: instant.optional().describe('Holds until this moment.'),
  });
}

export class TimeWindow {
  readonly #days: readonly boolean[];
  /** Minutes of the day, from and until; until is beyond 1440 when midnight is crossed. */
  readonly #hours: readonly (readonly [number, number])[];
  readonly #format: Intl.DateTimeFormat;
  readonly #afterMs: number;
  readonly #beforeMs: number;
  #minute = Number.NaN;
  #open = false;
  readonly text: string;

  constructor(settings: TimeWindowSettings) {
    const days = settings.days ?? dayNames;
    this.#days = dayNames.map((day) => days.includes(day));
    const hours = settings.hours === undefined ? [] : [settings.hours].flat();
    this.#hours = hours.length === 0 ? [[0, 1440]] : hours.map((text) => {
      const [from, until] = text.split('-').map((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3)));
      return [from!, until! > from! ? until! : until! + 1440] as const;
    });
    const timeZone = settings.timezone ?? 'UTC';
    this.#format = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    this.#afterMs = settings.after === undefined ? Number.NEGATIVE_INFINITY : Date.parse(settings.after);
    this.#beforeMs = settings.before === undefined ? Number.POSITIVE_INFINITY : Date.parse(settings.before);
    this.text = [
      settings.days?.join(' '), hours.join(' '), hours.length + (settings.days?.length ?? 0) > 0 ? timeZone : '',
      settings.after && `from ${settings.after}`, settings.before && `until ${settings.before}`,
    ].filter(Boolean).join(' ');
  }

  holds(wallMs: number): boolean {
    if (!(wallMs >= this.#afterMs && wallMs < this.#beforeMs)) return false;
    const minute = Math.floor(wallMs / minuteMs);
    if (minute !== this.#minute) {
      this.#open = this.#isOpen(minute * minuteMs);
      this.#minute = minute;
    }
    return this.#open;
  }

  #isOpen(wallMs: number): boolean {
    let day = 0;
    let minutes = 0;
    for (const part of this.#format.formatToParts(wallMs)) {
      if (part.type === 'weekday') day = dayNames.indexOf(part.value.toLowerCase().slice(0, 3) as DayName);
      else if (part.type === 'hour') minutes += Number(part.value) * 60;
      else if (part.type === 'minute') minutes += Number(part.value);
    }
    const today = this.#days[day] === true;
    const yesterday = this.#days[(day + 6) % 7] === true;
    return this.#hours.some(([from, until]) => (today && minutes >= from && minutes < until) || (yesterday && minutes + 1440 < until));
  }
}
