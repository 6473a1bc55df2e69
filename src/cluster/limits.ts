import { amountOf, amountsOf, amountText, amountWithName, type Amounts } from '../pipeline/amounts';
import { containerResources, totalsOf } from '../pipeline/resources';
import type { Pipeline } from '../pipeline/types';
import { checking, type Check } from './check';
import type { Cluster } from './client';
import { ifAllowed } from './nodes';
import type { Kinds } from './objects';

type Quantities = Readonly<Record<string, string>>;

/** What a namespace fills in for a container that says nothing (LimitRange). */
export interface ContainerDefaults {
  readonly requests: Quantities;
  readonly limits: Quantities;
}

/** https://kubernetes.io/docs/concepts/policy/limit-range/ @returns nothing if one may not look */
export async function readDefaults(
  cluster: Cluster,
  signal?: AbortSignal
): Promise<ContainerDefaults> {
  const ranges = (await ifAllowed(cluster.list('LimitRange', {}, signal))) ?? [];
  const items = ranges
    .flatMap(each => each.spec?.limits ?? [])
    .filter(each => each.type === 'Container');
  const limits = Object.assign({}, ...items.map(each => each.default ?? {})) as Quantities;
  const requests = Object.assign({}, ...items.map(each => each.defaultRequest ?? {})) as Quantities;
  // A limit that is filled in is the request as well, if nothing else is said.
  return { requests: { ...limits, ...requests }, limits };
}

/** The pipeline with what the namespace fills in. */
export function withDefaults(pipeline: Pipeline, defaults: ContainerDefaults): Pipeline {
  return {
    ...pipeline,
    steps: pipeline.steps.map(each => ({
      ...each,
      options: {
        ...each.options,
        requests: { ...defaults.requests, ...each.options.limits, ...each.options.requests },
        limits: { ...defaults.limits, ...each.options.limits }
      }
    }))
  };
}

/**
 * Holds what steps ask for against the limits and quotas of the namespace.
 * @param pipeline with the defaults filled in, see {@link withDefaults}
 */
export async function checkLimits(
  cluster: Cluster,
  pipeline: Pipeline,
  signal?: AbortSignal
): Promise<readonly Check[]> {
  const [ranges, quotas] = await Promise.all([
    checking('limit ranges', async () =>
      checkRanges(await cluster.list('LimitRange', {}, signal), pipeline)
    ),
    checking('quotas', async () =>
      checkQuotas(await cluster.list('ResourceQuota', {}, signal), pipeline)
    )
  ]);
  return [...ranges, ...quotas];
}

function checkRanges(
  ranges: readonly Kinds['LimitRange'][],
  { steps }: Pipeline
): readonly Check[] {
  const name = 'limit ranges';
  const problems = ranges.flatMap(range =>
    (range.spec?.limits ?? [])
      .filter(each => each.type === 'Container' || each.type === 'Pod')
      .flatMap(({ min = {}, max = {} }) =>
        steps.flatMap(({ step, options }) => {
          const { requests, limits } = containerResources(options);
          return [
            ...tooLittle(step.name, amountsOf(requests), min),
            ...tooMuch(step.name, amountsOf({ ...requests, ...limits }), max)
          ].map(text => `${text} (${range.metadata?.name ?? ''})`);
        })
      )
  );
  return problems.length === 0
    ? [{ name, state: 'ok', found: ranges.length === 0 ? 'none' : 'all steps are within them' }]
    : problems.map(found => ({
        name,
        state: 'error',
        found,
        fix: 'change the request or the limit of the step; pods outside the range are refused'
      }));
}

function tooLittle(step: string, asked: Amounts, min: Quantities): readonly string[] {
  return Object.entries(amountsOf(min)).flatMap(([resource, least]) => {
    const own = asked[resource];
    return own === undefined || own < least
      ? [
          `step ${step} asks for ${own === undefined ? `no ${resource}` : amountWithName(resource, own)}; the least is ${amountText(resource, least)}`
        ]
      : [];
  });
}

function tooMuch(step: string, asked: Amounts, max: Quantities): readonly string[] {
  return Object.entries(amountsOf(max)).flatMap(([resource, most]) => {
    const own = asked[resource];
    return own === undefined || own > most
      ? [
          own === undefined
            ? `step ${step} has no limit of ${resource}; it must have one of at most ${amountText(resource, most)}`
            : `step ${step} asks for ${amountWithName(resource, own)}; the most is ${amountText(resource, most)}`
        ]
      : [];
  });
}

/** Names of quotas that count what pods ask for: https://kubernetes.io/docs/concepts/policy/resource-quotas/ */
function countedBy(
  key: string
): { readonly of: 'requests' | 'limits' | 'pods'; readonly resource: string } | undefined {
  if (key === 'pods' || key === 'count/pods') {
    return { of: 'pods', resource: 'pods' };
  }
  if (['cpu', 'memory', 'ephemeral-storage'].includes(key)) {
    return { of: 'requests', resource: key };
  }
  const match = /^(requests|limits)\.(.+)$/.exec(key);
  return match && !match[2].startsWith('storage') && !match[2].includes('persistentvolumeclaims')
    ? { of: match[1] as 'requests' | 'limits', resource: match[2] }
    : undefined;
}

function checkQuotas(
  quotas: readonly Kinds['ResourceQuota'][],
  pipeline: Pipeline
): readonly Check[] {
  const checks = quotas.flatMap(quota => {
    const name = `quota ${quota.metadata?.name ?? ''}`;
    // A quota for some pods only (by class or priority) may not concern these.
    const isPartial =
      (quota.spec?.scopes?.length ?? 0) > 0 || quota.spec?.scopeSelector !== undefined;
    return Object.entries(quota.spec?.hard ?? {}).flatMap(([key, text]): Check[] => {
      const counted = countedBy(key);
      const hard = counted && amountOf(counted.resource, text);
      if (counted === undefined || hard === undefined) {
        return [];
      }
      const used = amountOf(counted.resource, quota.status?.used?.[key] ?? '0') ?? 0;
      return quotaProblems(name, key, counted, hard, used, pipeline).map(each =>
        isPartial && each.state === 'error' ? { ...each, state: 'warning' } : each
      );
    });
  });
  const rest = quotas.length === 0 ? 'none' : 'the steps are within them';
  return checks.length === 0 ? [{ name: 'quotas', state: 'ok', found: rest }] : checks;
}

function quotaProblems(
  name: string,
  key: string,
  { of, resource }: NonNullable<ReturnType<typeof countedBy>>,
  hard: number,
  used: number,
  pipeline: Pipeline
): readonly Check[] {
  const asked = (step: Pipeline['steps'][number]): Amounts =>
    of === 'pods' ? { pods: 1 } : amountsOf(containerResources(step.options)[of]);
  const silent = pipeline.steps.filter(step => asked(step)[resource] === undefined);
  if (silent.length > 0 && !resource.includes('/')) {
    return [
      {
        name,
        state: 'error',
        found: `it counts ${key}, and step ${silent.map(each => each.step.name).join(', ')} says nothing of it: such pods are refused`,
        fix: `tag ${of === 'limits' ? 'limit' : 'request'}:${resource}:…, or set it for all steps in the settings: \`stepDefaults\``
      }
    ];
  }
  const large = pipeline.steps.filter(step => (asked(step)[resource] ?? 0) > hard);
  if (large.length > 0) {
    return large.map(step => ({
      name,
      state: 'error' as const,
      found: `step ${step.step.name} asks for ${amountWithName(resource, asked(step)[resource] ?? 0)}; the namespace has ${amountText(resource, hard)} in all (${key})`,
      fix: 'ask for less, or have the quota raised'
    }));
  }
  const atOnce =
    of === 'limits'
      ? totalsOf(asLimits(pipeline)).atOnce[resource]
      : totalsOf(pipeline, { pods: 1 }).atOnce[resource];
  return (atOnce ?? 0) <= hard - used
    ? []
    : [
        {
          name,
          state: 'warning',
          found: `steps that can run at once ask for ${amountWithName(resource, atOnce ?? 0)}; ${amountText(resource, Math.max(0, hard - used))} of ${amountText(resource, hard)} are left (${key})`,
          fix: 'nothing, if some steps may wait for others; else ask for less or end what is not needed'
        }
      ];
}

function asLimits(pipeline: Pipeline): Pipeline {
  return {
    ...pipeline,
    steps: pipeline.steps.map(each => ({
      ...each,
      options: { ...each.options, requests: containerResources(each.options).limits, limits: {} }
    }))
  };
}

/** What Argo's own container beside the step asks for: what the namespace fills in, once more. */
export function besides(defaults: ContainerDefaults): Amounts {
  return amountsOf(defaults.requests);
}
