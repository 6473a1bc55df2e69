import { existsSync } from 'node:fs';
import type { KubeConfig } from '@kubernetes/client-node';
import { closest } from '../diagnostics/closest';
import { ClusterError } from './errors';

/** Which cluster, as whom, and where in it. */
export interface ClusterChoice {
  /** A context of the kubeconfig; default: its current one. */
  readonly context?: string;
  /** Default: the context's, else `default`. */
  readonly namespace?: string;
}

/** The configuration of a choice, with what it came to. */
export interface ResolvedConfig {
  readonly config: KubeConfig;
  readonly context: string;
  readonly namespace: string;
  /** URL of the API server. */
  readonly server: string;
}

/**
 * Reads the files that `KUBECONFIG` names, else `~/.kube/config`, else what a pod is given, as the official client has it.
 * The client is loaded here and not before: a command that talks to no cluster does not pay for it.
 * @throws ClusterError if there is no configuration, or no such context in it
 */
export async function resolveConfig(choice: ClusterChoice): Promise<ResolvedConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const origin = process.env.KUBECONFIG || 'the kubeconfig';
  try {
    config.loadFromDefault();
  } catch (error) {
    // An empty file, or another YAML: the client reads its parts without a look.
    const said = error instanceof TypeError ? 'it is no kubeconfig' : (error as Error).message;
    throw new ClusterError(
      'invalid',
      `${origin} cannot be read: ${said}`,
      'correct the variable KUBECONFIG, or the file that it names',
      undefined,
      { cause: error }
    );
  }
  const names = config.getContexts().map(each => each.name);
  const context = choice.context ?? config.getCurrentContext();
  // Without any configuration the client takes a server on this machine that hardly anybody has.
  if (names.length === 0 || (context === 'loaded-context' && !existsSync(origin))) {
    throw new ClusterError(
      'not-found',
      'no cluster is configured: KUBECONFIG is not set, there is no ~/.kube/config, and this is no pod',
      'set KUBECONFIG to a kubeconfig file; your cluster’s administrator or provider gives you one'
    );
  }
  config.setCurrentContext(context);
  const chosen = config.getContextObject(context);
  if (!chosen) {
    const near = closest(context, names);
    throw new ClusterError(
      'not-found',
      context
        ? `the kubeconfig has no context ${context}` + (near ? `; did you mean ${near}?` : '')
        : 'the kubeconfig has no current context',
      `choose one with --context: ${names.join(', ')}`
    );
  }
  const cluster = config.getCurrentCluster();
  if (!cluster) {
    throw new ClusterError(
      'invalid',
      `context ${context} names the cluster ${chosen.cluster}, which the kubeconfig does not have`,
      'correct the kubeconfig, or choose another context with --context'
    );
  }
  const namespace = choice.namespace ?? (chosen.namespace || 'default');
  return { config, context, namespace, server: cluster.server.replace(/\/+$/, '') };
}
