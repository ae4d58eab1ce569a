// Runs the compliance suite over the auto gateway.
import { describeCompliance } from './suite.ts';
import { drivers } from './drivers/index.ts';

describeCompliance(drivers['auto']!);
