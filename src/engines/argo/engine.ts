import { rmSync } from 'node:fs';
import type { Cluster } from '../../cluster/client';
import { ClusterError } from '../../cluster/errors';
import type { Kind, Kinds } from '../../cluster/objects';
import { EngineError } from '../errors';
import { EventLog, readEventFile } from '../run-store/event-log';
import { followEvents, followStepLog } from '../run-store/follow';
import { storeRun, submission } from '../run-store/new-run';
import { newRunFolder, RunFolder, type RunFile } from '../run-store/run-folder';
import { isHeld, takeLock } from '../run-store/supervisor-lock';
import type { Engine, RunEvent, SubmitOptions } from '../types';
import { adoptRun } from './adopt';
import { Follower } from './follower';
import { ANNOTATION, LABEL } from '../../compile/labels';
import { ALL_OF_OURS, ofRun } from './selectors';
import { resumed } from './resume';
import type { ArgoDocument, ClusterPlace } from './types';
import type { RunManifests } from '../../compile/types';
import { workflowState } from './workflow-state';

type Workflow = Kinds['Workflow'];

/**
 * Runs steps as pods of an Argo Workflow. The state of a run is the cluster's; the run's folder here is a copy of it, made by
 * whoever follows the run, so that a run can be followed from any machine, and looked at when the cluster is gone.
 */
export class ArgoEngine implements Engine<ArgoDocument> {
  readonly target = 'argo';

  /**
   * @param options.data the folder that holds `runs/`
   * @param options.open opens the cluster of a context (undefined: the current one)
   */
  constructor(
    private readonly options: {
      readonly data: string;
      readonly open: (context?: string, namespace?: string) => Promise<Cluster>;
    }
  ) {}

  /** The folder of a run. */
  folder(run: string): string {
    return new RunFolder(`${this.options.data}/runs/${run}`).path;
  }

  async submit(
    document: ArgoDocument,
    options: SubmitOptions & { readonly context?: string; readonly namespace?: string }
  ): Promise<string> {
    const cluster = await this.cluster(options.context, options.namespace);
    const { run, folder } = newRunFolder(this.options.data, new Date());
    const manifests = document.manifests(run);
    const { notebook, jobs, python, workdir, parameters } = options;
    const workflow = nameOf(manifests.workflow);
    const file: RunFile = {
      version: 1,
      run,
      document: document.steps,
      options: { jobs, python, workdir, parameters, notebook: notebook.path },
      cluster: { context: cluster.context, namespace: cluster.namespace, workflows: [workflow] }
    };
    storeRun(folder, file, notebook.text, {});
    const log = new EventLog(folder.events);
    log.append(submission(file, this.target));
    try {
      if (log.failure) {
        throw log.failure;
      }
      await create(cluster, manifests);
    } catch (error) {
      rmSync(folder.path, { recursive: true, force: true });
      throw asEngineError(error);
    }
    this.supervise(run, cluster, folder, file, log);
    return run;
  }

  async *events(run: string, since = 0, signal?: AbortSignal): AsyncIterable<RunEvent> {
    const folder = this.existing(run);
    for (let next = since; signal?.aborted !== true;) {
      await this.takeUp(run, folder);
      for await (const event of followEvents(
        folder,
        () => this.supervised.get(run)?.log,
        next,
        signal
      )) {
        next = event.seq + 1;
        yield event;
      }
      const failure = this.failures.get(run);
      if (failure !== undefined) {
        throw asEngineError(failure);
      }
      if (hasEnded(folder)) {
        return;
      }
      // Whoever supervised it is gone: this process goes on.
    }
  }

  async *logs(
    run: string,
    step: string,
    follow = false,
    signal?: AbortSignal
  ): AsyncIterable<string> {
    const folder = this.existing(run);
    if (follow) {
      await this.takeUp(run, folder);
    } else {
      await this.sync(run);
    }
    yield* followStepLog(folder, step, follow, signal);
  }

  /** Asks the cluster to end the run, and waits until it has. */
  async cancel(run: string): Promise<void> {
    const folder = this.existing(run);
    if (hasEnded(folder)) {
      throw new EngineError(`run ${run} is not going on`, `see it with: notepod show ${run}`);
    }
    const { cluster, place } = await this.reach(folder);
    const name = place.workflows.at(-1) ?? '';
    try {
      await cluster.patch(
        'Workflow',
        name,
        {
          metadata: { annotations: { [ANNOTATION.cancelled]: 'true' } },
          // Argo: Terminate ends the pods at once, SIGTERM first.
          spec: { shutdown: 'Terminate' }
        },
        { namespace: place.namespace }
      );
    } catch (error) {
      throw asEngineError(error);
    }
    for await (const event of this.events(run)) {
      if (event.type === 'run-ended') {
        return;
      }
    }
  }

  /** Goes on with the steps that have not succeeded, on the same volume, as a further Workflow of the run. */
  async resume(run: string): Promise<void> {
    const folder = this.existing(run);
    await this.sync(run);
    const events = readEventFile(folder.events);
    const last = events.at(-1);
    if (last?.type !== 'run-ended') {
      throw new EngineError(`run ${run} is going on`, `follow it with: notepod logs -f ${run}`);
    }
    if (last.outcome === 'succeeded') {
      throw new EngineError(`run ${run} has succeeded already`, `see it with: notepod show ${run}`);
    }
    const { cluster, place } = await this.reach(folder);
    const file = folder.read();
    takeLock(folder.lock);
    try {
      const first = await cluster.get('Workflow', place.workflows[0] ?? '', {
        namespace: place.namespace
      });
      const further = resumed(
        first,
        file.document.steps.map(step => step.name),
        events,
        place.workflows.length + 1
      );
      await cluster.create('Workflow', further, { namespace: place.namespace });
      const changed: RunFile = {
        ...file,
        cluster: { ...place, workflows: [...place.workflows, nameOf(further)] }
      };
      folder.write(changed);
      const log = new EventLog(folder.events);
      log.append({ type: 'run-resumed' });
      this.supervise(run, cluster, folder, changed, log);
    } catch (error) {
      rmSync(folder.lock, { force: true });
      throw asEngineError(error);
    }
  }

  /** Deletes the run with its volume, on the cluster and here. */
  async delete(run: string): Promise<void> {
    const folder = this.existing(run);
    if (isHeld(folder.lock) && !hasEnded(folder)) {
      throw new EngineError(`run ${run} is going on`, `cancel it first: notepod cancel ${run}`);
    }
    try {
      const { cluster, place } = await this.reach(folder);
      const workflows = await cluster.list('Workflow', {
        namespace: place.namespace,
        labelSelector: ofRun(run)
      });
      if (workflows.some(each => !workflowState(each).isOver)) {
        throw new EngineError(`run ${run} is going on`, `cancel it first: notepod cancel ${run}`);
      }
      await removeObjects(cluster, place.namespace, run);
    } catch (error) {
      throw asEngineError(error);
    }
    rmSync(folder.path, { recursive: true, force: true });
  }

  /**
   * The runs that the cluster knows and this machine does not, each with a folder here from now on.
   * @returns their ids
   */
  async adopt(context?: string, namespace?: string): Promise<readonly string[]> {
    const found: string[] = [];
    try {
      const cluster = await this.cluster(context, namespace);
      const workflows = await cluster.list('Workflow', { labelSelector: ALL_OF_OURS });
      const runs = new Set(workflows.flatMap(each => each.metadata?.labels?.[LABEL.run] ?? []));
      for (const run of runs) {
        const own = workflows.filter(each => each.metadata?.labels?.[LABEL.run] === run);
        if (
          !new RunFolder(this.folder(run)).isRun() &&
          (await adoptRun(cluster, this.options.data, run, own))
        ) {
          found.push(run);
        }
      }
    } catch (error) {
      throw asEngineError(error);
    }
    return found;
  }

  /** Brings the run's folder up to what the cluster says now. */
  async sync(run: string): Promise<void> {
    const folder = this.existing(run);
    await this.takeUp(run, folder, false);
    await this.caughtUp(run);
    const own = this.supervised.get(run);
    if (own?.isLive === false) {
      own.stop.abort();
      await own.done;
    }
  }

  /** Ends following runs in this process, and closes its connections; the runs go on. */
  async detach(): Promise<void> {
    const all = [...this.supervised.values()];
    all.forEach(each => each.stop.abort());
    await Promise.all(all.map(each => each.done));
    const clusters = [...this.clusters.values()];
    this.clusters.clear();
    clusters.forEach(each => each.dispose());
  }

  /** Follows the run from here on if nobody does, and it has not ended. */
  private async takeUp(run: string, folder: RunFolder, isLive = true): Promise<void> {
    if (this.supervised.has(run) || hasEnded(folder) || isHeld(folder.lock)) {
      return;
    }
    const { cluster } = await this.reach(folder);
    takeLock(folder.lock);
    this.supervise(run, cluster, folder, folder.read(), new EventLog(folder.events), isLive);
  }

  /** Settles when all that the cluster knew of the run when it was asked is in the run's folder. */
  private async caughtUp(run: string): Promise<void> {
    const own = this.supervised.get(run);
    if (own) {
      await Promise.race([own.follower.caughtUp, own.done]);
    }
  }

  private supervise(
    run: string,
    cluster: Cluster,
    folder: RunFolder,
    file: RunFile,
    log: EventLog,
    isLive = true
  ): void {
    const stop = new AbortController();
    const namespace = file.cluster?.namespace ?? cluster.namespace;
    const before = readEventFile(folder.events);
    const follower = new Follower(
      cluster,
      namespace,
      run,
      file.document,
      folder,
      log,
      before,
      isLive
    );
    this.failures.delete(run);
    const done = follower
      .follow(stop.signal)
      .catch((error: unknown) => {
        this.failures.set(run, error);
      })
      .finally(() => {
        this.supervised.delete(run);
        rmSync(folder.lock, { force: true });
        log.wake();
      });
    this.supervised.set(run, { log, follower, stop, done, isLive });
  }

  /** A cluster, opened once. */
  private async cluster(context?: string, namespace?: string): Promise<Cluster> {
    const key = JSON.stringify([context, namespace]);
    const known = this.clusters.get(key);
    if (known !== undefined) {
      return known;
    }
    const opened = await this.options.open(context, namespace);
    this.clusters.set(key, opened);
    return opened;
  }

  /** The cluster that a run is on. */
  private async reach(
    folder: RunFolder
  ): Promise<{ readonly cluster: Cluster; readonly place: ClusterPlace }> {
    const place = folder.read().cluster;
    if (place === undefined) {
      throw new EngineError(`${folder.path} holds no run of a cluster`);
    }
    try {
      return { cluster: await this.cluster(place.context, place.namespace), place };
    } catch (error) {
      throw asEngineError(error);
    }
  }

  /** The folder of a run that is there. */
  private existing(run: string): RunFolder {
    const folder = new RunFolder(this.folder(run));
    if (/[\\/]|^\.*$/.test(run) || !folder.isRun()) {
      throw new EngineError(`there is no run ${run}`, 'list them with: notepod runs');
    }
    return folder;
  }

  /** The runs that this process follows. */
  private readonly supervised = new Map<
    string,
    {
      readonly log: EventLog;
      readonly follower: Follower;
      readonly stop: AbortController;
      readonly done: Promise<void>;
      readonly isLive: boolean;
    }
  >();
  private readonly clusters = new Map<string, Cluster>();
  /** What kept this process from following a run further. */
  private readonly failures = new Map<string, unknown>();
}

/** Makes the objects of a run; takes back what it made if one cannot be made. */
async function create(cluster: Cluster, manifests: RunManifests): Promise<void> {
  const { namespace } = cluster;
  const made: { readonly kind: Kind; readonly name: string }[] = [];
  try {
    for (const map of manifests.configMaps) {
      await cluster.create('ConfigMap', map, { namespace });
      made.push({ kind: 'ConfigMap', name: nameOf(map) });
    }
    await cluster.create('PersistentVolumeClaim', manifests.claim, { namespace });
    made.push({ kind: 'PersistentVolumeClaim', name: nameOf(manifests.claim) });
    const workflow = await cluster.create('Workflow', manifests.workflow, {
      namespace
    });
    // Whoever deletes the Workflow, with kubectl too, deletes all of the run.
    const metadata = {
      ownerReferences: [
        {
          apiVersion: 'argoproj.io/v1alpha1',
          kind: 'Workflow',
          name: workflow.metadata?.name,
          uid: workflow.metadata?.uid
        }
      ]
    };
    await Promise.all(
      made.map(({ kind, name }) => cluster.patch(kind, name, { metadata }, { namespace }))
    );
  } catch (error) {
    for (const { kind, name } of made) {
      await cluster.delete(kind, name, { namespace }).catch(() => undefined);
    }
    throw error;
  }
}

async function removeObjects(cluster: Cluster, namespace: string, run: string): Promise<void> {
  const labelSelector = ofRun(run);
  for (const kind of ['Workflow', 'Pod', 'PersistentVolumeClaim', 'ConfigMap'] as const) {
    for (const each of await cluster.list(kind, { namespace, labelSelector })) {
      await cluster.delete(kind, nameOf(each), { namespace });
    }
  }
}

function nameOf(
  object: { readonly metadata?: { readonly name?: string } } | Workflow | object
): string {
  return (object as Workflow).metadata?.name ?? '';
}

function hasEnded(folder: RunFolder): boolean {
  return readEventFile(folder.events).at(-1)?.type === 'run-ended';
}

function asEngineError(error: unknown): Error {
  return error instanceof ClusterError
    ? new EngineError(error.message, error.fix)
    : error instanceof Error
      ? error
      : new Error(String(error));
}
