// Writes docs/waf/reference.md from the registries: directives, variables, operators, transformations, actions, baseline
// rules. Run `node test/waf/reference.ts` after changing one; reference.test.ts fails while the page is behind.
import { writeFileSync } from 'node:fs';
import { baselineIndex } from '#inspection/waf/baseline/index.ts';
import { operatorDefinitions } from '#inspection/waf/operators/index.ts';
import { idleDirectives, refusedDirectives, ruleDirectives, settingDirectives } from '#inspection/waf/seclang/directives.ts';
import { transformationNames } from '#inspection/waf/transformations/index.ts';
import { variables } from '#inspection/waf/variables/registry.ts';

export const referenceFile = new URL('../../docs/waf/reference.md', import.meta.url);

const cell = (text: string): string => text.replaceAll('|', '\\|');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`)].join('\n');
}

const actions: readonly (readonly [string, string])[] = [
  ['disruptive', 'allow, allow:phase, allow:request, block, deny, drop, pass, proxy, redirect'],
  ['flow', 'chain, skip, skipAfter, status, phase, multiMatch, capture'],
  ['data', 'setvar, setenv, initcol, expirevar, setuid, setsid, setrsc, ctl'],
  ['report', 'id, msg, logdata, tag, severity, rev, ver, maturity, accuracy, log, nolog, auditlog, noauditlog'],
  ['masking', 'sanitiseArg, sanitiseMatched, sanitiseMatchedBytes, sanitiseRequestHeader, sanitiseResponseHeader (and with "z")'],
  ['without effect (warned about)', 'deprecatevar, pause, xmlns'],
  ['refused', 'exec, append, prepend'],
];

const ctls = [
  'ruleEngine', 'requestBodyAccess', 'responseBodyAccess', 'forceRequestBodyVariable', 'requestBodyProcessor', 'requestBodyLimit', 'responseBodyLimit',
  'auditEngine', 'ruleRemoveById', 'ruleRemoveByTag', 'ruleRemoveByMsg', 'ruleRemoveTargetById', 'ruleRemoveTargetByTag', 'ruleRemoveTargetByMsg',
  'auditLogParts, debugLogLevel, hashEngine, hashEnforcement, parseXmlIntoArgs (no effect: warned about)',
];

export function reference(): string {
  const operators = operatorDefinitions().toSorted((a, b) => a.name.localeCompare(b.name));
  return [
    '# WAF reference', '', 'Written by `node test/waf/reference.ts` from the registries in `src/inspection/waf/`. Anything that is not listed here is an',
    'error at load, with file, line and column.', '',
    '## Directives', '', table(['directive', 'what it does'], [
      ...Object.entries(ruleDirectives), ...Object.entries(settingDirectives).map(([name, { about }]) => [name, about]),
    ]), '',
    '### Accepted without effect', '', 'Each is warned about once at load.', '', table(['directive', 'why'], Object.entries(idleDirectives)), '',
    '### Refused', '', table(['directive', 'why'], Object.entries(refusedDirectives)), '',
    '## Variables', '', table(['variable', 'kind', 'what it is'], variables().map(({ name, shape, about }) => [name, shape, about])), '',
    '## Operators', '', table(['operator', ''], operators.map((one) => [`@${one.name}`,
      one.kind === 'refused' ? `refused: ${one.why}` : one.kind === 'comparison' ? 'argument may hold macros' : ''])), '',
    '## Transformations', '', transformationNames().map((name) => `\`t:${name}\``).join(' '), '',
    '## Actions', '', table(['group', 'actions'], actions), '', '`ctl` options: ' + ctls.join(', ') + '.', '',
    '## Baseline rules', '', 'Loaded when no other rule set is configured. A score of `tx.sally_threshold` (5) blocks.', '',
    table(['id', 'class', 'finds', 'points'], baselineIndex.map(({ id, kind, message, points }) => [String(id), kind, message, String(points)])), '',
  ].join('\n');
}

if (import.meta.main) writeFileSync(referenceFile, reference());
