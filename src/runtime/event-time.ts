// The time of the event that is being handled, for those who need to know about when it is and not how long something took:
// limits, pools and idle times. A reading costs some 25 ns, and one request would make nine of them.
// Valid while a link delivers what it has read, and not a moment longer: what runs by itself reads the clock.
import type { Clock } from '#core/clock.ts';

let inside = false;
let lastMs = Number.NaN;

/** A link begins, or ends, to hand over what it has read. */
export function eventBegins(): void {
  inside = true;
  lastMs = Number.NaN;
}

export function eventEnds(): void { inside = false; }

/** What the clock says. */
export function readTime(clock: Clock): number {
  const nowMs = clock.nowMs();
  lastMs = nowMs;
  return nowMs;
}

/** What the clock said when it was read last during this event; reads it when it was not. */
export function recentTime(clock: Clock): number {
  return inside && lastMs === lastMs ? lastMs : readTime(clock);
}
