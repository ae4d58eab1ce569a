// Puts changed exclusions in force and into the configuration file, in this order: the new file is prepared completely, the change
// is applied as a transaction, and only then does the new file take the old one's place. So the file never says what did not
// come into force; and whoever watches the file finds that it says what runs already.
import type { ApplyFailure, ApplyResult, ApplySuccess } from '../configuration/index.ts';
import type { EditResult } from '../configuration/edit.ts';
import { stageEdit, type EditRefusal, type StagedEdit } from '../configuration/file-edit.ts';
import type { ControlPlane } from '../control-plane.ts';

export interface ExclusionChange {
  readonly service: string;
  /** The service as it shall be written. */
  readonly value: object;
  edit(text: string): EditResult;
  /** False: only what runs is changed; the next start has the file as it is. */
  readonly intoFile: boolean;
  readonly author: string;
  readonly reason: string;
  /** What the author has seen. */
  readonly expectedVersion: string | undefined;
  /** `exclude` or `unexclude`: for the audit log. */
  readonly verb: string;
  /** What is changed, in words. */
  readonly what: string;
}

export type ExclusionOutcome =
  | { readonly kind: 'not-planned'; readonly failure: ApplyFailure }
  | { readonly kind: 'not-written'; readonly refusal: EditRefusal }
  | { readonly kind: 'done'; readonly change: ApplySuccess; readonly written: { readonly file: string; readonly line: number } | undefined;
      /** In force, and yet not in the file: why. */
      readonly fault: string | undefined };

export async function applyExclusions(plane: ControlPlane, change: ExclusionChange): Promise<ExclusionOutcome> {
  const { transactions } = plane;
  const resource = `services/${change.service}`;
  const patches = [{ resource, value: change.value, mode: 'replace' as const }];
  const running = transactions.active?.version ?? '';
  const plan = await transactions.plan({ patches, expectedVersion: change.expectedVersion });
  if ('ok' in plan) return { kind: 'not-planned', failure: plan };
  let staged: StagedEdit | undefined;
  if (change.intoFile) {
    const edit = stageEdit({
      paths: plane.options.paths, manifests: plane.options.manifests, places: plane.places, running, wanted: plan.load.version, resource: ['services', change.service],
      edit: (text) => change.edit(text),
    });
    if (!edit.ok) return { kind: 'not-written', refusal: edit };
    staged = edit;
  }
  let result: ApplyResult;
  try {
    result = await transactions.apply({ patches, author: change.author, reason: change.reason, source: staged?.file ?? 'api', expectedVersion: running });
  } catch (error) {
    staged?.abandon();
    throw error;
  }
  if (!result.ok) {
    staged?.abandon();
    return { kind: 'not-planned', failure: result };
  }
  const fault = staged?.commit();
  const where = staged === undefined ? 'the running configuration alone' : `${staged.file}:${staged.line}`;
  const said = fault === undefined ? change.what : `${change.what}; the file was not changed: ${fault}`;
  plane.recordControl(change.verb, change.author, where, said, fault === undefined ? 'allowed' : 'failed');
  return { kind: 'done', change: result, written: staged === undefined || fault !== undefined ? undefined : { file: staged.file, line: staged.line }, fault };
}
