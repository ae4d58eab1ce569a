// Checks what no section can see alone: names that refer to other sections, ports that two listeners want, resources
// that nothing uses. Works on a sound configuration, or on the sound parts of a faulty one.
import type { GatewayManifest } from '#contract/gateway.ts';
import { formatBind } from '#runtime/settings.ts';
import type { ConfigDocument } from './merge.ts';
import { isRecord } from './merge.ts';
import type { ConfigPath, Finding } from './problem.ts';
import { describeValue, suggestion } from './problem.ts';
import type { Configuration, SectionName } from './schema.ts';

/** Names that a section declares, also those of entries that have faults of their own. */
function declared(document: ConfigDocument, section: SectionName): string[] {
  const written = document[section];
  return isRecord(written) ? Object.keys(written) : [];
}

export function checkReferences(configuration: Configuration, document: ConfigDocument, manifests: readonly GatewayManifest[]): Finding[] {
  const check = new ReferenceCheck(configuration, document, manifests);
  check.run();
  return check.findings;
}

class ReferenceCheck {
  readonly findings: Finding[] = [];
  readonly #configuration: Configuration;
  readonly #document: ConfigDocument;
  readonly #manifests: readonly GatewayManifest[];
  readonly #used: Record<string, Set<string>> = { zones: new Set(), services: new Set(), pools: new Set() };

  constructor(configuration: Configuration, document: ConfigDocument, manifests: readonly GatewayManifest[]) {
    this.#configuration = configuration;
    this.#document = document;
    this.#manifests = manifests;
  }

  run(): void {
    this.#listeners();
    this.#services();
    this.#unused();
  }

  #refer(section: 'zones' | 'services' | 'pools' | 'listeners', name: string, path: ConfigPath): void {
    const names = declared(this.#document, section);
    this.#used[section]?.add(name);
    if (names.includes(name)) return;
    const what = section.slice(0, -1);
    this.findings.push({
      code: `reference.unknown-${what}`, path, message: `there is no ${what} "${name}"`, found: describeValue(name), wanted: `the name of a ${what}`,
      hint: suggestion(name, names, what),
    });
  }

  #listeners(): void {
    const taken = new Map<string, { path: ConfigPath; name: string }>();
    for (const [name, listener] of Object.entries(this.#configuration.listeners)) {
      this.#refer('services', listener.service, ['listeners', name, 'service']);
      const written = (this.#document.listeners as Record<string, { bind?: unknown }> | undefined)?.[name]?.bind;
      listener.bind.forEach((bind, index) => {
        const path: ConfigPath = Array.isArray(written) ? ['listeners', name, 'bind', index] : ['listeners', name, 'bind'];
        this.#claim(taken, bind, name, path);
      });
    }
    const admin = this.#configuration.admin.http;
    if (admin) this.#claim(taken, admin.bind, 'admin', ['admin', 'http', 'bind']);
  }

  #claim(taken: Map<string, { path: ConfigPath; name: string }>, bind: { host: string; port: number }, name: string, path: ConfigPath): void {
    if (bind.port === 0) return;
    const any = bind.host === '::' || bind.host === '0.0.0.0';
    const text = formatBind(bind);
    const earlier = [...taken.entries()].find(([other]) => other === text || (other.endsWith(`:${bind.port}`) && clash(other, bind.host, any)))?.[1];
    if (earlier) {
      this.findings.push({
        code: 'listener.bind-conflict', path, message: `${text} is taken by ${earlier.name === 'admin' ? 'the admin API' : `listener "${earlier.name}"`}`, found: text,
        wanted: 'an address and port of its own', hint: 'choose another port, or lead both to one service', related: { path: earlier.path, message: 'taken here' },
      });
    } else taken.set(text, { path, name });
  }

  #services(): void {
    for (const [name, service] of Object.entries(this.#configuration.services)) {
      const manifest = this.#manifests.find((candidate) => candidate.protocol === service.protocol);
      if (!manifest) continue;
      for (const { path, pool } of manifest.poolReferences(service.settings)) this.#refer('pools', pool, ['services', name, ...path]);
      for (const { path, zone } of manifest.zoneReferences?.(service.settings) ?? []) this.#refer('zones', zone, ['services', name, ...path]);
      for (const problem of manifest.check(service.settings)) {
        this.findings.push({
          code: 'service.check', severity: problem.severity ?? 'error', path: ['services', name, ...problem.path], message: problem.message, hint: problem.hint,
        });
      }
    }
  }

  #unused(): void {
    const hints: Record<string, string> = {
      pools: 'use it in a service, or remove it', services: 'lead a listener to it, or remove it', zones: 'use it in a rule or a limit, or remove it',
    };
    for (const section of ['services', 'pools', 'zones'] as const) {
      // A faulty service may be the one that uses it.
      if (section === 'pools' && declared(this.#document, 'services').length > Object.keys(this.#configuration.services).length) continue;
      if (section === 'services' && declared(this.#document, 'listeners').length > Object.keys(this.#configuration.listeners).length) continue;
      for (const name of declared(this.#document, section)) {
        if (this.#used[section]!.has(name)) continue;
        const what = section.slice(0, -1);
        this.findings.push({
          severity: 'warning', code: `reference.unused-${what}`, path: [section, name], atKey: true, message: `nothing uses ${what} "${name}"`, hint: hints[section]!,
        });
      }
    }
  }
}

/** True when two binds of one port cannot stand side by side: one of them is every address of the same family. */
function clash(other: string, host: string, any: boolean): boolean {
  const otherHost = other.replace(/:\d+$/, '').replaceAll(/[[\]]/g, '');
  const otherAny = otherHost === '::' || otherHost === '0.0.0.0';
  return (any || otherAny) && host.includes(':') === otherHost.includes(':');
}
