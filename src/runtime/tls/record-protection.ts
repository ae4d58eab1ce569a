// Record protection of TLS 1.3, one direction (RFC 8446 sections 5.2, 5.3 and 7.2): opens and seals records by their numbers, under
// a traffic secret and those that follow it. Pure: no socket, no handshake.
import { createCipheriv, createDecipheriv, createHmac, type CipherChaCha20Poly1305, type DecipherChaCha20Poly1305 } from 'node:crypto';

export const recordHeaderBytes = 5;
const tagBytes = 16;
const ivBytes = 12;
/** Record types, outer and inner. */
export const handshakeType = 22;
export const applicationType = 23;
const legacyVersion = 0x0303;

export interface Opened {
  /** The type inside, behind the content. */
  readonly type: number;
  readonly content: Buffer;
}

/** By the names that RFC 8446 appendix B.4 has for them. Those with CCM are not here: OpenSSL offers them to nobody unless told to. */
const suites: Readonly<Record<string, { cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305'; hash: string; keyBytes: number }>> = {
  TLS_AES_128_GCM_SHA256: { cipher: 'aes-128-gcm', hash: 'sha256', keyBytes: 16 },
  TLS_AES_256_GCM_SHA384: { cipher: 'aes-256-gcm', hash: 'sha384', keyBytes: 32 },
  TLS_CHACHA20_POLY1305_SHA256: { cipher: 'chacha20-poly1305', hash: 'sha256', keyBytes: 32 },
};

export function isKnownSuite(name: string): boolean {
  return Object.hasOwn(suites, name);
}

/** HKDF-Expand-Label (RFC 8446 section 7.1) without a context, for what fits in one block of the hash. */
function expandLabel(hash: string, secret: Buffer, label: string, length: number): Buffer {
  const name = `tls13 ${label}`;
  const info = Buffer.alloc(2 + 1 + name.length + 1 + 1);
  info.writeUInt16BE(length, 0);
  info[2] = name.length;
  info.write(name, 3, 'latin1');
  // Behind the name: no context, and the number of the block.
  info[info.length - 1] = 1;
  return createHmac(hash, secret).update(info).digest().subarray(0, length);
}

export class RecordProtection {
  readonly #suite: (typeof suites)[string];
  readonly #secret: Buffer;
  readonly #key: Buffer;
  readonly #iv: Buffer;

  /** `suite`: one that `isKnownSuite`. */
  constructor(suite: string, secret: Buffer) {
    this.#suite = suites[suite]!;
    this.#secret = secret;
    this.#key = expandLabel(this.#suite.hash, secret, 'key', this.#suite.keyBytes);
    this.#iv = expandLabel(this.#suite.hash, secret, 'iv', ivBytes);
  }

  /** After a KeyUpdate (RFC 8446 section 7.2). Its records are numbered from 0. */
  next(): RecordProtection {
    const name = Object.keys(suites).find((one) => suites[one] === this.#suite)!;
    return new RecordProtection(name, expandLabel(this.#suite.hash, this.#secret, 'traffic upd', this.#secret.length));
  }

  #nonce(number: number): Buffer {
    const nonce = Buffer.from(this.#iv);
    nonce.writeUInt32BE((nonce.readUInt32BE(4) ^ Math.floor(number / 2 ** 32)) >>> 0, 4);
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ number) >>> 0, 8);
    return nonce;
  }

  /** A whole record with its header. Undefined when it was not sealed under this secret with this number. */
  open(record: Buffer, number: number): Opened | undefined {
    const end = record.length - tagBytes;
    if (end <= recordHeaderBytes) return undefined;
    const opener = createDecipheriv(this.#suite.cipher as 'chacha20-poly1305', this.#key, this.#nonce(number), { authTagLength: tagBytes }) as DecipherChaCha20Poly1305;
    opener.setAAD(record.subarray(0, recordHeaderBytes), { plaintextLength: end - recordHeaderBytes });
    opener.setAuthTag(record.subarray(end));
    const inner = opener.update(record.subarray(recordHeaderBytes, end));
    try {
      opener.final();
    } catch { return undefined; }
    // The type is the last byte that is not padding.
    let last = inner.length - 1;
    while (last >= 0 && inner[last] === 0) last--;
    return last < 0 ? undefined : { type: inner[last]!, content: inner.subarray(0, last) };
  }

  seal(type: number, content: Buffer, number: number): Buffer {
    const record = Buffer.allocUnsafe(recordHeaderBytes + content.length + 1 + tagBytes);
    record[0] = applicationType;
    record.writeUInt16BE(legacyVersion, 1);
    record.writeUInt16BE(record.length - recordHeaderBytes, 3);
    const sealer = createCipheriv(this.#suite.cipher as 'chacha20-poly1305', this.#key, this.#nonce(number), { authTagLength: tagBytes }) as CipherChaCha20Poly1305;
    sealer.setAAD(record.subarray(0, recordHeaderBytes), { plaintextLength: content.length + 1 });
    sealer.update(content).copy(record, recordHeaderBytes);
    sealer.update(Buffer.of(type)).copy(record, recordHeaderBytes + content.length);
    sealer.final();
    sealer.getAuthTag().copy(record, record.length - tagBytes);
    return record;
  }
}
