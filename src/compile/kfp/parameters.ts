import type { Parameter, Pipeline, PipelineStep } from '../../pipeline/types';
import type { Json, JsonObject, StepPlan } from '../types';
import type { PodSettings } from './types';

/** Stands as the default where the notebook's own value cannot be written into the document as it is. */
export const OWN_VALUE = "(the notebook's own value)";

/** A parameter as the document has it. */
export interface KfpParameter {
  readonly name: string;
  /** `ParameterTypeEnum` of pipeline_spec.proto. */
  readonly parameterType: string;
  readonly defaultValue: Json;
  /** The default as Kubeflow hands it over: a text among the arguments. */
  readonly text: string;
  /** Python's name of the type. */
  readonly type: string;
  /** Why {@link OWN_VALUE} stands in place of the value. */
  readonly hidden?: string;
}

/**
 * A parameter with its type and default. Numbers of the format are doubles; a text is put into arguments, where Argo reads two braces and the kubelet
 * `$(…)` and `$$`: what would not come through as it is stays in the notebook, and only another value is taken.
 */
export function kfpParameter(parameter: Parameter): KfpParameter {
  const { name, type, value } = parameter;
  const own = (hidden: string): KfpParameter => ({
    name,
    type,
    parameterType: 'STRING',
    defaultValue: OWN_VALUE,
    text: OWN_VALUE,
    hidden
  });
  if (!isExact(value)) {
    return own('a number that a double cannot hold');
  }
  const json = JSON.stringify(value);
  if (isReplaced(json)) {
    return own('a text in which the cluster would replace something');
  }
  // No argument of a process has these: NUL, and halves of characters, which JSON writes as escapes.
  if (/\\u(0000|d[89a-f])/.test(json)) {
    return own('a text that no argument can hold');
  }
  const as = (parameterType: string, text: string): KfpParameter => ({
    name,
    type,
    parameterType,
    defaultValue: value as Json,
    text
  });
  switch (type) {
    case 'int':
      return typeof value === 'number' && Number.isSafeInteger(value)
        ? as('NUMBER_INTEGER', json)
        : own('a number that a double cannot hold');
    case 'float':
      return typeof value === 'number' ? as('NUMBER_DOUBLE', json) : own('no finite number');
    case 'bool':
      return typeof value === 'boolean' ? as('BOOLEAN', json) : own('no constant');
    case 'str':
      return typeof value === 'string' ? as('STRING', value) : own('no constant');
    case 'list':
      return Array.isArray(value) ? as('LIST', json) : own('no constant');
    case 'dict':
      return isObject(value) ? as('STRUCT', json) : own('no constant');
    default:
      // `None` says nothing about the type.
      return own('None');
  }
}

/** True if the cluster would read something into a text that stands among a container's arguments. */
export function isReplaced(text: string): boolean {
  return /\{\{|\$[($]/.test(text);
}

/** The inputs of the root: the pipeline's parameters. */
export function rootInputs(
  parameters: readonly KfpParameter[],
  comments: ReadonlyMap<string, string>
): JsonObject {
  return Object.fromEntries(
    parameters.map(each => {
      const comment = comments.get(each.name);
      const hidden = each.hidden === undefined ? [] : [`Left as it is: ${each.hidden}.`];
      const description = [...(comment === undefined ? [] : [comment]), ...hidden].join(' ');
      return [
        each.name,
        {
          parameterType: each.parameterType,
          defaultValue: each.defaultValue,
          isOptional: true,
          ...(description === '' ? {} : { description: harmless(description) })
        }
      ];
    })
  );
}

/** A text for people, in which Argo finds nothing to replace; at most 1024 characters, as the format asks for. */
export function harmless(text: string): string {
  const apart = text.replace(/\{(?=\{)/g, '{ ');
  return apart.length > 1024 ? `${apart.slice(0, 1022).replace(/[\ud800-\udbff]$/, '')}…` : apart;
}

/** The parameters whose values a step takes: those that it reads, and those that its own cells set. */
export function takenParameters(
  parameters: readonly KfpParameter[],
  { step }: PipelineStep,
  plan: Pick<StepPlan, 'cells'>
): readonly KfpParameter[] {
  const names = new Set([...step.parameters, ...plan.cells.flatMap(cell => cell.parameters)]);
  return parameters.filter(each => names.has(each.name));
}

/** What the program in the pod is told of each step. */
export function kfpSettings(pipeline: Pipeline): PodSettings {
  const parameters = Object.fromEntries(
    pipeline.parameters.map(kfpParameter).map(({ name, type, text }) => [name, { type, text }])
  );
  return Object.fromEntries(
    pipeline.steps.map(({ step, options }) => [step.name, { env: options.env, parameters }])
  );
}

/** JSON with finite numbers only, none of them a whole one beyond what a double holds exactly. */
function isExact(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
    case 'string':
    case 'boolean':
      return true;
    case 'object':
      return value === null || Object.values(value).every(isExact);
    default:
      return false;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
