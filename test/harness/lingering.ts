// Loaded into the process of each test file by tools/run-tests.ts: a test that failed half-way leaves sockets and servers
// open, which would keep the process, and with it the group, until the group is late. When all tests of the file are over,
// a process that does not end by itself is ended after a while: its results are out by then. (--test-force-exit is no
// way: it cuts off results that are on their way.)
import { after } from 'node:test';

const lingerMs = 15_000;

if (process.env.NODE_TEST_CONTEXT !== undefined) {
  after(() => { setTimeout(() => { process.exit(); }, lingerMs).unref(); });
}
