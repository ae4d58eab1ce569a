// What rules do to a transaction: assignments, persistent collections, ctl. Disruptive actions are in evaluate.ts.
import { leadingInteger } from '../operators/numbers.ts';
import type { CompiledLink, CompiledSetVar, SlotText } from '../compile/program.ts';
import type { Ctl } from '../seclang/model.ts';
import { expand } from './expand.ts';
import type { TransactionState } from './state.ts';
import type { StoredVariable } from './store.ts';

function assigned(setVar: CompiledSetVar, before: string | undefined, value: string): string | undefined {
  switch (setVar.model.operation) {
    case 'unset': return undefined;
    case 'set': return value;
    case 'add': return String(leadingInteger(before ?? '0') + leadingInteger(value));
    case 'subtract': return String(leadingInteger(before ?? '0') - leadingInteger(value));
  }
}

function slotText(state: TransactionState, parts: SlotText): string {
  let text = '';
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    text += typeof part === 'string' ? part : state.tx.getSlot(part) ?? '';
  }
  return text;
}

function storeValue(variables: Map<string, StoredVariable>, name: string, value: string | undefined): void {
  const lower = name.toLowerCase();
  const known = variables.get(lower);
  if (value === undefined) variables.delete(lower);
  else if (known) known.value = value;
  else variables.set(lower, { name, value, expiresAtMs: null });
}

export function applySetVar(state: TransactionState, setVar: CompiledSetVar): void {
  const { model } = setVar;
  const value = setVar.constantValue ?? (setVar.valueParts === null ? expand(state, model.value) : slotText(state, setVar.valueParts));
  if (setVar.slot >= 0) {
    state.tx.setSlot(setVar.slot, assigned(setVar, state.tx.getSlot(setVar.slot), value));
    return;
  }
  const name = setVar.constantName ?? (setVar.nameParts === null ? expand(state, model.name) : slotText(state, setVar.nameParts));
  if (model.collection === 'tx') { state.tx.set(name, model.operation === 'set' ? value : assigned(setVar, state.tx.get(name), value)); return; }
  if (model.collection === 'env') {
    state.env ??= new Map();
    const after = assigned(setVar, state.env.get(name), value);
    if (after === undefined) state.env.delete(name);
    else state.env.set(name, after);
    return;
  }
  const record = state.records.get(model.collection);
  if (record) storeValue(record.variables, name, assigned(setVar, record.variables.get(name.toLowerCase())?.value, value));
}

function openRecord(state: TransactionState, collection: string, key: string): void {
  if (!state.store || key === '') return;
  const record = state.store.open(collection, key, state.nowMs, state.program.settings.collectionTimeoutSeconds);
  state.records.set(collection, record);
  if (!record.variables.has('create_time')) storeValue(record.variables, 'CREATE_TIME', String(Math.floor(state.nowMs / 1000)));
  const updates = leadingInteger(record.variables.get('update_counter')?.value ?? '0');
  storeValue(record.variables, 'KEY', key);
  storeValue(record.variables, 'UPDATE_COUNTER', String(updates + 1));
  storeValue(record.variables, 'LAST_UPDATE_TIME', String(Math.floor(state.nowMs / 1000)));
}

/** Everything of a link but its setVars: in the order that ModSecurity documents, state first. */
export function applyEffects(state: TransactionState, link: CompiledLink): void {
  const { actions } = link.model;
  for (const { collection, key } of actions.initCols) openRecord(state, collection, expand(state, key));
  if (actions.setSid) { state.sessionId = expand(state, actions.setSid); openRecord(state, 'session', state.sessionId); }
  if (actions.setUid) { state.userId = expand(state, actions.setUid); openRecord(state, 'user', state.userId); }
  if (actions.setRsc) openRecord(state, 'resource', expand(state, actions.setRsc));
  for (const { name, value } of actions.setEnvs) (state.env ??= new Map()).set(name, expand(state, value));
  for (const mask of actions.masks) {
    if (mask.kind !== 'matched' && mask.kind !== 'matchedBytes') { state.masks.push(mask); continue; }
    const colon = state.matchedVarName.indexOf(':');
    state.masks.push({ kind: mask.kind, name: colon < 0 ? state.matchedVarName : state.matchedVarName.slice(colon + 1) });
  }
  for (const ctl of actions.ctls) applyCtl(state, ctl);
}

/** Sets the lapse of variables, after the assignments of the same rule. */
export function applyExpiry(state: TransactionState, link: CompiledLink): void {
  for (const { collection, name, seconds } of link.model.actions.expireVars) {
    const variable = state.records.get(collection)?.variables.get(expand(state, name).toLowerCase());
    if (variable) variable.expiresAtMs = state.nowMs + leadingInteger(expand(state, seconds)) * 1000;
  }
}

function applyCtl(state: TransactionState, ctl: Ctl): void {
  switch (ctl.kind) {
    case 'ruleEngine': state.mode = ctl.mode; return;
    case 'requestBodyAccess': state.requestBodyAccess = ctl.on; return;
    case 'responseBodyAccess': state.responseBodyAccess = ctl.on; return;
    case 'forceRequestBodyVariable': state.forceRequestBody = ctl.on; return;
    case 'requestBodyProcessor': if (state.phase <= 1) state.bodyProcessor = ctl.processor; return;
    case 'requestBodyLimit': state.requestBodyLimitBytes = ctl.bytes; return;
    case 'responseBodyLimit': state.responseBodyLimitBytes = ctl.bytes; return;
    case 'auditEngine': state.auditEngine = ctl.value; return;
    case 'none': return;
    case 'ruleRemove': {
      const chosen = state.program.chosen(ctl.by);
      const removed = state.removed ??= new Uint8Array(chosen.length);
      for (let i = 0; i < chosen.length; i++) if (chosen[i] === 1) removed[i] = 1;
      return;
    }
    case 'ruleRemoveTarget': (state.removedTargets ??= []).push(ctl);
  }
}
