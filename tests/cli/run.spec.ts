import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PYTHON, Sandbox, stdoutOf } from '../law/command';

// Processes are started, on machines that may be busy: a limit against hanging, and no measure of speed.
jest.setTimeout(120_000);

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.dispose());

const run = (path: string, ...more: string[]) =>
  sandbox.notepod(['run', path, '--python', PYTHON, '-o', 'out.ipynb', ...more]);

/** Cells that end badly: the exit code, and what is said. */
const ENDINGS: readonly (readonly [what: string, source: string, code: number, says: RegExp])[] = [
  [
    'an exception',
    'x = 1\nprint("before")\n1 / 0',
    1,
    /a: NP510 in cell 1, line 3: ZeroDivisionError/
  ],
  ['sys.exit', 'import sys\nsys.exit(3)', 1, /SystemExit: 3/],
  ['os._exit', 'import os\nos._exit(0)', 1, /NP513|before the step was done/],
  ['a signal', 'import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)', 1, /SIGSEGV/],
  [
    'a fork',
    'import os\npid = os.fork()\nif pid == 0:\n    os._exit(0)\nos.waitpid(pid, 0)\nprint("parent")',
    0,
    /succeeded/
  ],
  [
    'a held lock that is passed on',
    'import threading\nlock = threading.Lock()\nlock.acquire()\nprint(1)',
    4,
    /NP501.*`lock`.*step b/
  ]
];

test.each(ENDINGS)('%s', async (_, source, code, says) => {
  const path = sandbox.notebook([
    { tags: ['step:a'], source },
    { tags: ['step:b'], source: source.includes('lock') ? 'print(lock)' : 'pass' }
  ]);
  const ended = await run(path);
  expect(ended.stderr).toMatch(says);
  expect(ended.code).toBe(code);
});

test('a failure leaves its outputs in the notebook', async () => {
  const path = sandbox.notebook([{ source: 'print("before")\nraise ValueError("no")' }]);
  await run(path);
  const [outputs] = sandbox.outputs('out.ipynb') ?? [];
  expect(stdoutOf(outputs)).toBe('before\n');
  expect(outputs.at(-1)).toMatchObject({ output_type: 'error', ename: 'ValueError', evalue: 'no' });
});

test('a failure is told with its line, and with what can be done', async () => {
  const path = sandbox.notebook([
    { tags: ['step:load'], source: 'd = {}' },
    { tags: ['step:fit'], source: 'if True:\n    print(d["k"])' }
  ]);
  const failed = await run(path);
  expect(failed.stderr).toMatch(
    /fit: NP510 in cell 2, line 2: KeyError: 'k'\n  2 \| print\(d\["k"\]\)\nfit: failed in \d+ ms\n/
  );
  expect(failed.stderr).toMatch(/notepod logs \S+ fit\n.*notepod run .*nb\.ipynb --from fit\n/);
  sandbox.notebook([
    { tags: ['step:load'], source: 'd = {}' },
    { tags: ['step:fit'], source: 'if True:\n    print(d.get("k"))' }
  ]);
  const resumed = await sandbox.notepod(['resume', 'last']);
  expect(resumed.stderr).toMatch(
    /has changed since[^]* goes on: 1 of 2 steps done\nfit: started \(attempt 2\)/
  );
  expect(resumed.stderr).not.toMatch(/load:/);
  expect((await run(path, '--from', 'fit')).code).toBe(0);
});

test('a cell tagged raises-exception fails, and the run goes on', async () => {
  const path = sandbox.notebook([
    { tags: ['step:a', 'raises-exception'], source: 'x = 1\n1 / 0' },
    { tags: ['step:b'], source: 'print(x)' }
  ]);
  expect((await run(path)).code).toBe(0);
  expect(stdoutOf(sandbox.outputs('out.ipynb')?.[1] ?? [])).toBe('1\n');
});

test('a value changed behind the analysis stops a run where another step relies on it', async () => {
  sandbox.write('helper.py', 'def spoil(x):\n    x.append(99)\n');
  const path = sandbox.notebook([
    { tags: ['imports'], source: 'from helper import spoil' },
    { tags: ['step:a'], source: 'xs = [1]' },
    { tags: ['step:b', 'prev:a'], source: 'spoil(xs)' },
    { tags: ['step:c', 'prev:a'], source: 'print(xs)' }
  ]);
  const ended = await run(path, '--jobs', '1');
  expect(ended.stderr).toMatch(/NP502.*`xs`.*step c/);
  expect(ended.code).toBe(4);
});

test('the same change is passed on where the other step comes later anyway', async () => {
  sandbox.write('helper.py', 'def spoil(x):\n    x.append(99)\n');
  const path = sandbox.notebook([
    { tags: ['imports'], source: 'from helper import spoil' },
    { tags: ['step:a'], source: 'xs = [1]' },
    { tags: ['step:b', 'prev:a'], source: 'spoil(xs)' },
    { tags: ['step:c', 'prev:b'], source: 'print(xs)' }
  ]);
  const ended = await run(path);
  expect(ended.stderr).toMatch(/NP503.*`xs`/);
  expect(stdoutOf(sandbox.outputs('out.ipynb')?.[3] ?? [])).toBe('[1, 99]\n');
});

test('reading a frame is no change', async () => {
  const path = sandbox.notebook([
    {
      tags: ['step:a'],
      source: 'import pandas as pd\ndf = pd.DataFrame({"a": [1, 2], "b": [3, 4]})'
    },
    { tags: ['step:b', 'prev:a'], source: 'df["a"].sum(), df.groupby("a").b.sum()' },
    { tags: ['step:c', 'prev:a'], source: 'print(df.b.mean())' }
  ]);
  expect((await run(path)).code).toBe(0);
});

test('parameters, resume and --from', async () => {
  const path = sandbox.notebook([
    { tags: ['parameters'], source: 'times = 2' },
    { tags: ['step:a'], source: 'import os\nword = "x" * times\nopen("log", "a").write("a")' },
    {
      tags: ['step:b'],
      source: 'if not os.path.exists("ready"):\n    raise RuntimeError("not yet")\nprint(word)'
    }
  ]);
  expect((await run(path, '-p', 'times=3')).code).toBe(1);
  sandbox.write('ready', '');
  const resumed = await sandbox.notepod(['resume', 'last']);
  expect(resumed.code).toBe(0);
  expect((await sandbox.notepod(['outputs', 'last', '-o', 'out.ipynb'])).code).toBe(0);
  expect(stdoutOf(sandbox.outputs('out.ipynb')?.[2] ?? [])).toBe('xxx\n');
  expect((await run(path, '-p', 'times=3', '--from', 'b')).code).toBe(0);
  // Outputs of steps that were not run again are those of the earlier run.
  expect(sandbox.outputs('out.ipynb')?.[1]).toMatchObject([{ output_type: 'execute_result' }]);
  expect(readFileSync(join(sandbox.folder, 'log'), 'utf-8')).toBe('a');
});

test('a given parameter has its type and all its digits in every step', async () => {
  const path = sandbox.notebook([
    { tags: ['parameters'], source: 'lr = 0.5\nseed = 1\nsizes = [1]' },
    { tags: ['step:a'], source: 'print(lr, seed, sizes)' },
    { tags: ['step:b'], source: 'print(lr, seed, sizes)' }
  ]);
  await run(path, '-p', 'lr=1', '-p', 'seed=12345678901234567890', '-p', 'sizes=[1.0, null]');
  const [, a, b] = (sandbox.outputs('out.ipynb') ?? []).map(stdoutOf);
  expect(a).toBe('1.0 12345678901234567890 [1.0, None]\n');
  expect(b).toBe(a);
});

test('retry and timeout', async () => {
  const path = sandbox.notebook([
    {
      tags: ['step:a', 'retry:2'],
      source: 'open("tries", "a").write("x")\nif len(open("tries").read()) < 3:\n    1 / 0'
    },
    { tags: ['step:b', 'timeout:1s', 'prev:a'], source: 'while True:\n    pass' }
  ]);
  const ended = await run(path);
  expect(readFileSync(join(sandbox.folder, 'tries'), 'utf-8')).toBe('xxx');
  expect(ended.stderr).toMatch(/b: timeout/);
  expect(ended.code).toBe(1);
});

test('a damaged snapshot is found when it is read', async () => {
  const path = sandbox.notebook([
    { tags: ['step:a'], source: 'data = {"k": list(range(1000))}' },
    { tags: ['step:b'], source: 'if not data:\n    pass\nraise RuntimeError("stop")' }
  ]);
  await run(path);
  const [id] = readdirSync(join(sandbox.data, 'runs'));
  const snapshot = join(sandbox.data, 'runs', id, 'volume/snapshots/a');
  const stream = readdirSync(snapshot).find(name => name.endsWith('.pickle')) ?? '';
  truncateSync(join(snapshot, stream), 10);
  appendFileSync(join(snapshot, stream), 'x');
  const resumed = await sandbox.notepod(['resume', 'last']);
  expect(resumed.stderr).toMatch(/NP506.*step a/);
  expect(resumed.code).toBe(1);
});

test('much output goes to the log, and does not fill memory or hold up the run', async () => {
  const path = sandbox.notebook([
    { source: 'line = "x" * 999 + "\\n"\nfor i in range(60_000):\n    print(line, end="")' }
  ]);
  expect((await run(path)).code).toBe(0);
  const logs = await sandbox.notepod(['logs', 'last']);
  expect(logs.stdout.length).toBeGreaterThan(60_000_000);
});

test('two runs at once keep apart', async () => {
  const path = sandbox.notebook([
    { tags: ['step:a'], source: 'x = 1' },
    { tags: ['step:b'], source: 'print(x)' }
  ]);
  const [one, two] = await Promise.all([run(path), run(path)]);
  expect([one.code, two.code]).toEqual([0, 0]);
  expect(readdirSync(join(sandbox.data, 'runs'))).toHaveLength(2);
});

/** What a step may be doing when its supervisor is killed. */
const BUSY: readonly (readonly [what: string, source: string])[] = [
  ['sleeps', 'import time\ntime.sleep(600)'],
  ['has children', 'import subprocess\nsubprocess.run(["sleep", "600"])'],
  ["holds Python's lock in one long call", 'sum(range(10**12))']
];

test.each(BUSY)(
  'a supervisor that is killed takes along a step that %s, and the run can be resumed',
  async (_, busy) => {
    const path = sandbox.notebook([
      { tags: ['step:a'], source: 'x = 1' },
      {
        tags: ['step:b'],
        source: `import os
open("pid", "w").write(str(os.getpid()))
if not os.path.exists("go"):
    exec(${JSON.stringify(busy)})
print(x)`
      }
    ]);
    const main = join(__dirname, '../../notepod/service/main.mjs');
    const child = spawn(process.execPath, [main, 'run', path, '--python', PYTHON], {
      cwd: sandbox.folder,
      env: { ...process.env, NOTEPOD_DATA: sandbox.data },
      stdio: 'ignore'
    });
    const pidFile = join(sandbox.folder, 'pid');
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf-8') !== '', 20_000);
    const group = Number(readFileSync(pidFile, 'utf-8'));
    child.kill('SIGKILL');
    await until(() => !groupLives(group), 2_000);
    expect((await sandbox.notepod(['runs'])).stdout).toMatch(/interrupted/);
    sandbox.write('go', '');
    expect((await sandbox.notepod(['resume', 'last'])).code).toBe(0);
  }
);

test('ctrl-C cancels', async () => {
  const path = sandbox.notebook([
    { source: 'open("started", "w").close()\nimport time\ntime.sleep(600)' }
  ]);
  const main = join(__dirname, '../../notepod/service/main.mjs');
  const child = spawn(process.execPath, [main, 'run', path, '--python', PYTHON], {
    cwd: sandbox.folder,
    env: { ...process.env, NOTEPOD_DATA: sandbox.data },
    stdio: 'ignore'
  });
  const ended = new Promise<number | null>(done => child.once('exit', done));
  await until(() => existsSync(join(sandbox.folder, 'started')), 20_000);
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  expect((await sandbox.notepod(['runs'])).stdout).toMatch(/cancelled/);
});

test('a full disk is said, and nothing half-written is kept', async () => {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') {
    console.log('skipped: a small file system can only be mounted by root on Linux');
    return;
  }
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', sandbox.data]);
  try {
    const path = sandbox.notebook([
      { tags: ['step:a'], source: 'data = list(range(3_000_000))' },
      { tags: ['step:b'], source: 'print(len(data))' }
    ]);
    const ended = await run(path);
    expect(ended.stderr).toMatch(/NP505.*disk is full while writing `data`/);
    expect(ended.code).toBe(1);
    const [id] = readdirSync(join(sandbox.data, 'runs'));
    expect(readdirSync(join(sandbox.data, 'runs', id, 'volume/snapshots'))).toEqual([]);
  } finally {
    execFileSync('umount', [sandbox.data]);
  }
});

test('verify and the example: every cell is the same', async () => {
  const example = join(__dirname, '../../examples/intel-lab.ipynb');
  const ended = await sandbox.notepod(['verify', example, '--python', PYTHON, '-p', 'epochs=1']);
  expect(ended.stdout).toMatch(/\nSAME\n$/);
  expect(ended.code).toBe(0);
}, 180_000);

/** Waits for something that another process does; polls, since there is nothing to wait on. */
async function until(what: () => boolean, limit: number): Promise<void> {
  const end = Date.now() + limit;
  while (!what()) {
    if (Date.now() > end) {
      throw new Error('it did not happen in time');
    }
    await sleep(20);
  }
}

/** A process of the group is there and no zombie. */
function groupLives(group: number): boolean {
  return readdirSync('/proc').some(name => {
    try {
      // Fields 3 and 5 of /proc/<pid>/stat (proc(5)).
      const stat = readFileSync(`/proc/${Number(name)}/stat`, 'utf-8');
      const [state, , of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(of) === group && state !== 'Z';
    } catch {
      return false;
    }
  });
}
