// Every resource of the admin API.
import type { AnyRoute } from '../route.ts';
import { configurationRoutes } from './configuration.ts';
import { explainRoutes } from './explain.ts';
import { recordingRoutes } from './recordings.ts';
import { recordRoutes } from './records.ts';
import { resourceRoutes } from './resources.ts';
import { sessionRoutes } from './sessions.ts';
import { stateRoutes } from './state.ts';
import { trafficRoutes } from './traffic.ts';
import { wafExclusionRoutes } from './waf-exclusions.ts';
import { wafRoutes } from './waf.ts';

export const routes: readonly AnyRoute[] = [
  ...stateRoutes, ...trafficRoutes, ...sessionRoutes, ...recordingRoutes, ...recordRoutes, ...explainRoutes, ...wafRoutes, ...wafExclusionRoutes,
  ...configurationRoutes, ...resourceRoutes,
];
