import type { Diagnostic } from '../../diagnostics/types';
import type { StepOptions } from '../../notebook/types';
import type { PipelineStep } from '../../pipeline/types';
import { bareExecutor, container, platformExecutor, startContainer } from './executor';
import { pipelineName, START_TASK, taskNames } from './names';
import {
  harmless,
  kfpParameter,
  rootInputs,
  takenParameters,
  type KfpParameter
} from './parameters';
import { kfpProblems } from './problems';
import { sizeProblems } from './size';
import type { JsonObject } from '../types';
import type { KfpSources } from './types';

/** A pipeline for Kubeflow Pipelines 2.14 to 2.17: two documents that belong together. */
export interface KfpDocuments {
  /** `PipelineSpec` of pipeline_spec.proto, schema 2.1.0. */
  readonly pipeline: JsonObject;
  /** `PlatformSpec` of the same, with `KubernetesExecutorConfig` in it. */
  readonly platform: JsonObject;
  /** How many tasks it has. */
  readonly tasks: number;
  /** What the format cannot carry: with an error among them the documents are not to be used. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Most first steps that unpack ConfigMaps themselves: the text that does it stands in each. */
const MOST_BRINGING = 8;

/**
 * The documents of the `kfp` target: a task for each step, in the order that the graph demands, on the workspace volume of the run.
 * What the steps run stands once: the steps that come first bring it, or a task before them if there are several. No text of the user's
 * but checked tags and a parameter's default stands in the documents in the clear. Deterministic.
 */
export function compileKfp(sources: KfpSources): KfpDocuments {
  const { pipeline, notebook } = sources;
  const tasks = taskNames(pipeline.steps.map(each => each.step.name));
  const parameters = pipeline.parameters.map(kfpParameter);
  const roots = pipeline.steps.filter(each => each.needs.length === 0);
  // Each pod that brings the bundle has it four times in the state of the run, which etcd limits: see size.ts.
  const [root] = roots;
  const starts = roots.length > (sources.configMaps === undefined ? 1 : MOST_BRINGING);
  const parts = pipeline.steps.map((each, at) =>
    compileStep(sources, each, {
      task: tasks.get(each.step.name) ?? each.step.name,
      needs: [
        ...(starts && each.needs.length === 0 ? [START_TASK] : []),
        ...directNeeds(each, sources).map(need => tasks.get(need) ?? need)
      ],
      brings: !starts && each.needs.length === 0,
      taken: isCached(sources, each)
        ? parameters
        : takenParameters(parameters, each, sources.document.steps[at].plan)
    })
  );
  if (starts) {
    parts.unshift(startPart(sources, sources.images.get(root.step.name) ?? ''));
  }
  const inputs = rootInputs(parameters, comments(sources));
  const documents = {
    pipeline: {
      pipelineInfo: {
        name: pipelineName(pipeline.name),
        description: harmless(
          `${notebook.settings.description ?? `The notebook ${sources.notebookName}.`} (notebook sha256:${sources.document.notebookHash})`
        )
      },
      schemaVersion: '2.1.0',
      sdkVersion: `notepod-${sources.version}`,
      deploymentSpec: { executors: collect(parts, each => [`exec-${each.task}`, each.executor]) },
      components: collect(parts, each => [`comp-${each.task}`, each.component]),
      root: {
        ...(parameters.length === 0 ? {} : { inputDefinitions: { parameters: inputs } }),
        dag: { tasks: collect(parts, each => [each.task, each.node]) }
      }
    },
    platform: {
      platforms: {
        kubernetes: {
          deploymentSpec: {
            executors: collect(parts, each => [`exec-${each.task}`, each.platform])
          },
          pipelineConfig: pipelineConfig(sources)
        }
      }
    }
  };
  return {
    ...documents,
    tasks: parts.length,
    diagnostics: [...kfpProblems(sources, parameters), ...sizeProblems(documents)]
  };
}

/** What the two documents say of one task. */
interface TaskPart {
  readonly task: string;
  readonly executor: JsonObject;
  readonly component: JsonObject;
  readonly node: JsonObject;
  readonly platform: JsonObject;
}

interface TaskOf {
  readonly task: string;
  /** Tasks that come before. */
  readonly needs: readonly string[];
  readonly brings: boolean;
  readonly taken: readonly KfpParameter[];
}

function compileStep(
  sources: KfpSources,
  each: PipelineStep,
  { task, needs, brings, taken }: TaskOf
): TaskPart {
  const { step, options } = each;
  const placement = sources.placements.find(other => other.step === step.name) ?? { labels: {} };
  const given = {
    step: step.name,
    hash: (sources.document.steps.find(other => other.name === step.name)?.hash ?? '').slice(0, 16),
    parameters: taken.map(({ name }) => name)
  };
  const image = sources.images.get(step.name) ?? '';
  return {
    task,
    executor: { container: container(sources, image, options, given, brings) },
    component: {
      executorLabel: `exec-${task}`,
      ...(taken.length === 0
        ? {}
        : {
            inputDefinitions: {
              parameters: collect(taken, ({ name, parameterType }) => [name, { parameterType }])
            }
          })
    },
    node: {
      taskInfo: { name: step.name },
      componentRef: { name: `comp-${task}` },
      cachingOptions: isCached(sources, each) ? { enableCache: true } : {},
      ...(needs.length === 0 ? {} : { dependentTasks: needs }),
      ...(taken.length === 0
        ? {}
        : {
            inputs: {
              parameters: collect(taken, ({ name }) => [name, { componentInputParameter: name }])
            }
          }),
      ...retryPolicy(options)
    },
    platform: platformExecutor(sources, each, placement, { task, brings })
  };
}

/** A task that puts the bundle onto the volume, before several steps that come first. */
function startPart(sources: KfpSources, image: string): TaskPart {
  return {
    task: START_TASK,
    executor: { container: startContainer(sources, image) },
    component: { executorLabel: `exec-${START_TASK}` },
    node: {
      taskInfo: { name: START_TASK },
      componentRef: { name: `comp-${START_TASK}` },
      cachingOptions: {}
    },
    platform: bareExecutor(sources)
  };
}

/**
 * Where the tag asks for it and no later step takes anything from the volume: the result that Kubeflow finds has left none of the values there.
 * Such a step takes all parameters and the hash of all that it needs, so that Kubeflow never takes a result of other code or values.
 */
function isCached({ pipeline }: KfpSources, { step, options }: PipelineStep): boolean {
  return options.cache === true && !pipeline.steps.some(other => other.needs.includes(step.name));
}

/**
 * Retries, the first after 10 s, then twice as long each time: Argo takes whole factors only, and its longest time is counted from the start of the
 * first attempt, however long that ran, so it is set out of the way. Beyond six retries each comes after a minute.
 */
function retryPolicy({ retry }: StepOptions): JsonObject {
  return retry === 0
    ? {}
    : {
        retryPolicy: {
          maxRetryCount: retry,
          backoffDuration: retry > 6 ? '60s' : '10s',
          backoffFactor: retry > 6 ? 1 : 2,
          backoffMaxDuration: '2592000s'
        }
      };
}

function pipelineConfig({ volume, timeout }: KfpSources): JsonObject {
  return {
    workspace: {
      size: volume.size,
      kubernetes: {
        pvcSpecPatch: {
          accessModes: [volume.accessMode],
          ...(volume.storageClass === undefined ? {} : { storageClassName: volume.storageClass })
        }
      }
    },
    ...(timeout === undefined ? {} : { activeDeadlineSeconds: Math.ceil(timeout) })
  };
}

function comments({ pipeline }: KfpSources): ReadonlyMap<string, string> {
  return new Map(
    pipeline.parameters.flatMap(({ name, comment }) =>
      comment === undefined || comment.trim() === '' ? [] : [[name, comment.trim()] as const]
    )
  );
}

/** What a needed step needs in turn has ended before. */
function directNeeds({ needs }: PipelineStep, { pipeline }: KfpSources): readonly string[] {
  const ancestors = new Map(pipeline.steps.map(each => [each.step.name, each.ancestors]));
  return needs.filter(need => !needs.some(other => ancestors.get(other)?.includes(need)));
}

/** An object with an entry for each item. */
function collect<T>(
  items: readonly T[],
  entry: (item: T) => readonly [string, JsonObject]
): JsonObject {
  return Object.fromEntries(items.map(entry));
}
