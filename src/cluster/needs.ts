import type { StepPlacement } from '../pipeline/placement';
import type { Pipeline } from '../pipeline/types';
import { checking, type Check } from './check';
import type { Cluster } from './client';
import type { ClusterNodes } from './nodes';
import type { Kinds } from './objects';
import type { ReadClaim } from './storage';

/** Whether the cluster has what the steps refer to: images, secrets, claims; and what else their labels bring. */
export async function checkNeeds(
  cluster: Cluster,
  pipeline: Pipeline,
  at: {
    /** Of each step that has one. */
    readonly images: ReadonlyMap<string, string>;
    readonly nodes?: ClusterNodes;
    readonly claims: readonly ReadClaim[];
    readonly placements: readonly StepPlacement[];
  },
  signal?: AbortSignal
): Promise<readonly Check[]> {
  const [secrets, defaults] = await Promise.all([
    checkSecrets(cluster, pipeline, signal),
    checking('PodDefaults', () => checkPodDefaults(cluster, pipeline, at.placements, signal))
  ]);
  return [
    ...checkImages([...new Set(at.images.values())], at.nodes),
    ...secrets,
    ...at.claims.map(each => checkClaim(each, pipeline, cluster.namespace)),
    ...defaults
  ];
}

function checkImages(images: readonly string[], nodes: ClusterNodes | undefined): readonly Check[] {
  return images.map((image): Check => {
    const name = `image ${image}`;
    const wanted = canonical(image);
    if (nodes === undefined) {
      return {
        name,
        state: 'unknown',
        found: 'the nodes may not be seen; it is pulled where it is not'
      };
    }
    // https://kubernetes.io/docs/concepts/containers/images/#imagepullpolicy-defaulting
    if (wanted.endsWith(':latest')) {
      return {
        name,
        state: 'warning',
        found:
          'its tag is latest: every pod asks the registry for it again, and steps may get different ones',
        fix: 'name a tag that stays, or a digest'
      };
    }
    const all = [...nodes.images.values()];
    const having = all.filter(names => names.some(each => canonical(each) === wanted)).length;
    return {
      name,
      state: 'ok',
      found:
        having === 0
          ? 'seen on no node: it is pulled by the first pod on each'
          : `seen on ${having} of ${all.length} node${all.length === 1 ? '' : 's'}; pulled where it is not`
    };
  });
}

/** The full name of an image, as container runtimes report it: `python` is `docker.io/library/python:latest`. */
export function canonical(image: string): string {
  const [, path = image, tail = ''] = /^(.*?)((?::[^:/@]+)?(?:@.+)?)$/.exec(image) ?? [];
  const [first, ...rest] = path.split('/');
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const full = hasHost ? path : `docker.io/${rest.length === 0 ? `library/${path}` : path}`;
  return full + (tail === '' ? ':latest' : tail);
}

async function checkSecrets(
  cluster: Cluster,
  { steps }: Pipeline,
  signal: AbortSignal | undefined
): Promise<readonly Check[]> {
  const wanted = new Map<string, Map<string, string[]>>();
  for (const { step, options } of steps) {
    for (const { secret, key } of options.secrets) {
      const keys = wanted.get(secret) ?? new Map<string, string[]>();
      wanted.set(secret, keys.set(key, [...(keys.get(key) ?? []), step.name]));
    }
  }
  const checks = await Promise.all(
    [...wanted].map(([secret, keys]) => {
      const name = `secret ${secret}`;
      return checking(name, async () => {
        const found = await cluster.find('Secret', secret, { signal });
        const users = [...new Set([...keys.values()].flat())].join(', ');
        if (found === undefined) {
          return [
            {
              name,
              state: 'error' as const,
              found: `namespace ${cluster.namespace} has none of this name; step ${users} needs it`,
              fix: `make it: kubectl -n ${cluster.namespace} create secret generic ${secret} ${[...keys.keys()].map(key => `--from-literal=${key}=…`).join(' ')}`
            }
          ];
        }
        const missing = [...keys.keys()].filter(key => found.data?.[key] === undefined);
        return [
          missing.length === 0
            ? { name, state: 'ok' as const, found: `has ${[...keys.keys()].join(', ')}` }
            : {
                name,
                state: 'error' as const,
                found: `has no key ${missing.join(', ')}; step ${users} needs it`,
                fix: `its keys are ${Object.keys(found.data ?? {}).join(', ') || 'none'}: correct the tag, or add the key`
              }
        ];
      });
    })
  );
  return checks.flat();
}

function checkClaim(
  { name: claim, claim: found, facts }: ReadClaim,
  { steps }: Pipeline,
  namespace: string
): Check {
  const name = `claim ${claim}`;
  const users = steps.filter(each => each.options.volumes.some(volume => volume.claim === claim));
  const names = users.map(each => each.step.name).join(', ');
  if (found === undefined) {
    return {
      name,
      state: 'error',
      found: `namespace ${namespace} has none of this name; step ${names} mounts it`,
      fix: 'correct the tag, or make the claim'
    };
  }
  const modes = found.status?.accessModes ?? found.spec?.accessModes ?? [];
  const writes = users.filter(each =>
    each.options.volumes.some(volume => volume.claim === claim && !volume.readOnly)
  );
  if (writes.length > 0 && modes.every(mode => mode === 'ReadOnlyMany') && modes.length > 0) {
    return {
      name,
      state: 'error',
      found: `is for reading only (ReadOnlyMany), and step ${writes.map(each => each.step.name).join(', ')} mounts it for writing`,
      fix: `write volume:${claim}:<path>:ro`
    };
  }
  if (found.status?.phase === 'Lost') {
    return {
      name,
      state: 'error',
      found: 'has lost its volume',
      fix: 'have it mended, or mount another'
    };
  }
  const held =
    facts && facts.heldBy.length > 0
      ? `; ${facts.heldBy.join(', ')} has it, so steps that mount it run there`
      : '';
  return {
    name,
    state: 'ok',
    found: `${found.status?.phase ?? 'Unknown'}, ${modes.join(', ')}${held}`
  };
}

/** Kubeflow's PodDefaults change pods whose labels they select: https://github.com/kubeflow/kubeflow/tree/master/components/admission-webhook */
async function checkPodDefaults(
  cluster: Cluster,
  { steps }: Pipeline,
  placements: readonly StepPlacement[],
  signal: AbortSignal | undefined
): Promise<readonly Check[]> {
  let all: readonly Kinds['PodDefault'][];
  try {
    all = await cluster.list('PodDefault', {}, signal);
  } catch (error) {
    if (isUnknownKind(error)) {
      return [];
    }
    throw error;
  }
  return all.flatMap((each): Check[] => {
    const selector = each.spec?.selector as
      { readonly matchLabels?: Record<string, string> } | undefined;
    const wanted = Object.entries(selector?.matchLabels ?? {});
    const chosen = steps.filter(({ options }, at) => {
      const labels: Readonly<Record<string, string>> = {
        ...placements[at]?.labels,
        ...options.labels
      };
      return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
    });
    return chosen.length === 0
      ? []
      : [
          {
            name: `PodDefault ${each.metadata?.name ?? ''}`,
            state: 'ok',
            found: `changes the pods of step ${chosen.map(({ step }) => step.name).join(', ')}`
          }
        ];
  });
}

function isUnknownKind(error: unknown): boolean {
  return (error as { readonly kind?: string }).kind === 'not-found';
}
