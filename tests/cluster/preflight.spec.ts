import { openCluster, type Cluster } from '../../src/cluster/client';
import { Sandbox } from '../law/command';
import { image, objectName, stepAccount } from './cluster';

let cluster: Cluster;
let sandbox: Sandbox;
beforeAll(async () => {
  cluster = await openCluster();
  sandbox = new Sandbox();
});
afterAll(() => {
  cluster.dispose();
  sandbox.dispose();
});

const ON = ['--image', image, '--service-account', stepAccount];

test('what fits nowhere, and a secret that is not there, are refused before anything is made', async () => {
  const secret = objectName('none');
  const name = objectName('refused');
  const path = sandbox.notebook(
    [
      { tags: ['step:load', 'request:cpu:9999'], source: 'x = 1' },
      {
        tags: ['step:use', `secret:${secret}:key:TOKEN`, 'location:no-such-place'],
        source: 'print(x)'
      }
    ],
    `${name}.ipynb`
  );
  for (const command of [
    ['run', path, '--target', 'argo', ...ON],
    ['doctor', path, ...ON]
  ]) {
    const { code, stdout, stderr } = await sandbox.notepod(command);
    expect(code).toBe(3);
    const text = stdout + stderr;
    expect(text).toMatch(
      /NP633: step load fits on no node; nearest to it, \S+ has \d+ in all; needs 9999 CPU/
    );
    expect(text).toMatch(/NP631: step use wants to be near no-such-place/);
    expect(text).toContain(
      `secret ${secret}: namespace ${cluster.namespace} has none of this name`
    );
  }
  const made = await cluster.list('Workflow');
  expect(made.filter(each => each.metadata?.name?.startsWith(name.slice(0, 30)))).toEqual([]);
});

test('latencies are measured from every node, and written only if asked', async () => {
  const place = objectName('place');
  const [node] = await cluster.list('Node');
  const address = node.status?.addresses?.find(each => each.type === 'InternalIP')?.address ?? '';
  const { code, stdout } = await sandbox.notepod([
    ...['nodes', 'measure', '--image', image, '--format', 'json', '--count', '3'],
    ...['--probe', `${place}=${address}:10250`]
  ]);
  const { written, nodes } = JSON.parse(stdout) as {
    readonly written: boolean;
    readonly nodes: readonly {
      readonly node: string;
      readonly places: Record<string, { readonly min: number }>;
    }[];
  };
  expect({ code, written }).toEqual({ code: 0, written: false });
  expect(nodes.length).toBeGreaterThan(0);
  expect(nodes.every(each => each.places[place].min > 0)).toBe(true);
  const label = `latency.notepod.dev/${place}`;
  expect(await cluster.list('Node', { labelSelector: label })).toEqual([]);
  const left = await cluster.list('Pod', { labelSelector: 'notepod.dev/role=latency' });
  expect(left.filter(each => each.metadata?.deletionTimestamp === undefined)).toEqual([]);
});
