// The compliance suite: what every gateway must do whatever its protocol. One call in NAME.test.ts runs all of it for one
// driver. What each check proves is in README.md.
import { describe } from 'node:test';
import type { GatewayManifest } from '#contract/gateway.ts';
import { gateways } from '../../src/standard.ts';
import { checkBugs } from './checks/bugs.ts';
import { checkBytes } from './checks/bytes.ts';
import { checkDenials } from './checks/denials.ts';
import { checkEndings } from './checks/endings.ts';
import { checkFailClosed } from './checks/fail-closed.ts';
import { checkLifecycle } from './checks/lifecycle.ts';
import { checkLimits } from './checks/limits.ts';
import { checkServerFaults } from './checks/server-faults.ts';
import { checkSettingLimits } from './checks/setting-limits.ts';
import { checkUnaudited } from './checks/unaudited.ts';
import { checkUnread } from './checks/unread.ts';
import type { ComplianceDriver } from './driver.ts';
import { withScene, type Scene, type SceneOptions } from './scene.ts';

/** A driver with the manifest that it is about. */
export interface Subject {
  readonly driver: ComplianceDriver;
  readonly manifest: GatewayManifest;
  scene(options: SceneOptions, run: (scene: Scene) => Promise<void>, expectedBugs?: number): Promise<void>;
}

export function describeCompliance(driver: ComplianceDriver, manifests: readonly GatewayManifest[] = gateways): void {
  const manifest = manifests.find(({ protocol }) => protocol === driver.protocol)!;
  const subject: Subject = {
    driver, manifest, scene: (options, run, expectedBugs = 0) => withScene(driver, { manifests, ...options }, run, expectedBugs),
  };
  describe(`compliance of ${driver.protocol}`, { timeout: 120_000 }, () => {
    for (const check of [
      checkDenials, checkBytes, checkLimits, checkSettingLimits, checkEndings, checkUnaudited, checkUnread, checkServerFaults, checkFailClosed, checkBugs, checkLifecycle,
    ]) check(subject);
  });
}
