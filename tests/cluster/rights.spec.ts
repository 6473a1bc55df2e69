import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CoreV1Api,
  KubeConfig,
  loadAllYaml,
  RbacAuthorizationV1Api,
  type V1Role
} from '@kubernetes/client-node';
import { openCluster } from '../../src/cluster/client';
import { Sandbox } from '../law/command';
import { image, objectName } from './cluster';

// An account with exactly the Role `notepod` of docs/kubernetes.md runs a notebook, whose steps have exactly `notepod-steps`.

const config = new KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(CoreV1Api);
const rbac = config.makeApiClient(RbacAuthorizationV1Api);

const user = objectName('user');
const steps = objectName('steps');
const folder = mkdtempSync(join(tmpdir(), 'notepod-rights-'));
const kubeconfig = join(folder, 'config');
let namespace: string;
let sandbox: Sandbox;

beforeAll(async () => {
  const cluster = await openCluster();
  namespace = cluster.namespace;
  cluster.dispose();
  await grant(user, 'notepod');
  await grant(steps, 'notepod-steps');
  const { status } = await core.createNamespacedServiceAccountToken({
    name: user,
    namespace,
    body: { spec: { audiences: [], expirationSeconds: 1800 } }
  });
  const context = config.getContextObject(config.getCurrentContext());
  const own = new KubeConfig();
  own.loadFromOptions({
    clusters: config.getClusters(),
    users: [{ name: 'small', token: status?.token }],
    contexts: [{ name: 'small', user: 'small', cluster: context?.cluster ?? '', namespace }],
    currentContext: 'small'
  });
  writeFileSync(kubeconfig, own.exportConfig());
  sandbox = new Sandbox();
});

afterAll(async () => {
  for (const name of [user, steps]) {
    await rbac.deleteNamespacedRoleBinding({ name, namespace });
    await rbac.deleteNamespacedRole({ name, namespace });
    await core.deleteNamespacedServiceAccount({ name, namespace });
  }
  rmSync(folder, { recursive: true });
  sandbox.dispose();
});

/** Makes an account with a Role of the documentation. */
async function grant(name: string, role: string): Promise<void> {
  const text = readFileSync(join(__dirname, '../../docs/kubernetes.md'), 'utf-8');
  const documented = [...text.matchAll(/```yaml\n([^`]*)```/g)]
    .flatMap(([, yaml]) => loadAllYaml(yaml) as V1Role[])
    .find(each => each.metadata?.name === role);
  await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name } } });
  await rbac.createNamespacedRole({
    namespace,
    body: { metadata: { name }, rules: documented?.rules ?? [] }
  });
  await rbac.createNamespacedRoleBinding({
    namespace,
    body: {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }]
    }
  });
}

const notepod = (...args: string[]) => sandbox.notepod(args, { KUBECONFIG: kubeconfig }, 280_000);
const CELLS = [
  { tags: ['step:load'], source: 'rows = [1, 2, 3]' },
  { tags: ['step:sum'], source: 'print(sum(rows))' }
];

test('doctor: all that is needed is there, and what may not be seen is said and stops nothing', async () => {
  const path = sandbox.notebook(CELLS);
  const { code, stdout } = await notepod(
    'doctor',
    path,
    '--image',
    image,
    '--service-account',
    steps,
    '--format',
    'json'
  );
  const { ok, checks } = JSON.parse(stdout) as {
    ok: boolean;
    checks: { name: string; state: string }[];
  };
  expect({ ok, code }).toEqual({ ok: true, code: 0 });
  const unknown = checks.filter(each => each.state === 'unknown').map(each => each.name);
  expect(unknown).toEqual(
    expect.arrayContaining(['nodes', 'Argo: controller', 'storage classes', 'quotas'])
  );
});

test('a right beyond the Role is refused, with a sentence', async () => {
  const { code, stderr } = await notepod('nodes');
  expect(code).toBe(2);
  expect(stderr).toMatch(/refused to list Nodes: .*cannot list resource "nodes"/);
  expect(stderr).toMatch(/docs\/kubernetes.md/);
});

test('run, logs and delete', async () => {
  const path = sandbox.notebook(CELLS);
  const run = await notepod(
    'run',
    path,
    '--target',
    'argo',
    '--image',
    image,
    '--service-account',
    steps
  );
  expect({ code: run.code, stderr: run.code === 0 ? '' : run.stderr }).toEqual({
    code: 0,
    stderr: ''
  });
  expect((await notepod('logs', 'last', 'sum')).stdout).toContain('6');
  const deleted = await notepod('delete', 'last');
  expect({ code: deleted.code, stderr: deleted.code === 0 ? '' : deleted.stderr }).toEqual({
    code: 0,
    stderr: ''
  });
});
