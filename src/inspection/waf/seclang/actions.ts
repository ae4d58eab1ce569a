// What the actions of a rule mean: turns the written list, and the defaults of its phase, into RuleActions.
// Unknown actions and values that make no sense are faults.
import { findTransformation } from '../transformations/index.ts';
import { parseCtl } from './ctl.ts';
import { emptyMacro, parseMacro } from './macros.ts';
import type { Action, DisruptiveKind, Macro, RuleActions, SetVar } from './model.ts';

export type Report = (action: Action, message: string) => void;

const severities = ['EMERGENCY', 'ALERT', 'CRITICAL', 'ERROR', 'WARNING', 'NOTICE', 'INFO', 'DEBUG'];
const phases: Record<string, number> = { request: 2, response: 4, logging: 5 };
const settable = new Set(['tx', 'ip', 'global', 'resource', 'session', 'user', 'env']);
/** Accepted and without effect. */
const idle: Record<string, string> = {
  deprecatevar: 'deprecatevar has no effect', pause: 'pause has no effect: a gateway does not hold connections for it',
  xmlns: 'xmlns has no effect: only XML:/* and XML://@* are read',
};
const refused: Record<string, string> = {
  exec: 'running programs from rules is not supported', append: 'changing content is not supported', prepend: 'changing content is not supported',
};

export function emptyActions(): RuleActions {
  return {
    id: 0, phase: 2, disruptive: 'pass', explicitDisruptive: false, location: null, status: null, log: true, auditLog: true, msg: null, logData: null,
    tags: [], severity: null, rev: '', ver: '', maturity: '', accuracy: '', capture: false, multiMatch: false, skip: 0, skipAfter: null,
    transformations: [], setVars: [], expireVars: [], initCols: [], setEnvs: [], setUid: null, setSid: null, setRsc: null, ctls: [], masks: [],
  };
}

/** The phase that a written list asks for, or null when it does not say or says nonsense. */
export function phaseOf(written: readonly Action[]): number | null {
  const action = written.findLast((one) => one.name === 'phase');
  if (!action) return null;
  const value = (action.value ?? '').toLowerCase();
  const phase = phases[value] ?? Number(value);
  return Number.isInteger(phase) && phase >= 1 && phase <= 5 ? phase : null;
}

export function parseSetVar(text: string): SetVar | string {
  const unset = text.startsWith('!');
  const body = unset ? text.slice(1) : text;
  const dot = body.indexOf('.');
  const collection = body.slice(0, dot < 0 ? body.length : dot).trim().toLowerCase();
  if (dot < 0 || !settable.has(collection)) return `setvar needs one of ${[...settable].join(', ')}, then "." and a name`;
  const equals = body.indexOf('=', dot);
  const name = parseMacro(body.slice(dot + 1, equals < 0 ? undefined : equals).trim());
  if (typeof name === 'string') return name;
  if (unset) return { collection, name, operation: 'unset', value: emptyMacro };
  let raw = equals < 0 ? '1' : body.slice(equals + 1);
  const sign = equals >= 0 && raw.length > 1 ? raw[0] : '';
  const operation = sign === '+' ? 'add' : sign === '-' ? 'subtract' : 'set';
  if (operation !== 'set') raw = raw.slice(1);
  const value = parseMacro(raw);
  return typeof value === 'string' ? value : { collection, name, operation, value };
}

class ActionReader {
  readonly result: RuleActions;
  readonly report: Report;
  readonly warn: Report;
  status: number | null = null;

  constructor(result: RuleActions, report: Report, warn: Report) {
    this.result = result;
    this.report = report;
    this.warn = warn;
  }

  macro(action: Action): Macro {
    const macro = parseMacro(action.value ?? '');
    if (typeof macro !== 'string') return macro;
    this.report(action, macro);
    return emptyMacro;
  }

  number(action: Action, min: number, max: number): number {
    const number = Number(action.value);
    if (action.value !== null && /^\s*\d+\s*$/.test(action.value) && number >= min && number <= max) return number;
    this.report(action, `${action.name} needs a number from ${min} to ${max}`);
    return min;
  }

  disrupt(kind: DisruptiveKind): void {
    this.result.disruptive = kind;
    this.result.explicitDisruptive = true;
  }

  read(action: Action): void {
    if (this.metadata(action) || this.flow(action) || this.state(action)) return;
    const idleReason = Object.hasOwn(idle, action.name) ? idle[action.name] : undefined;
    const refusal = Object.hasOwn(refused, action.name) ? refused[action.name] : undefined;
    if (idleReason !== undefined) this.warn(action, idleReason);
    else this.report(action, refusal === undefined ? `unknown action ${action.name}` : `action ${action.name} is not supported: ${refusal}`);
  }

  metadata(action: Action): boolean {
    const result = this.result;
    const text = action.value ?? '';
    switch (action.name) {
      case 'id': result.id = this.number(action, 1, Number.MAX_SAFE_INTEGER); return true;
      case 'phase': if (phaseOf([action]) === null) this.report(action, `phase ${text} is not 1 to 5, request, response or logging`); return true;
      case 'msg': result.msg = this.macro(action); return true;
      case 'logdata': result.logData = this.macro(action); return true;
      case 'tag': result.tags.push(this.macro(action)); return true;
      case 'rev': result.rev = text; return true;
      case 'ver': result.ver = text; return true;
      case 'maturity': result.maturity = text; return true;
      case 'accuracy': result.accuracy = text; return true;
      case 'severity': {
        const named = severities.indexOf(text.toUpperCase());
        result.severity = named >= 0 ? named : this.number(action, 0, 7);
        return true;
      }
      case 'log': result.log = true; result.auditLog = true; return true;
      case 'nolog': result.log = false; result.auditLog = false; return true;
      case 'auditlog': result.auditLog = true; return true;
      case 'noauditlog': result.auditLog = false; return true;
      default: return this.masking(action);
    }
  }

  masking(action: Action): boolean {
    const match = /^saniti[sz]e(arg|matched|matchedbytes|requestheader|responseheader)$/.exec(action.name);
    if (match === null) return false;
    const kinds = { arg: 'arg', matched: 'matched', matchedbytes: 'matchedBytes', requestheader: 'requestHeader', responseheader: 'responseHeader' } as const;
    this.result.masks.push({ kind: kinds[match[1] as keyof typeof kinds], name: (action.value ?? '').toLowerCase() });
    return true;
  }

  flow(action: Action): boolean {
    const result = this.result;
    const text = (action.value ?? '').trim();
    switch (action.name) {
      case 'deny': case 'drop': case 'pass': case 'block': this.disrupt(action.name); return true;
      case 'allow': {
        if (text === '') this.disrupt('allow');
        else if (text.toLowerCase() === 'phase') this.disrupt('allow:phase');
        else if (text.toLowerCase() === 'request') this.disrupt('allow:request');
        else this.report(action, 'allow takes phase, request or nothing');
        return true;
      }
      case 'redirect': case 'proxy':
        if (text === '') this.report(action, `${action.name} needs an address`);
        this.disrupt(action.name);
        result.location = this.macro(action);
        return true;
      case 'status': result.status = this.number(action, 100, 599); return true;
      case 'skip': result.skip = this.number(action, 1, 1_000_000); return true;
      case 'skipafter':
        if (text === '') this.report(action, 'skipAfter needs a marker or a rule id');
        result.skipAfter = text;
        return true;
      case 'chain': return true;
      case 'capture': result.capture = true; return true;
      case 'multimatch': result.multiMatch = true; return true;
      default: return false;
    }
  }

  state(action: Action): boolean {
    const result = this.result;
    switch (action.name) {
      case 't': this.transformation(action); return true;
      case 'setvar': {
        const setVar = parseSetVar(action.value ?? '');
        if (typeof setVar === 'string') this.report(action, setVar);
        else result.setVars.push(setVar);
        return true;
      }
      case 'expirevar': {
        const setVar = parseSetVar(action.value ?? '');
        if (typeof setVar === 'string') this.report(action, setVar.replace('setvar', 'expirevar'));
        else result.expireVars.push({ collection: setVar.collection, name: setVar.name, seconds: setVar.value });
        return true;
      }
      case 'initcol': this.initCol(action); return true;
      case 'setenv': {
        const [name, ...rest] = (action.value ?? '').split('=');
        const value = parseMacro(rest.join('='));
        if (typeof value === 'string') this.report(action, value);
        else result.setEnvs.push({ name: (name ?? '').replace(/^!/, ''), value });
        return true;
      }
      case 'setuid': result.setUid = this.macro(action); return true;
      case 'setsid': result.setSid = this.macro(action); return true;
      case 'setrsc': result.setRsc = this.macro(action); return true;
      case 'ctl': {
        const ctl = parseCtl(action.value ?? '');
        if (typeof ctl === 'string') this.report(action, ctl);
        else if (ctl.kind === 'none') this.warn(action, `ctl:${ctl.name} has no effect: ${ctl.reason}`);
        else result.ctls.push(ctl);
        return true;
      }
      default: return false;
    }
  }

  initCol(action: Action): void {
    const [name, ...rest] = (action.value ?? '').split('=');
    const collection = (name ?? '').trim().toLowerCase();
    const key = parseMacro(rest.join('='));
    const persistent = collection !== 'tx' && collection !== 'env' && settable.has(collection);
    if (!persistent) this.report(action, `initcol: no persistent collection ${collection}`);
    else if (typeof key === 'string') this.report(action, key);
    else this.result.initCols.push({ collection, key });
  }

  transformation(action: Action): void {
    const name = (action.value ?? '').trim();
    const found = findTransformation(name);
    if (!found) this.report(action, `unknown transformation ${name}`);
    else if (found.name === 'none') this.result.transformations = [];
    else this.result.transformations.push(found);
  }
}

/** Actions of a rule: the defaults of its phase first, then what it wrote. Chained links inherit nothing but the phase. */
export function readActions(written: readonly Action[], defaults: readonly Action[], link: boolean, report: Report, warn: Report): RuleActions {
  const result = emptyActions();
  const reader = new ActionReader(result, report, warn);
  if (!link) {
    for (const action of defaults) reader.read(action);
    result.explicitDisruptive = false;
  }
  const inherited = result.disruptive;
  const inheritedStatus = result.status;
  for (const action of written) reader.read(action);
  // `block` stands for the default disruptive action of the phase.
  if (result.disruptive === 'block') {
    result.disruptive = inherited;
    if (!written.some((action) => action.name === 'status')) result.status = inheritedStatus;
  }
  return result;
}
