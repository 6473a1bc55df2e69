import { ClusterError } from './errors';
import { resolveConfig, type ClusterChoice } from './kubeconfig';
import { apiVersionOf, pathOf, RESOURCES, type Kind, type Kinds } from './objects';
import { Transport } from './transport';
import {
  listAll,
  watchAll,
  whereOf,
  type Selection,
  type WatchEvent,
  type WatchOptions
} from './watch';

export type { ClusterChoice } from './kubeconfig';
export type { Selection, WatchEvent, WatchOptions } from './watch';

/** Where an object is; the cluster's own namespace if not said. */
interface InNamespace {
  readonly namespace?: string;
  readonly signal?: AbortSignal;
}

/**
 * Opens the cluster that a kubeconfig names. Nothing is sent yet.
 * @throws ClusterError if there is no configuration, or no such context in it
 */
export async function openCluster(choice: ClusterChoice = {}): Promise<Cluster> {
  const { config, context, namespace, server } = await resolveConfig(choice);
  return new Cluster(context, namespace, server, new Transport(config, server));
}

/** A Kubernetes cluster, seen from one context and namespace. All methods throw {@link ClusterError}. */
export class Cluster {
  constructor(
    /** Name of the context in the kubeconfig. */
    readonly context: string,
    readonly namespace: string,
    /** URL of the API server. */
    readonly server: string,
    private readonly transport: Transport
  ) {}

  /** Creates an object; its `apiVersion` and `kind` are filled in. @param dryRun all checks of the server, and nothing is kept */
  async create<K extends Kind>(
    kind: K,
    object: Kinds[K],
    { namespace, signal, dryRun }: InNamespace & { readonly dryRun?: boolean } = {}
  ): Promise<Kinds[K]> {
    const where = this.within(kind, namespace ?? object.metadata?.namespace);
    const name = object.metadata?.name ?? object.metadata?.generateName;
    return (await this.transport.json({
      method: 'POST',
      path: pathOf(kind, where),
      query: { dryRun: dryRun === true ? 'All' : undefined, fieldManager: 'notepod' },
      body: { ...object, apiVersion: apiVersionOf(kind), kind },
      what: `create ${kind}${name === undefined ? '' : ` ${name}`}${whereOf(where)}`,
      signal
    })) as Kinds[K];
  }

  /** @throws ClusterError `not-found` if it is not there */
  async get<K extends Kind>(
    kind: K,
    name: string,
    { namespace, signal }: InNamespace = {}
  ): Promise<Kinds[K]> {
    const where = this.within(kind, namespace);
    return (await this.transport.json({
      method: 'GET',
      path: pathOf(kind, where, name),
      what: `get ${kind} ${name}${whereOf(where)}`,
      signal
    })) as Kinds[K];
  }

  /** As {@link get}; undefined if it is not there. */
  async find<K extends Kind>(
    kind: K,
    name: string,
    at: InNamespace = {}
  ): Promise<Kinds[K] | undefined> {
    try {
      return await this.get(kind, name, at);
    } catch (error) {
      if (error instanceof ClusterError && error.kind === 'not-found') {
        return undefined;
      }
      throw error;
    }
  }

  /** All objects of a selection. */
  async list<K extends Kind>(
    kind: K,
    selection: Selection = {},
    signal?: AbortSignal
  ): Promise<readonly Kinds[K][]> {
    const { items } = await listAll(
      this.transport,
      kind,
      this.within(kind, selection.namespace),
      selection,
      signal
    );
    return items;
  }

  /** Merges `changes` into an object (RFC 7386): null removes a key, a list is replaced as a whole. */
  async patch<K extends Kind>(
    kind: K,
    name: string,
    changes: object,
    { namespace, signal }: InNamespace = {}
  ): Promise<Kinds[K]> {
    const where = this.within(kind, namespace);
    return (await this.transport.json({
      method: 'PATCH',
      path: pathOf(kind, where, name),
      query: { fieldManager: 'notepod' },
      contentType: 'application/merge-patch+json',
      body: changes,
      what: `change ${kind} ${name}${whereOf(where)}`,
      signal
    })) as Kinds[K];
  }

  /**
   * Deletes an object. It may stay for a while: a pod until its processes have ended, a claim until no pod uses it.
   * @param propagation what happens to what it owns; `Background`: deleted afterwards
   * @returns false if it was not there
   */
  async delete(
    kind: Kind,
    name: string,
    {
      namespace,
      signal,
      propagation = 'Background',
      graceSeconds
    }: InNamespace & {
      readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
      readonly graceSeconds?: number;
    } = {}
  ): Promise<boolean> {
    const where = this.within(kind, namespace);
    try {
      await this.transport.json({
        method: 'DELETE',
        path: pathOf(kind, where, name),
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: propagation,
          ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds })
        },
        what: `delete ${kind} ${name}${whereOf(where)}`,
        signal
      });
      return true;
    } catch (error) {
      if (error instanceof ClusterError && error.kind === 'not-found') {
        return false;
      }
      throw error;
    }
  }

  /** What there is, then what changes, until `signal` aborts; see {@link watchAll}. */
  watch<K extends Kind>(
    kind: K,
    selection: Selection,
    signal: AbortSignal,
    options?: WatchOptions
  ): AsyncIterable<WatchEvent<K>> {
    return watchAll(
      this.transport,
      kind,
      this.within(kind, selection.namespace),
      selection,
      signal,
      options
    );
  }

  /**
   * What a container wrote, as it was written. Ends when the container has ended (`follow`) or all is read, or `signal` aborts.
   * @param sinceTime only what was written at this time (RFC 3339) or later; whole seconds
   * @throws ClusterError `invalid` while the container waits for its start; `unreachable` if the connection is cut: what was lost can
   *   be had by asking again
   */
  async *podLog(
    pod: string,
    container: string,
    options: {
      readonly namespace?: string;
      readonly follow?: boolean;
      readonly sinceTime?: string;
      /** The container before its last restart. */
      readonly previous?: boolean;
      readonly tailLines?: number;
    } = {},
    signal?: AbortSignal
  ): AsyncIterable<Uint8Array> {
    const { namespace, follow, sinceTime, previous, tailLines } = options;
    const where = this.within('Pod', namespace);
    try {
      yield* this.transport.stream({
        method: 'GET',
        path: `${pathOf('Pod', where, pod)}/log`,
        query: { container, follow, sinceTime, previous, tailLines },
        what: `read the log of container ${container} of Pod ${pod}${whereOf(where)}`,
        signal
      });
    } catch (error) {
      if (signal?.aborted !== true) {
        throw error;
      }
    }
  }

  /** The server's version: `v1.34.4`. */
  async version(signal?: AbortSignal): Promise<string> {
    const answer = await this.transport.json({
      method: 'GET',
      path: '/version',
      what: 'read its version',
      signal
    });
    return (answer as { readonly gitVersion?: string }).gitVersion ?? 'unknown';
  }

  /** Closes its connections: what still runs over them ends as if cut. */
  dispose(): void {
    this.transport.dispose();
  }

  /** The namespace of a request: none for kinds without, and none for `*`. */
  private within(kind: Kind, namespace: string | undefined): string | undefined {
    if (!RESOURCES[kind].namespaced || namespace === '*') {
      return undefined;
    }
    return namespace ?? this.namespace;
  }
}
