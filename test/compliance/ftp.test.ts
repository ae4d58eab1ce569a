// Runs the compliance suite over the ftp gateway.
import { describeCompliance } from './suite.ts';
import { drivers } from './drivers/index.ts';

describeCompliance(drivers['ftp']!);
