// From settings to a way of balancing. The only place that knows all of them.
import type { BalanceSettings } from '../settings.ts';
import type { Balancer } from './balancer.ts';
import { ConsistentHash } from './hash.ts';
import { LeastRequests } from './least-requests.ts';
import { RandomTwo } from './random-two.ts';
import { RoundRobin } from './round-robin.ts';

export function makeBalancer(settings: BalanceSettings, random: () => number): Balancer {
  switch (settings.kind) {
    case 'round-robin': return new RoundRobin(random);
    case 'least-requests': return new LeastRequests(random);
    case 'random-two': return new RandomTwo(random);
    case 'hash': return new ConsistentHash(settings.boundedLoad, random);
  }
}
