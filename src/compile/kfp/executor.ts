import type { StepOptions } from '../../notebook/types';
import type { Affinity } from '../../pipeline/affinity';
import type { StepPlacement } from '../../pipeline/placement';
import { containerResources } from '../../pipeline/resources';
import type { PipelineStep } from '../../pipeline/types';
import { ANNOTATION, cellNumbers, LABEL, MANAGED } from '../labels';
import { podToleration } from '../tolerations';
import { isDevice } from './problems';
import type { Json, JsonObject } from '../types';
import type { KfpSources } from './types';

/** Where the run's volume is in every pod. */
const MARSHAL = '/marshal';
/** The claim that the server makes of the workspace; the driver's arguments go through Argo, which puts the run's name in. */
export const WORKSPACE_CLAIM = '{{workflow.name}}-kfp-workspace';
const PROGRAM = 'notepod_kfp.py';
/**
 * Characters of the bundle in one environment variable: Linux takes 128 KiB at most. Its multiple of 4 keeps the pieces base64.
 */
const PIECE = 100_000;

type Bringing = Pick<KfpSources, 'boot' | 'bundle' | 'configMaps'>;

/** What a container of a step gets among its arguments. */
export interface StepArguments {
  readonly step: string;
  readonly hash: string;
  /** Names of the parameters that it takes. */
  readonly parameters: readonly string[];
}

/** The container of a step: one that brings the bundle, or one that finds the program on the volume. */
export function container(
  sources: Bringing,
  image: string,
  options: StepOptions,
  given: StepArguments,
  brings: boolean
): JsonObject {
  const resources = resourceSpec(options);
  return {
    image,
    ...command(sources, brings),
    args: [
      given.step,
      given.hash,
      ...given.parameters.flatMap(name => [name, `{{$.inputs.parameters['${name}']}}`])
    ],
    ...(brings ? { env: bundleEnv(sources) } : {}),
    ...(resources === undefined ? {} : { resources })
  };
}

/** The container of the task that only brings the bundle. */
export function startContainer(sources: Bringing, image: string): JsonObject {
  return {
    image,
    ...command(sources, true),
    args: ['--start'],
    env: bundleEnv(sources)
  };
}

function command({ boot }: Pick<KfpSources, 'boot'>, brings: boolean): JsonObject {
  return {
    command: brings
      ? ['python3', '-u', '-c', boot]
      : ['python3', '-u', `${MARSHAL}/run/program/${PROGRAM}`]
  };
}

function bundleEnv({ bundle, configMaps }: Bringing): Json {
  const pieces: Json[] = [];
  if (configMaps !== undefined) {
    return [{ name: 'NOTEPOD_PROGRAM', value: PROGRAM }];
  }
  for (let at = 0; at < bundle.length; at += PIECE) {
    pieces.push({
      name: `NOTEPOD_BUNDLE_${pieces.length}`,
      value: bundle.slice(at, at + PIECE)
    });
  }
  return [{ name: 'NOTEPOD_PROGRAM', value: PROGRAM }, ...pieces];
}

/** CPU, memory and one more resource: `ResourceSpec` has no place for others (see {@link import('./problems')}). */
function resourceSpec(options: StepOptions): JsonObject | undefined {
  const { requests, limits } = containerResources(options);
  const [device] = Object.keys(requests).filter(isDevice);
  const spec = {
    ...text('resourceCpuRequest', requests.cpu),
    ...text('resourceCpuLimit', limits.cpu),
    ...text('resourceMemoryRequest', requests.memory),
    ...text('resourceMemoryLimit', limits.memory),
    // It becomes a limit; of devices the request is the same.
    ...(device === undefined
      ? {}
      : {
          accelerator: {
            resourceType: device,
            resourceCount: limits[device] ?? requests[device]
          }
        })
  };
  return Object.keys(spec).length === 0 ? undefined : spec;
}

function text(key: string, value: string | undefined): JsonObject {
  return value === undefined ? {} : { [key]: value };
}

/** What only Kubernetes knows of a step: `KubernetesExecutorConfig` of kubernetes_executor_config.proto. */
export function platformExecutor(
  sources: Pick<KfpSources, 'imagePullPolicy' | 'runAs' | 'configMaps'>,
  { step, options }: PipelineStep,
  { affinity, labels }: Pick<StepPlacement, 'affinity' | 'labels'>,
  { task, brings }: { readonly task: string; readonly brings: boolean }
): JsonObject {
  return {
    ...bareExecutor(sources),
    pvcMount: [
      mount(WORKSPACE_CLAIM, MARSHAL),
      ...options.volumes.map(each => mount(each.claim, each.path))
    ],
    ...(brings ? configMapMounts(sources.configMaps ?? []) : {}),
    podMetadata: {
      labels: {
        ...options.labels,
        ...labels,
        ...MANAGED,
        [LABEL.step]: task
      },
      annotations: {
        ...options.annotations,
        [ANNOTATION.cells]: cellNumbers(step.cells)
      }
    },
    ...(options.secrets.length === 0
      ? {}
      : {
          secretAsEnv: options.secrets.map(each => ({
            secretNameParameter: constant(each.secret),
            keyToEnv: [{ secretKey: each.key, envVar: each.env }],
            optional: false
          }))
        }),
    ...(Object.keys(options.nodeSelector).length === 0
      ? {}
      : { nodeSelector: { labels: options.nodeSelector } }),
    ...(options.tolerations.length === 0
      ? {}
      : {
          tolerations: options.tolerations.map(podToleration)
        }),
    ...nodeAffinity(affinity),
    ...(options.timeoutSeconds === undefined
      ? {}
      : { activeDeadlineSeconds: String(Math.ceil(options.timeoutSeconds)) })
  };
}

/** What every pod of ours has, the one that only brings the bundle included. */
export function bareExecutor({
  imagePullPolicy,
  runAs
}: Pick<KfpSources, 'imagePullPolicy' | 'runAs'>): JsonObject {
  return {
    pvcMount: [mount(WORKSPACE_CLAIM, MARSHAL)],
    // The server labels every pod with the run's id.
    fieldPathAsEnv: [{ name: 'NOTEPOD_RUN', fieldPath: "metadata.labels['pipeline/runid']" }],
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
    ...(runAs?.user === undefined && runAs?.group === undefined
      ? {}
      : {
          securityContext: {
            ...(runAs.user === undefined ? {} : { runAsUser: String(runAs.user) }),
            ...(runAs.group === undefined ? {} : { runAsGroup: String(runAs.group) })
          }
        })
  };
}

/** The boot text reads `/notepod/<number>/bundle`. */
function configMapMounts(maps: readonly string[]): JsonObject {
  return maps.length === 0
    ? {}
    : {
        configMapAsVolume: maps.map((map, index) => ({
          configMapNameParameter: constant(map),
          mountPath: `/notepod/${String(index).padStart(3, '0')}`,
          optional: false
        }))
      };
}

function mount(claim: string, path: string): JsonObject {
  return { mountPath: path, pvcNameParameter: constant(claim) };
}

function constant(value: string): JsonObject {
  return { runtimeValue: { constant: value } };
}

/** Terms with a weight are preferences; of those without one must hold, as in a pod's own `nodeSelectorTerms`. */
function nodeAffinity(affinity: Affinity | undefined): JsonObject {
  const of = affinity?.nodeAffinity;
  const required = of?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const preferred = of?.preferredDuringSchedulingIgnoredDuringExecution;
  const terms = [
    ...(required ?? []).map(term => ({ ...term })),
    ...(preferred ?? []).map(({ weight, preference }) => ({ weight, ...preference }))
  ];
  return terms.length === 0 ? {} : { nodeAffinity: terms as unknown as Json };
}
