// Node's advice is no part of a record.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tlsFailureText } from './failure-text.ts';

test('what failed, without advice', () => {
  assert.equal(tlsFailureText(new Error('self-signed certificate; if the root CA is installed locally, try running Node.js with --use-system-ca')), 'TLS: self-signed certificate');
  assert.equal(tlsFailureText(new Error('wrong version number')), 'TLS: wrong version number');
});
