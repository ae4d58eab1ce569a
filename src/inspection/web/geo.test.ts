// Look-ups in a geographic database that the test writes itself: members of GEO, families, what is no database.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mmdb } from '#test/waf/mmdb.ts';
import { openGeoDatabase } from './geo.ts';

const graz = {
  continent: { code: 'EU', names: { en: 'Europe' } }, country: { iso_code: 'AT', names: { de: 'Österreich', en: 'Austria' } },
  subdivisions: [{ iso_code: '6', names: { en: 'Styria' } }], city: { names: { en: 'Gräz' } }, postal: { code: '8010' },
  location: { latitude: 47.07, longitude: -15.44, metro_code: 501 },
};
const bytes = mmdb({ '192.0.2.0/24': graz, '198.51.100.7/32': { registered_country: { iso_code: 'US' } }, '2001:db8::/32': { country: { iso_code: 'NL' } },
  '203.0.113.0/24': { traits: { x: 1 } } });

test('members of GEO as the reference manual names them, as bytes', () => {
  const source = openGeoDatabase(bytes);
  assert.deepEqual(source.lookup('192.0.2.200'), {
    COUNTRY_CODE: 'AT', COUNTRY_NAME: 'Austria', COUNTRY_CONTINENT: 'EU', REGION: '6', CITY: Buffer.from('Gräz', 'utf8').toString('latin1'), POSTAL_CODE: '8010',
    LATITUDE: '47.07', LONGITUDE: '-15.44', DMA_CODE: '501',
  });
  assert.deepEqual(source.lookup('198.51.100.7'), { COUNTRY_CODE: 'US' });
  assert.deepEqual(source.lookup('2001:db8::1'), { COUNTRY_CODE: 'NL' });
  assert.deepEqual(source.lookup('203.0.113.1'), {});
  assert.equal(source.lookup('::ffff:192.0.2.1')!['COUNTRY_CODE'], 'AT');
});

test('nothing known, and what is no address', () => {
  const source = openGeoDatabase(bytes);
  for (const address of ['198.51.100.8', '10.0.0.1', '2001:db9::1', '', 'host', '192.0.2.1.1', '1', '::ffff:zz']) assert.equal(source.lookup(address), null, address);
  for (let i = 0; i < 5000; i++) assert.equal(source.lookup(`10.1.${i >> 8}.${i & 255}`), null);
  assert.equal(source.lookup('192.0.2.1')!['COUNTRY_CODE'], 'AT');
});

test('what is no database, or only a part of one, is said when it is opened', () => {
  for (const broken of [Buffer.alloc(0), Buffer.from('hello'), Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), bytes.subarray(0, 200), bytes.subarray(bytes.length - 150)]) {
    assert.throws(() => openGeoDatabase(Buffer.from(broken)), /no database in the format mmdb/, String(broken.length));
  }
});
