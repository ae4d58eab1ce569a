// The outbox: nothing is lost, nothing changes places on one link, memory that a write holds is not written again.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { flushOutbox, maxOutboxPiece, queue, type OutboxLink } from './outbox.ts';

class TakingLink implements OutboxLink {
  queuedBytes = 0;
  readonly pieces: Buffer[] = [];
  readonly #holds: boolean;
  readonly #onWrite: () => void;
  constructor(holds = false, onWrite: () => void = () => { /* nothing */ }) {
    this.#holds = holds;
    this.#onWrite = onWrite;
  }

  /** One that holds keeps the piece as it is, as a pending write does. */
  writeQueued(piece: Buffer): boolean {
    this.pieces.push(this.#holds ? piece : Buffer.from(piece));
    this.#onWrite();
    return !this.#holds;
  }

  get text(): string { return Buffer.concat(this.pieces).toString('latin1'); }
}

const none = new Uint8Array(0);

test('pieces come out at the end of the turn, in order, neighbours of one link joined', async () => {
  const [first, second] = [new TakingLink(), new TakingLink()];
  assert.ok(queue(first, 'head ', Buffer.from('xxbodyxx'), 2, 6, ' tail'));
  assert.ok(queue(first, ' and more', none, 0, 0, ''));
  assert.ok(queue(second, 'other', none, 0, 0, ''));
  assert.ok(queue(first, ' last', none, 0, 0, ''));
  assert.equal(first.queuedBytes, 28);
  assert.deepEqual(first.pieces, []);
  await new Promise((resolve) => { setImmediate(resolve); });
  assert.equal(first.text, 'head body tail and more last');
  assert.equal(first.pieces.length, 2);
  assert.equal(second.text, 'other');
  assert.equal(first.queuedBytes, 0);
});

test('a full outbox is written at once, and nothing is lost', () => {
  const link = new TakingLink();
  const piece = 'p'.repeat(maxOutboxPiece - 1);
  for (let i = 0; i < 9; i++) assert.ok(queue(link, piece, none, 0, 0, String(i)));
  assert.ok(link.pieces.length > 0);
  flushOutbox();
  assert.equal(link.text, Array.from({ length: 9 }, (_, i) => piece + String(i)).join(''));
});

test('memory that a pending write holds is not used for others', () => {
  const [slow, quick] = [new TakingLink(true), new TakingLink()];
  queue(slow, 'held', none, 0, 0, '');
  flushOutbox();
  queue(quick, 'other', none, 0, 0, '');
  flushOutbox();
  assert.equal(slow.text, 'held');
  assert.equal(quick.text, 'other');
});

test('what is written while the outbox is being written has to go out at once', () => {
  const taken: boolean[] = [];
  const link: TakingLink = new TakingLink(false, () => { taken.push(queue(link, 'again', none, 0, 0, '')); });
  queue(link, 'once', none, 0, 0, '');
  flushOutbox();
  assert.deepEqual(taken, [false]);
  assert.equal(link.text, 'once');
});
