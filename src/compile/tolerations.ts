import type { StepOptions } from '../notebook/types';
import type { JsonObject } from './types';

/** A toleration as Kubernetes, and Kubeflow's platform document, write it. */
export function podToleration({
  key,
  value,
  effect
}: StepOptions['tolerations'][number]): JsonObject {
  return {
    key,
    operator: value === undefined ? 'Exists' : 'Equal',
    ...(value === undefined ? {} : { value }),
    ...(effect === undefined ? {} : { effect })
  };
}
