// The record layer of TLS 1.3: the records of a server in RFC 8448 section 3, round trips with each suite, and what is not opened.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { applicationType, isKnownSuite, RecordProtection, recordHeaderBytes } from './record-protection.ts';

const alertType = 21;
const suites = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
const secretOf = (suite: string): Buffer => randomBytes(suite.endsWith('384') ? 48 : 32);

test('records of the server in RFC 8448 section 3', () => {
  const protection = new RecordProtection('TLS_AES_128_GCM_SHA256', Buffer.from('a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643', 'hex'));
  const payload = Buffer.from(Array.from({ length: 50 }, (_, index) => index));
  const data = '17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8fcc49c4bf2e5f0a21c0047c2abf332540dd032e167c2955d';
  const alert = '1703030013b58fd67166ebf599d24720cfbe7efa7a8864a9';
  assert.equal(protection.seal(applicationType, payload, 1).toString('hex'), data);
  assert.equal(protection.seal(alertType, Buffer.of(1, 0), 2).toString('hex'), alert);
  assert.deepEqual(protection.open(Buffer.from(data, 'hex'), 1), { type: applicationType, content: payload });
  assert.deepEqual(protection.open(Buffer.from(alert, 'hex'), 2), { type: alertType, content: Buffer.of(1, 0) });
});

for (const suite of suites) {
  test(`${suite}: what is sealed is opened, under its own number and secret only`, () => {
    assert.ok(isKnownSuite(suite));
    const protection = new RecordProtection(suite, secretOf(suite));
    for (const [size, number] of [[0, 0], [1, 1], [16_384, 2], [100, 2 ** 32 - 1], [100, 2 ** 32], [100, 2 ** 33 + 5]] as const) {
      const content = randomBytes(size);
      const record = protection.seal(applicationType, content, number);
      assert.deepEqual(protection.open(record, number), { type: applicationType, content });
      assert.equal(protection.open(record, number + 1), undefined);
      assert.equal(protection.open(record, number + 2 ** 32), undefined);
      assert.equal(protection.next().open(record, number), undefined);
      assert.equal(new RecordProtection(suite, secretOf(suite)).open(record, number), undefined);
      for (const at of [0, recordHeaderBytes, record.length - 1]) {
        const changed = Buffer.from(record);
        changed[at]! ^= 1;
        assert.equal(protection.open(changed, number), undefined, `byte ${at}`);
      }
    }
  });
}

test('padding is taken off, and what is nothing but padding is no record', () => {
  const protection = new RecordProtection(suites[0]!, secretOf(suites[0]!));
  const content = Buffer.from([1, 2, 0, applicationType, 0, 0]);
  assert.deepEqual(protection.open(protection.seal(0, content, 7), 7), { type: applicationType, content: Buffer.of(1, 2, 0) });
  assert.equal(protection.open(protection.seal(0, Buffer.alloc(10), 7), 7), undefined);
  for (const length of [0, recordHeaderBytes, recordHeaderBytes + 16]) assert.equal(protection.open(Buffer.alloc(length), 0), undefined);
});

test('a suite that is not known', () => {
  for (const suite of ['TLS_AES_128_CCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256', 'toString', '']) assert.equal(isKnownSuite(suite), false);
});
