import type { Cluster } from '../../cluster/client';
import type { Kinds } from '../../cluster/objects';
import { templateNames } from '../../compile/template-names';
import type { LocalDocument } from '../../compile/types';
import { nowNs, type EventLog, type NewEvent } from '../run-store/event-log';
import { OUTCOME_WORDS } from '../outcomes';
import type { RunFolder } from '../run-store/run-folder';
import type { RunEvent, RunOutcome, StepOutcome } from '../types';
import { ofRun } from './selectors';
import { deletedPod, podState, type PodEnd, type PodState } from './pod-state';
import { StepStream, type StreamEnd } from './step-stream';
import { workflowState, type NodeState, type WorkflowState } from './workflow-state';

/** Argo's controller takes a Workflow up within a second or two; when it has not by then, the user is told, ms. */
const CONTROLLER_IS_LATE = 8000;
/** How long the last news of pods may come after the news that the Workflow is over, ms. */
const LAST_NEWS = 10_000;

/** Kubernetes' words for a pod that is on its way. */
const ON_ITS_WAY = new Set(['ContainerCreating', 'PodInitializing']);

/** What is known of one attempt of a step. */
class Attempt {
  constructor(
    readonly step: string,
    readonly attempt: number
  ) {}

  /**
   * A time of the attempt's story, ns since the epoch, decimal: moved to the latest so far if it lies before. Kubernetes keeps
   * whole seconds, and the step program ns.
   */
  after(time: string): string {
    if (BigInt(time) > this.latest) {
      this.latest = BigInt(time);
    }
    return this.latest.toString();
  }

  /** The pod's. */
  uid?: string;
  state?: PodState;
  isReady = false;
  isStarted = false;
  /** How many records were told. */
  records = 0;
  /** What holds it up, as it was told last. */
  held = '';
  stream?: Promise<StreamEnd>;
  /** The stream has come to its end. */
  isRead = false;
  end?: PodEnd;
  isOver = false;
  private latest = 0n;
}

/** Follows a run on the cluster, and writes what happens into the run's folder: events, logs and outputs, as a local run has them. */
export class Follower {
  constructor(
    private readonly cluster: Cluster,
    private readonly namespace: string,
    private readonly run: string,
    private readonly document: LocalDocument,
    private readonly folder: RunFolder,
    private readonly log: EventLog,
    before: readonly RunEvent[],
    /** Goes on as long as the run does; else it looks once, and {@link caughtUp} settles. */
    private readonly isLive = true
  ) {
    this.caughtUp = new Promise(done => {
      this.tellCaughtUp = done;
    });
    const names = templateNames(document.steps.map(each => each.name));
    this.steps = new Map([...names].map(([step, name]) => [name, step]));
    before.forEach(event => this.recall(event));
  }

  /** Settles when all that the cluster knew when it was asked has been told. */
  readonly caughtUp: Promise<void>;

  /** Follows until the run has ended or `signal` aborts. @throws ClusterError what does not pass by itself; BrokenRunError a full disk */
  async follow(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const stop = AbortSignal.any([signal, over.signal]);
    this.stop = stop;
    const finished = new Promise<void>((done, fail) => {
      this.finish = done;
      this.fail = fail;
    });
    const late = setTimeout(() => this.controllerIsLate(), CONTROLLER_IS_LATE);
    const selection = { namespace: this.namespace, labelSelector: ofRun(this.run) };
    const aborted = new Promise<void>(done => stop.addEventListener('abort', () => done()));
    try {
      await Promise.race([
        finished,
        aborted,
        Promise.all([
          this.watch('Workflow', selection, stop, (type, object) => this.workflow(type, object)),
          this.watch('Pod', selection, stop, (type, object) => this.pod(type, object))
        ])
      ]);
    } finally {
      clearTimeout(late);
      clearTimeout(this.waitingForNews);
      over.abort();
    }
  }

  private async watch<K extends 'Workflow' | 'Pod'>(
    kind: K,
    selection: { readonly namespace: string; readonly labelSelector: string },
    signal: AbortSignal,
    take: (type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'SYNCED', object?: Kinds[K]) => void
  ): Promise<void> {
    for await (const event of this.cluster.watch(kind, selection, signal, {
      onTrouble: error => this.trouble(error)
    })) {
      this.hasTrouble = false;
      take(event.type, event.type === 'SYNCED' ? undefined : event.object);
      if (this.log.failure) {
        throw this.log.failure;
      }
    }
  }

  /** Said once per time that the connection is lost. */
  private trouble(error: { readonly message: string }): void {
    if (!this.hasTrouble) {
      this.hasTrouble = true;
      this.append({
        type: 'run-note',
        message: `${error.message}; the run goes on without it, and it is asked again`
      });
    }
  }

  // ---- what the log of events already tells --------------------------------------------------

  private recall(event: RunEvent): void {
    switch (event.type) {
      case 'step-ready':
        this.recalled(event).isReady = true;
        this.recalled(event).uid = event.uid;
        break;
      case 'step-started':
        this.recalled(event).isStarted = true;
        break;
      case 'step-record': {
        const known = this.attempt(event.step, event.attempt);
        known.records += 1;
        known.after(event.record.t);
        break;
      }
      case 'step-ended':
        this.ended(this.recalled(event), event.outcome);
        break;
      case 'step-reused':
        this.succeeded.add(event.step);
        break;
      case 'run-resumed':
        this.outcomes.clear();
        for (const { step, attempt } of this.attempts.values()) {
          this.before.set(step, Math.max(attempt, this.attemptsBefore(step)));
        }
        break;
      default:
        break;
    }
    this.lastTime = this.notBefore(event.time);
  }

  private recalled(event: Extract<RunEvent, { readonly attempt: number }>): Attempt {
    const attempt = this.attempt(event.step, event.attempt);
    attempt.after(event.time);
    return attempt;
  }

  /** The attempt that a pod is. When a pod is taken away, Argo may make it anew, with the same name and number. */
  private attemptOf(state: PodState): Attempt {
    for (let number = state.attempt; ; number++) {
      const attempt = this.attempt(state.step, number);
      attempt.uid ??= state.uid;
      if (attempt.uid === state.uid) {
        return attempt;
      }
    }
  }

  private attempt(step: string, attempt: number): Attempt {
    const key = `${step} ${attempt}`;
    const known = this.attempts.get(key);
    if (known) {
      return known;
    }
    const made = new Attempt(step, attempt);
    this.attempts.set(key, made);
    return made;
  }

  private ended(attempt: Attempt, outcome: StepOutcome): void {
    attempt.isOver = true;
    if (outcome === 'succeeded') {
      this.succeeded.add(attempt.step);
      this.outcomes.delete(attempt.step);
    } else {
      this.outcomes.set(attempt.step, outcome);
    }
  }

  // ---- pods ----------------------------------------------------------------------------------

  private pod(type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'SYNCED', object?: Kinds['Pod']): void {
    const state = object === undefined ? undefined : podState(object, this.steps);
    if (type === 'SYNCED') {
      this.podsAreKnown = true;
      this.lookWhetherOver();
    }
    if (state === undefined) {
      return;
    }
    const attempt = this.attemptOf(state);
    if (attempt.isOver) {
      return;
    }
    attempt.state = state;
    if (!attempt.isReady) {
      attempt.isReady = true;
      this.append(
        { type: 'step-ready', step: state.step, attempt: attempt.attempt, uid: state.uid },
        attempt.after(state.created)
      );
    }
    this.tellWhatHolds(attempt, state);
    if (state.started !== undefined && attempt.stream === undefined) {
      this.start(attempt, state);
    }
    const end = type === 'DELETED' ? deletedPod(state, nowNs()) : state.ended;
    if (end !== undefined && attempt.end === undefined) {
      attempt.end = end;
      if (attempt.stream === undefined || attempt.isRead) {
        this.end(attempt);
      }
    }
  }

  private tellWhatHolds(attempt: Attempt, state: PodState): void {
    const { reason, message } = state.waiting ?? {};
    // Pods come and go through `PodInitializing` while all is well: that is told once, with the node.
    const isWell = reason === undefined || ON_ITS_WAY.has(reason);
    const held = JSON.stringify([state.pod, state.node, ...(isWell ? [] : [reason, message])]);
    if (held !== attempt.held && (state.node !== undefined || !isWell)) {
      attempt.held = held;
      this.append({
        type: 'step-pod',
        step: state.step,
        attempt: attempt.attempt,
        pod: state.pod,
        ...(state.node === undefined ? {} : { node: state.node }),
        ...(reason === undefined ? {} : { reason }),
        ...(message === undefined ? {} : { message })
      });
    }
  }

  private start(attempt: Attempt, state: PodState): void {
    const { step, started = '0' } = state;
    const { attempt: number } = attempt;
    if (!attempt.isStarted) {
      attempt.isStarted = true;
      this.append({ type: 'step-started', step, attempt: number }, attempt.after(started));
    }
    const stream = new StepStream(
      this.cluster,
      { name: state.pod, namespace: this.namespace },
      this.folder.attempt(step, number),
      attempt.records,
      record => {
        attempt.after(record.t);
        this.append({ type: 'step-record', step, attempt: number, record });
      }
    );
    attempt.stream = stream.read(this.stop, this.isLive || state.ended !== undefined);
    attempt.stream.then(
      end => this.streamEnded(attempt, end),
      (error: unknown) => this.fail(error)
    );
  }

  private streamEnded(attempt: Attempt, stream: StreamEnd): void {
    if (this.stop.aborted) {
      return;
    }
    attempt.isRead = true;
    if (!this.isLive && attempt.end === undefined) {
      this.lookWhetherOver();
      return;
    }
    const isCut =
      !stream.isWhole || (attempt.end?.frames !== undefined && stream.frames < attempt.end.frames);
    if (isCut) {
      this.append({
        type: 'run-note',
        message: `part of what step ${attempt.step} printed is no longer in the log of its pod`,
        fix: `it is on the run's volume: notepod files ${this.run}`
      });
    }
    this.end(attempt);
  }

  /** The attempt has ended, and all that it said is here. */
  private end(attempt: Attempt): void {
    const { end, step } = attempt;
    if (attempt.isOver || end === undefined) {
      return;
    }
    const isCancelled = this.latest?.isCancelled === true && end.outcome !== 'succeeded';
    // A step that was told to end says that it was cancelled; where nobody cancelled the run, its pod was taken away.
    const { time, outcome, exitCode, signal, code, message } = isCancelled
      ? { ...end, outcome: 'cancelled' as const }
      : end.outcome === 'cancelled' && attempt.state !== undefined
        ? deletedPod({ ...attempt.state, ended: undefined }, end.time)
        : end;
    const worthIt = outcome === 'failed' || outcome === 'killed' || outcome === 'timeout';
    const retry = this.document.steps.find(each => each.name === step)?.retry ?? 0;
    const willRetry = worthIt && attempt.attempt - this.attemptsBefore(step) <= retry;
    this.ended(attempt, outcome);
    this.append(
      {
        type: 'step-ended',
        step,
        attempt: attempt.attempt,
        outcome,
        exitCode,
        signal,
        code,
        message,
        ...(willRetry ? { willRetry } : {})
      },
      attempt.after(time)
    );
    this.lookWhetherOver();
  }

  // ---- the Workflow --------------------------------------------------------------------------

  private workflow(
    type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'SYNCED',
    object?: Kinds['Workflow']
  ): void {
    if (object !== undefined) {
      const state = workflowState(object);
      // A run that was resumed has several; the newest is the one that goes on.
      if (this.latest === undefined || isNewer(state, this.latest)) {
        this.latest = state;
        this.workflowIsGone = type === 'DELETED';
      }
    }
    this.workflowIsKnown ||= type === 'SYNCED';
    this.lookWhetherOver();
  }

  private controllerIsLate(): void {
    if (this.latest?.phase === '' && !this.workflowIsGone) {
      this.append({
        type: 'run-note',
        message: `Argo's controller has not taken Workflow ${this.latest.name} up after ${CONTROLLER_IS_LATE / 1000} s`,
        fix: 'see whether it runs: notepod doctor; the run waits for it'
      });
    }
  }

  /** Ends the run when its Workflow is over and all news of its pods has come. */
  private lookWhetherOver(): void {
    if (this.workflowIsKnown && this.podsAreKnown && !this.hasOpenEnds()) {
      this.tellCaughtUp();
    }
    if (!this.workflowIsKnown || !this.podsAreKnown || this.isOver) {
      return;
    }
    if (this.latest === undefined || this.workflowIsGone) {
      if ([...this.attempts.values()].every(each => each.isOver || each.stream === undefined)) {
        this.over('failed', 'its Workflow was deleted from the cluster');
      }
      return;
    }
    if (!this.latest.isOver) {
      return;
    }
    if (this.isNewsMissing()) {
      this.waitingForNews ??= setTimeout(() => this.giveUpNews(), LAST_NEWS);
      return;
    }
    this.overAs(this.latest);
  }

  /** Something is known to be there that is not read yet. */
  private hasOpenEnds(): boolean {
    return [...this.attempts.values()].some(
      each =>
        (each.end !== undefined && !each.isOver) ||
        (!this.isLive && each.stream !== undefined && !each.isRead)
    );
  }

  /** A pod that ended may be told of after its Workflow is; its log may still be read. */
  private isNewsMissing(): boolean {
    const open = [...this.attempts.values()].some(each => !each.isOver && each.state !== undefined);
    return open || this.unseen().length > 0;
  }

  /** Nodes of the Workflow for which no pod was seen: it was never made, or is gone. */
  private unseen(): readonly NodeState[] {
    const seen = this.begun();
    return (this.latest?.nodes ?? []).filter(node => {
      const step = this.stepOf(node);
      return step !== undefined && !seen.has(step);
    });
  }

  /** Steps of which there was an attempt. */
  private begun(): ReadonlySet<string> {
    return new Set([...this.attempts.values()].map(each => each.step));
  }

  private stepOf(node: NodeState): string | undefined {
    return this.steps.get(node.template);
  }

  private giveUpNews(): void {
    for (const attempt of this.attempts.values()) {
      if (!attempt.isOver && attempt.state !== undefined) {
        attempt.end ??= deletedPod(attempt.state, nowNs());
        this.end(attempt);
      }
    }
    for (const node of this.unseen()) {
      const step = this.stepOf(node) ?? '';
      const attempt = this.attempt(step, this.attemptsBefore(step) + 1);
      if (node.phase !== 'Skipped' && node.phase !== 'Omitted' && !attempt.isOver) {
        const message = node.message ?? 'its pod is gone, and with it what it printed';
        const outcome = node.phase === 'Succeeded' ? 'succeeded' : 'failed';
        this.ended(attempt, outcome);
        this.append({
          type: 'step-ended',
          step,
          attempt: attempt.attempt,
          outcome,
          ...(outcome === 'failed' ? { code: 'NP614', message } : {})
        });
      }
    }
    if (this.latest !== undefined && !this.isOver) {
      this.overAs(this.latest);
    }
  }

  private overAs(workflow: WorkflowState): void {
    if (workflow.isCancelled) {
      this.over('cancelled', undefined, workflow.finished);
      return;
    }
    // Of several failures the first in reference order counts, as Run All would have stopped there.
    const failed = this.document.steps.find(each => this.outcomes.has(each.name));
    if (failed !== undefined) {
      const outcome = this.outcomes.get(failed.name) ?? 'failed';
      const words = `step ${failed.name} ${OUTCOME_WORDS[outcome]}`;
      this.over(outcome === 'guard' ? 'guard' : 'failed', words, workflow.finished);
    } else if (workflow.phase === 'Succeeded') {
      this.over('succeeded', undefined, workflow.finished);
    } else {
      this.over('failed', workflow.message ?? `Argo says ${workflow.phase}`, workflow.finished);
    }
  }

  private over(outcome: RunOutcome, message?: string, time = '0'): void {
    this.isOver = true;
    const begun = this.begun();
    for (const { name } of this.document.steps) {
      if (!this.succeeded.has(name) && !begun.has(name)) {
        this.append({ type: 'step-ended', step: name, attempt: 0, outcome: 'skipped' });
      }
    }
    this.append(
      { type: 'run-ended', outcome, ...(message === undefined ? {} : { message }) },
      this.notBefore(time)
    );
    this.finish();
  }

  private attemptsBefore(step: string): number {
    return this.before.get(step) ?? 0;
  }

  private append(event: NewEvent, time?: string): void {
    if (time !== undefined) {
      this.lastTime = this.notBefore(time);
    }
    this.log.append(event, time);
    if (this.log.failure) {
      this.fail(this.log.failure);
    }
  }

  /** The later of a time and of all that was told so far. */
  private notBefore(time: string): string {
    return BigInt(time) > BigInt(this.lastTime) ? time : this.lastTime;
  }

  /** Steps by the names of their templates. */
  private readonly steps: ReadonlyMap<string, string>;
  private readonly attempts = new Map<string, Attempt>();
  /** By step, how many attempts there were before the run was resumed last. */
  private readonly before = new Map<string, number>();
  private readonly succeeded = new Set<string>();
  /** How steps ended that did not succeed. */
  private readonly outcomes = new Map<string, StepOutcome>();
  private latest: WorkflowState | undefined;
  private workflowIsGone = false;
  private workflowIsKnown = false;
  private podsAreKnown = false;
  private hasTrouble = false;
  private isOver = false;
  private lastTime = '0';
  private waitingForNews: NodeJS.Timeout | undefined;
  private stop: AbortSignal = AbortSignal.abort();
  private tellCaughtUp: () => void = () => undefined;
  private finish: () => void = () => undefined;
  private fail: (error: unknown) => void = () => undefined;
}

function isNewer(state: WorkflowState, than: WorkflowState): boolean {
  return state.name === than.name || BigInt(state.created) > BigInt(than.created);
}
