import { openCluster, type Cluster } from '../../src/cluster/client';
import { image, objectName, stepAccount } from './cluster';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await openCluster();
});
afterAll(() => cluster.dispose());

const labels = { 'app.kubernetes.io/managed-by': 'notepod-tests' };
const settings = (name: string) => ({ metadata: { name, labels }, data: { a: '1' } });

test('objects are made, read, changed and deleted', async () => {
  const name = objectName('settings');
  try {
    await cluster.create('ConfigMap', settings(name), { dryRun: true });
    expect(await cluster.find('ConfigMap', name)).toBeUndefined();
    await cluster.create('ConfigMap', settings(name));
    await expect(cluster.create('ConfigMap', settings(name))).rejects.toMatchObject({
      kind: 'conflict'
    });
    const changed = await cluster.patch('ConfigMap', name, { data: { a: null, b: '2' } });
    expect(changed.data).toEqual({ b: '2' });
    const found = await cluster.list('ConfigMap', { fieldSelector: `metadata.name=${name}` });
    expect(found.map(each => each.data)).toEqual([{ b: '2' }]);
  } finally {
    expect(await cluster.delete('ConfigMap', name)).toBe(true);
  }
  expect(await cluster.delete('ConfigMap', name)).toBe(false);
});

test('a watch tells what happens, in order', async () => {
  const name = objectName('watched');
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const event of cluster.watch(
    'ConfigMap',
    { fieldSelector: `metadata.name=${name}` },
    stop.signal
  )) {
    seen.push(event.type);
    switch (event.type) {
      case 'SYNCED':
        await cluster.create('ConfigMap', settings(name));
        break;
      case 'ADDED':
        await cluster.patch('ConfigMap', name, { data: { a: '2' } });
        break;
      case 'MODIFIED':
        await cluster.delete('ConfigMap', name);
        break;
      case 'DELETED':
        stop.abort();
    }
  }
  expect(seen).toEqual(['SYNCED', 'ADDED', 'MODIFIED', 'DELETED']);
});

test('the log of a pod is followed to its end, byte for byte', async () => {
  const name = objectName('log');
  const script =
    "import sys, time\nfor i in range(3):\n sys.stdout.buffer.write(b'%d \\xff\\n' % i); sys.stdout.flush(); time.sleep(.3)";
  try {
    await cluster.create('Pod', {
      metadata: { name, labels },
      spec: {
        restartPolicy: 'Never',
        serviceAccountName: stepAccount,
        containers: [{ name: 'main', image, command: ['python3', '-c', script] }]
      }
    });
    await started(name);
    const parts: Uint8Array[] = [];
    for await (const part of cluster.podLog(name, 'main', { follow: true })) {
      parts.push(part);
    }
    expect(Buffer.concat(parts).toString('latin1')).toBe('0 \xff\n1 \xff\n2 \xff\n');
  } finally {
    await cluster.delete('Pod', name, { graceSeconds: 0 });
  }
});

/** Waits until the pod runs or has ended. */
async function started(name: string): Promise<void> {
  const stop = new AbortController();
  for await (const event of cluster.watch(
    'Pod',
    { fieldSelector: `metadata.name=${name}` },
    stop.signal
  )) {
    if (event.type !== 'SYNCED' && event.object.status?.phase !== 'Pending') {
      stop.abort();
    }
  }
}
