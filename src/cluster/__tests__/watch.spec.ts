import type { ServerResponse } from 'node:http';
import { ClusterError } from '../errors';
import type { Cluster, WatchEvent, WatchOptions } from '../client';
import { FakeApiServer, json, status } from './fake-api-server';

let server: FakeApiServer;
let cluster: Cluster;
let stop: AbortController;
beforeEach(async () => {
  server = new FakeApiServer();
  await server.start();
  cluster = await server.open();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  cluster.dispose();
  await server.stop();
});

const pod = (name: string, version: number, uid = `uid-${name}`) => ({
  metadata: { name, uid, resourceVersion: String(version) }
});
const list = (version: number, ...items: object[]) => ({
  metadata: { resourceVersion: String(version) },
  items
});
const line = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;

type Reply = (response: ServerResponse) => void;

/** Answers lists and watches from two scripts; after the last watch of the script, further ones stay open and silent. */
function script(lists: readonly object[], watches: readonly Reply[]): void {
  let [listed, watched] = [0, 0];
  server.answer((request, response) => {
    if (request.query.get('watch') === 'true') {
      const reply = watches[watched++];
      response.on('error', () => undefined);
      if (reply) {
        reply(response);
      } else {
        response.writeHead(200).flushHeaders();
      }
    } else {
      json(response, lists[Math.min(listed++, lists.length - 1)]);
    }
  });
}

/** Takes events until there are `count`, then ends the watch. */
async function take(count: number, options: WatchOptions = {}): Promise<readonly string[]> {
  const seen: string[] = [];
  const events: AsyncIterable<WatchEvent<'Pod'>> = cluster.watch(
    'Pod',
    { labelSelector: 'app=x', fieldSelector: 'spec.nodeName=n' },
    stop.signal,
    { firstPauseMs: 1, ...options }
  );
  for await (const event of events) {
    seen.push(
      event.type === 'SYNCED'
        ? 'SYNCED'
        : `${event.type} ${event.object.metadata?.name}@${event.object.metadata?.resourceVersion}`
    );
    if (seen.length === count) {
      stop.abort();
    }
  }
  return seen;
}

const versions = () =>
  server.received
    .filter(each => each.query.get('watch') === 'true')
    .map(each => each.query.get('resourceVersion'));
const lists = () => server.received.filter(each => each.query.get('watch') !== 'true').length;

test('a list, then what changes from its version on', async () => {
  script(
    [list(7, pod('a', 3))],
    [
      response =>
        response.write(
          line('ADDED', pod('b', 8)) + line('MODIFIED', pod('a', 9)) + line('DELETED', pod('b', 10))
        )
    ]
  );
  expect(await take(5)).toEqual([
    'ADDED a@3',
    'SYNCED',
    'ADDED b@8',
    'MODIFIED a@9',
    'DELETED b@10'
  ]);
  expect(versions()).toEqual(['7']);
  for (const { path, query } of server.received) {
    expect(path).toBe('/api/v1/namespaces/ns/pods');
    expect(query.get('labelSelector')).toBe('app=x');
    expect(query.get('fieldSelector')).toBe('spec.nodeName=n');
  }
  expect(server.received[1].query.get('allowWatchBookmarks')).toBe('true');
});

test('a list in pages is one list', async () => {
  let page = 0;
  server.answer((request, response) => {
    if (request.query.get('watch') === 'true') {
      response.writeHead(200).flushHeaders();
      return;
    }
    page += 1;
    expect(request.query.get('continue')).toBe(page === 1 ? null : 'more');
    json(response, {
      metadata: { resourceVersion: '7', ...(page === 1 ? { continue: 'more' } : {}) },
      items: [pod(`p${page}`, page)]
    });
  });
  expect(await take(3)).toEqual(['ADDED p1@1', 'ADDED p2@2', 'SYNCED']);
});

test('when the server ends a watch, the next goes on from the last version, a bookmark’s too, without a new list', async () => {
  script(
    [list(7)],
    [
      response =>
        response.end(
          line('ADDED', pod('a', 8)) + line('BOOKMARK', { metadata: { resourceVersion: '20' } })
        ),
      response => response.end(line('MODIFIED', pod('a', 21))),
      response => response.write(line('DELETED', pod('a', 22)))
    ]
  );
  expect(await take(4)).toEqual(['SYNCED', 'ADDED a@8', 'MODIFIED a@21', 'DELETED a@22']);
  expect(versions()).toEqual(['7', '20', '21']);
  expect(lists()).toBe(1);
});

test.each<[string, Reply]>([
  [
    'an ERROR line',
    response =>
      response.end(
        line('ERROR', { kind: 'Status', code: 410, message: 'too old', reason: 'Expired' })
      )
  ],
  ['an answer 410', response => status(response, 410, 'too old', 'Gone')]
])('after %s a new list tells what was missed, deletions among it', async (_, gone) => {
  script(
    [
      list(7, pod('kept', 1), pod('changed', 2), pod('deleted', 3), pod('made-again', 4, 'one')),
      list(30, pod('kept', 1), pod('changed', 25), pod('new', 26), pod('made-again', 27, 'two'))
    ],
    [gone, response => response.write(line('MODIFIED', pod('new', 31)))]
  );
  expect((await take(11)).slice(5)).toEqual([
    'DELETED deleted@3',
    'DELETED made-again@4',
    'MODIFIED changed@25',
    'ADDED new@26',
    'ADDED made-again@27',
    'SYNCED'
  ]);
  expect(versions()[0]).toBe('7');
  expect(lists()).toBe(2);
});

test('a cut connection, in the middle of a line too, is opened again from the last version', async () => {
  const trouble: string[] = [];
  script(
    [list(7)],
    [
      response => {
        response.write(line('ADDED', pod('a', 8)) + '{"type":"MODIF');
        setImmediate(() => response.socket?.destroy());
      },
      response => response.socket?.destroy(),
      response => status(response, 503, 'starting'),
      response => response.write(line('MODIFIED', pod('a', 9)))
    ]
  );
  expect(await take(3, { onTrouble: error => trouble.push(error.kind) })).toEqual([
    'SYNCED',
    'ADDED a@8',
    'MODIFIED a@9'
  ]);
  expect(versions()).toEqual(['7', '8', '8', '8']);
  expect(trouble).toEqual(['unreachable', 'unreachable', 'unreachable']);
});

test('a watch on which nothing comes is opened anew', async () => {
  script(
    [list(7)],
    [
      response => response.writeHead(200).flushHeaders(),
      response => response.write(line('ADDED', pod('a', 8)))
    ]
  );
  expect(await take(2, { idleMs: 30 })).toEqual(['SYNCED', 'ADDED a@8']);
  expect(versions()).toEqual(['7', '7']);
});

test('a line in many parts, cut inside a letter, is one event', async () => {
  const text = Buffer.from(line('ADDED', { ...pod('ä', 8), spec: { note: 'é'.repeat(40_000) } }));
  script(
    [list(7)],
    [
      response => {
        const [from, to] = [text.indexOf('ä') + 1, text.length - 1];
        response.write(text.subarray(0, from));
        setImmediate(() => {
          response.write(text.subarray(from, to));
          setImmediate(() => response.write(text.subarray(to)));
        });
      }
    ]
  );
  expect(await take(2)).toEqual(['SYNCED', 'ADDED ä@8']);
});

test.each([
  [401, 'unauthorized'],
  [403, 'forbidden']
])('what does not pass by itself (%i) ends the watch with an error', async (code, kind) => {
  script(
    [list(7)],
    [response => status(response, code, 'no'), response => status(response, code, 'no')]
  );
  await expect(take(2)).rejects.toMatchObject({ kind });
});

test('before the first list is there, every error is told', async () => {
  server.answer((_, response) => status(response, 503, 'starting'));
  await expect(take(1)).rejects.toMatchObject({ kind: 'unreachable' });
});

test('what `onTrouble` throws ends the watch', async () => {
  script([list(7)], [response => status(response, 500, 'etcd is gone')]);
  const patience = new ClusterError('timeout', 'too long', 'wait');
  const options = {
    onTrouble: () => {
      throw patience;
    }
  };
  await expect(take(2, options)).rejects.toBe(patience);
});

test('an abort ends a watch at once and closes its connection', async () => {
  const closed = new Promise<void>(done =>
    server.answer((request, response) => {
      if (request.query.get('watch') === 'true') {
        request.socket.once('close', () => done());
        response.writeHead(200).flushHeaders();
        stop.abort();
      } else {
        json(response, list(7));
      }
    })
  );
  expect(await take(-1)).toEqual(['SYNCED']);
  await closed;
});
