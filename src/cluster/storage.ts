import type { NodeTerm } from '../pipeline/affinity';
import { sharingOf, type StorageClassFacts } from '../pipeline/storage-class';
import type { ClaimFacts } from '../pipeline/verdict';
import type { Cluster } from './client';
import { ifAllowed } from './nodes';
import type { Kinds } from './objects';
import { isHolding } from './pod-requests';

/** https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass */
const IS_DEFAULT = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class'
];

/** The storage classes; of several defaults the newest counts, as in Kubernetes. @returns undefined if one may not list them */
export async function readStorageClasses(
  cluster: Cluster,
  signal?: AbortSignal
): Promise<readonly StorageClassFacts[] | undefined> {
  const classes = await ifAllowed(cluster.list('StorageClass', {}, signal));
  const made = (each: Kinds['StorageClass']) => each.metadata?.creationTimestamp ?? '';
  const defaults = (classes ?? [])
    .filter(each => IS_DEFAULT.some(key => each.metadata?.annotations?.[key] === 'true'))
    .sort((a, b) => (made(a) < made(b) ? 1 : -1));
  return classes?.map(each => ({
    name: each.metadata?.name ?? '',
    isDefault: each === defaults[0],
    provisioner: each.provisioner,
    binding:
      each.volumeBindingMode === 'WaitForFirstConsumer' ? 'WaitForFirstConsumer' : 'Immediate',
    sharing: sharingOf(each.provisioner),
    reach: (each.allowedTopologies ?? []).map(term => ({
      matchExpressions: (term.matchLabelExpressions ?? []).map(({ key, values }) => ({
        key,
        operator: 'In' as const,
        values
      }))
    }))
  }));
}

/** A claim that steps mount, with what says whether they can. */
export interface ReadClaim {
  readonly name: string;
  /** Undefined: it is not there. */
  readonly claim?: Kinds['PersistentVolumeClaim'];
  readonly facts?: ClaimFacts;
}

/** Existing claims of the namespace, with where their volumes can be reached. */
export async function readClaims(
  cluster: Cluster,
  names: readonly string[],
  signal?: AbortSignal
): Promise<readonly ReadClaim[]> {
  if (names.length === 0) {
    return [];
  }
  const pods = (await ifAllowed(cluster.list('Pod', {}, signal))) ?? [];
  return Promise.all(
    [...new Set(names)].map(async (name): Promise<ReadClaim> => {
      const claim = await cluster.find('PersistentVolumeClaim', name, { signal });
      if (claim === undefined) {
        return { name };
      }
      const modes = claim.status?.accessModes ?? claim.spec?.accessModes ?? [];
      const isForMany = modes.some(mode => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany');
      const users = pods.filter(
        pod =>
          isHolding(pod) &&
          (pod.spec?.volumes ?? []).some(each => each.persistentVolumeClaim?.claimName === name)
      );
      return {
        name,
        claim,
        facts: {
          name,
          reach: await reachOf(cluster, claim, signal),
          heldBy: isForMany ? [] : [...new Set(users.map(pod => pod.spec?.nodeName ?? ''))].sort()
        }
      };
    })
  );
}

async function reachOf(
  cluster: Cluster,
  claim: Kinds['PersistentVolumeClaim'],
  signal: AbortSignal | undefined
): Promise<readonly NodeTerm[]> {
  const volume = claim.spec?.volumeName;
  const found = volume && (await ifAllowed(cluster.find('PersistentVolume', volume, { signal })));
  return ((found && found.spec?.nodeAffinity?.required?.nodeSelectorTerms) ||
    []) as readonly NodeTerm[];
}
