import type { Notebook } from '../notebook/types';
import { meetsTerm, type NodeTerm } from './affinity';
import type { StepPlacement } from './placement';

/** A storage class as plain data. */
export interface StorageClassFacts {
  readonly name: string;
  readonly isDefault: boolean;
  readonly provisioner: string;
  /** `Immediate`: the volume is made, and has its place, before the first pod. */
  readonly binding: 'Immediate' | 'WaitForFirstConsumer';
  /** Whether many nodes can mount a volume of it at once; see {@link sharingOf}. */
  readonly sharing: 'many' | 'one' | 'unknown';
  /** Nodes that can reach its volumes (one of the terms); empty: all. */
  readonly reach: readonly NodeTerm[];
}

/** Provisioners whose volumes many nodes can mount at once (ReadWriteMany), by their own documentation. */
const MANY =
  /(^|[./-])(nfs|nfs-subdir-external-provisioner|cephfs|efs|filestore|azurefile|azure-file|file\.csi\.azure|smb|manila|glusterfs|longhorn|fsx|lustre|juicefs|weka|wekafs|vastdata|beegfs|gpfs|moosefs|quobyte|panfs|curvefs|alluxio)([./-]|$)/;
/** Provisioners whose volumes one node can mount at a time. */
const ONE =
  /(^|[./-])(local-path|hostpath|minikube-hostpath|no-provisioner|local|topolvm|ebs|aws-ebs|gce-pd|pd|disk|azuredisk|azure-disk|cinder|rbd|vsphere|vsphere-volume|do|hetzner|hcloud|linodebs|vultr|block|bs)([./-]|$)/;

/** Whether many nodes can mount a volume of a provisioner at once. */
export function sharingOf(provisioner: string): StorageClassFacts['sharing'] {
  return MANY.test(provisioner) ? 'many' : ONE.test(provisioner) ? 'one' : 'unknown';
}

/** A class whose volumes many nodes can mount: the one that is named, if it may; the default; any other. */
export function sharedClass(
  classes: readonly StorageClassFacts[],
  wish: Notebook['settings']['volume']
): StorageClassFacts | undefined {
  if (wish.storageClass !== undefined) {
    const named = classes.find(each => each.name === wish.storageClass);
    // Who names a class and the mode knows that it can.
    return named?.sharing === 'many' || wish.accessMode === 'ReadWriteMany' ? named : undefined;
  }
  const many = classes.filter(each => each.sharing === 'many');
  return (
    many.find(each => each.isDefault) ?? [...many].sort((a, b) => (a.name < b.name ? -1 : 1))[0]
  );
}

/** A placement without the nodes that cannot reach the volumes of a class. */
export function within(
  placement: StepPlacement,
  storageClass: StorageClassFacts | undefined
): StepPlacement {
  const reach = storageClass?.reach ?? [];
  if (reach.length === 0 || placement.verdicts === undefined) {
    return placement;
  }
  const verdicts = placement.verdicts.map(each =>
    reach.some(term => meetsTerm(term, each.node))
      ? each
      : {
          ...each,
          fits: 'never' as const,
          reasons: [
            ...each.reasons,
            {
              kind: 'volume' as const,
              text: `cannot reach volumes of class ${storageClass?.name ?? ''}`,
              about: storageClass?.name ?? '',
              missing: 1
            }
          ]
        }
  );
  return { ...placement, verdicts };
}
