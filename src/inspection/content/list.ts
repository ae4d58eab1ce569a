// The list inspector: judges a file by its type (first bytes, against its name too), its size and its SHA-256. Pure: bytes in,
// verdict out. Does not hash (whoever moves the content does that once for all) and reads no lists from disk.
import type { ContentFacts, ContentInspection, Inspector, Verdict } from '#contract/inspection.ts';
import { magicBytes, typeOfBytes, typesAgree, type ContentType } from '#core/content-type.ts';
import type { ContentInspectorSettings } from './settings.ts';

export class ListInspector implements Inspector {
  readonly name: string;
  readonly settings: ContentInspectorSettings;
  readonly denied: ReadonlySet<ContentType>;
  readonly allowed: ReadonlySet<ContentType> | undefined;
  readonly sums: ReadonlySet<string>;

  /** `sums`: those of the list files. */
  constructor(name: string, settings: ContentInspectorSettings, sums: Iterable<string>) {
    this.name = name;
    this.settings = settings;
    this.denied = new Set(settings.denyTypes);
    this.allowed = settings.allowTypes === undefined ? undefined : new Set(settings.allowTypes);
    this.sums = new Set([...settings.denySha256, ...sums]);
  }

  open(content: ContentFacts): ContentInspection { return new ListInspection(this, content); }

  /** In words, for explanations. */
  describe(): string {
    const { mode, action, mismatch, minBytes, maxBytes } = this.settings;
    const parts = [
      ...this.denied.size > 0 ? [`no ${[...this.denied].join(', ')}`] : [], ...this.allowed === undefined ? [] : [`only ${[...this.allowed].join(', ')}`],
      ...mismatch === 'deny' ? ['type as the name says'] : [], ...minBytes === undefined ? [] : [`at least ${minBytes} bytes`],
      ...maxBytes === undefined ? [] : [`at most ${maxBytes} bytes`], ...this.sums.size > 0 ? [`${this.sums.size} SHA-256 sums`] : [],
    ];
    return `${mode}, ${action}: ${parts.join('; ') || 'nothing is looked for'}`;
  }
}

class ListInspection implements ContentInspection {
  readonly holdsBytes: number;
  readonly needsSha256: boolean;
  readonly #inspector: ListInspector;
  readonly #content: ContentFacts;
  #bytes = 0;
  /** The file's beginning, until its type is known. */
  #first: Buffer | undefined;
  #done = false;

  constructor(inspector: ListInspector, content: ContentFacts) {
    const { settings } = inspector;
    this.holdsBytes = settings.mode === 'hold' ? settings.maxHeldBytes : 0;
    this.needsSha256 = inspector.sums.size > 0;
    this.#inspector = inspector;
    this.#content = content;
    // The middle of a file has no type.
    this.#first = content.partial || (inspector.denied.size === 0 && inspector.allowed === undefined && settings.mismatch === 'allow') ? undefined : Buffer.alloc(0);
  }

  feed(bytes: Buffer, start: number, end: number): Verdict | undefined {
    if (this.#done) return undefined;
    this.#bytes += end - start;
    const { maxBytes } = this.#inspector.settings;
    if (maxBytes !== undefined && Math.max(this.#bytes, this.#content.declaredSize) > maxBytes) return this.#found('content.too-large', `more than ${maxBytes} bytes`);
    if (this.#first === undefined) return undefined;
    this.#first = Buffer.concat([this.#first, bytes.subarray(start, Math.min(end, start + magicBytes - this.#first.length))]);
    return this.#first.length >= magicBytes ? this.#judgeType() : undefined;
  }

  #judgeType(): Verdict | undefined {
    const type = typeOfBytes(this.#first!);
    this.#first = undefined;
    const { denied, allowed, settings } = this.#inspector;
    if (denied.has(type) || (allowed !== undefined && !allowed.has(type) && type !== 'empty')) return this.#found('content.type', `the file is of type ${type}`);
    const declared = this.#content.declaredType as ContentType | '';
    if (settings.mismatch === 'allow' || typesAgree(declared, type)) return undefined;
    return this.#found('content.mismatch', `named as ${declared}, but of type ${type}`);
  }

  finish(done: (verdict: Verdict) => void, sha256: string): void {
    done(this.#judgeWhole(sha256) ?? { inspector: this.#inspector.name, action: 'pass', code: '', evidence: '' });
  }

  #judgeWhole(sha256: string): Verdict | undefined {
    if (this.#done) return undefined;
    if (this.#first !== undefined) {
      const verdict = this.#judgeType();
      if (verdict !== undefined) return verdict;
    }
    const { settings, sums } = this.#inspector;
    const isShort = settings.minBytes !== undefined && this.#bytes < settings.minBytes;
    if (isShort && !this.#content.partial) return this.#found('content.too-small', `less than ${settings.minBytes} bytes`);
    return sums.has(sha256) ? this.#found('content.hash', `SHA-256 ${sha256} is on the list`) : undefined;
  }

  #found(code: string, evidence: string): Verdict {
    this.#done = true;
    return { inspector: this.#inspector.name, action: this.#inspector.settings.action, code, evidence };
  }

  abandon(): void { this.#done = true; }
}

/** Sums of a list file. @throws Error with the number of the line that is none. */
export function parseSums(text: string): string[] {
  const sums: string[] = [];
  let number = 0;
  for (const line of text.split('\n')) {
    number++;
    const content = line.replace(/#.*/, '').trim();
    if (content === '') continue;
    const match = /^\\?([0-9a-fA-F]{64})(?:\s|$)/.exec(content);
    if (match === null) throw new Error(`line ${number} does not begin with a SHA-256 of 64 hexadecimal digits`);
    sums.push(match[1]!.toLowerCase());
  }
  return sums;
}
