// Our engine and libmodsecurity over requests as sites get them (traffic.ts), honest and attacking, with the Core Rule Set at the levels that
// sites run: how many come out with the same ids. Classes of what differs: docs/waf/differential.md.
import { compareRuns } from './runs.ts';
import { TrafficMaker } from './traffic.ts';

const seed = 31;

compareRuns('requests of sites', [
  { rules: '4.28', level: 1, requests: 1000, hostility: 0, same: 999 }, { rules: '4.28', level: 1, requests: 1000, hostility: 40, same: 995 },
  { rules: '4.28', level: 4, requests: 700, hostility: 0, same: 698 }, { rules: '4.28', level: 4, requests: 700, hostility: 40, same: 696 },
  { rules: '3.3', level: 1, requests: 500, hostility: 40, same: 498 },
], (hostility) => new TrafficMaker(seed, hostility), () => false);
