import type { Step } from '../dataflow/types';
import type { StepOptions } from '../notebook/types';

/** A step with everything that a target needs to run it. */
export interface PipelineStep {
  readonly step: Step;
  readonly options: StepOptions;
  /** Steps that must have ended before, by name, in reference order: the direct edges. */
  readonly needs: readonly string[];
  /** All steps that this one needs, directly or not, in reference order. */
  readonly ancestors: readonly string[];
}

/** A typed parameter of the pipeline, with the value of this run. */
export interface Parameter {
  readonly name: string;
  /** Python's name of the type: int, float, str, bool, None, list, dict. */
  readonly type: string;
  /** For showing; a number may have lost digits. */
  readonly value: unknown;
  /** The value as a Python literal, exact, if it was given for this run; absent if it is the notebook's own. */
  readonly literal?: string;
  /** The comment behind it in the notebook, if there is one. */
  readonly comment?: string;
}

/** What a notebook asks for, checked, before it becomes a document of a target. Steps are in reference order. */
export interface Pipeline {
  readonly name: string;
  readonly steps: readonly PipelineStep[];
  readonly parameters: readonly Parameter[];
}
