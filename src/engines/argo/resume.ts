import type { Kinds } from '../../cluster/objects';
import type { JsonObject } from '../../compile/types';
import type { RunEvent } from '../types';
import { templateNames } from '../../compile/template-names';
import { ANNOTATION, LABEL } from '../../compile/labels';

type Workflow = Kinds['Workflow'];
type Task = { readonly name: string; readonly depends?: string; readonly template?: string };
type Template = {
  readonly name: string;
  readonly dag?: JsonObject & { readonly tasks: readonly Task[] };
  readonly container?: JsonObject & {
    readonly env?: readonly { readonly name: string; readonly value?: string }[];
  };
};

/**
 * A further Workflow of a run, with the steps that have not succeeded: their inputs are on the run's volume.
 * @param first the run's first Workflow, as it is on the cluster
 * @param steps names of the run's steps, in reference order
 * @param events of the run so far
 * @param part number of the new Workflow, from 2
 */
export function resumed(
  first: Workflow,
  steps: readonly string[],
  events: readonly RunEvent[],
  part: number
): Workflow {
  const names = templateNames(steps);
  const succeeded = new Set<string>();
  const attempts = new Map<string, number>();
  for (const event of events) {
    if (
      event.type === 'step-reused' ||
      (event.type === 'step-ended' && event.outcome === 'succeeded')
    ) {
      succeeded.add(names.get(event.step) ?? '');
    }
    if (event.type === 'step-ready') {
      const name = names.get(event.step) ?? '';
      attempts.set(name, Math.max(event.attempt, attempts.get(name) ?? 0));
    }
  }
  const { metadata, spec } = first;
  const rest = without(spec ?? {}, 'shutdown');
  const templates = (rest.templates ?? []) as unknown as readonly Template[];
  return {
    metadata: {
      name: `${metadata?.name ?? ''}-${part}`,
      namespace: metadata?.namespace,
      labels: ownLabels(metadata?.labels),
      annotations: ownAnnotations(metadata?.annotations),
      ownerReferences: [
        {
          apiVersion: 'argoproj.io/v1alpha1',
          kind: 'Workflow',
          name: metadata?.name ?? '',
          uid: metadata?.uid ?? ''
        }
      ]
    },
    spec: {
      ...rest,
      templates: templates.flatMap(each =>
        each.dag === undefined
          ? succeeded.has(each.name)
            ? []
            : [withAttempts(each, attempts.get(each.name) ?? 0)]
          : [{ ...each, dag: { ...each.dag, tasks: remaining(each.dag.tasks, succeeded) } }]
      ) as unknown as JsonObject[]
    }
  };
}

function without(object: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}

/** The tasks that are left; what they depend on is left out where it is done. */
function remaining(tasks: readonly Task[], done: ReadonlySet<string>): readonly Task[] {
  return tasks
    .filter(task => !done.has(task.name))
    .map(({ depends, ...task }) => {
      const left = (depends ?? '')
        .split('&&')
        .map(each => each.trim())
        .filter(each => each !== '' && !done.has(each.split('.')[0]));
      return left.length === 0 ? task : { ...task, depends: left.join(' && ') };
    });
}

/** Attempts of a step are counted on. */
function withAttempts(template: Template, before: number): Template {
  const { container } = template;
  if (container === undefined || before === 0) {
    return template;
  }
  const env = (container.env ?? []).filter(each => each.name !== 'NOTEPOD_ATTEMPTS_BEFORE');
  return {
    ...template,
    container: {
      ...container,
      env: [...env, { name: 'NOTEPOD_ATTEMPTS_BEFORE', value: String(before) }]
    }
  };
}

/** Argo writes labels of its own on a Workflow that it works on. */
function ownLabels(labels: Readonly<Record<string, string>> = {}): Record<string, string> {
  const own = Object.entries(labels).filter(
    ([key]) => key === LABEL.managedBy || key.startsWith('notepod.dev/')
  );
  return Object.fromEntries(own);
}

function ownAnnotations(
  annotations: Readonly<Record<string, string>> = {}
): Record<string, string> {
  const own = Object.entries(annotations).filter(
    ([key]) => key.startsWith('notepod.dev/') && key !== ANNOTATION.cancelled
  );
  return Object.fromEntries(own);
}
