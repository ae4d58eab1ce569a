// The form of an encrypted recording: parts, each encrypted and authenticated by itself (AES-256-GCM), so that what was
// written before a process died can be read. Each is bound to its file and its place in it and the last says that it is
// the last: a part that was changed, left out, moved or brought from elsewhere is noticed, and so is a missing end.
//
//   magic, id of the file (16 bytes), parts of: length of the body (4 bytes, big endian), nonce (12), body, tag (16)
//
// Authenticated with each part: id of the file, number of the part (4 bytes). The last part has an empty body.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** First bytes of an encrypted recording. */
export const encryptedMagic = 'SPREC2\n';

const magic = Buffer.from(encryptedMagic, 'latin1');
const idBytes = 16;
const lengthBytes = 4;
const nonceBytes = 12;
const tagBytes = 16;

function place(id: Buffer, number: number): Buffer {
  const text = Buffer.alloc(idBytes + 4, id);
  text.writeUInt32BE(number, idBytes);
  return text;
}

/** Makes the parts of one recording. */
export class Sealer {
  readonly #key: Buffer;
  readonly #id = randomBytes(idBytes);
  #parts = 0;

  /** `key`: 32 bytes. */
  constructor(key: Buffer) { this.#key = key; }

  get head(): Buffer { return Buffer.concat([magic, this.#id]); }

  part(plain: Buffer): Buffer {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    cipher.setAAD(place(this.#id, this.#parts++));
    const body = Buffer.concat([cipher.update(plain), cipher.final()]);
    const length = Buffer.alloc(lengthBytes);
    length.writeUInt32BE(body.length);
    return Buffer.concat([length, nonce, body, cipher.getAuthTag()]);
  }

  /** Nothing may follow. */
  end(): Buffer { return this.part(Buffer.alloc(0)); }
}

export interface ReadRecording {
  readonly text: string;
  /** Encrypted, and without its end: the session still runs, its process died, or the file was cut. */
  readonly cut: boolean;
}

/** @throws Error when parts are changed, missing or moved, or the key is not the right one. */
export function readRecording(bytes: Buffer, key: Buffer | undefined): ReadRecording {
  if (!bytes.subarray(0, magic.length).equals(magic)) return { text: bytes.toString('utf8'), cut: false };
  if (key === undefined) throw new Error('the recording is encrypted: give its key');
  const id = bytes.subarray(magic.length, magic.length + idBytes);
  const plain: Buffer[] = [];
  let at = magic.length + idBytes;
  for (let number = 0; at + lengthBytes <= bytes.length; number++) {
    const length = bytes.readUInt32BE(at);
    const bodyAt = at + lengthBytes + nonceBytes;
    const end = bodyAt + length + tagBytes;
    if (end > bytes.length) break;
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(at + lengthBytes, bodyAt), { authTagLength: tagBytes });
    decipher.setAAD(place(id, number));
    decipher.setAuthTag(bytes.subarray(bodyAt + length, end));
    plain.push(decipher.update(bytes.subarray(bodyAt, bodyAt + length)), decipher.final());
    if (length === 0) {
      if (end !== bytes.length) throw new Error('something follows the end of the recording');
      return { text: Buffer.concat(plain).toString('utf8'), cut: false };
    }
    at = end;
  }
  return { text: Buffer.concat(plain).toString('utf8'), cut: true };
}
