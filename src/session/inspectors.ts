// Configuration section `inspectors`: which inspector looks at the content of which operations, and several of them as one.
// What an inspector itself looks for is in inspection/content; conditions are those of rules and limits.
import { z } from 'zod';
import type { Trace } from '#contract/decision.ts';
import type { ContentFacts, ContentInspection, Inspector, Verdict } from '#contract/inspection.ts';
import type { Operation } from '#contract/operation.ts';
import { resourceName } from '#core/settings/primitives.ts';
import { ListInspector } from '#inspection/content/list.ts';
import { contentInspectorShape, type ContentInspectorSettings } from '#inspection/content/settings.ts';
import { Condition } from '#policy/condition.ts';
import { conditionShape, type ConditionSettings } from '#policy/settings.ts';
import type { ObservedAttribute, Vocabulary } from '#policy/vocabulary.ts';

export interface InspectorSettings extends ContentInspectorSettings, Omit<ConditionSettings, 'when'> {
  description?: string | undefined;
  enabled: boolean;
}

/** As workers get it: the list files have been read. */
export interface InspectorPlan { readonly settings: InspectorSettings; readonly sums: readonly string[] }

/** Schema of the section `inspectors`. */
export function buildInspectorSettings(vocabularies: readonly Vocabulary[]) {
  const inspector = z.strictObject({
    description: z.string().max(500).optional().describe('What it is for, in words.'),
    ...conditionShape(vocabularies),
    ...contentInspectorShape,
    enabled: z.boolean().default(true).describe('False keeps the inspector in the file without effect.'),
  });
  return z.record(resourceName(), inspector).default({});
}

interface Applied { readonly condition: Condition; readonly inspector: Inspector; readonly about: string }

export class ContentInspectors {
  readonly observed: readonly ObservedAttribute[];
  readonly #all: readonly Applied[];

  /** `further`: inspectors that are asked about everything, behind the configured ones. */
  constructor(plans: Readonly<Record<string, InspectorPlan>>, vocabularies: readonly Vocabulary[], further: readonly Inspector[]) {
    const configured = Object.entries(plans).filter(([, { settings }]) => settings.enabled).map(([name, { settings, sums }]): Applied => {
      const inspector = new ListInspector(name, settings, sums);
      return { condition: new Condition(settings, vocabularies), inspector, about: inspector.describe() };
    });
    const always = new Condition({}, vocabularies);
    this.#all = [...configured, ...further.map((inspector): Applied => ({ condition: always, inspector, about: '' }))];
    this.observed = this.#all.flatMap(({ condition }) => condition.observed);
  }

  /** All that apply to the content of an operation, as one; undefined for none. With a trace, says of each whether it does. */
  open(operation: Operation, content: ContentFacts, wallMs: number, trace?: Trace): ContentInspection | undefined {
    const opened: ContentInspection[] = [];
    for (const { condition, inspector, about } of this.#all) {
      const mismatch = condition.mismatch(operation, wallMs);
      trace?.step('inspector', inspector.name, mismatch?.outcome ?? 'applies', mismatch?.detail ?? about);
      if (mismatch !== undefined) continue;
      const inspection = inspector.open(content);
      if (inspection !== undefined) opened.push(inspection);
    }
    return opened.length <= 1 ? opened[0] : new Together(opened);
  }
}

/** Several inspections of one content. The first that blocks decides; an alert is told when nothing blocks. */
class Together implements ContentInspection {
  readonly holdsBytes: number;
  readonly needsSha256: boolean;
  readonly #inspections: readonly ContentInspection[];
  #alert: Verdict | undefined = undefined;
  #abandoned = false;

  constructor(inspections: readonly ContentInspection[]) {
    this.#inspections = inspections;
    // The one that holds least decides how much may be held.
    this.holdsBytes = inspections.reduce((least, { holdsBytes }) => (holdsBytes > 0 && (least === 0 || holdsBytes < least) ? holdsBytes : least), 0);
    this.needsSha256 = inspections.some(({ needsSha256 }) => needsSha256);
  }

  feed(bytes: Buffer, start: number, end: number): Verdict | undefined {
    let alert: Verdict | undefined;
    for (const inspection of this.#inspections) {
      const verdict = inspection.feed(bytes, start, end);
      if (verdict?.action === 'block') return verdict;
      if (verdict?.action === 'alert') alert ??= verdict;
    }
    return alert;
  }

  finish(done: (verdict: Verdict) => void, sha256: string): void { this.#finishFrom(0, done, sha256); }

  /** One after the other: an inspector may take its time. */
  #finishFrom(at: number, done: (verdict: Verdict) => void, sha256: string): void {
    this.#inspections[at]!.finish((verdict) => {
      if (this.#abandoned) return;
      if (verdict.action === 'alert') this.#alert ??= verdict;
      if (verdict.action === 'block' || at === this.#inspections.length - 1) {
        for (const left of this.#inspections.slice(at + 1)) left.abandon();
        done(verdict.action === 'block' ? verdict : this.#alert ?? verdict);
      } else this.#finishFrom(at + 1, done, sha256);
    }, sha256);
  }

  abandon(): void {
    this.#abandoned = true;
    for (const inspection of this.#inspections) inspection.abandon();
  }
}
