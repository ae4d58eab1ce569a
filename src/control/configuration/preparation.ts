// What has to be known before a proposed configuration can be put in force: read, checked, compared with the one in force,
// and made into what workers are given. Pure work over files and plain data, so that it can be done in a thread
// (control/preparation-thread.ts) as well as here. Applies nothing.
import type { GatewayManifest } from '#contract/gateway.ts';
import type { RunConfiguration } from '#session/configuration.ts';
import type { ConfigurationDiff } from './diff.ts';
import { diffDocuments } from './diff.ts';
import type { ImpactReport } from './impact.ts';
import { impactOf } from './impact.ts';
import type { ConfigurationInput, LoadOptions, LoadResult } from './load.ts';
import { loadConfiguration } from './load.ts';
import type { ConfigDocument } from './merge.ts';
import type { PatchFailure, ResourcePatch } from './patch.ts';
import { applyPatches, isPatchFailure } from './patch.ts';
import type { Configuration } from './schema.ts';

/** A whole configuration, or changes of the one in force. */
export type Proposal = { readonly input: ConfigurationInput } | { readonly patches: readonly ResourcePatch[] };

/** The configuration in force, as written. */
export interface Base { readonly version: string; readonly document: ConfigDocument }

export interface Prepared {
  readonly load: LoadResult;
  readonly diff: ConfigurationDiff;
  readonly impact: ImpactReport;
  /** What workers are given, if it was asked for and there are no errors. */
  readonly run?: RunConfiguration | undefined;
  /** Why there is none: a certificate that cannot be read. */
  readonly runFailure?: string | undefined;
}

export interface Preparer {
  /** `run`: with what workers are given. */
  prepare(proposal: Proposal, base: Base, run: boolean): Promise<Prepared | PatchFailure>;
}

export interface PreparationPlaces extends LoadOptions { readonly manifests: readonly GatewayManifest[] }

export function prepareHere(proposal: Proposal, base: Base, places: PreparationPlaces,
  runOf: ((configuration: Configuration) => RunConfiguration) | undefined): Prepared | PatchFailure {
  let input: ConfigurationInput;
  if ('patches' in proposal) {
    const patched = applyPatches(base.document, proposal.patches);
    if (isPatchFailure(patched)) return patched;
    input = patched;
  } else ({ input } = proposal);
  const load = loadConfiguration(input, places.manifests, places);
  const diff = diffDocuments(base.document, load.document);
  const prepared = { load, diff, impact: impactOf(diff) };
  if (load.configuration === undefined || runOf === undefined) return prepared;
  try {
    return { ...prepared, run: runOf(load.configuration) };
  } catch (error) {
    return { ...prepared, runFailure: error instanceof Error ? error.message : String(error) };
  }
}

export function isUnpatched(prepared: Prepared | PatchFailure): prepared is PatchFailure { return 'kind' in prepared; }
