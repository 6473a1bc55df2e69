import type { Diagnostic } from '../diagnostics/types';
import type { Notebook } from '../notebook/types';
import { latencyText, type NodeFacts } from './node-facts';
import { possibleNodes, type StepPlacement } from './placement';
import { sharedClass, within, type StorageClassFacts } from './storage-class';
import { keepTogether, nodesForAll, whoDecides } from './together';
import type { Pipeline } from './types';

/** The volume that a run's steps share. */
export interface VolumeDecision {
  readonly accessMode: 'ReadWriteOnce' | 'ReadWriteMany';
  /** Absent: the cluster's default class, if the classes are not known. */
  readonly storageClass?: string;
  /** A Kubernetes quantity. */
  readonly size: string;
  /** The step whose location decides where all of them run, if one does. */
  readonly decides?: string;
  /** What was decided and why, for a person. */
  readonly words: string;
}

export interface VolumeOptions {
  /** Bytes that steps are expected to leave on the volume, for its size. */
  readonly estimate?: number;
  /** Labels that all pods of the run have and no others; with them steps are kept on one node where the volume demands it. */
  readonly runLabels?: Readonly<Record<string, string>>;
}

/** What `decideVolume` comes to: the volume if there is one, and the steps' placements with what follows from it. */
export interface PlacedVolume {
  readonly volume?: VolumeDecision;
  readonly placements: readonly StepPlacement[];
  readonly diagnostics: readonly Diagnostic[];
}

const GIB = 1024 ** 3;

/**
 * Decides on the volume, in the order of what costs least: one for one node, if all steps can be there and none of them has to be
 * farther from its place than it could be; one for many nodes, if a class has such; else one for one node with a warning that says
 * whose location counts, if there is a node for all; else an error.
 * @param placements of the pipeline's steps, in its order
 * @param classes undefined: not known
 */
export function decideVolume(
  notebook: Notebook,
  pipeline: Pipeline,
  placements: readonly StepPlacement[],
  classes: readonly StorageClassFacts[] | undefined,
  options: VolumeOptions = {}
): PlacedVolume {
  const wish = notebook.settings.volume;
  const own = classes?.find(each =>
    wish.storageClass === undefined ? each.isDefault : each.name === wish.storageClass
  );
  const many = classes && sharedClass(classes, wish);
  const refuse = (...diagnostics: Diagnostic[]): PlacedVolume => ({ placements, diagnostics });
  if (wish.accessMode !== undefined && !MODES.includes(wish.accessMode)) {
    return refuse(wrongMode(wish.accessMode));
  }
  if (classes && own === undefined && many === undefined) {
    return refuse(noClass(wish.storageClass, classes));
  }
  const isKnown = placements.every(each => each.verdicts !== undefined);
  if (isKnown && placements.some(each => possibleNodes(each).length === 0)) {
    // A step that fits nowhere has been told of already.
    return refuse();
  }
  const name = (chosen: StorageClassFacts | undefined) => chosen?.name ?? wish.storageClass;
  const size = wish.size ?? sizeFor(options.estimate ?? 0);
  const nodes = nodesForAll(placements.map(each => within(each, own)));
  const { deciding, losing } = whoDecides(pipeline, placements, nodes);
  const isApart = isKnown && nodes.length === 0;
  if (
    wish.accessMode === 'ReadWriteMany' ||
    (wish.accessMode === undefined && many !== undefined && (isApart || losing.length > 0))
  ) {
    const chosen = many ?? own;
    if (chosen?.sharing === 'one') {
      return refuse(cannotShare(chosen));
    }
    const why =
      wish.accessMode === 'ReadWriteMany'
        ? 'the setting asks for it'
        : isApart
          ? 'the steps cannot all be on one node'
          : 'the steps’ places are near different nodes';
    const reached = placements.map(each => within(each, chosen));
    return {
      volume: volumeOf('ReadWriteMany', name(chosen), size, `for many nodes: ${why}`),
      placements: reached,
      diagnostics: unreachable(reached, chosen)
    };
  }
  if (isApart) {
    return refuse(nowhereTogether(placements, own, classes));
  }
  const where =
    deciding === undefined
      ? 'the first step’s node is that of all'
      : `step ${deciding.step} decides which, the nearest to ${deciding.place}: ${deciding.node.name} (${latencyText(deciding.micros)})`;
  const reason = isKnown ? 'all steps can run on one' : 'nothing is known of the nodes';
  return {
    volume: {
      ...volumeOf('ReadWriteOnce', name(own), size, `for one node, since ${reason}; ${where}`),
      ...(deciding === undefined ? {} : { decides: deciding.step })
    },
    placements: isKnown
      ? keepTogether(pipeline, placements, nodes, deciding, options.runLabels)
      : placements,
    diagnostics: [...losing, ...(isKnown ? boundTooEarly(own, placements, nodes) : [])]
  };
}

const MODES = ['ReadWriteOnce', 'ReadWriteMany'];

function volumeOf(
  accessMode: VolumeDecision['accessMode'],
  storageClass: string | undefined,
  size: string,
  why: string
): VolumeDecision {
  const of = storageClass === undefined ? 'the default class' : `class ${storageClass}`;
  return {
    accessMode,
    ...(storageClass === undefined ? {} : { storageClass }),
    size,
    words: `${size} of ${of} (${accessMode}), ${why}`
  };
}

/** Room for what steps leave, four times over: values are written by each step that changes them, and again while it writes. */
function sizeFor(estimate: number): string {
  return `${Math.max(2, Math.ceil((4 * estimate) / GIB))}Gi`;
}

function wrongMode(mode: string): Diagnostic {
  return {
    code: 'NP636',
    severity: 'error',
    message: `the volume is to be ${mode}, and steps cannot share such`,
    why: 'every step writes on the volume, and steps may run at the same time',
    fix: 'set `accessMode` to ReadWriteOnce or ReadWriteMany in the settings `volume`, or take it out'
  };
}

function noClass(wanted: string | undefined, classes: readonly StorageClassFacts[]): Diagnostic {
  const names = classes.map(each => each.name).join(', ');
  return {
    code: 'NP636',
    severity: 'error',
    message:
      wanted === undefined
        ? 'the cluster has no default storage class'
        : `the cluster has no storage class ${wanted}`,
    why:
      names === '' ? 'it has no classes at all: no volume can be made' : `its classes are ${names}`,
    fix:
      names === ''
        ? 'have a storage provisioner installed'
        : 'name one of them in the settings: `volume`, `storageClass`'
  };
}

function cannotShare({ name, provisioner }: StorageClassFacts): Diagnostic {
  return {
    code: 'NP636',
    severity: 'error',
    message: `the volume is to be ReadWriteMany, and class ${name} cannot give such`,
    why: `its provisioner ${provisioner} makes volumes for one node at a time: the claim would wait without end`,
    fix: 'name a class that many nodes can mount (NFS, CephFS, a cloud’s file service), or take `accessMode` out of the settings'
  };
}

function nowhereTogether(
  placements: readonly StepPlacement[],
  own: StorageClassFacts | undefined,
  classes: readonly StorageClassFacts[] | undefined
): Diagnostic {
  const groups = new Map<string, string[]>();
  for (const each of placements) {
    const names = possibleNodes(each)
      .map(node => node.name)
      .sort();
    const key =
      names.length > 4
        ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
        : names.join(', ');
    groups.set(key, [...(groups.get(key) ?? []), each.step]);
  }
  const where = [...groups].map(([nodes, steps]) => `${steps.join(', ')} on ${nodes}`).join('; ');
  const unknown = (classes ?? []).filter(each => each.sharing === 'unknown').map(each => each.name);
  return {
    code: 'NP637',
    severity: 'error',
    message: `no node can take all steps: ${where}`,
    why:
      'steps hand over their values on one volume, ' +
      (own === undefined ? 'which' : `and one of class ${own.name}`) +
      ' can be on one node at a time',
    fix:
      'take a location or node tag away, fuse the steps that must meet, or name a storage class that many nodes can mount' +
      (unknown.length === 0
        ? ''
        : ` (settings \`volume\`; if ${unknown.join(' or ')} can: \`storageClass\` and \`accessMode: ReadWriteMany\`)`)
  };
}

function unreachable(
  placements: readonly StepPlacement[],
  storageClass: StorageClassFacts | undefined
): readonly Diagnostic[] {
  return placements.flatMap((each): Diagnostic[] =>
    each.verdicts === undefined || possibleNodes(each).length > 0
      ? []
      : [
          {
            code: 'NP637',
            severity: 'error',
            message: `no node that step ${each.step} fits on can reach volumes of class ${storageClass?.name ?? ''}`,
            why: 'the class has volumes in some parts of the cluster only (its `allowedTopologies`)',
            fix: 'name another storage class in the settings, or take the step’s location or node tag away'
          }
        ]
  );
}

/** A volume that is made at once has its place before any step has. */
function boundTooEarly(
  own: StorageClassFacts | undefined,
  placements: readonly StepPlacement[],
  nodes: readonly NodeFacts[]
): readonly Diagnostic[] {
  const limited = placements.some(each => (each.verdicts ?? []).length > nodes.length);
  return own?.binding === 'Immediate' && own.sharing === 'one' && limited
    ? [
        {
          code: 'NP638',
          severity: 'warning',
          message: `class ${own.name} makes the volume before the first step has a node`,
          why: 'it may be made where not all steps can run, and they would wait without end',
          fix: 'name a class with the binding mode WaitForFirstConsumer in the settings, if there is one'
        }
      ]
    : [];
}
