// Our engine and libmodsecurity over the same generated requests, with the same rules (Core Rule Set 4.28 at level 4, and Debian's 3.3 at
// levels 1 and 4): how many come out with the same ids. Classes of what differs: docs/waf/differential.md.
// Where we read a body in more ways than libmodsecurity does, we may log more, never less; such requests are told apart by what they are.
import { RequestMaker } from './generator.ts';
import { compareRuns } from './runs.ts';

const seed = 2;

compareRuns('generated requests', [
  { rules: '4.28', level: 4, requests: 1000, hostility: 0, same: 977 }, { rules: '4.28', level: 4, requests: 1000, hostility: 10, same: 973 },
  { rules: '3.3', level: 1, requests: 500, hostility: 10, same: 494 }, { rules: '3.3', level: 4, requests: 500, hostility: 10, same: 488 },
], (hostility) => new RequestMaker(seed, hostility), ({ rules }) => rules === '4.28');
