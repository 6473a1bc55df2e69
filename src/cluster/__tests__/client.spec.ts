import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCluster, type Cluster } from '../client';
import { ClusterError, errorOfAnswer, errorOfConnection } from '../errors';
import { FakeApiServer, json, status, withKubeconfig } from './fake-api-server';

let server: FakeApiServer;
let cluster: Cluster;
beforeEach(async () => {
  server = new FakeApiServer();
  await server.start();
  cluster = await server.open();
});
afterEach(async () => {
  cluster.dispose();
  await server.stop();
});

const last = () => server.received[server.received.length - 1];

describe('which cluster', () => {
  const open = (path: string, choice = {}) => withKubeconfig(path, () => openCluster(choice));

  test.each([
    [undefined, {}, 'default'],
    ['of-context', {}, 'of-context'],
    ['of-context', { namespace: 'asked' }, 'asked']
  ])('the namespace: context %s, choice %j → %s', async (own, choice, expected) => {
    const found = await open(server.kubeconfig({}, own), choice);
    expect([found.namespace, found.context, found.server]).toEqual([expected, 'fake', server.url]);
  });

  test('an unknown context lists those that there are', async () => {
    await expect(open(server.kubeconfig(), { context: 'fakee' })).rejects.toMatchObject({
      kind: 'not-found',
      message: 'the kubeconfig has no context fakee; did you mean fake?',
      fix: 'choose one with --context: fake, broken'
    });
  });

  test('a context without its cluster', async () => {
    await expect(open(server.kubeconfig(), { context: 'broken' })).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('names the cluster gone') as string
    });
  });

  test.each([
    ['there is no such file', undefined, 'cannot be read'],
    ['it is no YAML', '{', 'cannot be read'],
    ['it is empty', '', 'cannot be read'],
    ['it has no contexts', '{"contexts": []}', 'no cluster is configured']
  ])('a kubeconfig of which %s', async (_, text, message) => {
    const folder = mkdtempSync(join(tmpdir(), 'notepod-kubeconfig-'));
    const path = join(folder, 'config');
    if (text !== undefined) {
      writeFileSync(path, text);
    }
    try {
      await expect(open(path)).rejects.toMatchObject({
        message: expect.stringContaining(message) as string
      });
      await expect(open(path)).rejects.toBeInstanceOf(ClusterError);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('requests', () => {
  test('create fills in what kind it is', async () => {
    server.answer((request, response) => json(response, request.body, 201));
    const made = await cluster.create('Workflow', {
      metadata: { name: 'w' },
      spec: { entrypoint: 'main' }
    });
    expect(made).toEqual({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Workflow',
      metadata: { name: 'w' },
      spec: { entrypoint: 'main' }
    });
    expect([last().method, last().path]).toEqual([
      'POST',
      '/apis/argoproj.io/v1alpha1/namespaces/ns/workflows'
    ]);
    expect(last().headers.authorization).toBe('Bearer secret');
    await cluster.create('ConfigMap', { metadata: { name: 'c' } }, { dryRun: true });
    expect(last().query.get('dryRun')).toBe('All');
  });

  test('patch merges, delete says how', async () => {
    server.answer((_, response) => json(response, {}));
    await cluster.patch('Workflow', 'w', { spec: { shutdown: 'Terminate' } });
    expect(last()).toMatchObject({
      method: 'PATCH',
      path: '/apis/argoproj.io/v1alpha1/namespaces/ns/workflows/w',
      body: { spec: { shutdown: 'Terminate' } }
    });
    expect(last().headers['content-type']).toBe('application/merge-patch+json');
    expect(await cluster.delete('Pod', 'p', { graceSeconds: 0 })).toBe(true);
    expect(last()).toMatchObject({
      method: 'DELETE',
      path: '/api/v1/namespaces/ns/pods/p',
      body: { propagationPolicy: 'Background', gracePeriodSeconds: 0 }
    });
  });

  test('kinds without a namespace, and all namespaces', async () => {
    server.answer((_, response) => json(response, { items: [] }));
    await cluster.list('Node');
    expect(last().path).toBe('/api/v1/nodes');
    await cluster.list('Pod', { namespace: '*' });
    expect(last().path).toBe('/api/v1/pods');
    await cluster.list('Pod', { namespace: 'other' });
    expect(last().path).toBe('/api/v1/namespaces/other/pods');
  });

  test('what is not there: an error, undefined, false', async () => {
    server.answer((_, response) => status(response, 404, 'pods "p" not found', 'NotFound'));
    await expect(cluster.get('Pod', 'p')).rejects.toMatchObject({ kind: 'not-found' });
    expect(await cluster.find('Pod', 'p')).toBeUndefined();
    expect(await cluster.delete('Pod', 'p')).toBe(false);
  });

  test('one connection serves many requests', async () => {
    server.answer((_, response) => json(response, { items: [] }));
    for (let i = 0; i < 5; i++) {
      await cluster.list('Pod');
    }
    expect(new Set(server.received.map(each => each.socket)).size).toBe(1);
  });

  test('a kept connection that the server has closed is replaced', async () => {
    let count = 0;
    server.answer((request, response) => {
      count += 1;
      if (count === 2) {
        request.socket.destroy();
      } else {
        json(response, { items: [] });
      }
    });
    await cluster.list('Pod');
    await cluster.list('Pod');
    expect(count).toBe(3);
  });

  test('a throttled request is sent again when the server says', async () => {
    let count = 0;
    server.answer((_, response) => {
      count += 1;
      if (count === 1) {
        status(response, 429, 'too many requests', 'TooManyRequests', { 'retry-after': '0' });
      } else {
        json(response, { gitVersion: 'v1.34.4' });
      }
    });
    expect(await cluster.version()).toBe('v1.34.4');
  });

  test('a server that is not there', async () => {
    const gone = new FakeApiServer();
    await gone.start();
    const lost = await gone.open();
    await gone.stop();
    await expect(lost.list('Pod')).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('the connection was refused') as string
    });
  });
});

describe('credentials', () => {
  const plugin = (script: string) => ({
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', script],
      interactiveMode: 'Never'
    }
  });
  const credential = (token: string) =>
    `JSON.stringify({apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: {token: ${token}}})`;

  test('an exec plugin is asked again when its token is refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'notepod-plugin-'));
    const count = JSON.stringify(join(folder, 'count'));
    const own = await server.open(
      {},
      plugin(
        `const fs = require('fs'); fs.appendFileSync(${count}, 'x'); console.log(${credential(`'t' + fs.readFileSync(${count}).length`)})`
      )
    );
    server.answer((request, response) =>
      request.headers.authorization === 'Bearer t2'
        ? json(response, { items: [] })
        : status(response, 401, 'Unauthorized', 'Unauthorized')
    );
    expect(await own.list('Pod')).toEqual([]);
    expect(server.received.map(each => each.headers.authorization)).toEqual([
      'Bearer t1',
      'Bearer t2'
    ]);
    own.dispose();
    rmSync(folder, { recursive: true });
  });

  test('an expired token is said as such', async () => {
    server.answer((_, response) => status(response, 401, 'Unauthorized', 'Unauthorized'));
    await expect(cluster.list('Pod')).rejects.toMatchObject({
      kind: 'unauthorized',
      message: `${server.url} does not accept your credentials (to list Pods of ns)`,
      fix: expect.stringContaining('the token may have expired') as string
    });
  });

  test.each([
    ['that fails', plugin("console.error('login first'); process.exit(1)"), 'login first'],
    ['that is not there', { exec: { ...plugin('').exec, command: '/no/such/plugin' } }, 'ENOENT']
  ])('an exec plugin %s', async (_, user, said) => {
    const own = await server.open({}, user);
    await expect(own.list('Pod')).rejects.toMatchObject({
      kind: 'unauthorized',
      message: expect.stringContaining(said) as string
    });
  });
});

describe('logs of a container', () => {
  const read = async (parts: AsyncIterable<Uint8Array>) => {
    const all: Uint8Array[] = [];
    for await (const part of parts) {
      all.push(part);
    }
    return Buffer.concat(all);
  };

  test('bytes as they are', async () => {
    const bytes = Buffer.from([0, 255, 10, 30, 0xc3]);
    server.answer((_, response) => response.end(bytes));
    const log = cluster.podLog('p', 'main', { follow: true, sinceTime: '2026-11-25T09:00:00Z' });
    expect(await read(log)).toEqual(bytes);
    expect(last().path).toBe('/api/v1/namespaces/ns/pods/p/log');
    expect(Object.fromEntries(last().query)).toEqual({
      container: 'main',
      follow: 'true',
      sinceTime: '2026-11-25T09:00:00Z'
    });
  });

  test('a cut connection is an error, after what came before it', async () => {
    server.answer((_, response) => {
      response.write('first');
      setImmediate(() => response.socket?.destroy());
    });
    const parts: string[] = [];
    const all = (async () => {
      for await (const part of cluster.podLog('p', 'main', { follow: true })) {
        parts.push(Buffer.from(part).toString());
      }
    })();
    await expect(all).rejects.toMatchObject({ kind: 'unreachable' });
    expect(parts).toEqual(['first']);
  });

  test('a container that waits for its start', async () => {
    server.answer((_, response) =>
      status(
        response,
        400,
        'container "main" in pod "p" is waiting to start: ContainerCreating',
        'BadRequest'
      )
    );
    await expect(read(cluster.podLog('p', 'main'))).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('waiting to start') as string
    });
  });

  test('an abort ends it without an error', async () => {
    server.answer((_, response) => response.write('first'));
    const stop = new AbortController();
    for await (const part of cluster.podLog('p', 'main', { follow: true }, stop.signal)) {
      expect(Buffer.from(part).toString()).toBe('first');
      stop.abort();
    }
  });
});

describe('errors', () => {
  const status = (message: string, reason = '') =>
    JSON.stringify({ kind: 'Status', status: 'Failure', message, reason });

  test.each([
    [
      401,
      status('Unauthorized'),
      'unauthorized',
      /does not accept your credentials/,
      /log in again/
    ],
    [
      403,
      status('pods is forbidden: User "me" cannot list'),
      'forbidden',
      /User "me" cannot list/,
      /ask an administrator/
    ],
    [
      403,
      status('exceeded quota: small, requested: pods=1'),
      'forbidden',
      /exceeded quota/,
      /quota/
    ],
    [404, status('pods "p" not found'), 'not-found', /"p" not found/, /check the name/],
    [404, '404 page not found', 'not-found', /does not know this kind/, /notepod doctor/],
    [409, status('already exists', 'AlreadyExists'), 'conflict', /already exists/, /another name/],
    [409, status('the object has been modified', 'Conflict'), 'conflict', /modified/, /try again/],
    [400, status('strict decoding error'), 'invalid', /strict decoding error/, /correct/],
    [
      422,
      status('spec.entrypoint: Required value', 'Invalid'),
      'invalid',
      /entrypoint: Required/,
      /correct/
    ],
    [413, 'too large', 'invalid', /too large/, /correct/],
    [504, status('timed out'), 'timeout', /took too long/, /try again/],
    [429, status('too many'), 'unreachable', /429/, /try again/],
    [500, status('etcdserver: leader changed'), 'unreachable', /leader changed/, /try again/],
    [502, '<html>bad gateway</html>', 'unreachable', /bad gateway/, /try again/]
  ])('%i %s → %s', (code, body, kind, message, fix) => {
    const error = errorOfAnswer('list Pods of ns', 'https://c', code, body);
    expect(error.kind).toBe(kind);
    expect(error.message).toMatch(message);
    expect(error.message).toContain('list Pods of ns');
    expect(error.fix).toMatch(fix);
  });

  test.each([
    ['ECONNREFUSED', /does not answer .*refused/, /is up/],
    ['ENOTFOUND', /name of https:\/\/c does not resolve/, /VPN/],
    [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      /certificate of https:\/\/c is not trusted/,
      /certificate-authority/
    ],
    ['CERT_HAS_EXPIRED', /certificate/, /expired/],
    ['ETIMEDOUT', /does not answer/, /VPN/]
  ])('%s', (code, message, fix) => {
    const error = errorOfConnection(
      'list Pods',
      'https://c',
      Object.assign(new Error('low'), { code })
    );
    expect(error).toMatchObject({ kind: 'unreachable', mayPass: true });
    expect(error.message).toMatch(message);
    expect(error.fix).toMatch(fix);
  });
});
