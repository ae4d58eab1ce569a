// Recordings of sessions (asciicast v2: a header line, then one event a line), written by the worker that has the session.
// With a key every part is encrypted and authenticated (AES-256-GCM), so that a stolen file tells nothing and a changed one
// is noticed. Does not know what is recorded: the gateway masks what must not be kept.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Recording } from '#contract/gateway.ts';

/** What is collected before it is written: at most this much is lost when the process dies. */
const flushBytes = 16 * 1024;
const nonceBytes = 12;
const tagBytes = 16;
/** First bytes of an encrypted recording. */
export const encryptedMagic = 'SPREC1\n';

class FileRecording implements Recording {
  readonly #file: WriteStream;
  readonly #key: Buffer | undefined;
  #text = '';
  #failed = false;

  constructor(path: string, key: Buffer | undefined, header: Readonly<Record<string, unknown>>) {
    this.#key = key;
    this.#file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    this.#file.on('error', () => { this.#failed = true; });
    if (key !== undefined) this.#file.write(encryptedMagic);
    this.#text = `${JSON.stringify(header)}\n`;
  }

  write(atMs: number, kind: string, text: string): void {
    if (this.#failed) return;
    this.#text += `${JSON.stringify([Math.round(atMs) / 1000, kind, text])}\n`;
    if (this.#text.length >= flushBytes) this.flush();
  }

  flush(): void {
    if (this.#text === '' || this.#failed) return;
    const plain = Buffer.from(this.#text, 'utf8');
    this.#text = '';
    this.#file.write(this.#key === undefined ? plain : sealed(this.#key, plain));
  }

  /** Resolves when all of it is on disk (or given up). */
  async close(): Promise<void> {
    this.flush();
    await new Promise<void>((resolve) => {
      this.#file.on('close', () => { resolve(); });
      this.#file.end();
    });
  }
}

function sealed(key: Buffer, plain: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, nonce, body, cipher.getAuthTag()]);
}

/** The text of a recording. @throws Error when it is cut, changed, or the key is not the right one. */
export function readRecording(bytes: Buffer, key: Buffer | undefined): string {
  const magic = Buffer.from(encryptedMagic, 'latin1');
  if (!bytes.subarray(0, magic.length).equals(magic)) return bytes.toString('utf8');
  if (key === undefined) throw new Error('the recording is encrypted: give its key');
  let text = '';
  let at = magic.length;
  while (at < bytes.length) {
    const length = bytes.readUInt32BE(at);
    const nonce = bytes.subarray(at + 4, at + 4 + nonceBytes);
    const bodyAt = at + 4 + nonceBytes;
    const decipher = createDecipheriv('aes-256-gcm', key, nonce);
    decipher.setAuthTag(bytes.subarray(bodyAt + length, bodyAt + length + tagBytes));
    text += Buffer.concat([decipher.update(bytes.subarray(bodyAt, bodyAt + length)), decipher.final()]).toString('utf8');
    at = bodyAt + length + tagBytes;
  }
  return text;
}

export class Recordings {
  readonly #directory: string;
  readonly #key: Buffer | undefined;
  readonly #open = new Set<FileRecording>();

  /** `key`: 64 hexadecimal digits. */
  constructor(directory: string, key: string | undefined) {
    this.#directory = directory;
    this.#key = key === undefined ? undefined : Buffer.from(key, 'hex');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  begin(session: string, header: Readonly<Record<string, unknown>>): Recording {
    const recording = new FileRecording(join(this.#directory, `${session}.cast`), this.#key, header);
    this.#open.add(recording);
    return {
      write: (atMs, kind, text) => { recording.write(atMs, kind, text); },
      close: async () => {
        this.#open.delete(recording);
        await recording.close();
      },
    };
  }

  /** About once a second, so that a recording can be followed and little is lost. */
  flush(): void {
    for (const recording of this.#open) recording.flush();
  }
}
