// What a body processor hands back. Everything is a latin1 string, one character a byte. Processors never throw: a body
// that breaks its format gives what was understood so far, and an error text.

/** Names and values side by side; the same index belongs together. */
export class Pairs {
  readonly keys: string[] = [];
  readonly values: string[] = [];
  private lowered: string[] | null = null;

  /** The key at `i` in lower case. */
  lowerKey(i: number): string {
    const lowered = this.lowered ??= [];
    while (lowered.length < this.keys.length) lowered.push(this.keys[lowered.length]!.toLowerCase());
    return lowered[i]!;
  }

  clear(): void {
    if (this.keys.length === 0) return;
    this.keys.length = this.values.length = 0;
    this.lowered = null;
  }

  add(key: string, value: string): void {
    this.keys.push(key);
    this.values.push(value);
  }
}

export interface BodyLimits {
  /** Most arguments that are kept (SecArgumentsLimit); one more is an error. */
  readonly maxArguments: number;
  /** Deepest nesting of JSON (SecRequestBodyJsonDepthLimit) and XML. */
  readonly maxDepth: number;
  /** Most files of a multipart body (SecUploadFileLimit). */
  readonly maxFiles: number;
}

export interface BodyResult {
  /** Empty when the body was well formed. */
  error: string;
  /** The error is that it ends too soon: no fault of a body of which only a part is looked at. */
  cut: boolean;
  readonly args: Pairs;
  multipart: MultipartFacts | null;
  xml: XmlFacts | null;
}

export interface XmlFacts {
  /** The text of the whole document: what `XML:/*` means. */
  text: string;
  /** Every attribute value: what `XML://@*` means. */
  readonly attributes: Pairs;
}

/** One bit each, named as ModSecurity's MULTIPART_ variables. */
export const multipartFlag = {
  boundaryQuoted: 1, boundaryWhitespace: 2, crlfLfLines: 4, dataAfter: 8, dataBefore: 16, fileLimitExceeded: 32,
  headerFolding: 64, invalidHeaderFolding: 128, invalidPart: 256, invalidQuoting: 512, lfLine: 1024, missingSemicolon: 2048,
  unmatchedBoundary: 4096, crlfLine: 8192,
} as const;

export interface MultipartFacts {
  flags: number;
  /** Key: part name; value: file name as sent. */
  readonly files: Pairs;
  readonly fileSizes: Pairs;
  /** Content of files, kept only when a rule asks for it. */
  readonly fileContents: Pairs;
  /** Key: part name; value: the header line. */
  readonly partHeaders: Pairs;
  combinedFileSize: number;
  fileName: string;
  partName: string;
}

export function emptyResult(): BodyResult {
  return { error: '', cut: false, args: new Pairs(), multipart: null, xml: null };
}
