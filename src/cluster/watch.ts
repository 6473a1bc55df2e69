import { ClusterError, errorOfAnswer } from './errors';
import { pathOf, type Kind, type Kinds, type Metadata } from './objects';
import { pause, type ApiRequest, type Transport } from './transport';

/** Which objects of a kind. */
export interface Selection {
  /** Default: the cluster's namespace; `'*'`: all. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** A change of the objects that are watched. `SYNCED`: all that there is has been told; again after each new list. */
export type WatchEvent<K extends Kind> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Kinds[K] }
  | { readonly type: 'SYNCED' };

export interface WatchOptions {
  /**
   * Told each time that the connection is lost or the server has trouble, before the next try. What it throws ends the watch:
   * without it a watch that has synced once goes on for as long as nobody aborts.
   */
  readonly onTrouble?: (error: ClusterError, nextTryMs: number) => void;
  /** Milliseconds. A watch on which nothing came for so long is opened anew; servers write a bookmark about once a minute. */
  readonly idleMs?: number;
  /** Milliseconds before the first try after a failure; doubled after each, up to 15 s. */
  readonly firstPauseMs?: number;
}

const IDLE_MS = 90_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;
/** The server ends a watch after about this time by itself, which spreads the load of those who watch. */
const SERVER_SECONDS = 280;
const PAGE = 500;

/** An object with what makes it this one and no other. */
interface Held {
  readonly uid: string;
  readonly resourceVersion: string;
}

/** All objects of a selection, read in pages. @returns the version that a watch of what comes after starts from */
export async function listAll<K extends Kind>(
  transport: Transport,
  kind: K,
  namespace: string | undefined,
  selection: Selection,
  signal?: AbortSignal
): Promise<{ readonly items: readonly Kinds[K][]; readonly resourceVersion: string }> {
  const items: Kinds[K][] = [];
  let next: string | undefined;
  for (;;) {
    const page = (await transport.json({
      method: 'GET',
      path: pathOf(kind, namespace),
      query: {
        labelSelector: selection.labelSelector,
        fieldSelector: selection.fieldSelector,
        limit: PAGE,
        continue: next
      },
      what: `list ${kind}s${whereOf(namespace)}`,
      signal
    })) as {
      items?: readonly Kinds[K][];
      metadata?: { continue?: string; resourceVersion?: string };
    };
    items.push(...(page.items ?? []));
    next = page.metadata?.continue;
    if (next === undefined || next === '') {
      return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
    }
  }
}

/** ` of notepod`, or nothing for the whole cluster. */
export function whereOf(namespace: string | undefined): string {
  return namespace === undefined ? '' : ` of ${namespace}`;
}

/**
 * A list, then what changes, from the version of the list on: nothing is missed and nothing is polled. When the server no longer
 * has the version (410), a new list is compared with what was told, and the differences are told, deletions among them.
 * @throws ClusterError before the first `SYNCED` whatever is wrong; later only what does not pass by itself (rights, credentials)
 */
export async function* watchAll<K extends Kind>(
  transport: Transport,
  kind: K,
  namespace: string | undefined,
  selection: Selection,
  signal: AbortSignal,
  options: WatchOptions = {}
): AsyncGenerator<WatchEvent<K>, void, undefined> {
  const known = new Map<string, Kinds[K]>();
  const first = options.firstPauseMs ?? FIRST_PAUSE_MS;
  let version: string | undefined;
  let wait = first;
  let synced = false;
  try {
    while (!signal.aborted) {
      try {
        if (version === undefined) {
          const list = await listAll(transport, kind, namespace, selection, signal);
          yield* differences(known, list.items);
          version = list.resourceVersion;
          synced = true;
          yield { type: 'SYNCED' };
        }
        for await (const line of linesOfWatch(
          transport,
          kind,
          namespace,
          selection,
          version,
          signal,
          options
        )) {
          wait = first;
          version = line.object.metadata?.resourceVersion ?? version;
          if (line.type !== 'BOOKMARK') {
            remember(known, line.type, line.object);
            yield { type: line.type, object: line.object };
          }
        }
        // The server ended it in order, or it was idle: on from the same version. A pause, in case it does so at once each time.
        await pause(Math.min(wait, first), signal);
      } catch (error) {
        if (signal.aborted || !(error instanceof ClusterError)) {
          throw error;
        }
        if (error.answer?.status === 410) {
          version = undefined;
        } else if (!synced || !error.mayPass) {
          throw error;
        } else {
          // Half of it by chance, so that many clients do not come back at once.
          const ms = wait / 2 + Math.random() * (wait / 2);
          options.onTrouble?.(error, ms);
          await pause(ms, signal);
          wait = Math.min(wait * 2, LONGEST_PAUSE_MS);
        }
      }
    }
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }
}

/** What a new list says that was not told yet. */
function* differences<K extends Kind>(
  known: Map<string, Kinds[K]>,
  items: readonly Kinds[K][]
): Generator<WatchEvent<K>, void, undefined> {
  const now = new Set(items.map(each => held(each).uid));
  for (const [uid, object] of [...known]) {
    if (!now.has(uid)) {
      known.delete(uid);
      yield { type: 'DELETED', object };
    }
  }
  for (const object of items) {
    const { uid, resourceVersion } = held(object);
    const before = known.get(uid);
    if (before === undefined || held(before).resourceVersion !== resourceVersion) {
      known.set(uid, object);
      yield { type: before === undefined ? 'ADDED' : 'MODIFIED', object };
    }
  }
}

function remember<K extends Kind>(
  known: Map<string, Kinds[K]>,
  type: 'ADDED' | 'MODIFIED' | 'DELETED',
  object: Kinds[K]
): void {
  const { uid } = held(object);
  if (type === 'DELETED') {
    known.delete(uid);
  } else {
    known.set(uid, object);
  }
}

function held(object: { readonly metadata?: Metadata }): Held {
  const { uid, name, namespace, resourceVersion } = object.metadata ?? {};
  return { uid: uid ?? `${namespace ?? ''}/${name ?? ''}`, resourceVersion: resourceVersion ?? '' };
}

interface WatchLine<K extends Kind> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: Kinds[K];
}

/** One watch, until the server ends it or nothing comes for too long. @throws ClusterError for an `ERROR` line, with its status */
async function* linesOfWatch<K extends Kind>(
  transport: Transport,
  kind: K,
  namespace: string | undefined,
  selection: Selection,
  resourceVersion: string,
  signal: AbortSignal,
  options: WatchOptions
): AsyncGenerator<WatchLine<K>, void, undefined> {
  const idle = new AbortController();
  const request: ApiRequest = {
    method: 'GET',
    path: pathOf(kind, namespace),
    query: {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion,
      timeoutSeconds: SERVER_SECONDS + Math.floor(Math.random() * 60),
      labelSelector: selection.labelSelector,
      fieldSelector: selection.fieldSelector
    },
    what: `watch ${kind}s${whereOf(namespace)}`,
    signal: AbortSignal.any([signal, idle.signal])
  };
  const limit = () => setTimeout(() => idle.abort(), options.idleMs ?? IDLE_MS);
  let timer = limit();
  try {
    for await (const text of linesOf(transport.stream(request))) {
      clearTimeout(timer);
      const line = JSON.parse(text) as WatchLine<K> | { type: 'ERROR'; object: { code?: number } };
      if (line.type === 'ERROR') {
        throw errorOfAnswer(
          request.what,
          transport.server,
          line.object.code ?? 500,
          JSON.stringify(line.object)
        );
      }
      yield line;
      timer = limit();
    }
  } catch (error) {
    if (!idle.signal.aborted || signal.aborted) {
      throw error;
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Lines of a stream of bytes, without their ends. A last line without an end was cut, and is left out. */
async function* linesOf(parts: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  let open: Buffer[] = [];
  for await (const part of parts) {
    let from = 0;
    for (let end = part.indexOf(10); end >= 0; end = part.indexOf(10, from)) {
      open.push(part.subarray(from, end));
      const line = Buffer.concat(open).toString('utf-8');
      open = [];
      from = end + 1;
      if (line.trim() !== '') {
        yield line;
      }
    }
    open.push(part.subarray(from));
  }
}
