// Addresses of data connections, read and written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eprtArgument, parse227, parse229, parseEprt, parsePort, portArgument, text227, text229 } from './addresses.ts';

test('PORT', () => {
  assert.deepEqual(parsePort('10,0,0,1,4,1'), { address: '10.0.0.1', port: 1025 });
  for (const bad of ['', '1,2,3,4,5', '1,2,3,4,5,6,7', '256,0,0,1,1,1', '10,0,0,1,256,1', ' 10,0,0,1,1,1', '10,0,0,1,1,1 ', '+10,0,0,1,1,1', '10,0,0,1,1,', '0x1,0,0,1,1,1',
    '10.0.0.1,1,1', '10,0,0,1,1,1111']) assert.equal(parsePort(bad), undefined, bad);
});

test('EPRT', () => {
  assert.deepEqual(parseEprt('|1|132.235.1.2|6275|'), { address: '132.235.1.2', port: 6275 });
  assert.deepEqual(parseEprt('|2|1080::8:800:200C:417A|5282|'), { address: '1080::8:800:200c:417a', port: 5282 });
  assert.deepEqual(parseEprt('!1!10.0.0.1!1!'), { address: '10.0.0.1', port: 1 });
  assert.equal(parseEprt('|3|x|1|'), 'unsupported');
  for (const bad of ['', '|', '|1|10.0.0.1|1', '|1|10.0.0.1|65536|', '|1|::1|1|', '|2|10.0.0.1|1|', '|1|10.0.0.1|1|x', '11110.0.0.11111', '|2|fe80::1%eth0|1024|',
    '|1|10.0.0.1|-1|',
    '|1|010.0.0.1|1|', ' 1 10.0.0.1 1 ']) assert.equal(parseEprt(bad), undefined, bad);
});

test('227 has no fixed text; more than one address is none', () => {
  const wanted = { address: '10.0.0.1', port: 258 };
  for (const text of ['Entering Passive Mode (10,0,0,1,1,2)', 'Entering Passive Mode 10,0,0,1,1,2', '=10,0,0,1,1,2',
    'Passive (10,0,0,1,1,2). ok']) assert.deepEqual(parse227(text), wanted, text);
  for (const text of ['', '(10,0,0,1,1)', '(10,0,0,1,1,2,3)', '(300,0,0,1,1,2)', '(10,0,0,1,1,2) (10,0,0,2,1,2)']) assert.equal(parse227(text), undefined, text);
});

test('229', () => {
  assert.equal(parse229('Entering Extended Passive Mode (|||6446|)'), 6446);
  assert.equal(parse229('x (!!!1!)'), 1);
  for (const text of ['', '(||6446|)', '(|||65536|)', '(|||0|)', '(|1|10.0.0.1|6446|)', '|||6446|', '(|||64a|)', '(5551)']) assert.equal(parse229(text), undefined, text);
});

test('written and read again', () => {
  assert.deepEqual(parsePort(portArgument('192.0.2.1', 65_535)), { address: '192.0.2.1', port: 65_535 });
  assert.deepEqual(parseEprt(eprtArgument('2001:db8::1', 2000)), { address: '2001:db8::1', port: 2000 });
  assert.deepEqual(parse227(text227('192.0.2.1', 40_000)), { address: '192.0.2.1', port: 40_000 });
  assert.equal(parse229(text229(40_000)), 40_000);
});
