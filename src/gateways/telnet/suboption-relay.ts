// Suboptions between client and server: only of options in force, only from the side that may send them, read, filtered and
// written anew. Environment variables go through the allow list in both directions. RFC 855, RFC 1572 and the options' own.
import {
  neverAllowed, Option, optionName, readSuboption, senderOf, valueAllowed, violation, writeSuboption,
  type EnvironmentEntry, type EnvironmentSuboption, type Suboption, type ViolationName,
} from '#codecs/telnet/index.ts';
import type { TelnetSide } from './side.ts';

export interface SuboptionOwner {
  /** Policy's word on a variable that the list allows. */
  variablePermitted(name: string, value: string): boolean;
  variableRefused(name: string, why: string): void;
  suboptionPassed(side: TelnetSide, suboption: Suboption): void;
}

export interface SuboptionRules {
  /** Names that may pass, by themselves or as the beginning of a name (with `*`). */
  readonly variables: readonly string[];
  readonly maxTerminalTypeRequests: number;
}

/** The first byte of a CHARSET suboption. */
const charsetRequest = 1;

/** What `*` stands for when a host asks for everything: the client is asked for names, never for all. */
const wildcardNames: Readonly<Record<string, readonly string[]>> = {
  'LC_*': ['LC_ALL', 'LC_CTYPE', 'LC_COLLATE', 'LC_MESSAGES', 'LC_NUMERIC', 'LC_TIME', 'LC_MONETARY'],
};

export class SuboptionRelay {
  readonly #rules: SuboptionRules;
  readonly #owner: SuboptionOwner;
  #terminalTypeRequests = 0;

  constructor(rules: SuboptionRules, owner: SuboptionOwner) {
    this.#rules = rules;
    this.#owner = owner;
  }

  relay(side: TelnetSide, other: TelnetSide | undefined, option: number, bytes: Buffer, length: number): void {
    const fault = (name: ViolationName): void => { side.fault(violation(name, side.name, side.parser.offset, optionName(option))); };
    const theirs = side.theirs.isOn(option);
    const ours = side.ours.isOn(option);
    if (!theirs && !ours) {
      fault('suboption-not-agreed');
      return;
    }
    const suboption = readSuboption(option, bytes, length);
    if (suboption === undefined) {
      fault(option === Option['NEW-ENVIRON'] ? 'environment-invalid' : 'suboption-invalid');
      // RFC 2066, CHARSET REQUEST: it is answered in any case, and whoever sent it waits for that.
      if (option === Option.CHARSET && length > 0 && bytes[0] === charsetRequest) {
        const rejected = writeSuboption({ kind: 'charset-rejected' });
        side.sendSuboption(rejected.option, rejected.payload);
      }
      return;
    }
    const sender = senderOf(suboption);
    if ((sender === 'performer' && !theirs) || (sender === 'requester' && !ours)) {
      fault('suboption-direction');
      return;
    }
    if (other === undefined || !(sender === 'performer' ? other.ours.isOn(option) : sender === 'requester' ? other.theirs.isOn(option)
      : other.ours.isOn(option) || other.theirs.isOn(option))) return;
    this.#pass(side, other, suboption);
  }

  #pass(side: TelnetSide, other: TelnetSide, suboption: Suboption): void {
    if (suboption.kind === 'send' && suboption.option === Option.TTYPE && ++this.#terminalTypeRequests > this.#rules.maxTerminalTypeRequests) return;
    const passing = suboption.kind === 'environment' ? this.#environment(side, suboption) : suboption;
    if (passing === undefined) return;
    const { option, payload } = writeSuboption(passing);
    other.sendSuboption(option, payload);
    this.#owner.suboptionPassed(side, passing);
  }

  #listed(name: string): boolean {
    return !neverAllowed(name) && this.#rules.variables.some((pattern) => pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern);
  }

  #environment(side: TelnetSide, suboption: EnvironmentSuboption): EnvironmentSuboption | undefined {
    return suboption.verb === 'send' ? this.#request(side, suboption) : this.#answer(suboption);
  }

  /** A host asks: only for names on the list (CVE-2026-32772), and for all of them when it asks for everything. */
  #request(side: TelnetSide, suboption: EnvironmentSuboption): EnvironmentSuboption | undefined {
    const wanted = suboption.entries.length === 0 ? [{ user: false, name: '', value: undefined }, { user: true, name: '', value: undefined }] : suboption.entries;
    const entries: EnvironmentEntry[] = [];
    for (const { user, name } of wanted) {
      if (name !== '') {
        if (this.#listed(name)) entries.push({ user, name, value: undefined });
        else this.#owner.variableRefused(name, 'asked for by the host, not on the list');
        continue;
      }
      for (const pattern of this.#rules.variables) {
        // USER and DISPLAY are well-known (RFC 1572 section 6), all others are USERVARs.
        const wellKnown = pattern === 'USER' || pattern === 'DISPLAY';
        if (user === wellKnown) continue;
        for (const one of pattern.endsWith('*') ? wildcardNames[pattern] ?? [] : [pattern]) entries.push({ user, name: one, value: undefined });
      }
    }
    if (entries.length > 0) return { kind: 'environment', verb: 'send', entries };
    // Nothing is left to ask the client for: the gateway answers that nothing is defined.
    const { option, payload } = writeSuboption({ kind: 'environment', verb: 'is', entries: [] });
    side.sendSuboption(option, payload);
    return undefined;
  }

  #answer(suboption: EnvironmentSuboption): EnvironmentSuboption {
    const entries = suboption.entries.filter(({ name, value }) => {
      let why = '';
      if (!this.#listed(name)) why = 'not on the list';
      else if (value !== undefined && !valueAllowed(name, value)) why = 'value refused';
      else if (value !== undefined && !this.#owner.variablePermitted(name, value)) why = 'policy';
      if (why !== '') this.#owner.variableRefused(name, why);
      return why === '';
    });
    return { kind: 'environment', verb: suboption.verb, entries };
  }
}
