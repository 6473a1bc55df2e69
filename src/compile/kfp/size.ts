import type { Diagnostic } from '../../diagnostics/types';
import type { Json, JsonObject } from '../types';

/**
 * Bytes that Linux takes as one argument of a process (MAX_ARG_STRLEN). The server hands the container of a task to its driver as one argument, and so
 * the list of all tasks; Argo before 3.7, which comes with Kubeflow 2.14, gives them to the process as they are (kubeflow/pipelines issue 12453).
 */
const MOST_ARGUMENT = 131_072;
/** Bytes of a Workflow with its state, beyond which Argo gives a run up: etcd takes 1.5 MiB (Argo's MAX_WORKFLOW_SIZE). */
const MOST_WORKFLOW = 1_048_576;
/** Bytes that the server writes into the Workflow for a task, beside what the documents say of it: two entries of a DAG. */
const PER_TASK = 1_800;
/**
 * A container is in the Workflow's state as the driver's input and output, and as an input of the two nodes of the executor. The state is deflated and
 * written as base64, which for what is packed already comes to the same number of bytes.
 */
const COPIES = 4;

interface Documents {
  readonly pipeline: {
    readonly deploymentSpec: { readonly executors: JsonObject };
    readonly components: JsonObject;
    readonly root: JsonObject;
  };
  readonly platform: JsonObject;
}

/** About how many bytes the Workflow of a run has when all its steps have ended, and the largest arguments in it. */
export function workflowSize({ pipeline, platform }: Documents): {
  readonly workflow: number;
  readonly container: number;
  readonly root: number;
} {
  const { deploymentSpec, components, root } = pipeline;
  const containers = Object.values(deploymentSpec.executors).map(bytes);
  const container = Math.max(...containers);
  const tasks = bytes(root);
  const count = containers.length;
  const sum = containers.reduce((before, each) => before + each, 0);
  return {
    workflow:
      sum + bytes(components) + bytes(platform) + 2 * tasks + count * PER_TASK + COPIES * container,
    container,
    root: tasks
  };
}

/** Documents that a server would refuse, or begin and give up. */
export function sizeProblems(documents: Documents): readonly Diagnostic[] {
  const { workflow, container, root } = workflowSize(documents);
  if (workflow > MOST_WORKFLOW) {
    return [
      {
        code: 'NP665',
        severity: 'error',
        message: `the run would come to about ${kilobytes(workflow)} in Kubeflow's store, which takes ${kilobytes(MOST_WORKFLOW)}; the code of the steps and the files are ${kilobytes(container)} of it, several times over`,
        why: 'Argo keeps a run with its state in one object, and would give the run up on its way',
        fix: 'put large texts and files on a claim (`volume:CLAIM:/PATH`), use fewer steps, or run it with --target argo'
      }
    ];
  }
  const [large, what] =
    container > MOST_ARGUMENT
      ? [container, 'the packed code of the steps, with the files that travel, has']
      : [root, 'the list of the tasks has'];
  return large <= MOST_ARGUMENT
    ? []
    : [
        {
          code: 'NP665',
          severity: 'warning',
          message: `Kubeflow 2.14 cannot start this pipeline: ${what} ${kilobytes(large)}, and it takes ${kilobytes(MOST_ARGUMENT)}`,
          why: 'it hands it to a process as one argument; newer servers use a file',
          fix: 'nothing, if the server is newer; else put large texts and files on a claim, or run it with --target argo'
        }
      ];
}

/** Bytes of a value as JSON in UTF-8. */
function bytes(value: Json): number {
  const text = JSON.stringify(value);
  // Of three bytes each at most: this room has no encoder.
  return text.length + 2 * (text.match(/[\u0080-\uffff]/g)?.length ?? 0);
}

function kilobytes(count: number): string {
  return `${Math.ceil(count / 1000)} kB`;
}
