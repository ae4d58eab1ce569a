// The ctl action: ctl:option=value. All options of ModSecurity 2 and 3; what has no effect here says so.
import type { Ctl, RuleChoice } from './model.ts';
import { parseTargets } from './targets.ts';

/** "1", "10-20" or a list of them, by commas or white space. */
export function parseIds(text: string): RuleChoice | string {
  const ranges: [number, number][] = [];
  for (const part of text.split(/[\s,]+/).filter((one) => one !== '')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null) return `"${part}" is not a rule id or a range of them`;
    const from = Number(match[1]);
    const to = match[2] === undefined ? from : Number(match[2]);
    if (to < from) return `"${part}" is an empty range`;
    ranges.push([from, to]);
  }
  return ranges.length === 0 ? 'rule id expected' : { kind: 'ids', ranges };
}

/** A pattern over tags or messages, searched anywhere in them. */
export function parseChoicePattern(kind: 'tag' | 'msg', text: string): RuleChoice | string {
  try {
    return { kind, pattern: new RegExp(text), text };
  } catch {
    return `"${text}" is not a pattern`;
  }
}

export function choiceOf(kind: string, text: string): RuleChoice | string {
  if (kind === 'id') return parseIds(text);
  return parseChoicePattern(kind === 'tag' ? 'tag' : 'msg', text);
}

function onOff(value: string): boolean | null {
  const lower = value.toLowerCase();
  return lower === 'on' ? true : lower === 'off' ? false : null;
}

function removal(option: string, value: string): Ctl | string {
  const match = /^ruleremove(target)?by(id|tag|msg)$/.exec(option)!;
  const cut = value.indexOf(';');
  const choice = choiceOf(match[2]!, match[1] && cut >= 0 ? value.slice(0, cut) : value);
  if (typeof choice === 'string') return choice;
  if (!match[1]) return { kind: 'ruleRemove', by: choice };
  const text = cut < 0 ? '' : value.slice(cut + 1).trim().replace(/^!/, '');
  const { targets, faults } = parseTargets(text);
  const target = targets[0];
  if (faults[0] || !target || targets.length > 1) return `ctl:${option} needs ";" and one target${faults[0] ? `: ${faults[0].message}` : ''}`;
  return { kind: 'ruleRemoveTarget', by: choice, target };
}

/** Options that are understood and change nothing here, with the reason. */
export const idleOptions: Readonly<Record<string, string>> = {
  auditLogParts: 'the audit log is configured in the gateway', debugLogLevel: 'the log is configured in the gateway',
  hashEngine: 'hash tokens in links are not supported', hashEnforcement: 'hash tokens in links are not supported',
  parseXmlIntoArgs: 'XML is inspected through the XML variable',
};
const idleByLower = new Map(Object.entries(idleOptions).map(([name, reason]) => [name.toLowerCase(), { name, reason }]));

/** Parses "option=value"; returns a message when it makes no sense. */
export function parseCtl(text: string): Ctl | string {
  const equals = text.indexOf('=');
  const option = (equals < 0 ? text : text.slice(0, equals)).trim().toLowerCase();
  const value = equals < 0 ? '' : text.slice(equals + 1).trim();
  switch (option) {
    case 'ruleengine': {
      const mode = ({ on: 'On', off: 'Off', detectiononly: 'DetectionOnly' } as const)[value.toLowerCase() as 'on'];
      return mode === undefined ? 'ctl:ruleEngine takes On, Off or DetectionOnly' : { kind: 'ruleEngine', mode };
    }
    case 'requestbodyaccess': case 'responsebodyaccess': case 'forcerequestbodyvariable': {
      const on = onOff(value);
      const kind = ({ requestbodyaccess: 'requestBodyAccess', responsebodyaccess: 'responseBodyAccess', forcerequestbodyvariable: 'forceRequestBodyVariable' } as const)[option];
      return on === null ? `ctl:${kind} takes On or Off` : { kind, on };
    }
    case 'requestbodyprocessor': {
      const processor = value.toUpperCase();
      return ['URLENCODED', 'MULTIPART', 'XML', 'JSON'].includes(processor) ? { kind: 'requestBodyProcessor', processor } : `no body processor ${value}`;
    }
    case 'requestbodylimit': case 'responsebodylimit': {
      if (!/^\d+$/.test(value)) return `ctl:${option} needs a number of bytes`;
      return { kind: option === 'requestbodylimit' ? 'requestBodyLimit' : 'responseBodyLimit', bytes: Number(value) };
    }
    case 'auditengine': {
      const engine = ['On', 'Off', 'RelevantOnly'].find((one) => one.toLowerCase() === value.toLowerCase());
      return engine === undefined ? 'ctl:auditEngine takes On, Off or RelevantOnly' : { kind: 'auditEngine', value: engine };
    }
    case 'ruleremovebyid': case 'ruleremovebytag': case 'ruleremovebymsg':
    case 'ruleremovetargetbyid': case 'ruleremovetargetbytag': case 'ruleremovetargetbymsg': return removal(option, value);
    default: {
      const idle = idleByLower.get(option);
      return idle === undefined ? `unknown ctl option ${option}` : { kind: 'none', ...idle };
    }
  }
}
