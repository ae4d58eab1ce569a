// What counts as a host at the gateway's prompt, and which settings are refused.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseTarget } from './dialogue.ts';
import { checkTelnetSettings } from './settings-check.ts';
import { telnetSettings, type TargetSettings } from './settings.ts';
import { addressOnlyTyped } from './target-address.ts';

const targets = telnetSettings.parse({ targets: { hosts: true, ports: [23, 2001], menu: [{ name: 'Core', pool: 'p' }] } }).targets as TargetSettings;

describe('targets', () => {
  const good: [string, string][] = [
    ['1', 'pool p'], ['core', 'pool p'], ['router.lab', 'router.lab 23'], ['Router.Lab.', 'router.lab 23'], ['router:2001', 'router 2001'], ['router 2001', 'router 2001'],
    ['10.0.0.1', '10.0.0.1 23'], ['10.0.0.1:2001', '10.0.0.1 2001'], ['fd00::1', 'fd00::1 23'], ['[fd00::1]:2001', 'fd00::1 2001'], ['fd00::1 2001', 'fd00::1 2001'],
  ];
  for (const [text, wanted] of good) {
    it(text, () => {
      const target = parseTarget(text, targets);
      if (typeof target === 'string') throw new Error(target);
      assert.equal(target.pool === '' ? `${target.host} ${target.port}` : `pool ${target.pool}`, wanted);
    });
  }
  for (const text of ['2', 'a b c', 'router:22', 'router:99999', '127.1', '0x7f000001', '2130706433', '0177.0.0.1', 'a..b', '-x', 'a;b', 'a/b', '[::1', 'ü',
    'a'.repeat(300), 'http://x']) {
    it(`not ${text.slice(0, 20)}`, () => { assert.equal(typeof parseTarget(text, targets), 'string'); });
  }
  it('names must not lead here', () => {
    for (const address of ['127.0.0.1', '127.8.8.8', '0.0.0.0', '169.254.169.254', '::1', '::', 'fe80::1', '::ffff:127.0.0.1']) assert.ok(addressOnlyTyped(address), address);
    for (const address of ['10.0.0.1', '192.0.2.1', 'fd00::1', '2001:db8::1', '128.0.0.1']) assert.ok(!addressOnlyTyped(address), address);
  });
});

describe('settings', () => {
  const problems = (settings: object): string[] => checkTelnetSettings(telnetSettings.parse(settings)).map(({ path, severity }) => `${severity ?? 'error'} ${path.join('.')}`);
  const cases: [object, string[]][] = [
    [{ pool: 'p' }, []], [{}, ['error ']], [{ pool: 'p', targets: { hosts: true } }, ['error targets']], [{ targets: {} }, ['error targets']],
    [{ pool: 'p', options: { ENCRYPT: 'allow' } }, ['error options.ENCRYPT']], [{ pool: 'p', options: { LINEMODE: 'client' } }, ['warning options.LINEMODE']],
    [{ pool: 'p', environment: { allow: ['LD_PRELOAD'] } }, ['error environment.allow.0']],
      [{ pool: 'p', environment: { allow: ['P*', 'USER'] } }, ['error environment.allow.0', 'error environment.allow.1']],
    [{ pool: 'p', commands: { rules: [{ id: 'a', commands: ['x['], then: 'block' },
      { id: 'a', commands: ['y'], then: 'block' }] } }, ['error commands.rules.0.commands.0', 'error commands.rules.1.id']],
    [{ targets: { menu: [{ name: 'a', pool: 'p' }, { name: 'A', pool: 'q' }] } }, ['error targets.menu.1.name']],
  ];
  for (const [settings, wanted] of cases) it(JSON.stringify(settings).slice(0, 70), () => { assert.deepEqual(problems(settings), wanted); });
});
