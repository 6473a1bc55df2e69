import type { Cluster } from './client';
import { ClusterError } from './errors';

/** Service accounts that installations make for the pods of Workflows: Argo's guides, Kubeflow Pipelines, Kubeflow's profiles. */
const USUAL = ['argo-workflow', 'argo', 'pipeline-runner', 'default-editor'];

/**
 * The service account that pods of a run use where the user names none: the first of the usual ones that the namespace has.
 * Undefined, which means the namespace's default, if there is none, or if looking is not allowed.
 */
export async function usualServiceAccount(
  cluster: Cluster,
  signal?: AbortSignal
): Promise<string | undefined> {
  try {
    const accounts = await cluster.list('ServiceAccount', {}, signal);
    const names = new Set(accounts.map(each => each.metadata?.name));
    return USUAL.find(name => names.has(name));
  } catch (error) {
    if (error instanceof ClusterError && error.kind === 'forbidden') {
      return undefined;
    }
    throw error;
  }
}
