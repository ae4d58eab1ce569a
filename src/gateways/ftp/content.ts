// What a transfer moves, as it passes: counted, hashed, judged by its first bytes, and shown to inspectors. As a tap on a
// relay it sees bytes before they are sent on (contract/link.ts); in hold mode the transfer feeds it.
import { createHash, type Hash } from 'node:crypto';
import type { ContentInspection, Verdict } from '#contract/inspection.ts';
import type { Tap } from '#contract/link.ts';
import { magicBytes, typeOfBytes, typeOfName, typesAgree, type ContentType } from './content-type.ts';
import type { FtpSettings } from './settings.ts';

/** The service's own rules on content, compiled. */
export class ContentRules {
  readonly hashesUploads: boolean;
  readonly hashesDownloads: boolean;
  readonly mode: 'kill' | 'hold';
  readonly maxHeldBytes: number;
  readonly partialUploads: 'refuse' | 'allow';
  /** Some rule needs to see content. */
  readonly judges: boolean;
  readonly #denied: ReadonlySet<ContentType>;
  readonly #allowed: ReadonlySet<ContentType> | undefined;
  readonly #mismatchDenied: boolean;
  readonly #deniedSums: ReadonlySet<string>;

  constructor(settings: FtpSettings['content']) {
    this.#denied = new Set(settings.denyTypes);
    this.#allowed = settings.allowTypes === undefined ? undefined : new Set(settings.allowTypes);
    this.#mismatchDenied = settings.mismatch === 'deny';
    this.#deniedSums = new Set(settings.denySha256);
    const all = settings.hash === 'sha256' || this.#deniedSums.size > 0;
    this.hashesUploads = all || settings.hash === 'sha256-uploads';
    this.hashesDownloads = all || settings.hash === 'sha256-downloads';
    this.mode = settings.mode;
    this.maxHeldBytes = settings.maxHeldBytes;
    this.partialUploads = settings.partialUploads;
    this.judges = this.#denied.size > 0 || this.#allowed !== undefined || this.#mismatchDenied || this.#deniedSums.size > 0;
  }

  ofType(type: ContentType, declared: ContentType | ''): Verdict | undefined {
    if (this.#denied.has(type) || (this.#allowed !== undefined && !this.#allowed.has(type) && type !== 'empty')) return block('ftp.content-type', `the file is of type ${type}`);
    if (this.#mismatchDenied && !typesAgree(declared, type)) return block('ftp.content-mismatch', `named as ${declared}, but of type ${type}`);
    return undefined;
  }

  ofSum(sha256: string): Verdict | undefined {
    return this.#deniedSums.has(sha256) ? block('ftp.content-hash', `SHA-256 ${sha256} is on the list`) : undefined;
  }
}

function block(code: string, evidence: string): Verdict {
  return { inspector: 'ftp', action: 'block', code, evidence };
}

export class ContentTap implements Tap {
  bytes = 0;
  type: ContentType | '' = '';
  readonly declared: ContentType | '';
  sha256 = '';
  /** The first verdict that blocks. */
  verdict: Verdict | undefined = undefined;
  /** Told at once, from within `pass`. */
  onBlock: ((verdict: Verdict) => void) | undefined = undefined;
  readonly #rules: ContentRules;
  readonly #hash: Hash | undefined;
  readonly #inspection: ContentInspection | undefined;
  /** The middle of a file has no magic: type is not judged when a transfer is resumed. */
  readonly #judgesType: boolean;
  #first = Buffer.alloc(0);

  /** Listings (`isFile` false) are counted and hashed, not judged. */
  constructor(rules: ContentRules, path: string, isUpload: boolean, isFile: boolean, resumed: boolean, inspection: ContentInspection | undefined) {
    this.#rules = rules;
    this.declared = isFile ? typeOfName(path) : '';
    this.#judgesType = isFile && !resumed;
    this.#hash = (isUpload ? rules.hashesUploads : rules.hashesDownloads) ? createHash('sha256') : undefined;
    this.#inspection = inspection;
  }

  get inspected(): boolean { return this.#inspection !== undefined; }

  pass(bytes: Buffer, start: number, end: number): void {
    if (this.verdict !== undefined) return;
    this.bytes += end - start;
    this.#hash?.update(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
    if (this.#judgesType && this.type === '') {
      this.#first = Buffer.concat([this.#first, bytes.subarray(start, Math.min(end, start + magicBytes - this.#first.length))]);
      if (this.#first.length >= magicBytes) this.#judgeType();
    }
    if (this.#inspection !== undefined && this.verdict === undefined) {
      const verdict = this.#inspection.feed(bytes, start, end);
      if (verdict?.action === 'block') this.#block(verdict);
    }
  }

  #judgeType(): void {
    this.type = typeOfBytes(this.#first);
    const verdict = this.#rules.ofType(this.type, this.declared);
    if (verdict !== undefined) this.#block(verdict);
  }

  #block(verdict: Verdict): void {
    this.verdict = verdict;
    this.onBlock?.(verdict);
  }

  /** All bytes have been seen. `done` with the verdict that blocks, or undefined; it may come later. */
  finish(done: (verdict: Verdict | undefined) => void): void {
    this.onBlock = undefined;
    if (this.verdict === undefined && this.#judgesType && this.type === '') this.#judgeType();
    if (this.#hash !== undefined) this.sha256 = this.#hash.digest('hex');
    this.verdict ??= this.#rules.ofSum(this.sha256);
    if (this.verdict !== undefined || this.#inspection === undefined) {
      this.#inspection?.abandon();
      done(this.verdict);
      return;
    }
    this.#inspection.finish((verdict) => {
      if (verdict.action === 'block') this.verdict = verdict;
      done(this.verdict);
    });
  }

  abandon(): void {
    this.onBlock = undefined;
    if (this.type === '' && this.#judgesType && this.#first.length > 0) this.type = typeOfBytes(this.#first);
    this.#inspection?.abandon();
  }
}
