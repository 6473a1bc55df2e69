import type { Notebook } from '../../notebook/types';
import type { StepPlacement } from '../../pipeline/placement';
import type { Pipeline } from '../../pipeline/types';
import type { VolumeDecision } from '../../pipeline/volume';
import type { LocalDocument } from '../types';

/** What the documents for Kubeflow are made from. */
export interface KfpSources {
  readonly notebook: Notebook;
  /** The notebook's file name, for people. */
  readonly notebookName: string;
  readonly pipeline: Pipeline;
  /** Plans and hashes of the steps, as a local run has them. */
  readonly document: LocalDocument;
  /** Image of each step. */
  readonly images: ReadonlyMap<string, string>;
  /** The text that puts the bundle onto the volume and goes on with the program in it; holds neither two braces in a row nor `$(`. */
  readonly boot: string;
  /** The packed bundle (see `service/bundle.ts`), base64, with the settings that {@link import('./parameters').kfpSettings} gives. */
  readonly bundle: string;
  /**
   * ConfigMaps of the run's namespace that have the pieces of the bundle, in order, each under the key `bundle`: for who may make such. The document then
   * holds no code, and stays small however large the notebook is. `bundle` is not used.
   */
  readonly configMaps?: readonly string[];
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  readonly runAs?: { readonly user?: number; readonly group?: number };
  readonly placements: readonly Pick<StepPlacement, 'step' | 'affinity' | 'labels'>[];
  readonly volume: Pick<VolumeDecision, 'size' | 'storageClass'> & { readonly accessMode: string };
  /** Limit of the whole run, s. */
  readonly timeout?: number;
  /** Notepod's own version. */
  readonly version: string;
}

/** What the steps of a run need in their pods beside their plans: goes into the bundle, by step. */
export type PodSettings = Readonly<
  Record<
    string,
    {
      /** Set by the program in the pod: in the document a cluster would replace parts of it. */
      readonly env: Readonly<Record<string, string>>;
      /** `text`: how the default is handed over; one that says something else overrides the notebook's own value. */
      readonly parameters: Readonly<
        Record<string, { readonly type: string; readonly text: string }>
      >;
    }
  >
>;
