import type { Check } from './check';
import type { Cluster } from './client';
import { RESOURCES, type Kind } from './objects';

/** A right, and what it is for. */
export interface Right {
  readonly kind: Kind;
  readonly subresource?: string;
  readonly verbs: readonly string[];
  /** In the namespace of the run, or in the whole cluster. */
  readonly scope: 'namespace' | 'cluster';
  readonly isRequired: boolean;
  readonly use: string;
}

const right = (kind: Kind, verbs: string, use: string, more: Partial<Right> = {}): Right => ({
  kind,
  verbs: verbs.split(' '),
  scope: 'namespace',
  isRequired: true,
  use,
  ...more
});

/** What Notepod does on a cluster, and no more: docs/kubernetes.md has it as a Role, and a test runs with exactly that. */
export const RIGHTS: readonly Right[] = [
  right('Workflow', 'create get list watch patch delete', 'to run, follow, cancel and delete'),
  right('Pod', 'create get list watch delete', 'to follow steps, and to bring large files'),
  right('Pod', 'get', 'to read what steps print', { subresource: 'log' }),
  right('ConfigMap', 'create get list patch delete', 'for the steps’ code'),
  right('PersistentVolumeClaim', 'create get list patch delete', 'for the volume that steps share'),
  right('Event', 'list watch', 'to tell why a pod waits'),
  right('ServiceAccount', 'get list', 'to choose and check the account of the steps', {
    isRequired: false
  }),
  right('Secret', 'get', 'to check secrets before a run', { isRequired: false }),
  right('ResourceQuota', 'list', 'to check amounts before a run', { isRequired: false }),
  right('LimitRange', 'list', 'to check amounts before a run', { isRequired: false }),
  right('Node', 'list', 'to say where steps can go', { scope: 'cluster', isRequired: false }),
  right('Pod', 'list', 'to say how much room nodes have', { scope: 'cluster', isRequired: false }),
  right('StorageClass', 'list', 'to choose the volume', { scope: 'cluster', isRequired: false }),
  right('PersistentVolume', 'get', 'to say where a claim can be mounted', {
    scope: 'cluster',
    isRequired: false
  })
];

/** Asks the server for exactly these rights (SelfSubjectAccessReview, which everybody may create). */
export async function checkRights(
  cluster: Cluster,
  rights: readonly Right[] = RIGHTS,
  signal?: AbortSignal
): Promise<readonly Check[]> {
  return Promise.all(
    rights.map(async ({ kind, subresource, verbs, scope, isRequired, use }): Promise<Check> => {
      const { group, plural } = RESOURCES[kind];
      const answers = await Promise.all(
        verbs.map(async verb => {
          const review = await cluster.create(
            'SelfSubjectAccessReview',
            {
              spec: {
                resourceAttributes: {
                  verb,
                  group,
                  resource: plural,
                  ...(subresource === undefined ? {} : { subresource }),
                  ...(scope === 'namespace' ? { namespace: cluster.namespace } : {})
                }
              }
            },
            { signal }
          );
          return { verb, isAllowed: review.status?.allowed === true };
        })
      );
      const missing = answers.filter(each => !each.isAllowed).map(each => each.verb);
      const what = `${plural}${subresource === undefined ? '' : `/${subresource}`}`;
      const where =
        scope === 'namespace' ? `of namespace ${cluster.namespace}` : 'of the whole cluster';
      const name = `right: ${what} ${where}`;
      return missing.length === 0
        ? { name, state: 'ok', found: verbs.join(', ') }
        : {
            name,
            state: isRequired ? 'error' : 'unknown',
            found: `missing: ${missing.join(', ')} (${use})`,
            fix: isRequired
              ? 'have it granted: docs/kubernetes.md has a Role with all that is needed'
              : 'not needed to run; with it more is told before a run'
          };
    })
  );
}
