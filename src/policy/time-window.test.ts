// Tests of time windows: days, hours, midnight, time zones with their changes, periods.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeWindow, timeWindow } from './time-window.ts';
import type { TimeWindowSettings } from './time-window.ts';

function open(settings: TimeWindowSettings, instant: string): boolean {
  return new TimeWindow(timeWindow().parse(settings)).holds(Date.parse(instant));
}

test('days and hours', () => {
  const office: TimeWindowSettings = { days: ['mon', 'tue', 'wed', 'thu', 'fri'], hours: '08:00-18:00' };
  assert.equal(open(office, '2026-11-23T08:00:00Z'), true, 'Monday, the first minute');
  assert.equal(open(office, '2026-11-23T07:59:59.999Z'), false);
  assert.equal(open(office, '2026-11-23T17:59:59Z'), true);
  assert.equal(open(office, '2026-11-23T18:00:00Z'), false, 'the end is not included');
  assert.equal(open(office, '2026-11-22T12:00:00Z'), false, 'Sunday');
  assert.equal(open({ hours: ['06:00-07:00', '23:00-24:00'] }, '2026-11-22T23:59:59Z'), true);
  assert.equal(open({}, '2026-11-22T23:59:59Z'), true);
});

test('hours that cross midnight belong to the day on which they begin', () => {
  const night: TimeWindowSettings = { days: ['fri'], hours: '22:00-06:00' };
  assert.equal(open(night, '2026-11-27T22:00:00Z'), true, 'Friday night');
  assert.equal(open(night, '2026-11-28T05:59:00Z'), true, 'Saturday morning');
  assert.equal(open(night, '2026-11-28T06:00:00Z'), false);
  assert.equal(open(night, '2026-11-27T05:00:00Z'), false, 'Friday morning is Thursday night');
  assert.equal(open(night, '2026-11-28T22:30:00Z'), false);
});

test('time zones, in summer and winter', () => {
  const prague: TimeWindowSettings = { hours: '08:00-09:00', timezone: 'Europe/Prague' };
  assert.equal(open(prague, '2026-07-01T06:30:00Z'), true);
  assert.equal(open(prague, '2026-12-01T06:30:00Z'), false);
  assert.equal(open(prague, '2026-12-01T07:30:00Z'), true);
});

test('periods, and one window asked again as time passes', () => {
  const window = new TimeWindow({ after: '2026-01-01T00:00:00Z', before: '2026-01-02T00:00:30Z', hours: '00:00-00:01' });
  assert.equal(window.holds(Date.parse('2025-12-31T23:59:59.999Z')), false);
  assert.equal(window.holds(Date.parse('2026-01-01T00:00:00Z')), true);
  assert.equal(window.holds(Date.parse('2026-01-01T00:00:59.999Z')), true);
  assert.equal(window.holds(Date.parse('2026-01-01T00:01:00Z')), false);
  assert.equal(window.holds(Date.parse('2026-01-02T00:00:29Z')), true);
  assert.equal(window.holds(Date.parse('2026-01-02T00:00:30Z')), false, 'the end lies within a minute');
  assert.equal(window.holds(Number.NaN), false);
});

test('what cannot be meant is refused', () => {
  for (const bad of [{ hours: '8:00-18:00' }, { hours: '08:00-25:00' }, { days: ['monday'] }, { days: [] }, { timezone: 'Moon/Sea' }, { after: 'tomorrow' }, { until: '' }]) {
    assert.equal(timeWindow().safeParse(bad).success, false, JSON.stringify(bad));
  }
});
