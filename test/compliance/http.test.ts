// Runs the compliance suite over the http gateway.
import { describeCompliance } from './suite.ts';
import { drivers } from './drivers/index.ts';

describeCompliance(drivers['http']!);
