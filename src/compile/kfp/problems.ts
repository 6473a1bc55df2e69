import type { Diagnostic, Span } from '../../diagnostics/types';
import type { Tag } from '../../notebook/types';
import { tagPlace } from '../../pipeline/tag-place';
import type { PipelineStep } from '../../pipeline/types';
import type { KfpParameter } from './parameters';
import type { KfpSources } from './types';

/** A resource that goes into the format's one place for an accelerator. */
export function isDevice(resource: string): boolean {
  return !['cpu', 'memory', 'ephemeral-storage'].includes(resource);
}

/**
 * What Kubeflow's format cannot carry of what the notebook asks for, or carries with a difference. Nothing is left out in silence.
 * The facts are those of Kubeflow Pipelines 2.14 to 2.17: pipeline_spec.proto, kubernetes_executor_config.proto and the driver that reads them.
 */
export function kfpProblems(
  sources: KfpSources,
  parameters: readonly KfpParameter[]
): readonly Diagnostic[] {
  return [
    ...sources.pipeline.steps.flatMap(each => stepProblems(sources, each)),
    ...parameters.filter(each => each.hidden !== undefined).map(hiddenParameter),
    ...settingsProblems(sources)
  ];
}

function stepProblems(sources: KfpSources, each: PipelineStep): Diagnostic[] {
  const { options, step } = each;
  const at = (is: (tag: Tag) => boolean) => tagPlace(sources.notebook, step.name, is);
  return [
    ...resourceProblems(each, at),
    ...volumeProblems(each, at),
    ...textProblems(sources, each, at),
    ...placementProblems(sources, each, at),
    ...(options.cache === true &&
    sources.pipeline.steps.some(other => other.needs.includes(step.name))
      ? [
          {
            code: 'NP662',
            severity: 'warning' as const,
            message: `step ${step.name} is tagged \`cache:enabled\`, and runs again in every run on Kubeflow`,
            why: 'later steps take its values from the volume of the run, and each run there has a volume of its own',
            fix: 'nothing, if it may run again; `notepod run` keeps snapshots between runs',
            ...at(tag => tag.type === 'cache')
          }
        ]
      : [])
  ];
}

type At = (is: (tag: Tag) => boolean) => { readonly span?: Span };

function resourceProblems({ step, options }: PipelineStep, at: At): Diagnostic[] {
  const asked = Object.keys({ ...options.requests, ...options.limits });
  const storage = asked.filter(each => each === 'ephemeral-storage');
  const [first, ...more] = asked.filter(isDevice);
  return [...storage, ...more].map(resource => ({
    code: 'NP661',
    severity: 'error',
    message:
      `step ${step.name} asks for \`${resource}\`` +
      (isDevice(resource) ? ` beside \`${first}\`` : '') +
      ', which a pipeline of Kubeflow cannot say',
    why: 'its format has CPU, memory and one more resource, and the pod would start without this one',
    fix: 'take the tag out for Kubeflow, or run it with --target argo',
    ...at(tag => (tag.type === 'request' || tag.type === 'limit') && tag.resource === resource)
  }));
}

function volumeProblems({ step, options }: PipelineStep, at: At): Diagnostic[] {
  const seen = new Set<string>();
  return options.volumes.flatMap(({ claim, path, readOnly }): Diagnostic[] => {
    const place = at(tag => tag.type === 'volume' && tag.claim === claim && tag.path === path);
    const twice = seen.has(claim);
    seen.add(claim);
    const cannot = (message: string, why: string, fix: string): Diagnostic[] => [
      { code: 'NP661', severity: 'error', message, why, fix, ...place }
    ];
    if (twice) {
      return cannot(
        `step ${step.name} mounts the claim ${claim} at two paths`,
        'Kubeflow names a volume of the pod by its claim, and a pod has no two volumes of one name',
        'mount it at one path'
      );
    }
    // The claim's name becomes the name of a volume: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(claim)) {
      return cannot(
        `step ${step.name} mounts the claim ${claim}, whose name Kubeflow cannot use`,
        'Kubeflow names a volume of the pod by its claim: small letters, digits and `-`, 63 at most',
        'make a claim with such a name on the same volume, or run it with --target argo'
      );
    }
    if (path === '/marshal' || path.startsWith('/marshal/')) {
      return cannot(
        `step ${step.name} mounts the claim ${claim} at ${path}`,
        "the run's own volume is at /marshal",
        'mount it at another path'
      );
    }
    return readOnly
      ? [
          {
            code: 'NP662',
            severity: 'warning',
            message: `step ${step.name} can write to the claim ${claim} on Kubeflow, although the tag ends with \`:ro\``,
            why: 'the format cannot say that a claim is mounted for reading only',
            fix: 'see that the step only reads there, or run it with --target argo',
            ...place
          }
        ]
      : [];
  });
}

/** Texts of the user's that stand in the documents as they are: Argo would take two braces for a place to fill in. */
function textProblems(sources: KfpSources, { step, options }: PipelineStep, at: At): Diagnostic[] {
  const texts: [string, string, (tag: Tag) => boolean][] = [
    ...Object.entries(options.annotations).map(
      ([key, value]): [string, string, (tag: Tag) => boolean] => [
        `the annotation ${key}`,
        value,
        tag => tag.type === 'annotation' && tag.key === key
      ]
    ),
    ...options.tolerations.map(({ key, value }): [string, string, (tag: Tag) => boolean] => [
      `the toleration of ${key}`,
      value ?? '',
      tag => tag.type === 'toleration' && tag.key === key
    ]),
    ...options.secrets.map(({ secret, key }): [string, string, (tag: Tag) => boolean] => [
      `the key of secret ${secret}`,
      key,
      tag => tag.type === 'secret' && tag.secret === secret
    ]),
    ...options.volumes.map(({ claim, path }): [string, string, (tag: Tag) => boolean] => [
      `the path of claim ${claim}`,
      path,
      tag => tag.type === 'volume' && tag.claim === claim
    ]),
    ['the image', sources.images.get(step.name) ?? '', tag => tag.type === 'image']
  ];
  return texts
    .filter(([, text]) => text.includes('{{'))
    .map(([what, , is]) => ({
      code: 'NP663',
      severity: 'error',
      message: `${what} of step ${step.name} has \`{{\` in it`,
      why: 'Argo, which runs the pipelines of Kubeflow, would put something in its place, or refuse the run',
      fix: 'write it without two braces in a row',
      ...at(is)
    }));
}

function placementProblems(
  { placements }: KfpSources,
  { step }: PipelineStep,
  at: At
): Diagnostic[] {
  const placement = placements.find(each => each.step === step.name);
  return placement?.affinity?.podAffinity === undefined
    ? []
    : [
        {
          code: 'NP661',
          severity: 'error',
          message: `step ${step.name} must run where the other steps run, which a pipeline of Kubeflow cannot say`,
          why: 'its format has a place for it that its server does not read',
          fix: 'take a volume that many nodes can write (`accessMode` ReadWriteMany in the settings), or run it with --target argo',
          ...at(tag => tag.type === 'location')
        }
      ];
}

function hiddenParameter({ name, hidden }: KfpParameter): Diagnostic {
  return {
    code: 'NP662',
    severity: 'info',
    message: `Kubeflow does not show the value of parameter \`${name}\`: it is ${hidden ?? ''}`,
    why: 'the format would hand another value to the steps; so they keep the one that the notebook has',
    fix: 'nothing, unless the value should be seen there'
  };
}

function settingsProblems({ notebook, runAs, timeout, volume }: KfpSources): Diagnostic[] {
  const newer = [
    ...(timeout === undefined ? [] : [['`timeout` of the whole run', '2.17']]),
    ...(runAs?.user === undefined && runAs?.group === undefined
      ? []
      : [['the user that the steps run as', '2.16']])
  ];
  return [
    ...newer.map(([what, since]): Diagnostic => ({
      code: 'NP664',
      severity: 'info',
      message: `the setting for ${what} has an effect on Kubeflow Pipelines ${since} and newer`,
      why: 'older servers pass over it without a word',
      fix: 'nothing, if the server is that new'
    })),
    ...(volume.storageClass === ''
      ? [
          {
            code: 'NP661',
            severity: 'error' as const,
            message: 'the setting `volume.storageClass` is empty',
            why: 'Kubeflow refuses a workspace with an empty class',
            fix: "name a class, or take the setting out for the cluster's default"
          }
        ]
      : []),
    ...(notebook.settings.cache === true
      ? [
          {
            code: 'NP662',
            severity: 'info' as const,
            message:
              'the setting `cache` has no effect on Kubeflow: the steps run again in every run',
            why: 'each run there has a volume of its own, and later steps take values from it',
            fix: 'nothing, if they may run again'
          }
        ]
      : [])
  ];
}
