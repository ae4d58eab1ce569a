// The gateway's own users: right and wrong passwords, unknown names, hashes that the schema takes.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Users, hashPassword, usersSchema } from './users.ts';

const users = new Users(usersSchema.parse({ alice: { password: hashPassword('correct horse'), groups: ['staff'] } }));

async function ask(name: string, password: string): Promise<readonly string[] | undefined> {
  return new Promise((resolve) => { users.authenticate(name, password, resolve); });
}

test('the right password gives the groups', async () => { assert.deepEqual(await ask('alice', 'correct horse'), ['staff']); });
test('a wrong password gives nothing', async () => { assert.equal(await ask('alice', 'correct hors'), undefined); });
test('an unknown name gives nothing, and no name of an object is one', async () => {
  assert.equal(await ask('bob', 'correct horse'), undefined);
  assert.equal(await ask('constructor', 'x'), undefined);
});
test('a password in clear is refused by the schema', () => { assert.equal(usersSchema.safeParse({ a: { password: 'clear' } }).success, false); });
