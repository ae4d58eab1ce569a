// The Q method: every state with every event (RFC 1143 section 7), no loops between two machines, and deferred answers.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Change, OptionState, OptionStates, Send } from './index.ts';

type Act = 'receiveEnable' | 'receiveDisable' | 'askEnable' | 'askDisable';
const acts: Act[] = ['receiveEnable', 'receiveDisable', 'askEnable', 'askDisable'];

/** How to get there from nothing. */
const reach: Record<string, Act[]> = {
  no: [], offered: ['receiveEnable'], yes: ['receiveEnable', 'askEnable'], wantNo: ['receiveEnable', 'askEnable', 'askDisable'],
  wantNoOpposite: ['receiveEnable', 'askEnable', 'askDisable', 'askEnable'], wantYes: ['askEnable'], wantYesOpposite: ['askEnable', 'askDisable'],
};

/** state: [receiveEnable, receiveDisable, askEnable, askDisable], each `next` `what is sent`. */
const table: Record<string, string[]> = {
  no: ['offered', 'no', 'wantYes +', 'no'],
  yes: ['yes', 'no -', 'yes', 'wantNo -'],
  wantNo: ['no', 'no', 'wantNoOpposite', 'wantNo'],
  wantNoOpposite: ['yes', 'wantYes +', 'wantNoOpposite', 'wantNo'],
  wantYes: ['yes', 'no', 'wantYes', 'wantYesOpposite'],
  wantYesOpposite: ['wantNo -', 'no', 'wantYes', 'wantYesOpposite'],
  offered: ['offered', 'no -', 'yes +', 'no -'],
};

const stateNames = Object.keys(OptionState);

describe('option states', () => {
  it('keeps each of the 256 options by itself', () => {
    const states = new OptionStates();
    const named = Object.keys(reach);
    const wanted = Array.from({ length: 256 }, (_, option) => named[(option * 5) % named.length]!);
    for (const option of [...wanted.keys()].reverse()) for (const step of reach[wanted[option]!]!) states[step](option);
    assert.deepEqual(wanted.map((_, option) => stateNames[states.state(option)]), wanted);
  });

  for (const [from, expected] of Object.entries(table)) {
    it(`from ${from}`, () => {
      acts.forEach((act, index) => {
        const states = new OptionStates();
        for (const step of reach[from]!) states[step](1);
        assert.equal(stateNames[states.state(1)], from);
        states[act](1);
        const sent = ['', ' +', ' -'][states.send]!;
        assert.equal(`${stateNames[states.state(1)]!}${sent}`, expected[index], act);
        assert.equal(states.state(2), OptionState.no);
      });
    });
  }

  it('two machines that want anything always come to rest and agree', () => {
    fc.assert(fc.property(fc.array(fc.record({ who: fc.boolean(), enable: fc.boolean(), deliver: fc.boolean() }), { maxLength: 30 }), (steps) => {
      // `him` is what A thinks of B's option, `us` what B thinks of it; messages travel in order.
      const him = new OptionStates();
      const us = new OptionStates();
      const toB: boolean[] = [];
      const toA: boolean[] = [];
      const post = (queue: boolean[], states: OptionStates): void => { if (states.send !== Send.nothing) queue.push(states.send === Send.positive); };
      const deliver = (queue: boolean[], states: OptionStates, back: boolean[]): void => {
        const enable = queue.shift();
        if (enable === undefined) return;
        const change = enable ? states.receiveEnable(1) : states.receiveDisable(1);
        post(back, states);
        if (change === Change.offered) {
          states.askEnable(1);
          post(back, states);
        }
      };
      for (const { who, enable, deliver: now } of steps) {
        const states = who ? him : us;
        if (enable) states.askEnable(1);
        else states.askDisable(1);
        post(who ? toB : toA, states);
        if (now) deliver(who ? toB : toA, who ? us : him, who ? toA : toB);
      }
      let messages = 0;
      while (toA.length + toB.length > 0) {
        deliver(toB, us, toA);
        deliver(toA, him, toB);
        assert.ok(++messages < 100, 'it does not end');
      }
      assert.equal(him.isOn(1), us.isOn(1));
      assert.ok(him.state(1) <= 1 && us.state(1) <= 1);
    }), { numRuns: 500 });
  });
});
