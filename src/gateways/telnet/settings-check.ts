// What is wrong with the settings of a Telnet service beyond what its schema can see.
import type { SettingsProblem } from '#contract/gateway.ts';
import { neverAllowed, type OptionName } from '#codecs/telnet/index.ts';
import { commandPatternProblem } from './command-pattern.ts';
import { unrelayable, type TelnetSettings } from './settings.ts';

export function checkTelnetSettings(settings: TelnetSettings): SettingsProblem[] {
  const problems: SettingsProblem[] = [];
  const add = (path: (string | number)[], message: string, hint: string, severity?: 'warning'): void => {
    problems.push(severity === undefined ? { path, message, hint } : { path, message, hint, severity });
  };
  const { targets, commands } = settings;
  if (settings.pool === undefined && targets === undefined) {
    add([], 'the service leads nowhere: it has neither `pool` nor `targets`', 'give `pool: NAME`, or `targets` to let users choose');
  }
  if (settings.pool !== undefined && targets !== undefined) add(['targets'], 'the service has both `pool` and `targets`', 'leave one of them out');
  if (targets !== undefined && targets.menu.length === 0 && !targets.hosts) add(['targets'], 'there is nothing to choose', 'give a `menu`, or `hosts: true`');
  const names = new Set<string>();
  targets?.menu.forEach(({ name }, index) => {
    if (names.has(name.toLowerCase())) add(['targets', 'menu', index, 'name'], `"${name}" is in the menu already`, 'names differ, also without regard to case');
    names.add(name.toLowerCase());
  });
  for (const [name, rule] of Object.entries(settings.options) as [OptionName, string][]) {
    if (rule !== 'refuse' && unrelayable.includes(name)) {
      add(['options', name], `${name} cannot be let through`, 'the gateway could no longer see what passes, or has no grammar for it; leave it out');
    }
    if (rule !== 'refuse' && name === 'LINEMODE') {
      add(['options', name], 'LINEMODE has had faults before login in many servers (CVE-2026-32746)', 'its suboptions are checked; leave it out unless hosts need it', 'warning');
    }
  }
  settings.environment.allow.forEach((pattern, index) => {
    const name = pattern.replace('*', '');
    if (pattern === '*' || name === '' || neverAllowed(name) || (pattern.endsWith('*') && ['LD_PRELOAD', 'PATH', 'IFS', 'SHELL', 'TERMINFO', 'PYTHONPATH', 'GCONV_PATH']
      .some((bad) => bad.startsWith(name)))) {
      add(['environment', 'allow', index], `${pattern} cannot be let through`, 'it changes what programs on the host do');
    }
    if (pattern === 'USER') add(['environment', 'allow', index], 'USER has a setting of its own', 'write `user: allow`');
  });
  const ids = new Set<string>();
  commands?.rules.forEach((rule, index) => {
    if (ids.has(rule.id)) add(['commands', 'rules', index, 'id'], `the id "${rule.id}" is used already`, 'ids of rules differ');
    ids.add(rule.id);
    rule.commands.forEach((pattern, at) => {
      const problem = commandPatternProblem(pattern);
      if (problem !== undefined) add(['commands', 'rules', index, 'commands', at], problem, 'for example reload, wr[ite] erase, rm -rf *, /^no\\s+ip/');
    });
  });
  return problems;
}

export function poolReferences(settings: TelnetSettings): { path: (string | number)[]; pool: string }[] {
  const references: { path: (string | number)[]; pool: string }[] = [];
  if (settings.pool !== undefined) references.push({ path: ['pool'], pool: settings.pool });
  settings.targets?.menu.forEach(({ pool }, index) => { references.push({ path: ['targets', 'menu', index, 'pool'], pool }); });
  return references;
}
