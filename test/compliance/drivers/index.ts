// The drivers by protocol. A gateway that ships without one fails test/compliance/complete.test.ts.
import type { ComplianceDriver } from '../driver.ts';
import { autoDriver } from './auto.ts';
import { ftpDriver } from './ftp.ts';
import { httpDriver } from './http.ts';
import { telnetDriver } from './telnet.ts';

export const drivers: Readonly<Record<string, ComplianceDriver>> = { http: httpDriver, ftp: ftpDriver, telnet: telnetDriver, auto: autoDriver };
