// A gateway session without network under arbitrary bytes from both sides: it never throws, ends at most once, and a canary
// that stands in what is refused (suboptions of options that are off, environment variables that are not listed, blocked
// lines) never reaches the other side. Reproducible: fast-check prints the seed.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '#core/clock.ts';
import type { SessionPort } from '#contract/gateway.ts';
import type { Link, LinkHandler } from '#contract/link.ts';
import { telnetManifest } from '#gateways/telnet/manifest.ts';
import { telnetSettings } from '#gateways/telnet/settings.ts';

const canary = 'CANARY';
const noHandler: LinkHandler = { received() {}, ended() {}, drained() {}, relayed() {}, closed() {} };

/** Keeps what is sent. */
class RecordedLink {
  readonly peer = { address: '192.0.2.1', port: 4000 };
  readonly local = { address: '192.0.2.2', port: 23 };
  readonly tls = undefined;
  readonly role: 'client' | 'server';
  handler: LinkHandler = noHandler;
  bytesIn = 0;
  bytesOut = 0;
  closed = false;
  peerEnded = false;
  relayRemaining = 0;
  sent = '';

  constructor(role: 'client' | 'server') { this.role = role; }
  send(bytes: Uint8Array, start: number, end: number): boolean { this.sent += Buffer.from(bytes.subarray(start, end)).toString('latin1'); return true; }
  sendText(text: string): boolean { this.sent += text; return true; }
  sendTextAndBytes(): boolean { throw new Error('not of this gateway'); }
  pause(): void { /* no network */ }
  resume(): void { /* no network */ }
  relayTo(): void { throw new Error('not of this gateway'); }
  stopRelay(): void { /* none */ }
  secure(): void { throw new Error('not of this gateway'); }
  end(): void { /* no network */ }
  close(): void { this.closed = true; }
  reset(): void { this.closed = true; }
  give(text: string): void {
    if (this.closed) return;
    const bytes = Buffer.from(text, 'latin1');
    this.bytesIn += bytes.length;
    this.handler.received(this as unknown as Link, bytes, 0, bytes.length);
  }
}

function session(service: object): { client: RecordedLink; server: RecordedLink; finished: string[]; wake(): void; clock: VirtualClock } {
  const client = new RecordedLink('client');
  const server = new RecordedLink('server');
  const finished: string[] = [];
  const clock = new VirtualClock();
  const settings = telnetSettings.parse({ pool: 'hosts', ...service });
  const plan = telnetManifest.compile('terminal', settings, { product: 'p', observed: [] });
  let ids = 0;
  const decision = { effect: 'allow', rule: 'r', reason: '', status: 0, message: '', delayMs: 0, audit: true };
  const port = {
    facts: { id: 's', protocol: 'telnet', listener: 'l', service: 'terminal', client: client.peer, local: client.local, tls: undefined, configuration: 'v' },
    client, subject: { address: '192.0.2.1', port: 4000, zones: [], user: undefined, groups: [] }, wakeAtMs: Infinity,
    nowMs: () => clock.nowMs(), wallMs: () => clock.wallMs(), operationId: () => `id${++ids}`, decide: () => decision, admit() {}, release() {},
    openServer: (_: unknown, owner: { serverReady(link: unknown, chosen: object, reused: boolean): void }) => {
      owner.serverReady(server, { pool: 'hosts', name: 'h:23', host: 'h', port: 23 }, false);
    },
    releaseLink() {}, recording() {}, record() {}, finished: (outcome: string) => { finished.push(outcome); },
  };
  const gateway = plan.accept(port as unknown as SessionPort);
  gateway.started();
  return { client, server, finished, clock, wake: () => { if (finished.length === 0 && clock.nowMs() >= port.wakeAtMs) gateway.woken(clock.nowMs()); } };
}

const IAC = '\u00ff';
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(
    `${IAC}\u00fb`, `${IAC}\u00fd`, `${IAC}\u00fc`, `${IAC}\u00fe`, `${IAC}\u00fa`, `${IAC}\u00f0`, IAC, '\u0018', '\u001f', '\u0027', '\u0001', '\u0003', '\0', '\r', '\n', 'x',
    '\u001b[A', '\t', '\u007f', '\u0015', `${IAC}\u00f4`, `${IAC}\u00f6`, '\u00f2', 'ls\r', 'Password: ', '\u0022', '\u0006',
  ) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 8 }).map((bytes) => String.fromCharCode(...bytes)) },
);
/** Refused whatever the state is. */
const refused = fc.constantFrom(
  `${IAC}\u00fa\u0025${canary}${IAC}\u00f0`, `${IAC}\u00fa\u0026${canary}${IAC}\u00f0`, `${IAC}\u00fa\u0024\0\0A\u0001${canary}${IAC}\u00f0`,
    `${IAC}\u00fa\u0023\0${canary}:0${IAC}\u00f0`,
  `${IAC}\u00fa\u0027\0\u0003LD_PRELOAD\u0001${canary}${IAC}\u00f0`, `${IAC}\u00fa\u0027\0\0USER\u0001-f ${canary}${IAC}\u00f0`, `${IAC}\u00fa\u0018\0../${canary}${IAC}\u00f0`,
);
/** A step: who speaks, what, and whether time passes. */
const step = fc.record({ fromClient: fc.boolean(), text: fc.oneof({ weight: 4, arbitrary: piece },
  { weight: 1, arbitrary: refused }), ms: fc.constantFrom(0, 0, 0, 60, 1100, 11_000) });

describe('Telnet gateway under arbitrary bytes', () => {
  for (const [name, service] of Object.entries({ plain: {}, controlled: { commands: { rules: [{ id: 'no', commands: [canary, `*${canary}*`], then: 'block' }] } } })) {
    it(name, () => {
      fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const scene = session(service);
        // Both sides have agreed on what the canary is put into.
        scene.server.give(`${IAC}\u00fd\u0027${IAC}\u00fd\u0018`);
        scene.client.give(`${IAC}\u00fb\u0027${IAC}\u00fb\u0018`);
        let inData = '';
        for (const { fromClient, text, ms } of steps) {
          scene.clock.advance(ms);
          scene.wake();
          (fromClient ? scene.client : scene.server).give(text);
          inData += text;
        }
        assert.ok(scene.finished.length <= 1);
        // Inside an unfinished suboption or behind a lone IAC the canary's own suboption may have become data: only whole ones count.
        const clean = !/\u00ff\u00fa(?![^]*\u00ff\u00f0)/.test(inData) && steps.every(({ text }) => text.includes(canary) || !text.includes(IAC));
        if (clean) assert.ok(!scene.server.sent.includes(canary) && !scene.client.sent.includes(canary), JSON.stringify(scene.server.sent));
      }), { numRuns: 3000 });
    });
  }

  it('a blocked line never reaches the host, however it is cut and edited', () => {
    const settings = { commands: { rules: [{ id: 'no', commands: ['erase'], then: 'block' }] } };
    fc.assert(fc.property(fc.array(fc.nat(40), { maxLength: 6 }), fc.constantFrom('erase all', 'erx\u007fase all', 'zz\u0015erase all', 'date; erase all',
      'sudo erase all', 'zz\u0017erase'), (cuts, line) => {
      const scene = session(settings);
      const text = `${line}\rdate\r`;
      const at = [...new Set(cuts.filter((cut) => cut < text.length))].sort((a, b) => a - b);
      let from = 0;
      for (const cut of [...at, text.length]) {
        scene.client.give(text.slice(from, cut));
        from = cut;
      }
      // This host shows nothing: what follows a blocked line waits for that until its time is over.
      for (let turn = 0; turn < 4; turn++) {
        scene.clock.advance(1000);
        scene.wake();
      }
      // What a line editor on the host makes of what it received.
      let typed = '';
      const entered: string[] = [];
      for (const key of scene.server.sent) {
        if (key === '\r') { entered.push(typed); typed = ''; }
        else if (key === '\u007f') typed = typed.slice(0, -1);
        else if (key === '\u0015') typed = '';
        else if (key === '\u0017') typed = typed.replace(/\S*\s*$/, '');
        else typed += key;
      }
      assert.deepEqual(entered, ['date']);
    }), { numRuns: 1000 });
  });
});
