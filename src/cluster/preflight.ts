import type { Diagnostic } from '../diagnostics/types';
import type { Notebook } from '../notebook/types';
import { latencyText } from '../pipeline/node-facts';
import { placeSteps, possibleNodes, type StepPlacement } from '../pipeline/placement';
import type { StorageClassFacts } from '../pipeline/storage-class';
import type { Pipeline } from '../pipeline/types';
import { decideVolume, type VolumeDecision } from '../pipeline/volume';
import { checkArgo } from './argo-checks';
import type { Check } from './check';
import type { Cluster } from './client';
import { besides, checkLimits, readDefaults, withDefaults } from './limits';
import { checkNeeds } from './needs';
import { ifAllowed, readNodes, type ClusterNodes } from './nodes';
import { checkRights } from './rights';
import { readClaims, readStorageClasses, type ReadClaim } from './storage';

export type { Check, CheckState } from './check';

export interface PreflightOptions {
  /** The account that steps run as; default: the namespace's `default`. */
  readonly serviceAccount?: string;
  /** The images of the steps that have one. */
  readonly images?: ReadonlyMap<string, string>;
  /** As in the notebook's settings, for a cluster that is looked at without one. */
  readonly extender?: boolean;
  /** Bytes that steps are expected to leave, for the size of the volume. */
  readonly estimate?: number;
  readonly signal?: AbortSignal;
}

/** What is known of a cluster before a run. */
export interface Preflight {
  readonly checks: readonly Check[];
  /** Undefined: one may not see them. */
  readonly nodes?: ClusterNodes;
}

/** What is known of a notebook on a cluster before a run: besides the checks, what placement and volume come to. */
export interface NotebookPreflight extends Preflight {
  readonly placements: readonly StepPlacement[];
  /** The same for a run whose pods all have these labels, and no others: where the volume demands it they are kept on one node. */
  readonly placementsInRun: (labels: Readonly<Record<string, string>>) => readonly StepPlacement[];
  readonly volume?: VolumeDecision;
  /** Problems of steps with their places in the notebook. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Whether one can run on a cluster: that it answers, what one may do, Argo, the account of the steps.
 * @throws ClusterError if the cluster does not answer or does not accept the credentials
 */
export async function checkCluster(
  cluster: Cluster,
  options: PreflightOptions = {}
): Promise<Preflight> {
  const { signal, serviceAccount, extender = false } = options;
  const version = await cluster.version(signal);
  const [namespace, rights, argo, nodes] = await Promise.all([
    checkNamespace(cluster, signal),
    checkRights(cluster, undefined, signal),
    checkArgo(cluster, serviceAccount, signal),
    ifAllowed(readNodes(cluster, extender, signal))
  ]);
  return {
    checks: [
      {
        name: 'cluster',
        state: 'ok',
        found: `${cluster.server} (context ${cluster.context}), Kubernetes ${version}`
      },
      ...namespace,
      ...rights,
      ...argo,
      ...checkNodes(nodes)
    ],
    ...(nodes === undefined ? {} : { nodes })
  };
}

/** As {@link checkCluster}, and whether a notebook's steps can go there with all that they refer to. */
export async function checkNotebook(
  cluster: Cluster,
  notebook: Notebook,
  pipeline: Pipeline,
  options: PreflightOptions = {}
): Promise<NotebookPreflight> {
  const { signal, images = new Map<string, string>() } = options;
  const extender = options.extender ?? notebook.settings.extender ?? false;
  const general = await checkCluster(cluster, { ...options, extender });
  const placed = await placeNotebook(cluster, notebook, pipeline, general.nodes, {
    ...options,
    extender
  });
  const [limits, needs] = await Promise.all([
    checkLimits(cluster, placed.pipeline, signal),
    checkNeeds(
      cluster,
      pipeline,
      {
        images,
        ...(general.nodes === undefined ? {} : { nodes: general.nodes }),
        claims: placed.claims,
        placements: placed.placements
      },
      signal
    )
  ]);
  return {
    ...general,
    checks: [
      ...general.checks,
      ...checkClasses(placed.classes, placed.volume),
      ...limits,
      ...needs,
      ...checkSteps(placed.placements, placed.diagnostics)
    ],
    placements: placed.placements,
    placementsInRun: placed.placementsInRun,
    ...(placed.volume === undefined ? {} : { volume: placed.volume }),
    diagnostics: placed.diagnostics
  };
}

/** A notebook's steps and volume on a cluster. */
export interface PlacedNotebook {
  /** With what the namespace fills in for containers that say nothing. */
  readonly pipeline: Pipeline;
  readonly placements: readonly StepPlacement[];
  /** See {@link NotebookPreflight}. */
  readonly placementsInRun: (labels: Readonly<Record<string, string>>) => readonly StepPlacement[];
  /** Absent where there is an error about it, or a step fits nowhere. */
  readonly volume?: VolumeDecision;
  readonly diagnostics: readonly Diagnostic[];
  /** Undefined: one may not see them. */
  readonly classes: readonly StorageClassFacts[] | undefined;
  readonly claims: readonly ReadClaim[];
}

/** Where the steps of a notebook can go on a cluster, and what volume they share. @param nodes undefined: one may not see them */
export async function placeNotebook(
  cluster: Cluster,
  notebook: Notebook,
  pipeline: Pipeline,
  nodes: ClusterNodes | undefined,
  { signal, extender = false, estimate }: PreflightOptions = {}
): Promise<PlacedNotebook> {
  const claimNames = pipeline.steps.flatMap(each => each.options.volumes.map(({ claim }) => claim));
  const [classes, claims, defaults] = await Promise.all([
    readStorageClasses(cluster, signal),
    readClaims(cluster, claimNames, signal),
    readDefaults(cluster, signal)
  ]);
  const filled = withDefaults(pipeline, defaults);
  const { placements, diagnostics } = placeSteps(notebook, filled, nodes?.nodes, {
    extender,
    more: besides(defaults),
    claims: claims.flatMap(each => each.facts ?? []),
    ...(nodes?.autoscaler === undefined ? {} : { autoscaler: nodes.autoscaler })
  });
  const decide = (runLabels?: Readonly<Record<string, string>>) =>
    decideVolume(notebook, filled, placements, classes, {
      ...(estimate === undefined ? {} : { estimate }),
      ...(runLabels === undefined ? {} : { runLabels })
    });
  const decided = decide();
  return {
    pipeline: filled,
    classes,
    claims,
    placements: decided.placements,
    placementsInRun: labels => decide(labels).placements,
    ...(decided.volume === undefined ? {} : { volume: decided.volume }),
    diagnostics: [...diagnostics, ...decided.diagnostics]
  };
}

async function checkNamespace(
  cluster: Cluster,
  signal: AbortSignal | undefined
): Promise<readonly Check[]> {
  const name = `namespace ${cluster.namespace}`;
  const look = cluster.find('Namespace', cluster.namespace, { signal });
  const found = await ifAllowed(look.then(namespace => ({ namespace })));
  if (found === undefined) {
    return [{ name, state: 'unknown', found: 'it may not be looked at; what is made in it tells' }];
  }
  const { namespace } = found;
  if (namespace === undefined) {
    return [
      {
        name,
        state: 'error',
        found: 'there is no such namespace',
        fix: `choose another with -n, or have it made: kubectl create namespace ${cluster.namespace}`
      }
    ];
  }
  if (namespace.status?.phase === 'Terminating') {
    return [{ name, state: 'error', found: 'it is being deleted', fix: 'choose another with -n' }];
  }
  const level = namespace.metadata?.labels?.['pod-security.kubernetes.io/enforce'];
  return [
    {
      name,
      state: 'ok',
      found: level === undefined ? 'is there' : `is there; pod security: ${level}`
    }
  ];
}

function checkNodes(nodes: ClusterNodes | undefined): readonly Check[] {
  if (nodes === undefined) {
    return [
      {
        name: 'nodes',
        state: 'unknown',
        found: 'they may not be listed: where steps can go is told by the scheduler only',
        fix: 'have the ClusterRole of docs/kubernetes.md bound to you'
      }
    ];
  }
  const ready = nodes.nodes.filter(each => each.ready).length;
  const count = `${nodes.nodes.length} node${nodes.nodes.length === 1 ? '' : 's'}, ${ready} ready`;
  const growing = nodes.autoscaler === undefined ? '' : `; ${nodes.autoscaler} adds nodes`;
  return [
    ready === 0
      ? { name: 'nodes', state: 'error', found: count, fix: 'have a node added or mended' }
      : { name: 'nodes', state: 'ok', found: count + growing },
    ...(nodes.seesAllPods
      ? []
      : [
          {
            name: 'room of the nodes',
            state: 'unknown' as const,
            found:
              'the pods of other namespaces may not be seen: nodes may have less room than is told'
          }
        ]),
    ...nodes.bad.map(({ node, key, value }) => ({
      name: `node ${node}: latency`,
      state: 'warning' as const,
      found: `label ${key}=${value} is no whole number of microseconds, and is passed over`,
      fix: `measure it: notepod nodes measure, or kubectl label node ${node} --overwrite ${key}=<microseconds>`
    }))
  ];
}

function checkClasses(
  classes: readonly StorageClassFacts[] | undefined,
  volume: VolumeDecision | undefined
): readonly Check[] {
  const listed = (classes ?? []).map(({ name, isDefault, binding, sharing }) => {
    const traits = [
      ...(isDefault ? ['default'] : []),
      ...(sharing === 'many' ? ['many nodes'] : sharing === 'one' ? ['one node'] : []),
      binding
    ];
    return `${name} (${traits.join(', ')})`;
  });
  return [
    classes === undefined
      ? { name: 'storage classes', state: 'unknown', found: 'they may not be listed' }
      : {
          name: 'storage classes',
          state: classes.length === 0 ? 'error' : 'ok',
          found: listed.join(', ') || 'none',
          ...(classes.length === 0 ? { fix: 'have a storage provisioner installed' } : {})
        },
    ...(volume === undefined ? [] : [{ name: 'volume', state: 'ok' as const, found: volume.words }])
  ];
}

/** One check of each step that has no problem; the others have a diagnostic, with its place. */
function checkSteps(
  placements: readonly StepPlacement[],
  diagnostics: readonly Diagnostic[]
): readonly Check[] {
  return placements.flatMap((placement): Check[] => {
    const { step, verdicts } = placement;
    const possible = possibleNodes(placement);
    if (verdicts === undefined || possible.length === 0) {
      return [];
    }
    const best = verdicts[0];
    const where =
      best.micros === undefined
        ? best.node.name
        : `${best.node.name} (${latencyText(best.micros)})`;
    const told = diagnostics.some(each => each.message.includes(`step ${step} `));
    return told
      ? []
      : [
          {
            name: `step ${step}`,
            state: 'ok',
            found: `fits on ${possible.length} of ${verdicts.length} node${verdicts.length === 1 ? '' : 's'}; best: ${where}`
          }
        ];
  });
}

/** True if a run would be refused. */
export function isRefusedBy({
  checks,
  diagnostics = []
}: Preflight & Partial<NotebookPreflight>): boolean {
  return (
    checks.some(each => each.state === 'error') ||
    diagnostics.some(each => each.severity === 'error')
  );
}
