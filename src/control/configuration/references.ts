// Checks what no section can see alone: names that refer to other sections, ports that two listeners want, resources
// that nothing uses. Works on a sound configuration, or on the sound parts of a faulty one.
import type { GatewayManifest } from '#contract/gateway.ts';
import { parseNetwork } from '#core/network.ts';
import { anyZone, listOf } from '#policy/settings.ts';
import type { ConditionSettings, ExceptionSettings, OneOrMany } from '#policy/settings.ts';
import { formatBind } from '#runtime/settings.ts';
import type { ConfigDocument } from './merge.ts';
import { isRecord } from './merge.ts';
import type { ConfigPath, Finding } from './problem.ts';
import { describeValue, nearest, suggestion } from './problem.ts';
import { ruleFindings } from './rules.ts';
import type { Configuration, SectionName } from './schema.ts';

/** Names that a section declares, also those of entries that have faults of their own. */
function declared(document: ConfigDocument, section: SectionName): Set<string> {
  const written = document[section];
  return new Set(isRecord(written) ? Object.keys(written) : []);
}

export function checkReferences(configuration: Configuration, document: ConfigDocument, manifests: readonly GatewayManifest[]): Finding[] {
  const check = new ReferenceCheck(configuration, document, manifests);
  check.run();
  return check.findings;
}

/** What one resource of a section is called. */
function noun(section: string): { what: string; code: string } {
  return section === 'tls' ? { what: 'TLS profile', code: 'tls-profile' } : { what: section.slice(0, -1), code: section.slice(0, -1) };
}

/** Who has a port at an address. */
interface Claim { readonly host: string; readonly path: ConfigPath; readonly name: string }

class ReferenceCheck {
  readonly findings: Finding[] = [];
  readonly #configuration: Configuration;
  readonly #document: ConfigDocument;
  readonly #manifests: readonly GatewayManifest[];
  readonly #declared: Record<'zones' | 'services' | 'pools' | 'listeners' | 'limits' | 'tls', Set<string>>;
  readonly #used: Record<string, Set<string>> = { zones: new Set(), services: new Set(), pools: new Set(), tls: new Set() };

  constructor(configuration: Configuration, document: ConfigDocument, manifests: readonly GatewayManifest[]) {
    this.#configuration = configuration;
    this.#document = document;
    this.#manifests = manifests;
    this.#declared = {
      zones: declared(document, 'zones'), services: declared(document, 'services'), pools: declared(document, 'pools'),
      listeners: declared(document, 'listeners'), limits: declared(document, 'limits'), tls: declared(document, 'tls'),
    };
  }

  run(): void {
    this.#listeners();
    this.#services();
    this.#pools();
    this.#zones();
    this.#configuration.policy.forEach((rule, index) => this.#condition(rule, ['policy', index]));
    for (const [name, limit] of Object.entries(this.#configuration.limits)) this.#condition(limit, ['limits', name]);
    for (const [name, inspector] of Object.entries(this.#configuration.inspectors)) this.#condition(inspector, ['inspectors', name]);
    this.#unused();
    if (this.#declared.listeners.size === 0) {
      this.findings.push({
        severity: 'warning', code: 'listener.none', path: ['listeners'], atKey: true, message: 'there is no listener: nothing can arrive',
        hint: 'add one to listeners, for example main: { bind: "0.0.0.0:80", service: NAME }',
      });
    }
    this.findings.push(...ruleFindings(this.#configuration, this.#document));
  }

  #refer(section: 'zones' | 'services' | 'pools' | 'listeners' | 'tls', name: string, path: ConfigPath): void {
    const names = this.#declared[section];
    // That a rule speaks of a service does not make it reachable: only a listener does, or a service that hands sessions over.
    if (section !== 'services' || path[0] === 'listeners' || path[0] === 'services') this.#used[section]?.add(name);
    if (names.has(name)) return;
    // A section that is no map at all is said to be wrong as a whole.
    const written = this.#document[section];
    if (written !== undefined && written !== null && !isRecord(written)) return;
    // The one that was meant is not reported as unused on top.
    const meant = nearest(name, names);
    if (meant !== undefined) this.#used[section]?.add(meant);
    const { what, code } = noun(section);
    this.findings.push({
      code: `reference.unknown-${code}`, path, message: `there is no ${what} "${name}"`, found: describeValue(name), wanted: `the name of a ${what}`,
      hint: suggestion(name, [...names], what),
    });
  }

  #referEach(section: 'zones' | 'services' | 'listeners', names: OneOrMany<string> | undefined, path: ConfigPath): void {
    listOf(names).forEach((name, index) => {
      if (section === 'zones' && (name === anyZone || parseNetwork(name) !== undefined)) return;
      this.#refer(section, name, Array.isArray(names) ? [...path, index] : path);
    });
  }

  /** Names in the part that rules and limits have in common. */
  #condition(condition: ConditionSettings, path: ConfigPath): void {
    this.#referEach('services', condition.service, [...path, 'service']);
    this.#referEach('listeners', condition.listener, [...path, 'listener']);
    this.#referEach('zones', condition.from, [...path, 'from']);
    listOf<ExceptionSettings>(condition.unless).forEach((exception, index) => {
      this.#referEach('zones', exception.from, [...path, 'unless', ...Array.isArray(condition.unless) ? [index] : [], 'from']);
    });
    const protocols = this.#manifests.map((manifest) => manifest.protocol);
    listOf(condition.protocol).forEach((name, index) => {
      if (protocols.includes(name)) return;
      this.findings.push({
        code: 'reference.unknown-protocol', path: [...path, 'protocol', ...Array.isArray(condition.protocol) ? [index] : []], message: `there is no protocol "${name}"`,
        found: describeValue(name), wanted: `one of ${protocols.join(', ')}`, hint: suggestion(name, protocols, 'protocol'),
      });
    });
  }

  // Names that zones include are checked by their schema; here they only count as used.
  #zones(): void {
    for (const zone of Object.values(this.#configuration.zones)) for (const name of zone.includes ?? []) this.#used.zones!.add(name);
  }

  #listeners(): void {
    const taken = new Map<number, Claim[]>();
    for (const [name, listener] of Object.entries(this.#configuration.listeners)) {
      this.#refer('services', listener.service, ['listeners', name, 'service']);
      if (listener.tls !== undefined) this.#refer('tls', listener.tls, ['listeners', name, 'tls']);
      const written = (this.#document.listeners as Record<string, { bind?: unknown }>)[name]?.bind;
      listener.bind.forEach((bind, index) => {
        const path: ConfigPath = Array.isArray(written) ? ['listeners', name, 'bind', index] : ['listeners', name, 'bind'];
        this.#claim(taken, bind, name, path);
      });
    }
    const admin = this.#configuration.admin.http;
    if (admin) this.#claim(taken, admin.bind, 'admin', ['admin', 'http', 'bind']);
  }

  #claim(taken: Map<number, Claim[]>, bind: { host: string; port: number }, name: string, path: ConfigPath): void {
    if (bind.port === 0) return;
    const text = formatBind(bind);
    const claims = taken.get(bind.port) ?? [];
    const earlier = claims.find((claim) => claim.host === bind.host || clash(claim.host, bind.host));
    if (earlier) {
      this.findings.push({
        code: 'listener.bind-conflict', path, message: `${text} is taken by ${earlier.name === 'admin' ? 'the admin API' : `listener "${earlier.name}"`}`, found: text,
        wanted: 'an address and port of its own', hint: 'choose another port, or lead both to one service', related: { path: earlier.path, message: 'taken here' },
      });
      return;
    }
    claims.push({ host: bind.host, path, name });
    taken.set(bind.port, claims);
  }

  #services(): void {
    for (const [name, service] of Object.entries(this.#configuration.services)) {
      const manifest = this.#manifests.find((candidate) => candidate.protocol === service.protocol);
      if (!manifest) continue;
      for (const { path, pool } of manifest.poolReferences(service.settings)) this.#refer('pools', pool, ['services', name, ...path]);
      for (const { path, service: other } of manifest.serviceReferences?.(service.settings) ?? []) this.#refer('services', other, ['services', name, ...path]);
      for (const { path, zone } of manifest.zoneReferences?.(service.settings) ?? []) this.#refer('zones', zone, ['services', name, ...path]);
      for (const { path, profile } of manifest.tlsReferences?.(service.settings) ?? []) this.#refer('tls', profile, ['services', name, ...path]);
      for (const problem of manifest.check(service.settings)) {
        this.findings.push({
          code: 'service.check', severity: problem.severity ?? 'error', path: ['services', name, ...problem.path], message: problem.message, hint: problem.hint,
        });
      }
    }
  }

  #pools(): void {
    for (const [name, { tls, health }] of Object.entries(this.#configuration.pools)) {
      if (tls !== undefined) this.#refer('tls', tls, ['pools', name, 'tls']);
      for (const { health: probe } of this.#manifests) {
        const settings = probe === undefined ? undefined : (health as Record<string, unknown> | undefined)?.[probe.name];
        if (settings === undefined) continue;
        for (const { path, profile } of probe!.tlsReferences?.(settings) ?? []) this.#refer('tls', profile, ['pools', name, 'health', probe!.name, ...path]);
      }
    }
  }

  #unused(): void {
    const hints: Record<string, string> = {
      pools: 'use it in a service, or remove it', services: 'lead a listener to it, or remove it', zones: 'use it in a rule or a limit, or remove it',
      tls: 'name it in a listener, a pool or a service, or remove it',
    };
    // What uses a name may be among what has faults of its own.
    const faulty = (section: 'zones' | 'services' | 'listeners' | 'pools' | 'limits'): boolean => this.#declared[section].size > Object.keys(this.#configuration[section]).length;
    const rules: unknown = this.#document.policy;
    const faultyRules = Array.isArray(rules) && rules.length > Object.keys(this.#configuration.policy).length;
    for (const section of ['services', 'pools', 'zones', 'tls'] as const) {
      if (section === 'pools' && faulty('services')) continue;
      if (section === 'services' && faulty('listeners')) continue;
      if (section === 'zones' && (faultyRules || faulty('limits') || faulty('services') || faulty('zones'))) continue;
      if (section === 'tls' && (faulty('listeners') || faulty('pools') || faulty('services'))) continue;
      for (const name of this.#declared[section]) {
        if (this.#used[section]!.has(name)) continue;
        const { what, code } = noun(section);
        this.findings.push({
          severity: 'warning', code: `reference.unused-${code}`, path: [section, name], atKey: true, message: `nothing uses ${what} "${name}"`, hint: hints[section]!,
        });
      }
    }
  }
}

/** True when two binds of one port cannot stand side by side: one of them is every address of the same family. */
function clash(one: string, other: string): boolean {
  const every = (host: string): boolean => host === '::' || host === '0.0.0.0';
  return (every(one) || every(other)) && one.includes(':') === other.includes(':');
}
