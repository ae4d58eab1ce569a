// The gateway's own users: passwords kept as scrypt hashes (RFC 7914), compared in constant time, the same effort spent on
// names that do not exist. Does not map users to logins on servers: gateways do.
import { randomBytes, scrypt, scryptSync, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

const hashPattern = /^scrypt:(\d+):(\d+):(\d+):([A-Za-z0-9+/]+=*):([A-Za-z0-9+/]+=*)$/;
const defaultCost = { N: 32_768, r: 8, p: 1 };
const hashBytes = 32;
const maxMemory = 256 * 1024 * 1024;

export const userSettings = z.strictObject({
  password: z.string().regex(hashPattern, 'wanted a hash as `sallyport user hash` prints it: scrypt:N:r:p:salt:hash')
    .describe('Hash of the password, as `sallyport user hash` prints it.'),
  groups: z.array(z.string().min(1).max(64)).max(100).prefault([]).describe('Groups that rules can name.'),
});

/** Section `users`. */
export const usersSchema = z.record(z.string().regex(/^[A-Za-z0-9._@-]{1,64}$/, 'wanted a user name'), userSettings);
export type UserSettings = z.infer<typeof userSettings>;

export function hashPassword(password: string): string {
  const salt = randomBytes(16);
  const { N, r, p } = defaultCost;
  const hash = scryptSync(password, salt, hashBytes, { N, r, p, maxmem: maxMemory });
  return `scrypt:${N}:${r}:${p}:${salt.toString('base64')}:${hash.toString('base64')}`;
}

/** Of nobody: what an unknown name is compared with, so that it takes as long as a known one. No password has it as its hash. */
const nobody = `scrypt:${defaultCost.N}:${defaultCost.r}:${defaultCost.p}:${randomBytes(16).toString('base64')}:${randomBytes(hashBytes).toString('base64')}`;

export class Users {
  readonly #users: Readonly<Record<string, UserSettings>>;

  constructor(users: Readonly<Record<string, UserSettings>>) {
    this.#users = users;
  }

  /** Groups of the user, or undefined when name or password is wrong. */
  authenticate(name: string, password: string, done: (groups: readonly string[] | undefined) => void): void {
    const user = Object.hasOwn(this.#users, name) ? this.#users[name] : undefined;
    const [, N, r, p, salt, hash] = hashPattern.exec(user?.password ?? nobody)!;
    const wanted = Buffer.from(hash!, 'base64');
    const options = { N: Number(N), r: Number(r), p: Number(p), maxmem: maxMemory };
    scrypt(password, Buffer.from(salt!, 'base64'), wanted.length, options, (error, found) => {
      done(error === null && user !== undefined && timingSafeEqual(found, wanted) ? user.groups : undefined);
    });
  }
}
