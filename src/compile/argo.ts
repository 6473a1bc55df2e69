import type { Diagnostic } from '../diagnostics/types';
import type { StepOptions } from '../notebook/types';
import type { Parameter, Pipeline, PipelineStep } from '../pipeline/types';
import { ANNOTATION, cellNumbers, LABEL, MANAGED } from './labels';
import { slug, templateNames } from './template-names';
import { podToleration } from './tolerations';
import type { JsonObject, LocalDocument, RunManifests } from './types';

/** What the documents for Argo are made from. */
export interface ArgoSources {
  readonly pipeline: Pipeline;
  /** Plans, hashes and order of the steps, as a local run has them. */
  readonly document: LocalDocument;
  /** File name of the notebook, for people. */
  readonly notebook: string;
  /** Image of each step. */
  readonly images: ReadonlyMap<string, string>;
  /** The text that every pod starts with. */
  readonly boot: string;
  /** The packed bundle (see `service/bundle.ts`), base64. */
  readonly bundle: string;
  readonly volume: {
    readonly size: string;
    readonly storageClass?: string;
    readonly accessMode: string;
  };
  /** What placement adds to the pods, by step. */
  readonly placements?: ReadonlyMap<string, PodPlacement>;
  readonly serviceAccount?: string;
  /** The user that the pods run as: what the `restricted` profile of Kubernetes asks for goes with it. */
  readonly runAsUser?: number;
  /** Limit of the whole run, s. */
  readonly timeout?: number;
}

/** What placement adds to a pod. */
export interface PodPlacement {
  readonly affinity?: object;
  readonly labels: Readonly<Record<string, string>>;
  readonly schedulerName?: string;
}

/** How `notepod compile` writes the document. */
export type ArgoForm = {
  /** Absent: that of whoever sends it. */
  readonly namespace?: string;
} & (
  | { readonly as: 'workflow' | 'template' }
  /** `schedule`: five fields, as cron(8). */
  | { readonly as: 'cron'; readonly schedule: string; readonly timezone?: string }
);

/** Characters of a piece of the bundle: Linux takes no environment variable of more than 128 KiB (MAX_ARG_STRLEN). */
const PIECE = 100_000;
/** Characters of the bundle in one ConfigMap: Kubernetes takes 1 MiB. */
const MAP_PIECE = 900_000;
const VOLUME = 'marshal';
const MOUNT = '/marshal';
/** Names of Argo's parameters that are not the notebook's: no name of Python has a `-`. */
export const BOOT = 'notepod-boot';
export const PIECES = 'notepod-bundle';

/** The objects of one run: the bundle in ConfigMaps beside the Workflow. Deterministic. */
export function compileRun(sources: ArgoSources, run: string): RunManifests {
  const { pipeline, bundle, volume } = sources;
  const name = `${slug(pipeline.name, 40)}-${run.slice(-4)}`;
  const labels = { ...MANAGED, [LABEL.run]: run };
  const maps = pieces(bundle, MAP_PIECE).map((data, index): JsonObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${name}-bundle${index === 0 ? '' : `-${index}`}`, labels },
    immutable: true,
    binaryData: { bundle: data }
  }));
  const claim = `${name}-${VOLUME}`;
  return {
    configMaps: maps,
    claim: {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: claim, labels },
      spec: claimSpec(volume)
    },
    workflow: {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Workflow',
      metadata: { name, labels, annotations: annotationsOf(sources) },
      spec: {
        ...specOf(sources, { run }),
        volumes: [
          { name: VOLUME, persistentVolumeClaim: { claimName: claim } },
          {
            name: 'bundle',
            projected: {
              sources: maps.map((map, index) => ({
                configMap: {
                  name: (map.metadata as JsonObject).name,
                  items: [{ key: 'bundle', path: `${String(index).padStart(3, '0')}/bundle` }]
                }
              }))
            }
          }
        ]
      }
    }
  };
}

/** A document that stands alone: the bundle is in it, once, and the notebook's parameters are its own. Deterministic. */
export function compileDocument(sources: ArgoSources, form: ArgoForm): JsonObject {
  const base = slug(sources.pipeline.name, 40);
  const { namespace } = form;
  const metadata = {
    ...(namespace === undefined ? {} : { namespace }),
    labels: MANAGED,
    annotations: annotationsOf(sources)
  };
  const spec: JsonObject = {
    ...specOf(sources, {}),
    // Also of the Workflows that Argo makes of a template or by a schedule.
    workflowMetadata: {
      labels: MANAGED,
      // Here, other than in the document's own metadata, Argo replaces what looks like a variable.
      annotations: annotationsOf({ ...sources, notebook: sources.notebook.replaceAll('{{', '{') }),
      labelsFrom: { [LABEL.run]: { expression: 'workflow.name' } }
    },
    volumeClaimTemplates: [{ metadata: { name: VOLUME }, spec: claimSpec(sources.volume) }]
  };
  const apiVersion = 'argoproj.io/v1alpha1';
  switch (form.as) {
    case 'workflow':
      return {
        apiVersion,
        kind: 'Workflow',
        metadata: { generateName: `${base}-`, ...metadata },
        spec
      };
    case 'template':
      return { apiVersion, kind: 'WorkflowTemplate', metadata: { name: base, ...metadata }, spec };
    case 'cron':
      return {
        apiVersion,
        kind: 'CronWorkflow',
        metadata: { name: base, ...metadata },
        spec: {
          schedules: [form.schedule],
          ...(form.timezone === undefined ? {} : { timezone: form.timezone }),
          concurrencyPolicy: 'Forbid',
          workflowSpec: spec
        }
      };
  }
}

/** Bytes of a Workflow that Argo still works on, with its state (`MAX_WORKFLOW_SIZE`, default of 3.7), as JSON. */
const MOST_WORKFLOW = 1_048_576;
/** Bytes that the state of a step takes, packed as Argo packs it where it must, and what does not depend on steps. */
const STATE_PER_STEP = 300;
const STATE = 16_384;

/** A document that Argo would take and then give up on, since there is no room for its state. @param bytes of the document as JSON */
export function tooLargeForArgo(bytes: number, steps: number): readonly Diagnostic[] {
  const most = MOST_WORKFLOW - STATE - steps * STATE_PER_STEP;
  if (bytes <= most) {
    return [];
  }
  return [
    {
      code: 'NP605',
      severity: 'error',
      message: `the document is too large for Argo: ${Math.ceil(bytes / 1000)} kB, of ${Math.floor(most / 1000)} kB for ${steps} steps`,
      why: 'Argo ends a Workflow in error that is larger than 1 MiB with its state',
      fix: 'run it with `notepod run --target argo`, which puts cells and files beside the Workflow, or move large texts and files onto a volume'
    }
  ];
}

/** Parameters that can be set on a document that stands alone: Argo's names are narrower than Python's, and it would replace `{{`. */
export function settableParameters(pipeline: Pipeline): readonly Parameter[] {
  return pipeline.parameters.filter(
    each =>
      /^[A-Za-z0-9_]+$/.test(each.name) &&
      !parameterText(each).includes('{{') &&
      // Half of a pair of surrogates is no text outside of JavaScript and Python.
      !/\p{Surrogate}/u.test(parameterText(each))
  );
}

/** A parameter's value as it is written where it can be changed. A text stands as it is, anything else as Python writes it. */
export function parameterText({ type, value, literal }: Parameter): string {
  if (type === 'str') {
    return String(value);
  }
  return literal ?? pythonOf(value, type);
}

function pythonOf(value: unknown, type: string): string {
  if (typeof value === 'number') {
    return type === 'float' && Number.isInteger(value) ? value.toFixed(1) : String(value);
  }
  return JSON.stringify(value).replace(/"(?:[^"\\]|\\.)*"|true|false|null/g, token =>
    token === 'true' ? 'True' : token === 'false' ? 'False' : token === 'null' ? 'None' : token
  );
}

function annotationsOf({ notebook, document }: ArgoSources): JsonObject {
  return {
    [ANNOTATION.notebook]: notebook,
    [ANNOTATION.notebookHash]: document.notebookHash
  };
}

function claimSpec({ size, storageClass, accessMode }: ArgoSources['volume']): JsonObject {
  return {
    accessModes: [accessMode],
    ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
    resources: { requests: { storage: size } }
  };
}

function specOf(sources: ArgoSources, { run }: { readonly run?: string }): JsonObject {
  const { pipeline, boot, bundle, serviceAccount, runAsUser, timeout } = sources;
  const names = templateNames(pipeline.steps.map(each => each.step.name));
  const own = run === undefined ? settableParameters(pipeline) : [];
  const parts = run === undefined ? pieces(bundle, PIECE) : [];
  return {
    entrypoint: 'main',
    ...(serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount }),
    ...(runAsUser === undefined
      ? {}
      : { securityContext: restrictedPod(runAsUser), podSpecPatch: RESTRICTED_EXECUTOR }),
    ...(timeout === undefined ? {} : { activeDeadlineSeconds: timeout }),
    arguments: {
      parameters: [
        ...own.map(each => ({ name: each.name, value: parameterText(each) })),
        { name: BOOT, value: boot },
        ...parts.map((value, index) => ({ name: `${PIECES}-${index}`, value }))
      ]
    },
    podMetadata: {
      labels: { ...MANAGED, [LABEL.run]: run ?? '{{workflow.name}}' }
    },
    templates: [
      {
        name: 'main',
        dag: {
          // As in Run All, all that comes before a failed step has run: a failure elsewhere must not keep it from starting.
          failFast: false,
          tasks: pipeline.steps.map(each => taskOf(each, pipeline, names))
        }
      },
      ...pipeline.steps.map(each =>
        templateOf(sources, each, names, own, {
          run,
          parts: each.needs.length === 0 ? parts.length : 0
        })
      )
    ]
  };
}

function taskOf(
  { step, needs }: PipelineStep,
  pipeline: Pipeline,
  names: ReadonlyMap<string, string>
): JsonObject {
  const name = names.get(step.name) ?? '';
  // What a needed step needs in turn has ended before.
  const ancestors = new Map(pipeline.steps.map(each => [each.step.name, each.ancestors]));
  const direct = needs.filter(need => !needs.some(other => ancestors.get(other)?.includes(need)));
  return {
    name,
    template: name,
    ...(direct.length === 0
      ? {}
      : { depends: direct.map(need => `${names.get(need) ?? ''}.Succeeded`).join(' && ') })
  };
}

function templateOf(
  sources: ArgoSources,
  { step, options, needs }: PipelineStep,
  names: ReadonlyMap<string, string>,
  settable: readonly Parameter[],
  { run, parts }: { readonly run?: string; readonly parts: number }
): JsonObject {
  const placement = sources.placements?.get(step.name);
  const name = names.get(step.name) ?? '';
  const used = settable.filter(each => step.parameters.includes(each.name));
  const claims = [...new Set(options.volumes.map(each => each.claim))];
  const usesBundle = run !== undefined && needs.length === 0;
  return {
    name,
    metadata: {
      labels: { ...options.labels, ...placement?.labels, [LABEL.step]: name },
      annotations: {
        ...options.annotations,
        [ANNOTATION.cells]: cellNumbers(step.cells),
        ...Object.fromEntries(
          used.map((each, index) => [parameterKey(index), `{{workflow.parameters.${each.name}}}`])
        )
      }
    },
    ...(Object.keys(options.nodeSelector).length === 0
      ? {}
      : { nodeSelector: options.nodeSelector }),
    ...(placement?.affinity === undefined ? {} : { affinity: placement.affinity as JsonObject }),
    ...(placement?.schedulerName === undefined ? {} : { schedulerName: placement.schedulerName }),
    ...(options.tolerations.length === 0
      ? {}
      : { tolerations: options.tolerations.map(podToleration) }),
    ...(options.retry === 0 ? {} : { retryStrategy: retryOf(options.retry) }),
    ...(options.timeoutSeconds === undefined
      ? {}
      : { activeDeadlineSeconds: String(options.timeoutSeconds) }),
    ...(claims.length === 0
      ? {}
      : {
          volumes: claims.map((claim, index) => ({
            name: `claim-${index}`,
            persistentVolumeClaim: { claimName: claim }
          }))
        }),
    container: {
      image: sources.images.get(step.name) ?? '',
      command: ['python3', '-u', '-c', `{{workflow.parameters.${BOOT}}}`],
      args: [step.name],
      env: environmentOf(options, used, { run, parts }),
      ...resourcesOf(options),
      ...(sources.runAsUser === undefined ? {} : { securityContext: RESTRICTED_CONTAINER }),
      volumeMounts: [
        { name: VOLUME, mountPath: MOUNT },
        ...(usesBundle ? [{ name: 'bundle', mountPath: '/notepod', readOnly: true }] : []),
        ...options.volumes.map(each => ({
          name: `claim-${claims.indexOf(each.claim)}`,
          mountPath: each.path,
          ...(each.readOnly ? { readOnly: true } : {})
        }))
      ]
    }
  };
}

function environmentOf(
  options: StepOptions,
  used: readonly Parameter[],
  { run, parts }: { readonly run?: string; readonly parts: number }
): JsonObject[] {
  // The step's own `env:` is in the bundle: here Argo and the kubelet would replace parts of it.
  return [
    // One hash seed for all: a set of texts has one order in a process, so it must have it in all steps of a run.
    { name: 'PYTHONHASHSEED', value: '0' },
    { name: 'PYTHONUNBUFFERED', value: '1' },
    { name: 'PYTHONIOENCODING', value: 'utf-8' },
    { name: 'NOTEPOD_RUN', value: run ?? '{{workflow.name}}' },
    { name: 'NOTEPOD_ATTEMPT', value: options.retry === 0 ? '0' : '{{retries}}' },
    ...used.map((each, index) => ({
      name: `NOTEPOD_PARAMETER_${each.name}`,
      // Not as a plain value: the kubelet would replace `$(NAME)` in it.
      valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${parameterKey(index)}']` } }
    })),
    ...Array.from({ length: parts }, (_, index) => ({
      name: `NOTEPOD_BUNDLE_${index}`,
      value: `{{workflow.parameters.${PIECES}-${index}}}`
    })),
    ...options.secrets.map(({ secret, key, env }) => ({
      name: env,
      valueFrom: { secretKeyRef: { name: secret, key } }
    }))
  ];
}

function parameterKey(index: number): string {
  return `parameters.notepod.dev/p${index}`;
}

function resourcesOf({ requests, limits }: StepOptions): JsonObject {
  const own = {
    ...(Object.keys(requests).length === 0 ? {} : { requests }),
    ...(Object.keys(limits).length === 0 ? {} : { limits })
  };
  return Object.keys(own).length === 0 ? {} : { resources: own };
}

function retryOf(limit: number): JsonObject {
  return {
    limit: String(limit),
    // A pod that was deleted or evicted counts as an error, not as a failure.
    retryPolicy: 'Always',
    // 4: stopped by the guard, or a value that cannot be shipped. Trying again gives the same.
    expression: 'asInt(lastRetry.exitCode) != 4',
    backoff: { duration: '5', factor: '2' }
  };
}

/** What the `restricted` profile asks for (Kubernetes: Pod Security Standards), and a group that may write the volume. */
function restrictedPod(user: number): JsonObject {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    fsGroup: user,
    seccompProfile: { type: 'RuntimeDefault' }
  };
}

const RESTRICTED_CONTAINER: JsonObject = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' }
};

/** Argo gives its own containers nothing of that kind (3.7: `init` and `wait`), and the profile refuses the pod for them. */
const RESTRICTED_EXECUTOR = JSON.stringify({
  initContainers: [{ name: 'init', securityContext: RESTRICTED_CONTAINER }],
  containers: [{ name: 'wait', securityContext: RESTRICTED_CONTAINER }]
});

function pieces(text: string, size: number): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < text.length; at += size) {
    found.push(text.slice(at, at + size));
  }
  return found;
}
