import type { LocalDocument, RunManifests } from '../../compile/types';
import type { RunFile } from '../run-store/run-folder';

/** What a run on Argo is made of, by the run's id: the documents carry it in their labels. */
export interface ArgoDocument {
  /** Plans, hashes and order of the steps, as a local run has them. */
  readonly steps: LocalDocument;
  manifests(run: string): RunManifests;
}

/** Where a run is. */
export type ClusterPlace = NonNullable<RunFile['cluster']>;
