// Hides the values of parameters and headers whose names say that they are secret. Cheap when there is nothing to hide:
// names are hashed while they are read, and looked at closer only when the hash is one of a secret name.
// Names are compared without case and without any character but letters and digits; of `user[password]` every part counts.
// Does not recognise secrets by their value.

export const masked = '***';
const filterBits = 4096;

/** What a byte means while names are read: the lower-case code of a letter or digit, `unsafe` when it cannot stand in a
 *  JSON string as it is, else 0. */
const meaning = new Uint8Array(256).fill(255);
const unsafe = 255;
for (let code = 0x20; code < 0x7f; code++) {
  const text = String.fromCharCode(code).toLowerCase();
  meaning[code] = /[a-z0-9]/.test(text) ? text.charCodeAt(0) : 0;
}
meaning[0x5c] = unsafe;

export class SecretNames {
  readonly #names = new Set<string>();
  readonly #filter = new Uint8Array(filterBits);

  constructor(names: readonly string[]) {
    for (const name of names) {
      const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
      if (plain === '') continue;
      this.#names.add(plain);
      let hash = 0;
      for (let at = 0; at < plain.length; at++) hash = (Math.imul(hash, 31) + plain.charCodeAt(at)) | 0;
      this.#filter[hash & (filterBits - 1)] = 1;
    }
  }

  get size(): number { return this.#names.size; }

  has(name: string): boolean {
    const lower = decoded(name).toLowerCase();
    if (this.#names.has(lower.replace(/[^a-z0-9]/g, ''))) return true;
    return lower.includes('[') && lower.split(/[[\].]/).some((part) => this.#names.has(part.replace(/[^a-z0-9]/g, '')));
  }

  /** True when `a=1&token=x` style bytes hold no secret and nothing that needs escaping; false when they may.
   *  The separators are & and ;. */
  parametersAreClean(bytes: Uint8Array, start: number, end: number): boolean {
    let hash = 0;
    let inName = true;
    for (let at = start; at < end; at++) {
      const code = bytes[at]!;
      const means = meaning[code]!;
      if (means === 0) {
        if (code === 0x26 || code === 0x3b) {
          hash = 0;
          inName = true;
        } else if (code === 0x22) {
          return false;
        } else if (inName) {
          if (code === 0x25 || code === 0x5b) return false;
          if (code === 0x3d) {
            if (this.#filter[hash & (filterBits - 1)] === 1) return false;
            inName = false;
          }
        }
      } else if (means === unsafe) {
        return false;
      } else if (inName) {
        hash = (Math.imul(hash, 31) + means) | 0;
      }
    }
    return true;
  }

  /** Masks the values of secret parameters. */
  maskParameters(text: string): string {
    return text.replace(/([^&;=]*)=([^&;]*)/g, (whole, name: string) => this.has(name) ? `${name}=${masked}` : whole);
  }

  /** True when `"name":"value"` members hold no secret, no URL with parameters and nothing that needs escaping. */
  membersAreClean(bytes: Uint8Array, start: number, end: number): boolean {
    let hash = 0;
    for (let at = start; at < end; at++) {
      const code = bytes[at]!;
      const means = meaning[code]!;
      if (means === 0) {
        if (code === 0x22) {
          if (bytes[at + 1] === 0x3a && at + 1 < end && this.#filter[hash & (filterBits - 1)] === 1) return false;
          hash = 0;
        } else if (code === 0x3a) {
          // `header:cookie` is judged as `cookie`.
          hash = 0;
        } else if (code === 0x3f) {
          return false;
        }
      } else if (means === unsafe) {
        return false;
      } else {
        hash = (Math.imul(hash, 31) + means) | 0;
      }
    }
    return true;
  }

  /** Masks the members with secret names, and parameters of URLs in values. `members` is JSON without the outer braces. */
  maskMembers(members: string): string {
    let parsed: Record<string, unknown>;
    try {
      parsed = JSON.parse(`{${members}}`) as Record<string, unknown>;
    } catch {
      return '"unreadable":true';
    }
    return JSON.stringify(parsed, (name: string, value: unknown) => {
      if (name !== '' && this.has(memberName(name)) && value !== null && value !== '') return masked;
      return typeof value === 'string' && value.includes('?') ? this.#maskUrl(value) : value;
    }).slice(1, -1);
  }

  #maskUrl(text: string): string {
    const start = text.indexOf('?') + 1;
    return text.slice(0, start) + this.maskParameters(text.slice(start));
  }
}

/** `header:cookie` is judged as `cookie`. */
function memberName(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1);
}

function decoded(name: string): string {
  if (!name.includes('%')) return name;
  return name.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
