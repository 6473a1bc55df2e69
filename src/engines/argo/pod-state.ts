import type { Kinds } from '../../cluster/objects';
import type { StepOutcome } from '../types';
import { LABEL } from '../../compile/labels';

type Pod = Kinds['Pod'];
type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

/** A pod of a step, as the engine sees it. Times are ns since the epoch, decimal. */
export interface PodState {
  readonly pod: string;
  readonly uid: string;
  readonly step: string;
  /** From 1, as Argo counts. */
  readonly attempt: number;
  readonly created: string;
  readonly node?: string;
  /** What keeps `main` from running, if something does. */
  readonly waiting?: { readonly reason: string; readonly message?: string };
  /** When `main` began to run. Whole seconds: Kubernetes keeps no more. */
  readonly started?: string;
  readonly ended?: PodEnd;
}

/** How a pod ended, from what the step program left, or else from what Kubernetes says. */
export interface PodEnd {
  readonly time: string;
  readonly outcome: StepOutcome;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly code?: string;
  readonly message?: string;
  /** How many frames the log had; absent if the step program could not say. */
  readonly frames?: number;
}

/** The container that runs the step. Beside it Argo has `init` and `wait` (facts: argo.md §3). */
export const MAIN = 'main';

/** Reads a pod. Undefined if it is no step's. @param steps by the names of their templates, which their pods are labelled with */
export function podState(pod: Pod, steps: ReadonlyMap<string, string>): PodState | undefined {
  const step = steps.get(pod.metadata?.labels?.[LABEL.step] ?? '');
  const name = pod.metadata?.name;
  if (step === undefined || name === undefined) {
    return undefined;
  }
  const main = pod.status?.containerStatuses?.find(each => each.name === MAIN);
  const running = main?.state?.running?.startedAt;
  const terminated = main?.state?.terminated;
  const started = running ?? terminated?.startedAt;
  const node = pod.spec?.nodeName;
  const ended = endOf(pod, main);
  const waiting = ended || started ? undefined : waitingFor(pod, main);
  return {
    pod: name,
    uid: pod.metadata?.uid ?? name,
    step,
    attempt: attemptOf(pod),
    created: nanoseconds(pod.metadata?.creationTimestamp),
    ...(node ? { node } : {}),
    ...(waiting ? { waiting } : {}),
    ...(started ? { started: nanoseconds(started) } : {}),
    ...(ended ? { ended } : {})
  };
}

/** The pod was taken away before it ended. */
export function deletedPod(state: PodState, time: string): PodEnd {
  return (
    state.ended ?? {
      time,
      outcome: 'killed',
      code: 'NP611',
      message: `its pod ${state.pod} was deleted while it ran, or its node was emptied`
    }
  );
}

function attemptOf(pod: Pod): number {
  const { env } = pod.spec?.containers.find(each => each.name === MAIN) ?? {};
  const number = (name: string) => Number(env?.find(each => each.name === name)?.value ?? 0) || 0;
  return number('NOTEPOD_ATTEMPT') + number('NOTEPOD_ATTEMPTS_BEFORE') + 1;
}

function waitingFor(pod: Pod, main: ContainerStatus | undefined): PodState['waiting'] {
  const scheduled = pod.status?.conditions?.find(each => each.type === 'PodScheduled');
  if (scheduled?.status === 'False') {
    return said(scheduled.reason ?? 'Unschedulable', scheduled.message);
  }
  const containers = [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(main ? [main] : []),
    ...(pod.status?.containerStatuses ?? [])
  ];
  // What is wrong comes before what is merely slow.
  const states = containers.flatMap(each => each.state?.waiting ?? []);
  const worst = states.find(each => !SLOW.has(each.reason ?? '')) ?? states[0];
  return worst?.reason === undefined ? undefined : said(worst.reason, worst.message);
}

/** Reasons of a container that is on its way. */
const SLOW = new Set(['ContainerCreating', 'PodInitializing', '']);

function said(reason: string, message: string | undefined): PodState['waiting'] {
  return { reason, ...(message ? { message } : {}) };
}

/** What the step program writes to `/dev/termination-log`. */
interface LastWords {
  readonly v: 1;
  readonly outcome: StepOutcome;
  readonly exit?: number;
  readonly signal?: string;
  readonly code?: string;
  readonly message?: string;
  readonly oom?: boolean;
  readonly peakRss?: number;
  readonly frames?: number;
}

function endOf(pod: Pod, main: ContainerStatus | undefined): PodEnd | undefined {
  const { status } = pod;
  const terminated = main?.state?.terminated;
  if (!terminated && status?.phase !== 'Failed' && status?.phase !== 'Succeeded') {
    return undefined;
  }
  const time = nanoseconds(
    terminated?.finishedAt ??
      status?.conditions?.find(each => each.type === 'Ready')?.lastTransitionTime
  );
  const words = lastWords(terminated?.message);
  const exitCode = terminated?.exitCode;
  const base = {
    time,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(words?.frames === undefined ? {} : { frames: words.frames })
  };
  if (terminated?.reason === 'OOMKilled' || words?.oom === true) {
    return { ...base, outcome: 'killed', code: 'NP612', message: outOfMemory(pod, words?.peakRss) };
  }
  if (status?.reason === 'DeadlineExceeded') {
    const limit = pod.spec?.activeDeadlineSeconds;
    return {
      ...base,
      outcome: 'timeout',
      code: 'NP512',
      message: `it took longer than its \`timeout:\`${limit === undefined ? '' : ` of ${limit} s`}`
    };
  }
  if (status?.reason === 'Evicted') {
    return {
      ...base,
      outcome: 'killed',
      code: 'NP613',
      message: `it was evicted: ${status.message ?? ''}`
    };
  }
  if (words) {
    return {
      ...base,
      outcome: words.outcome,
      ...(words.signal === undefined ? {} : { signal: words.signal }),
      ...(words.code === undefined ? {} : { code: words.code }),
      ...(words.message === undefined ? {} : { message: words.message })
    };
  }
  return {
    ...base,
    outcome: exitCode === undefined || exitCode === 137 ? 'killed' : 'failed',
    code: 'NP614',
    message: withoutWords(pod, exitCode, terminated?.message)
  };
}

function lastWords(text: string | undefined): LastWords | undefined {
  try {
    const words = JSON.parse(text ?? '') as LastWords;
    return words.v === 1 ? words : undefined;
  } catch {
    return undefined;
  }
}

function outOfMemory(pod: Pod, peak: number | undefined): string {
  const limit = pod.spec?.containers.find(each => each.name === MAIN)?.resources?.limits?.memory;
  const had = limit === undefined ? 'the memory of its node' : `its memory limit of ${limit}`;
  const used = peak === undefined ? '' : `; it had ${(peak / 2 ** 20).toFixed(0)} MiB at its peak`;
  return `it needed more than ${had}${used}; give it more with \`limit:memory:\`, and ask for it with \`request:memory:\``;
}

/** The step program has left nothing: it never came to run, or was killed outright. */
function withoutWords(pod: Pod, exitCode: number | undefined, message: string | undefined): string {
  const others = [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? [])
  ].flatMap(each => {
    const ended = each.state?.terminated;
    return ended && ended.exitCode !== 0 && each.name !== MAIN
      ? [`container ${each.name}: ${ended.message ?? ended.reason ?? `exit ${ended.exitCode}`}`]
      : [];
  });
  const said = [pod.status?.message, message, ...others].filter(
    each => each !== undefined && each !== ''
  );
  const how = exitCode === undefined ? 'its pod failed' : `its container ended with ${exitCode}`;
  return said.length === 0 ? `${how} and left no word` : `${how}: ${said.join('; ')}`;
}

/** A time of the API (RFC 3339) in ns since the epoch, decimal; `0` if there is none. */
export function nanoseconds(time: string | undefined): string {
  const at = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(at) ? '0' : `${at}000000`;
}
