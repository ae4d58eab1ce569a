// How long the sessions of a gateway give the connections that they dial themselves. That one which does not come to be ends
// with its time is shown by src/runtime/channels.test.ts, with an address that does not answer.
import type { GatewayUnderTest } from '../../harness/gateway.ts';

/** Filled as it happens, in milliseconds. */
export function dialTimesOf({ worker }: GatewayUnderTest): readonly number[] {
  const times: number[] = [];
  const dial = worker.dial.bind(worker);
  worker.dial = (request, owner, session) => {
    times.push(request.timeoutMs);
    return dial(request, owner, session);
  };
  return times;
}
