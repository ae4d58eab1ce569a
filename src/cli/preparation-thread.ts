// Entry of the thread that reads and checks configurations for the supervisor. Started by control/preparation-thread.ts only.
import { parentPort, workerData } from 'node:worker_threads';
import { servePreparations } from '#control/preparation-thread.ts';
import type { FilePlaces } from '#control/run-configuration.ts';
import { gateways } from '../standard.ts';

servePreparations(parentPort!, gateways, workerData as FilePlaces);
