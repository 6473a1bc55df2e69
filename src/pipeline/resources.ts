import type { Diagnostic } from '../diagnostics/types';
import { compareQuantities, parseQuantity } from '../notebook/quantity';
import type { Notebook, StepOptions } from '../notebook/types';
import { addAmounts, amountOf, amountsOf, largerAmounts, type Amounts } from './amounts';
import { tagPlace } from './tag-place';
import type { Pipeline } from './types';

/** Resources as a container's `resources` has them. */
export interface ContainerResources {
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
}

/**
 * What the container of a step asks for. Devices and huge pages cannot be shared out twice, so their request and limit are one
 * amount, and Kubernetes wants both; of the others a limit without a request counts as the request too, as in Kubernetes.
 * https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#extended-resources
 */
export function containerResources(
  options: Pick<StepOptions, 'requests' | 'limits'>
): ContainerResources {
  const whole = Object.entries(options.requests).filter(([resource]) => isWhole(resource));
  return {
    requests: { ...options.limits, ...options.requests },
    limits: { ...Object.fromEntries(whole), ...options.limits }
  };
}

/** What the scheduler counts for the pod of a step. */
export function requestsOf(options: Pick<StepOptions, 'requests' | 'limits'>): Amounts {
  return amountsOf(containerResources(options).requests);
}

/**
 * Problems that the amounts have beyond their form, which the tags' reader checks (NP104), and limits below requests (NP117):
 * parts of a device, a limit of it that differs from its request, and memory in a unit that cannot be meant.
 */
export function checkResources(notebook: Notebook): readonly Diagnostic[] {
  return notebook.steps.flatMap(({ name, options }) => {
    const found: Diagnostic[] = [];
    for (const type of ['request', 'limit'] as const) {
      const amounts = type === 'request' ? options.requests : options.limits;
      for (const [resource, text] of Object.entries(amounts)) {
        const problem = amountProblem(resource, text);
        if (problem) {
          const place = tagPlace(
            notebook,
            name,
            tag => tag.type === type && tag.resource === resource && tag.quantity === text
          );
          found.push({
            ...problem,
            message: `step ${name} has \`${type}:${resource}:${text}\`: ${problem.message}`,
            ...place
          });
        }
      }
    }
    for (const [resource, limit] of Object.entries(options.limits)) {
      const request = options.requests[resource];
      const [low, high] = [parseQuantity(request ?? ''), parseQuantity(limit)];
      if (isWhole(resource) && low && high && compareQuantities(low, high) < 0) {
        found.push({
          code: 'NP118',
          severity: 'error',
          message: `step ${name} requests ${request} of ${resource} and is limited to ${limit}`,
          why: 'devices and huge pages are given as a whole: their request and limit must be the same',
          fix: `keep \`limit:${resource}:${limit}\` and take the request out`,
          ...tagPlace(notebook, name, tag => tag.type === 'request' && tag.resource === resource)
        });
      }
    }
    return found;
  });
}

type Problem = Pick<Diagnostic, 'code' | 'severity' | 'message' | 'why' | 'fix'>;

/** What a container needs at the least to start; the runtime refuses less (runc: 4 MB, containerd's and CRI-O's own: up to 12 MB). */
const LEAST_MEMORY = 4 * 1024 * 1024;

function amountProblem(resource: string, text: string): Problem | undefined {
  const quantity = parseQuantity(text);
  if (quantity === undefined) {
    return undefined;
  }
  if (resource.includes('/') && quantity.numerator % quantity.denominator !== 0n) {
    return {
      code: 'NP118',
      severity: 'error',
      message: `${text} is no whole number`,
      why: 'devices are given as a whole; parts of one have a resource of their own, such as nvidia.com/mig-1g.5gb',
      fix: 'ask for a whole number of them'
    };
  }
  const amount = amountOf(resource, text) ?? 0;
  const isZero = quantity.numerator === 0n;
  if (resource === 'memory' && !isZero && amount < LEAST_MEMORY) {
    return {
      code: 'NP119',
      severity: 'warning',
      message: `that is ${amount} byte${amount === 1 ? '' : 's'}`,
      why: 'no process can start in so little memory; `m` means thousandths, and a number without a unit means bytes',
      fix: `write ${text.replace(/[a-zA-Z]+$/, '')}Mi or ${text.replace(/[a-zA-Z]+$/, '')}Gi`
    };
  }
  return undefined;
}

/** Devices and huge pages: https://kubernetes.io/docs/tasks/manage-hugepages/scheduling-hugepages/ */
function isWhole(resource: string): boolean {
  return resource.includes('/') || resource.startsWith('hugepages-');
}

/** What a pipeline asks for as a whole. */
export interface Totals {
  /** All steps' requests together. */
  readonly sum: Amounts;
  /** The largest request of any step, resource by resource. */
  readonly largest: Amounts;
  /** The most that can be held at once, resource by resource: by steps of which none needs another. */
  readonly atOnce: Amounts;
}

/** @param more what each pod takes besides, e.g. Argo's own containers */
export function totalsOf(pipeline: Pipeline, more: Amounts = {}): Totals {
  const each = pipeline.steps.map(step => addAmounts(requestsOf(step.options), more));
  const resources = [...new Set(each.flatMap(amounts => Object.keys(amounts)))];
  return {
    sum: each.reduce(addAmounts, {}),
    largest: each.reduce(largerAmounts, {}),
    atOnce: Object.fromEntries(
      resources.map(resource => [
        resource,
        heaviestAntichain(
          pipeline,
          each.map(of => of[resource] ?? 0)
        )
      ])
    )
  };
}

/**
 * The most of one resource that steps can hold at the same time: the heaviest set of steps of which none needs another.
 * By Dilworth's theorem with weights it is the least flow that covers every step, found here as a maximum flow of what is saved
 * by letting a later step take over an earlier one's share.
 */
function heaviestAntichain({ steps }: Pipeline, weights: readonly number[]): number {
  const index = new Map(steps.map(({ step }, at) => [step.name, at]));
  const before = steps.map(({ ancestors }) =>
    ancestors.flatMap(name => index.get(name) ?? []).filter(at => weights[at] > 0)
  );
  // A flow from earlier steps (what they hold) to later ones (what they need), of at most each one's weight.
  const given = steps.map(() => new Map<number, number>());
  const left = [...weights];
  const missing = [...weights];
  const push = (to: number, wanted: number, seen: Set<number>): number => {
    for (const from of before[to]) {
      if (seen.has(from)) {
        continue;
      }
      seen.add(from);
      let amount = Math.min(wanted, left[from]);
      if (amount > 0) {
        left[from] -= amount;
      } else {
        // Let another step that takes from it take elsewhere.
        for (const [other, held] of given[from]) {
          if (other !== to && held > 0) {
            amount = push(other, Math.min(wanted, held), seen);
            if (amount > 0) {
              given[from].set(other, held - amount);
              break;
            }
          }
        }
      }
      if (amount > 0) {
        given[from].set(to, (given[from].get(to) ?? 0) + amount);
        return amount;
      }
    }
    return 0;
  };
  let saved = 0;
  steps.forEach((_, to) => {
    while (missing[to] > 0) {
      const amount = push(to, missing[to], new Set());
      if (amount === 0) {
        break;
      }
      missing[to] -= amount;
      saved += amount;
    }
  });
  return weights.reduce((sum, each) => sum + each, 0) - saved;
}
