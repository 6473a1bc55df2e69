import { addAmounts, amountsOf, largerAmounts, type Amounts } from '../pipeline/amounts';
import type { Kinds } from './objects';

type Container = NonNullable<NonNullable<Kinds['Pod']['spec']>['containers']>[number];

/**
 * What a pod holds of its node, as the scheduler counts it: its containers together with its sidecars, or the largest of its
 * init containers if that is more, and the overhead of its runtime class; amounts of the pod as a whole come before these.
 * https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
 */
export function podRequests(pod: Kinds['Pod']): Amounts {
  const { containers = [], initContainers = [], overhead, resources } = pod.spec ?? {};
  let sidecars: Amounts = {};
  let starting: Amounts = {};
  for (const each of initContainers) {
    if (each.restartPolicy === 'Always') {
      sidecars = addAmounts(sidecars, requestsOfContainer(each));
      starting = largerAmounts(starting, sidecars);
    } else {
      starting = largerAmounts(starting, addAmounts(sidecars, requestsOfContainer(each)));
    }
  }
  const running = containers.map(requestsOfContainer).reduce(addAmounts, sidecars);
  const counted = { ...largerAmounts(running, starting), ...amountsOf(resources?.requests ?? {}) };
  return { ...addAmounts(counted, amountsOf(overhead ?? {})), pods: 1 };
}

/** True of a pod that holds something of its node. */
export function isHolding(pod: Kinds['Pod']): boolean {
  return (
    pod.spec?.nodeName !== undefined && !['Succeeded', 'Failed'].includes(pod.status?.phase ?? '')
  );
}

function requestsOfContainer({ resources }: Container): Amounts {
  return amountsOf(resources?.requests ?? {});
}
