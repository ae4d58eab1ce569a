// Reads SecLang files into a RuleSetModel. Knows every directive; collects faults with file, line and column and reads on.
// Does no optimisation: see ../compile/.
import type { GeoSource } from '../operators/index.ts';
import { findTransformation } from '../transformations/index.ts';
import type { Transformation } from '../transformations/contract.ts';
import { bestFitAscii } from '../transformations/best-fit.ts';
import { urlDecodeUniWith } from '../transformations/urlDecodeUni.ts';
import { emptyActions, phaseOf, readActions } from './actions.ts';
import { cutActions } from './action-list.ts';
import { choiceOf, parseIds } from './ctl.ts';
import { idleDirectives, refusedDirectives, ruleDirectives, settingDirectives } from './directives.ts';
import { cutWords, logicalLines, type Directive, type LogicalLine, type Word } from './lexer.ts';
import { defaultSettings, type Action, type Rule, type RuleChoice, type RuleSetModel, type Target } from './model.ts';
import { OperatorReader } from './operator-use.ts';
import type { Faults, Place } from './place.ts';
import { besideFile, type RuleSource } from './source.ts';
import { parseTargets } from './targets.ts';
import { chosenRules, linkAt, removeRules, updateTargets } from './updates.ts';

const maxIncludeDepth = 32;
const lowerNames = new Map([...Object.keys(settingDirectives), ...Object.keys(idleDirectives), ...Object.keys(refusedDirectives), ...Object.keys(ruleDirectives)]
  .map((name) => [name.toLowerCase(), name]));

export class SecLangParser {
  readonly model: RuleSetModel = { settings: defaultSettings(), items: [] };
  readonly faults: Faults = { errors: [], warnings: [] };
  private readonly source: RuleSource;
  private readonly operators: OperatorReader;
  private readonly defaults = new Map<number, Action[]>();
  private readonly ids = new Map<number, Place>();
  private readonly idleSeen = new Set<string>();
  /** The head of a chain that is still open, and its last link. */
  private open: { head: Rule; last: Rule } | null = null;
  /** One for all rules, so that they share what it decodes. */
  private mappedDecoder: Transformation | null = null;
  private depth = 0;

  private readonly openGeo: ((path: string) => GeoSource | string) | null;
  private readonly geoGiven: boolean;

  constructor(source: RuleSource, geo: GeoSource | null, openGeo: ((path: string) => GeoSource | string) | null = null) {
    this.source = source;
    this.operators = new OperatorReader(source, geo);
    this.openGeo = openGeo;
    this.geoGiven = geo !== null;
  }

  /** Block lists that the rules ask about. */
  get zones(): readonly string[] { return [...this.operators.zones]; }

  /** Reads a file, patterns allowed; false when there is none. */
  file(path: string): boolean {
    const paths = this.source.glob(path);
    for (const one of paths) {
      const text = this.source.read(one);
      if (text === null) this.error({ file: one, line: 1, column: 1 }, 'cannot read the file');
      else this.text(one, text);
    }
    return paths.length > 0;
  }

  /** Reads a text; `file` names it in faults and is what relative paths start from. */
  text(file: string, text: string): void {
    this.depth++;
    for (const line of logicalLines(file, text)) this.line(line);
    this.depth--;
    if (this.depth === 0) this.endChain();
  }

  private error(place: Place, message: string): void {
    this.faults.errors.push({ place, message });
  }

  private warn(place: Place, message: string): void {
    this.faults.warnings.push({ place, message });
  }

  /** Rule sets repeat some actions in every rule. */
  private warnOnce(place: Place, message: string): void {
    if (!this.idleSeen.has(message)) this.warn(place, message);
    this.idleSeen.add(message);
  }

  private line(line: LogicalLine): void {
    // Apache's wrapper around optional modules; its condition always holds here.
    if (/^\s*<\/?IfModule\b[^>]*>\s*$/i.test(line.text)) return;
    const cut = cutWords(line);
    if ('error' in cut) { this.error(line.place(cut.offset), cut.error); return; }
    const [first, ...words] = cut.words;
    if (!first) return;
    const name = lowerNames.get(first.text.toLowerCase());
    if (name === undefined) { this.error(line.place(first.offsets[0]!), `unknown directive ${first.text}`); return; }
    this.directive({ name, words, line });
  }

  private at(directive: Directive, index: number, offset = 0): Place {
    const word = directive.words[index];
    if (!word) return directive.line.place(0);
    return directive.line.place(word.offsets[Math.min(offset, word.offsets.length - 1)]!);
  }

  /** The words, when there are as many as the directive takes. */
  private take(directive: Directive, min: number, max = min): readonly Word[] | null {
    const count = directive.words.length;
    if (count >= min && count <= max) return directive.words;
    this.error(directive.line.place(0), `${directive.name} takes ${min === max ? min : `${min} to ${max}`} argument${max === 1 ? '' : 's'}, not ${count}`);
    return null;
  }

  private directive(directive: Directive): void {
    const { name } = directive;
    if (name !== 'SecRule' && this.open !== null) this.endChain();
    const setting = Object.hasOwn(settingDirectives, name) ? settingDirectives[name] : undefined;
    if (setting) {
      const words = this.take(directive, 1);
      const message = words ? setting.read(this.model.settings, words[0]!.text) : null;
      if (message !== null) this.error(this.at(directive, 0), `${name} ${message}`);
      else if (name === 'SecCookieFormat' && words?.[0]?.text === '1') {
        this.warn(directive.line.place(0), 'SecCookieFormat 1 has no effect: cookies are read as browsers send them (format 0)');
      }
      return;
    }
    const idle = Object.hasOwn(idleDirectives, name) ? idleDirectives[name] : undefined;
    if (idle !== undefined) {
      if (!this.idleSeen.has(name)) this.warn(directive.line.place(0), `${name} is accepted without effect: ${idle}`);
      this.idleSeen.add(name);
      return;
    }
    const refusal = Object.hasOwn(refusedDirectives, name) ? refusedDirectives[name] : undefined;
    if (refusal !== undefined) {
      const harmless = name === 'SecXmlExternalEntity' && directive.words[0]?.text.toLowerCase() === 'off';
      if (!harmless) this.error(directive.line.place(0), `${name} is not supported: ${refusal}`);
      return;
    }
    this.ruleDirective(directive);
  }

  private ruleDirective(directive: Directive): void {
    switch (directive.name) {
      case 'SecRule': this.rule(directive); return;
      case 'SecAction': this.action(directive); return;
      case 'SecMarker': {
        const words = this.take(directive, 1);
        if (words) this.model.items.push({ kind: 'marker', label: words[0]!.text });
        return;
      }
      case 'SecDefaultAction': this.defaultAction(directive); return;
      case 'SecResponseBodyMimeType': this.model.settings.responseBodyMimeTypes = directive.words.map((word) => word.text.toLowerCase()); return;
      case 'SecResponseBodyMimeTypesClear': this.model.settings.responseBodyMimeTypes = []; return;
      case 'SecUnicodeMapFile': this.unicodeMapFile(directive); return;
      case 'SecGeoLookupDb': this.geoDatabase(directive); return;
      case 'Include': case 'IncludeOptional': this.include(directive); return;
      case 'SecRuleUpdateActionById': this.updateAction(directive); return;
      default:
        if (directive.name.startsWith('SecRuleRemove')) this.remove(directive);
        else this.updateTarget(directive);
    }
  }

  private include(directive: Directive): void {
    const words = this.take(directive, 1);
    if (!words) return;
    if (this.depth >= maxIncludeDepth) { this.error(this.at(directive, 0), `files included more than ${maxIncludeDepth} deep`); return; }
    const found = this.file(besideFile(directive.line.file, words[0]!.text));
    if (!found && directive.name === 'Include' && !/[*?]/.test(words[0]!.text)) this.error(this.at(directive, 0), `no file ${words[0]!.text}`);
  }

  /** Reads an action list in word `index`. */
  private actions(directive: Directive, index: number): Action[] {
    const word = directive.words[index];
    if (!word) return [];
    const { actions, fault } = cutActions(word.text);
    if (fault) this.error(this.at(directive, index, fault.offset), fault.message);
    return actions.map((one) => ({ name: one.name, value: one.value, place: this.at(directive, index, one.offset) }));
  }

  private defaultAction(directive: Directive): void {
    if (!this.take(directive, 1)) return;
    const written = this.actions(directive, 0);
    const phase = phaseOf(written);
    if (phase === null) { this.error(this.at(directive, 0), 'SecDefaultAction needs a phase'); return; }
    // Read once for its faults; rules read it again as their defaults.
    readActions(written, [], false, (action, message) => this.error(action.place, message), (action, message) => this.warn(action.place, message));
    this.defaults.set(phase, written.filter((action) => action.name !== 'phase'));
  }

  private rule(directive: Directive): void {
    if (!this.take(directive, 2, 3)) { this.open = null; return; }
    const { targets, faults } = parseTargets(directive.words[0]!.text);
    for (const fault of faults) this.error(this.at(directive, 0, fault.offset), fault.message);
    if (faults.length === 0 && targets.every((target) => target.excluded)) this.error(this.at(directive, 0), 'a rule needs a target');
    const operator = this.operators.read(directive.words[1]!.text, directive.line.file);
    if ('message' in operator) this.error(this.at(directive, 1, operator.offset), operator.message);
    this.add(directive, targets, 'message' in operator ? null : operator, 2);
  }

  private action(directive: Directive): void {
    if (this.take(directive, 1)) this.add(directive, [], null, 0);
  }

  private add(directive: Directive, targets: Target[], operator: Rule['operator'], index: number): void {
    const written = this.actions(directive, index);
    const chain = written.some((action) => action.name === 'chain');
    const link = this.open !== null;
    const rule: Rule = {
      place: directive.line.place(0), kind: directive.name === 'SecAction' ? 'action' : 'rule', targets, operator, written,
      actions: emptyActions(), next: null,
    };
    this.refresh(rule, link ? this.open!.head : null);
    if (this.open) {
      if (rule.actions.explicitDisruptive) this.error(rule.place, 'a disruptive action belongs to the first rule of a chain');
      this.open.last.next = rule;
      this.open.last = rule;
      if (!chain) this.open = null;
      return;
    }
    this.checkId(rule);
    this.model.items.push(rule);
    if (chain) this.open = { head: rule, last: rule };
  }

  /** Works out the actions of a rule from what it wrote. */
  private refresh(rule: Rule, head: Rule | null): void {
    const phase = head ? head.actions.phase : phaseOf(rule.written) ?? 2;
    const fail = (action: Action, message: string): void => this.error(action.place, message);
    const warn = (action: Action, message: string): void => this.warnOnce(action.place, message);
    rule.actions = readActions(rule.written, this.defaults.get(phase) ?? [], head !== null, fail, warn);
    rule.actions.phase = phase;
    if (this.mappedDecoder) {
      const plain = findTransformation('urlDecodeUni');
      const mapped = this.mappedDecoder;
      rule.actions.transformations = rule.actions.transformations.map((one) => (one === plain ? mapped : one));
    }
  }

  private checkId(rule: Rule): void {
    const { id } = rule.actions;
    const before = this.ids.get(id);
    if (id === 0) this.error(rule.place, 'a rule needs an id');
    else if (before) this.error(rule.place, `rule ${id} exists already, at ${before.file}:${before.line}`);
    else this.ids.set(id, rule.place);
  }

  private endChain(): void {
    if (this.open === null) return;
    this.error(this.open.last.place, 'the chain ends without a rule to follow');
    this.open = null;
  }

  private choice(directive: Directive): RuleChoice | null {
    const kind = /By(Id|Tag|Msg)$/.exec(directive.name)![1]!.toLowerCase();
    const text = kind === 'id' && directive.name.startsWith('SecRuleRemove') ? directive.words.map((word) => word.text).join(' ') : directive.words[0]!.text;
    const choice = choiceOf(kind, text);
    if (typeof choice !== 'string') return choice;
    this.error(this.at(directive, 0), choice);
    return null;
  }

  private remove(directive: Directive): void {
    if (!this.take(directive, 1, 1000)) return;
    const choice = this.choice(directive);
    if (choice && removeRules(this.model.items, choice) === 0) this.warn(directive.line.place(0), `${directive.name} ${directive.words[0]!.text} removes no rule`);
  }

  private updateTarget(directive: Directive): void {
    if (!this.take(directive, 2, 3)) return;
    const chained = /^(\d+):(\d+)$/.exec(directive.words[0]!.text);
    const choice = chained ? parseIds(chained[1]!) : this.choice(directive);
    if (choice === null || typeof choice === 'string') return;
    const lists = [1, 2].map((index) => {
      const parsed = parseTargets((directive.words[index]?.text ?? '').replaceAll(',', '|'));
      if (directive.words[index]) for (const fault of parsed.faults) this.error(this.at(directive, index, fault.offset), fault.message);
      return directive.words[index] ? parsed.targets : [];
    });
    const rules = chosenRules(this.model.items, choice);
    if (rules.length === 0) this.warn(directive.line.place(0), `${directive.name} ${directive.words[0]!.text} changes no rule`);
    for (const rule of rules) {
      const link = linkAt(rule, chained ? Number(chained[2]) : 0);
      if (link) updateTargets(link, lists[0]!, lists[1]!);
    }
  }

  private updateAction(directive: Directive): void {
    if (!this.take(directive, 2)) return;
    const match = /^(\d+)(?::(\d+))?$/.exec(directive.words[0]!.text);
    const choice = match ? parseIds(match[1]!) : null;
    if (!match || choice === null || typeof choice === 'string') { this.error(this.at(directive, 0), 'rule id expected'); return; }
    const written = this.actions(directive, 1);
    for (const action of written) {
      if (action.name === 'id' || action.name === 'phase' || action.name === 'chain') this.error(action.place, `${action.name} cannot be changed`);
    }
    const rules = chosenRules(this.model.items, choice);
    if (rules.length === 0) this.warn(directive.line.place(0), `no rule ${directive.words[0]!.text} to change`);
    for (const head of rules) {
      const link = linkAt(head, Number(match[2] ?? 0));
      if (!link) continue;
      link.written = [...link.written, ...written.filter((action) => !['id', 'phase', 'chain'].includes(action.name))];
      this.refresh(link, link === head ? null : head);
    }
  }

  private geoDatabase(directive: Directive): void {
    const words = this.take(directive, 1);
    if (!words) return;
    if (this.geoGiven || this.openGeo === null) {
      this.warn(directive.line.place(0), `${directive.name} has no effect: ${this.geoGiven ? 'the database is configured elsewhere' : 'nobody here opens databases'}`);
      return;
    }
    const opened = this.openGeo(besideFile(directive.line.file, words[0]!.text));
    if (typeof opened === 'string') this.error(this.at(directive, 0), opened);
    else this.operators.geo = opened;
  }

  private unicodeMapFile(directive: Directive): void {
    const words = this.take(directive, 1, 2);
    if (!words) return;
    if (words[0]!.text === 'builtin') {
      if ((words[1]?.text ?? '20127') === '20127') this.mappedDecoder = urlDecodeUniWith(bestFitAscii);
      else this.error(this.at(directive, 1), 'the map that is built in has code page 20127 only');
      return;
    }
    const text = this.source.read(besideFile(directive.line.file, words[0]!.text));
    if (text === null) { this.warn(this.at(directive, 0), `no file ${words[0]!.text}: urlDecodeUni keeps the low byte of a code point`); return; }
    const page = words[1]?.text ?? '20127';
    if (!/^\d{1,5}$/.test(page)) { this.error(this.at(directive, 1), `${directive.name} needs the number of a code page`); return; }
    const map = new Map<number, number>();
    const start = text.search(new RegExp(String.raw`^${page}\b`, 'm'));
    if (start < 0) { this.error(this.at(directive, 1), `no code page ${page} in the map`); return; }
    const body = /^[^\n]*\n([^\n]*)/.exec(text.slice(start))?.[1] ?? '';
    for (const match of body.matchAll(/([\da-f]{4}):([\da-f]{2})/gi)) map.set(Number.parseInt(match[1]!, 16), Number.parseInt(match[2]!, 16));
    this.mappedDecoder = urlDecodeUniWith(map);
  }
}
