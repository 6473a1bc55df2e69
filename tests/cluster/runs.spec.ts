import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openCluster, type Cluster } from '../../src/cluster/client';
import { resolveConfig } from '../../src/cluster/kubeconfig';
import type { RunEvent } from '../../src/timing/events';
import { Sandbox, stdoutOf } from '../law/command';
import type { TestCell } from '../law/notebook-file';
import { image } from './cluster';

/** Runs on a real cluster through the command line, and what can go wrong with them. */
const MAIN = join(__dirname, '../../notepod/service/main.mjs');

let cluster: Cluster;
let sandbox: Sandbox;

beforeAll(async () => {
  cluster = await openCluster({ namespace: process.env.NOTEPOD_TEST_NAMESPACE ?? 'notepod' });
});
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(async () => {
  for (const run of started.splice(0)) {
    for (const kind of ['Workflow', 'Pod', 'PersistentVolumeClaim', 'ConfigMap'] as const) {
      const labelSelector = `notepod.dev/run=${run}`;
      for (const each of await cluster.list(kind, { labelSelector })) {
        await cluster.delete(kind, each.metadata?.name ?? '', { graceSeconds: 0 });
      }
    }
  }
  sandbox.dispose();
});
afterAll(() => cluster.dispose());

const started: string[] = [];

/** `notepod run --target argo --json`, whose events can be waited for as they come. */
class Running {
  constructor(cells: readonly TestCell[], env: Readonly<Record<string, string>> = {}) {
    const path = sandbox.notebook(cells);
    const args = [
      'run',
      path,
      '--target',
      'argo',
      '-n',
      cluster.namespace,
      '--image',
      image,
      '--json'
    ];
    this.process = spawn(process.execPath, [MAIN, ...args, '-o', 'out.ipynb'], {
      cwd: sandbox.folder,
      env: { ...process.env, NOTEPOD_DATA: sandbox.data, NO_COLOR: '1', ...env }
    });
    this.ended = new Promise(done => this.process.once('close', code => done(code)));
    this.process.stderr?.on('data', (text: Buffer) => (this.stderr += text.toString()));
    createInterface({ input: this.process.stdout as NodeJS.ReadableStream }).on('line', line => {
      const event = JSON.parse(line) as RunEvent;
      if (event.type === 'run-submitted') {
        started.push(event.run);
      }
      this.events.push(event);
      this.listeners.forEach(each => each(event));
    });
  }

  /** The first event that is as wanted, of those that were and those that come. */
  event(wanted: (event: RunEvent) => boolean): Promise<RunEvent> {
    const known = this.events.find(wanted);
    return known
      ? Promise.resolve(known)
      : new Promise((done, fail) => {
          this.listeners.push(event => wanted(event) && done(event));
          void this.ended.then(code =>
            fail(
              new Error(
                `ended with ${code} before that: ${this.stderr}\n${JSON.stringify(this.events)}`
              )
            )
          );
        });
  }

  get run(): string {
    const [first] = this.events;
    return first?.type === 'run-submitted' ? first.run : '';
  }

  readonly process: ChildProcess;
  readonly events: RunEvent[] = [];
  readonly ended: Promise<number | null>;
  stderr = '';
  private readonly listeners: ((event: RunEvent) => void)[] = [];
}

const ends = (step: string) => (event: RunEvent) =>
  event.type === 'step-ended' && event.step === step && event.willRetry !== true;
const starts = (step: string) => (event: RunEvent) =>
  event.type === 'step-record' && event.step === step && event.record.type === 'cell-start';
const held = (reason: RegExp) => (event: RunEvent) =>
  event.type === 'step-pod' && reason.test(event.reason ?? '');

/** A cell that goes on until somebody ends it. */
const ENDLESS = "import time\nprint('begun', flush=True)\nwhile True:\n    time.sleep(0.2)";
const step = (tags: string, source: string): TestCell => ({ tags: tags.split(' '), source });

const notepod = (...args: string[]) => sandbox.notepod(args);
const printed = (name = 'out.ipynb') => (sandbox.outputs(name) ?? []).map(stdoutOf);

test('values, figures and parameters go through a run and come home', async () => {
  const running = new Running([
    step('parameters', 'n = 3'),
    step('step:make', "xs = list(range(n))\nprint('made', xs)"),
    step('step:left', 'left = sum(xs)\nleft'),
    step(
      'step:right env:HARD={{workflow.name}}$(HOME) label:team:a annotation:why:tests',
      "import os\nright = {'xs': xs}\nprint(os.environ['HARD'])"
    ),
    step('step:last', "print(left, right['xs'])\nopen('left.txt', 'w').write('here');")
  ]);
  expect([await running.ended, running.stderr]).toEqual([0, expect.any(String)]);
  expect(printed()).toEqual([
    '',
    'made [0, 1, 2]\n',
    '',
    '{{workflow.name}}$(HOME)\n',
    '3 [0, 1, 2]\n'
  ]);
  const [pod] = await cluster.list('Pod', {
    labelSelector: `notepod.dev/run=${running.run},notepod.dev/step=right`
  });
  expect(pod.metadata?.labels).toMatchObject({ team: 'a' });
  expect(pod.metadata?.annotations).toMatchObject({ why: 'tests' });
  // The state is the cluster's: a machine that has never heard of it shows the same.
  const other = new Sandbox();
  const shown = await other.notepod([
    'outputs',
    running.run,
    '-n',
    cluster.namespace,
    '-o',
    'again.ipynb'
  ]);
  expect([shown.code, shown.stderr]).toEqual([0, expect.any(String)]);
  expect(other.outputs('again.ipynb')).toEqual(sandbox.outputs('out.ipynb'));
  other.dispose();
  expect((await notepod('delete', running.run)).stdout).toContain('deleted');
  expect(
    await cluster.list('PersistentVolumeClaim', { labelSelector: `notepod.dev/run=${running.run}` })
  ).toEqual([]);
});

test('a step that needs more memory than its limit', async () => {
  const running = new Running([
    step('step:big limit:memory:64Mi request:memory:32Mi', 'x = b"1" * 300_000_000\nprint(len(x))'),
    step('step:after', 'print(len(x))')
  ]);
  const end = await running.event(ends('big'));
  expect(end).toMatchObject({ outcome: 'killed', code: 'NP612' });
  expect(end).toHaveProperty('message', expect.stringContaining('its memory limit of 64Mi'));
  expect(await running.ended).toBe(1);
  expect(running.events.find(ends('after'))).toMatchObject({ outcome: 'skipped' });
});

test('an image that is not there says so while it holds, and the run can be cancelled', async () => {
  const running = new Running([step('step:a image:notepod/nothere:1', 'print(1)')]);
  const held1 = await running.event(held(/^(ErrImagePull|ImagePullBackOff)$/));
  expect(held1).toHaveProperty('message', expect.stringContaining('notepod/nothere:1'));
  expect((await notepod('cancel', running.run)).stdout).toBe(`cancelled ${running.run}\n`);
  expect(await running.ended).toBe(130);
});

test('a secret that is not there is said before anything runs', async () => {
  const running = new Running([step('step:a secret:nothere:key:PASSWORD', 'print(1)')]);
  expect(await running.ended).toBe(3);
  expect(running.stderr).toContain('nothere');
  expect(running.events).toEqual([]);
});

test('what fits on no node has the words of the scheduler', async () => {
  const running = new Running([step('step:a request:cpu:1000', 'print(1)')]);
  const first = await Promise.race([
    running.event(held(/^Unschedulable$/)).then(event => JSON.stringify(event)),
    // It may be refused before it is sent, with the same reason.
    running.ended.then(() => running.stderr)
  ]);
  expect(first).toMatch(/cpu/i);
  if (running.run !== '') {
    await notepod('cancel', running.run);
  }
  await running.ended;
});

test('a pod that is deleted is tried again, and a step that fails is gone on with', async () => {
  const running = new Running([
    step('step:a', 'x = [1]'),
    step(
      'step:b retry:1',
      "import os, time\nprint('begun', flush=True)\nif not os.path.exists('tried'):\n    open('tried', 'w').close()\n    while True:\n        time.sleep(0.2)\nx.append(2)"
    ),
    step('step:c', "import os\nprint(x)\nassert os.path.exists('mended'), 'not yet'\nprint('done')")
  ]);
  await running.event(starts('b'));
  const [pod] = await cluster.list('Pod', {
    labelSelector: `notepod.dev/run=${running.run},notepod.dev/step=b`
  });
  await cluster.delete('Pod', pod.metadata?.name ?? '', { graceSeconds: 1 });
  expect(
    await running.event(event => event.type === 'step-ended' && event.step === 'b')
  ).toMatchObject({ willRetry: true });
  expect(await running.ended).toBe(1);
  expect(printed()).toEqual(['', 'begun\n', '[1, 2]\n']);
  const again = await notepod('resume', running.run);
  expect(again.code).toBe(1);
  expect(again.stderr).toContain('2 of 3 steps done');
  expect(again.stderr).toContain('not yet');
});

test('a client that is killed loses nothing, and ctrl-C leaves the run alone', async () => {
  const running = new Running([step('step:a', "print('first')"), step('step:b', ENDLESS)]);
  await running.event(starts('b'));
  running.process.kill('SIGKILL');
  await running.ended;
  const shown = await notepod('show', running.run, '--format', 'json');
  expect(JSON.parse(shown.stdout)).toMatchObject({ outcome: 'running' });
  expect((await notepod('logs', running.run, 'b')).stdout).toBe('begun\n');
  expect((await notepod('cancel', running.run)).stdout).toBe(`cancelled ${running.run}\n`);
  await notepod('outputs', running.run, '-o', 'out.ipynb');
  expect(printed()).toEqual(['first\n', 'begun\n']);

  const left = new Running([step('step:b', ENDLESS)]);
  await left.event(starts('b'));
  left.process.kill('SIGINT');
  expect(await left.ended).toBe(130);
  expect(left.stderr).toContain(`run ${left.run} goes on`);
  const [workflow] = await cluster.list('Workflow', {
    labelSelector: `notepod.dev/run=${left.run}`
  });
  expect(workflow.status?.phase).toBe('Running');
});

test('a Workflow that somebody deletes', async () => {
  const running = new Running([step('step:b', ENDLESS)]);
  await running.event(starts('b'));
  const [workflow] = await cluster.list('Workflow', {
    labelSelector: `notepod.dev/run=${running.run}`
  });
  await cluster.delete('Workflow', workflow.metadata?.name ?? '');
  expect(await running.event(event => event.type === 'run-ended')).toMatchObject({
    outcome: 'failed',
    message: 'its Workflow was deleted from the cluster'
  });
  expect(await running.ended).toBe(1);
});

test('a connection that is cut is made anew, and nothing is missing', async () => {
  const proxy = await Proxy.to(cluster.server);
  try {
    const { config } = await resolveConfig({});
    const text = JSON.parse(config.exportConfig()) as {
      clusters: { cluster: { server: string } }[];
    };
    text.clusters.forEach(each => (each.cluster.server = proxy.url));
    const kubeconfig = sandbox.write('kubeconfig', JSON.stringify(text));
    const running = new Running(
      [
        step(
          'step:a',
          'for n in range(40):\n    import time; time.sleep(0.1); print(n, flush=True)'
        ),
        step('step:b', "print('after')")
      ],
      { KUBECONFIG: kubeconfig }
    );
    await running.event(starts('a'));
    proxy.cut();
    const note = await running.event(event => event.type === 'run-note');
    expect(note).toHaveProperty('message', expect.stringContaining('the run goes on'));
    proxy.mend();
    expect(await running.ended).toBe(0);
    const numbers = Array.from({ length: 40 }, (_, n) => `${n}\n`).join('');
    expect(printed()).toEqual([numbers, 'after\n']);
    expect((await notepod('logs', running.run, 'a')).stdout).toBe(numbers);
  } finally {
    proxy.close();
  }
});

test("Argo's controller that is not there is said before anything runs", async () => {
  const controller = { namespace: 'argo' };
  await cluster.patch('Deployment', 'workflow-controller', { spec: { replicas: 0 } }, controller);
  try {
    const gone = new AbortController();
    for await (const event of cluster.watch('Pod', controller, gone.signal)) {
      if (event.type !== 'ADDED' && (await cluster.list('Pod', controller)).length === 0) {
        gone.abort();
      }
    }
    const running = new Running([step('step:a', 'print(1)')]);
    expect(await running.ended).toBe(3);
    expect(running.stderr).toMatch(/argo.*controller/i);
  } finally {
    await cluster.patch('Deployment', 'workflow-controller', { spec: { replicas: 1 } }, controller);
    const back = new AbortController();
    for await (const event of cluster.watch('Pod', controller, back.signal)) {
      if (event.type !== 'SYNCED' && event.object.status?.phase === 'Running') {
        back.abort();
      }
    }
  }
});

test('credentials that the server does not take', async () => {
  const { config } = await resolveConfig({});
  const text = JSON.parse(config.exportConfig()) as { users: { user: object }[] };
  text.users.forEach(each => (each.user = { token: 'expired' }));
  const kubeconfig = sandbox.write('kubeconfig', JSON.stringify(text));
  const running = new Running([step('step:a', 'print(1)')], { KUBECONFIG: kubeconfig });
  expect(await running.ended).toBe(3);
  expect(running.stderr).toMatch(/error: .*\n {2}fix: /);
  expect(running.events).toEqual([]);
});

/** Stands between a client and the API server, and can be cut. */
class Proxy {
  static async to(server: string): Promise<Proxy> {
    const { hostname, port } = new URL(server);
    const proxy = new Proxy(hostname, Number(port));
    await new Promise<void>(done => proxy.server.listen(0, '127.0.0.1', done));
    return proxy;
  }

  private constructor(host: string, port: number) {
    this.server = createServer(client => {
      if (this.isCut) {
        client.destroy();
        return;
      }
      const upstream = connect(port, host);
      for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
        from.pipe(to);
        from.on('error', () => to.destroy());
        from.on('close', () => to.destroy());
        this.sockets.add(from);
      }
    });
  }

  get url(): string {
    const address = this.server.address();
    return `https://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
  }

  cut(): void {
    this.isCut = true;
    this.sockets.forEach(each => each.destroy());
    this.sockets.clear();
  }

  mend(): void {
    this.isCut = false;
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private isCut = false;
}
