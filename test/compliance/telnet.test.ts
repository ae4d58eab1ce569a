// Runs the compliance suite over the telnet gateway.
import { describeCompliance } from './suite.ts';
import { drivers } from './drivers/index.ts';

describeCompliance(drivers['telnet']!);
