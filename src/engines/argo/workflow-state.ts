import { gunzipSync } from 'node:zlib';
import type { Kinds } from '../../cluster/objects';
import type { JsonObject } from '../../compile/types';
import { ANNOTATION } from '../../compile/labels';
import { nanoseconds } from './pod-state';

type Workflow = Kinds['Workflow'];

/** Argo's phases of a Workflow that will not change any more (Argo: WorkflowPhase). */
const OVER = new Set(['Succeeded', 'Failed', 'Error']);

/** What Argo says of one pod, or of the pod that it could not make. */
export interface NodeState {
  /** Name of the template, which is one per step. */
  readonly template: string;
  readonly displayName: string;
  readonly phase: string;
  readonly message?: string;
}

/** A Workflow, as the engine sees it. */
export interface WorkflowState {
  readonly name: string;
  /** Time of creation, ns since the epoch, decimal. */
  readonly created: string;
  /** Empty while Argo's controller has not taken it up. */
  readonly phase: string;
  readonly message?: string;
  readonly isOver: boolean;
  readonly finished: string;
  /** Somebody asked for its end. */
  readonly isCancelled: boolean;
  /** Nodes of the type Pod; none as long as the Workflow goes on, when nobody asks for them. */
  readonly nodes: readonly NodeState[];
}

/** Reads a Workflow. */
export function workflowState(workflow: Workflow): WorkflowState {
  const { metadata, spec, status } = workflow;
  const phase = text(status?.phase) ?? '';
  const message = text(status?.message);
  return {
    name: metadata?.name ?? '',
    created: nanoseconds(metadata?.creationTimestamp),
    phase,
    ...(message === undefined ? {} : { message }),
    isOver: OVER.has(phase),
    finished: nanoseconds(text(status?.finishedAt)),
    isCancelled:
      text(spec?.shutdown) !== undefined ||
      metadata?.annotations?.[ANNOTATION.cancelled] !== undefined,
    nodes: OVER.has(phase) ? nodesOf(status) : []
  };
}

function nodesOf(status: JsonObject | undefined): readonly NodeState[] {
  const compressed = text(status?.compressedNodes);
  // Argo packs the nodes of a large Workflow (facts: argo.md §6).
  const nodes = (
    compressed === undefined
      ? status?.nodes
      : JSON.parse(gunzipSync(Buffer.from(compressed, 'base64')).toString('utf-8'))
  ) as Readonly<Record<string, JsonObject>> | undefined;
  return Object.values(nodes ?? {}).flatMap((node): NodeState[] => {
    if (node.type !== 'Pod') {
      return [];
    }
    const message = text(node.message);
    return [
      {
        template: text(node.templateName) ?? '',
        displayName: text(node.displayName) ?? '',
        phase: text(node.phase) ?? '',
        ...(message === undefined ? {} : { message })
      }
    ];
  });
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
