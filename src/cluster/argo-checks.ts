import { checking, type Check } from './check';
import type { Cluster } from './client';
import { ClusterError } from './errors';
import { ifAllowed } from './nodes';
import type { Kinds } from './objects';

const CONTROLLER = 'workflow-controller';
/** The oldest line that `facts` and tests cover; older ones have another executor. */
const OLDEST = [3, 4];

/** Whether the cluster runs Argo's workflows in the namespace, and as whom. @param serviceAccount of the steps; default: `default` */
export async function checkArgo(
  cluster: Cluster,
  serviceAccount: string | undefined,
  signal?: AbortSignal
): Promise<readonly Check[]> {
  const [kinds, controller, account] = await Promise.all([
    checkKind(cluster, signal),
    checking('Argo: controller', () => checkController(cluster, signal)),
    checking('service account', () => checkAccount(cluster, serviceAccount ?? 'default', signal))
  ]);
  return [...kinds, ...controller, ...account];
}

/** What a run does first, without keeping anything: it tells of a missing kind, and of admission controllers that refuse. */
async function checkKind(
  cluster: Cluster,
  signal: AbortSignal | undefined
): Promise<readonly Check[]> {
  const name = 'Argo: kind Workflow';
  const container = { name: 'main', image: 'notepod/none', command: ['true'] };
  try {
    await cluster.create(
      'Workflow',
      {
        metadata: { generateName: 'notepod-doctor-' },
        spec: { entrypoint: 'main', templates: [{ name: 'main', container }] }
      },
      { signal, dryRun: true }
    );
    return [{ name, state: 'ok', found: 'argoproj.io/v1alpha1; a Workflow would be accepted' }];
  } catch (error) {
    if (!(error instanceof ClusterError) || error.mayPass || error.kind === 'unauthorized') {
      throw error;
    }
    const absent = error.kind === 'not-found' && !error.message.includes('namespaces "');
    return [
      {
        name,
        state: 'error',
        found: error.message,
        fix: absent
          ? 'have Argo Workflows installed (https://argo-workflows.readthedocs.io/en/stable/quick-start/)'
          : error.fix
      }
    ];
  }
}

async function checkController(
  cluster: Cluster,
  signal: AbortSignal | undefined
): Promise<readonly Check[]> {
  const name = 'Argo: controller';
  const controllers = await findControllers(cluster, signal);
  if (controllers.length === 0) {
    return [
      {
        name,
        state: 'warning',
        found: `no deployment ${CONTROLLER} in any namespace`,
        fix: 'have Argo Workflows installed, unless its controller runs outside of the cluster: without it a run never starts'
      }
    ];
  }
  // One for this namespace alone comes before one for all.
  const own = controllers.filter(each => scopeOf(each) === cluster.namespace);
  const fitting = own.length > 0 ? own : controllers.filter(each => scopeOf(each) === undefined);
  const controller = fitting[0] ?? controllers[0];
  const where = `${controller.metadata?.name ?? ''} in namespace ${controller.metadata?.namespace ?? ''}`;
  if (fitting.length === 0) {
    return [
      {
        name,
        state: 'error',
        found: `${where} serves only namespace ${scopeOf(controller) ?? ''}`,
        fix: `run in that namespace (-n ${scopeOf(controller) ?? ''}), or have Argo serve ${cluster.namespace}`
      }
    ];
  }
  const version = versionOf(controller);
  const ready = controller.status?.readyReplicas ?? 0;
  const checks: Check[] = [
    ready > 0
      ? { name, state: 'ok', found: `${where}, ${version ?? 'version unknown'}, ready` }
      : {
          name,
          state: 'error',
          found: `${where} has no ready pod`,
          fix: `have it started again: kubectl -n ${controller.metadata?.namespace ?? ''} describe deployment ${controller.metadata?.name ?? ''}`
        }
  ];
  const parts =
    version === undefined ? undefined : /^v?(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (parts && (parts[0] - OLDEST[0] || parts[1] - OLDEST[1]) < 0) {
    checks.push({
      name: 'Argo: version',
      state: 'warning',
      found: `${version}; Notepod is tried with 3.7 and made for ${OLDEST.join('.')} and later`,
      fix: 'have Argo Workflows updated'
    });
  }
  return [...checks, clock(controller)];
}

/**
 * Argo looks at a workflow again only some time after a step has ended, 10 s if nobody has said otherwise
 * (DEFAULT_REQUEUE_TIME in workflow/controller/rate_limiters.go).
 */
function clock(controller: Kinds['Deployment']): Check {
  const set = environment(controller, 'DEFAULT_REQUEUE_TIME');
  const name = 'Argo: wait between steps';
  return set === undefined || set === '10s'
    ? {
        name,
        state: 'warning',
        found: 'up to 10 s after each step (DEFAULT_REQUEUE_TIME is not set)',
        fix: `have it shortened: kubectl -n ${controller.metadata?.namespace ?? ''} set env deployment/${controller.metadata?.name ?? ''} DEFAULT_REQUEUE_TIME=2s`
      }
    : { name, state: 'ok', found: `up to ${set} after each step` };
}

/** By image, since a Helm release gives the deployment a name of its own. */
async function findControllers(
  cluster: Cluster,
  signal: AbortSignal | undefined
): Promise<readonly Kinds['Deployment'][]> {
  const isController = (each: Kinds['Deployment']) =>
    each.metadata?.name === CONTROLLER ||
    imagesOf(each).some(image => /(^|\/)(argo-?)?workflow-controller([:@]|$)/.test(image));
  try {
    return (await cluster.list('Deployment', { namespace: '*' }, signal)).filter(isController);
  } catch (error) {
    // Where it usually is, and beside the runs.
    const places = [...new Set([cluster.namespace, 'argo', 'argo-workflows', 'kubeflow'])];
    const found = await Promise.all(
      places.map(namespace => ifAllowed(cluster.list('Deployment', { namespace }, signal)))
    );
    const controllers = found.flatMap(each => each ?? []).filter(isController);
    if (controllers.length === 0) {
      throw error;
    }
    return controllers;
  }
}

function imagesOf(controller: Kinds['Deployment']): readonly string[] {
  return (controller.spec?.template.spec?.containers ?? []).map(each => each.image ?? '');
}

/** The only namespace that a controller serves; undefined: all. */
function scopeOf(controller: Kinds['Deployment']): string | undefined {
  const args = (controller.spec?.template.spec?.containers ?? []).flatMap(each => [
    ...(each.command ?? []),
    ...(each.args ?? [])
  ]);
  const at = args.findIndex(each => each.startsWith('--managed-namespace'));
  const managed = at < 0 ? undefined : (args[at].split('=')[1] ?? args[at + 1]);
  return managed ?? (args.includes('--namespaced') ? controller.metadata?.namespace : undefined);
}

function versionOf(controller: Kinds['Deployment']): string | undefined {
  const tag = imagesOf(controller)
    .map(image => /:(v?\d+\.\d+[^@/]*)/.exec(image)?.[1])
    .find(each => each !== undefined);
  return tag ?? controller.metadata?.labels?.['app.kubernetes.io/version'];
}

function environment(controller: Kinds['Deployment'], variable: string): string | undefined {
  return (controller.spec?.template.spec?.containers ?? [])
    .flatMap(each => each.env ?? [])
    .find(each => each.name === variable)?.value;
}

async function checkAccount(
  cluster: Cluster,
  account: string,
  signal: AbortSignal | undefined
): Promise<readonly Check[]> {
  const name = `service account ${account}`;
  const found = await cluster.find('ServiceAccount', account, { signal });
  if (found === undefined) {
    return [
      {
        name,
        state: 'error',
        found: `namespace ${cluster.namespace} has none of this name`,
        fix: `choose another with --service-account, or have it made: kubectl -n ${cluster.namespace} create serviceaccount ${account}`
      }
    ];
  }
  return checking(`${name}: rights`, () => checkAccountRights(cluster, account, signal));
}

/** Argo's executor reports each step's end as a WorkflowTaskResult; without the right to, the step counts as failed. */
async function checkAccountRights(
  cluster: Cluster,
  account: string,
  signal: AbortSignal | undefined
): Promise<readonly Check[]> {
  const name = `service account ${account}: rights`;
  const missing: string[] = [];
  for (const verb of ['create', 'patch']) {
    const review = await cluster.create(
      'LocalSubjectAccessReview',
      {
        metadata: { namespace: cluster.namespace },
        spec: {
          user: `system:serviceaccount:${cluster.namespace}:${account}`,
          groups: [
            'system:serviceaccounts',
            `system:serviceaccounts:${cluster.namespace}`,
            'system:authenticated'
          ],
          resourceAttributes: {
            namespace: cluster.namespace,
            verb,
            group: 'argoproj.io',
            resource: 'workflowtaskresults'
          }
        }
      },
      { signal }
    );
    if (review.status?.allowed !== true) {
      missing.push(verb);
    }
  }
  return missing.length === 0
    ? [{ name, state: 'ok', found: 'create, patch of workflowtaskresults' }]
    : [
        {
          name,
          state: 'error',
          found: `it may not ${missing.join(' and ')} workflowtaskresults, by which Argo learns that a step has ended`,
          fix: 'choose another with --service-account, or bind the Role notepod-steps of docs/kubernetes.md to it'
        }
      ];
}
