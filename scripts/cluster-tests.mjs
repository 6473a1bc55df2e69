// Where the tests on a cluster run: on a cluster made for them from ../shared/cluster where its binaries are in the cache, else on the
// one that KUBECONFIG names, else nowhere. No dependencies.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Calls `job` with the environment that names a cluster, and takes the cluster down again if it was made for that.
 * @param root the project's folder
 * @param job gets the environment; gives the result
 * @returns what `job` gave, or undefined if there is no cluster; then a line has said why
 */
export async function onCluster(root, job) {
  const box = resolve(root, '..', 'shared', 'cluster');
  const cache = process.env.NOTEPOD_CLUSTER_CACHE ?? join(homedir(), '.cache', 'notepod-cluster');
  if (isBuilt(box, cache)) {
    const folder = mkdtempSync(join(tmpdir(), 'notepod-cluster-'));
    const env = {
      ...process.env,
      NOTEPOD_CLUSTER_DIR: folder,
      NOTEPOD_API_PORT: String(await freePort()),
      NOTEPOD_PROMETHEUS_PORT: String(await freePort()),
      // Argo looks every 10 s by default, which makes every test wait.
      NOTEPOD_ARGO_REQUEUE: '2s'
    };
    const up = spawnSync(join(box, 'up'), [], { env, encoding: 'utf-8' });
    try {
      if (up.status === 0) {
        return job({ ...process.env, KUBECONFIG: join(folder, 'kubeconfig') });
      }
      const said = `${up.stderr ?? ''}${up.error?.message ?? ''}`.trim().split('\n').slice(-3);
      console.log(`The cluster of ${box} did not come up: ${said.join(' / ')}`);
      if (process.env.NOTEPOD_TEST_CLUSTER === 'required') {
        return { passed: 0, failed: 1, skipped: 0 };
      }
    } finally {
      spawnSync(join(box, 'down'), [], { env, stdio: 'ignore' });
      rmSync(folder, { recursive: true, force: true });
    }
  }
  if (process.env.KUBECONFIG) {
    return job(process.env);
  }
  console.log(
    'The tests on a cluster are skipped: the binaries of ../shared/cluster are not in the cache, and KUBECONFIG names no cluster.'
  );
  return undefined;
}

/** All binaries and images are there; only then it starts without building for an hour. */
function isBuilt(box, cache) {
  const has = (folder, wanted) => {
    const names = existsSync(join(cache, folder)) ? readdirSync(join(cache, folder)) : [];
    return wanted.every(each => names.some(name => name.startsWith(each)));
  };
  return (
    process.platform === 'linux' &&
    process.getuid?.() === 0 &&
    existsSync(join(box, 'up')) &&
    has('bin', ['kubernetes-', 'argo-', 'kube-state-metrics-', 'debian-', 'pause-']) &&
    has('images', ['notepod_argoexec', 'notepod_workflow-controller', 'notepod_python'])
  );
}

function freePort() {
  return new Promise((done, fail) => {
    const server = createServer();
    server.on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
