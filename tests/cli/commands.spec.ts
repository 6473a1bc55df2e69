import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PYTHON, Sandbox, stdoutOf } from '../law/command';

// Processes are started, on machines that may be busy: a limit against hanging, and no measure of speed.
jest.setTimeout(120_000);

const MAIN = join(__dirname, '../../notepod/service/main.mjs');

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.dispose());

const run = (path: string, ...more: string[]) =>
  sandbox.notepod(['run', path, '--python', PYTHON, ...more]);

/** Starts a command and does not wait for it. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: sandbox.folder,
    env: { ...process.env, NOTEPOD_DATA: sandbox.data, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe']
  });
  let stdout = '';
  child.stdout.on('data', part => (stdout += String(part)));
  const ended = new Promise<{ readonly code: number | null; readonly stdout: string }>(done =>
    child.once('close', code => done({ code, stdout }))
  );
  return { child, ended };
}

/** Waits for something that another process does; polls, since there is nothing to wait on. */
async function until(what: () => boolean): Promise<void> {
  while (!what()) {
    await sleep(20);
  }
}

const THREE = [
  { tags: ['step:load'], source: 'rows = [1, 2]' },
  { tags: ['step:fit'], source: 'model = sum(rows)' },
  { tags: ['step:end'], source: 'print(model, rows)' }
];
const WAITS = 'open("started", "w").close()\nimport time\ntime.sleep(600)';
const started = () => existsSync(join(sandbox.folder, 'started'));

test('every command has help with an example', async () => {
  const { stdout } = await sandbox.notepod(['--help']);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*$/gm)].map(([, name]) => name);
  expect(commands).toEqual(
    'check graph run verify compile runs show logs resume cancel delete outputs doctor nodes help'.split(
      ' '
    )
  );
  expect(stdout.replace(/\s+/g, ' ')).toMatch(
    /Exit codes: 0 done, 1 a step failed or a cell differs, 2 wrong usage, 3 refused by the checks, 4 stopped by the guard, 130 cancelled/
  );
  for (const command of commands.slice(0, -1)) {
    const help = await sandbox.notepod([command, '--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toMatch(new RegExp(`Example:\\n  \\$ notepod ${command}`));
  }
});

test('graph: text says why, json parses, dot and mermaid have every step and edge', async () => {
  const path = sandbox.notebook(THREE);
  const graph = async (format: string) => {
    const ended = await sandbox.notepod(['graph', path, '--format', format]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    return ended.stdout;
  };
  expect(await graph('text')).toContain(
    'fit   (cell 2)\n  after load: rows\n      `rows` is made in cell 1 (step load) and used in cell 2 (step fit)\n'
  );
  const json = JSON.parse(await graph('json')) as { edges: { from: string; to: string }[] };
  const edges = json.edges.map(({ from, to }) => `${from} ${to}`).sort();
  expect(edges).toEqual(['fit end', 'load end', 'load fit']);
  const dot = await graph('dot');
  expect([...dot.matchAll(/"(\w+)" -> "(\w+)"/g)].map(([, a, b]) => `${a} ${b}`).sort()).toEqual(
    edges
  );
  const mermaid = await graph('mermaid');
  expect(mermaid).toMatch(/^flowchart LR\n {2}s0\["load"\]\n/);
  expect(mermaid.match(/-->/g)).toHaveLength(3);
});

test('run --json: every line is an event, counted without gaps, and nothing else is printed', async () => {
  const ended = await run(sandbox.notebook(THREE), '--json');
  const events = ended.stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { seq: number; type: string });
  expect(events.map(each => each.seq)).toEqual(events.map((_, index) => index));
  expect([events[0].type, events.at(-1)?.type]).toEqual(['run-submitted', 'run-ended']);
});

test('verify: a cell that differs', async () => {
  // What a step can see of being one is no part of the law.
  const path = sandbox.notebook([
    { tags: ['step:a'], source: 'import os\nprint(os.environ["NOTEPOD_STEP"])' },
    { tags: ['step:b'], source: 'print(1)' }
  ]);
  const ended = await sandbox.notepod(['verify', path, '--python', PYTHON]);
  expect(ended.stdout).toMatch(
    /DIFFERENT cell 1 \(step a\): standard output: line 1: Run All print "run-all", the steps print "a"\nSAME +cell 2 \(step b\)\nDIFFERENT\n$/
  );
  expect(ended.code).toBe(1);
  const json = await sandbox.notepod(['verify', path, '--python', PYTHON, '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({
    verdict: 'DIFFERENT',
    cells: [{ verdict: 'different' }, { verdict: 'same' }]
  });
});

test('verify: refused by the checks, and by the guard', async () => {
  const checks = await sandbox.notepod(['verify', sandbox.notebook([{ source: 'x = (' }])]);
  expect(checks).toMatchObject({ code: 3, stdout: 'REFUSED\n' });
  const guard = sandbox.notebook([
    { tags: ['step:a'], source: 'import threading\nlock = threading.Lock()\nlock.acquire()' },
    { tags: ['step:b'], source: 'print(lock)' }
  ]);
  const ended = await sandbox.notepod(['verify', guard, '--python', PYTHON]);
  expect(ended.stdout).toMatch(
    /^REFUSED: step a was stopped by the guard\n {2}NP501 in cell 1 \(step a\): `lock` cannot be passed on, and step b needs it: .*Release it.*\n {2}what step a printed: notepod logs \S+ a\n$/
  );
  expect(ended.code).toBe(4);
  const json = await sandbox.notepod(['verify', guard, '--python', PYTHON, '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({
    verdict: 'REFUSED',
    stops: [{ step: 'a', code: 'NP501', cell: 0, name: 'lock' }]
  });
});

test("verify: a step's environment is that of its cells", async () => {
  const show = 'import os\nprint(os.environ.get("FOO"), os.environ.get("ALL"))';
  const path = sandbox.notebook([
    { tags: ['step:a', 'env:FOO=bar', 'env:ALL=1'], source: show },
    { tags: ['step:b', 'env:ALL=1'], source: show }
  ]);
  const ended = await sandbox.notepod(['verify', path, '--python', PYTHON]);
  expect(ended.stdout).toMatch(/\nSAME\n$/);
});

test('verify: what IPython was told in one step holds in later ones', async () => {
  const path = sandbox.notebook([
    {
      tags: ['step:a'],
      source:
        "from IPython.core.interactiveshell import InteractiveShell\nInteractiveShell.ast_node_interactivity = 'all'"
    },
    { tags: ['step:a'], source: '%precision 3\n%alias hey echo hello %s' },
    {
      tags: ['step:a'],
      source:
        "ip = get_ipython()\ndef fmt(x, p, cycle): p.text(f'<{x}>')\nip.display_formatter.formatters['text/plain'].for_type(str, fmt)\ndel ip"
    },
    { tags: ['step:b'], source: "0.12345\n'a text'\n'b'" },
    { tags: ['step:c'], source: '%hey bob\n2 + 2\n0.5' }
  ]);
  const ended = await sandbox.notepod(['verify', path, '--python', PYTHON]);
  expect(ended.stdout).toMatch(/\nSAME\n$/);
});

test('verify: ctrl-C ends what runs and leaves no folder', async () => {
  // The working folder is a copy, so the sign is given elsewhere.
  const sign = join(sandbox.data, 'started');
  const path = sandbox.notebook([
    {
      source: `import os, time\nopen(${JSON.stringify(sign)}, "w").write(os.getcwd())\ntime.sleep(600)`
    }
  ]);
  const { child, ended } = start('verify', path, '--python', PYTHON);
  await until(() => existsSync(sign) && readFileSync(sign, 'utf-8') !== '');
  child.kill('SIGINT');
  expect((await ended).code).toBe(130);
  expect(existsSync(readFileSync(sign, 'utf-8'))).toBe(false);
  expect((await sandbox.notepod(['runs'])).stdout).toMatch(/cancelled/);
});

test('runs, show, logs, outputs, delete: by id, by its start, and `last`', async () => {
  await run(sandbox.notebook(THREE));
  const [id] = readdirSync(join(sandbox.data, 'runs'));
  const list = JSON.parse((await sandbox.notepod(['runs', '--json'])).stdout) as object[];
  expect(list).toMatchObject([{ id, state: 'succeeded', steps: 3, stepsDone: 3 }]);
  for (const name of [id, id.slice(0, 10), 'last']) {
    expect((await sandbox.notepod(['show', name])).stdout).toMatch(/^step +0 to [^]*\nload\* /);
  }
  const timeline = JSON.parse((await sandbox.notepod(['show', id, '--format', 'json'])).stdout) as {
    steps: { step: string }[];
  };
  expect(timeline.steps.map(each => each.step)).toEqual(['load', 'fit', 'end']);
  expect((await sandbox.notepod(['logs', id, 'end'])).stdout).toBe('3 [1, 2]\n');
  expect((await sandbox.notepod(['logs', id])).stdout).toBe(
    '--- load\n--- fit\n--- end\n3 [1, 2]\n'
  );
  const wrong = await sandbox.notepod(['logs', id, 'fti']);
  expect(wrong).toMatchObject({ code: 2 });
  expect(wrong.stderr).toMatch(/has no step fti\n.*its steps are load, fit, end/);
  expect((await sandbox.notepod(['outputs', id, '-o', 'out.ipynb'])).code).toBe(0);
  expect(stdoutOf(sandbox.outputs('out.ipynb')?.[2] ?? [])).toBe('3 [1, 2]\n');
  expect((await sandbox.notepod(['delete', id])).code).toBe(0);
  expect(readdirSync(join(sandbox.data, 'runs'))).toEqual([]);
});

test('a run that goes on can be watched and cancelled from elsewhere, and is not deleted meanwhile', async () => {
  const path = sandbox.notebook([
    { tags: ['step:a'], source: 'print("first", flush=True)\n' + WAITS },
    { tags: ['step:b', 'prev:a'], source: 'pass' }
  ]);
  const { ended } = start('run', path, '--python', PYTHON);
  await until(started);
  expect((await sandbox.notepod(['runs'])).stdout).toMatch(/running +0\/2 steps/);
  expect((await sandbox.notepod(['show', 'last'])).stdout).toMatch(/a .* running\n/);
  const remove = await sandbox.notepod(['delete', 'last']);
  expect(remove).toMatchObject({ code: 2 });
  expect(remove.stderr).toMatch(/is going on\n.*cancel it first/);
  const logs = start('logs', 'last', 'a', '--follow');
  const cancel = await sandbox.notepod(['cancel', 'last']);
  expect(cancel.stdout).toMatch(/^cancelled /);
  expect(await ended).toMatchObject({ code: 130 });
  expect((await logs.ended).stdout).toMatch(/^first\n/);
  expect((await sandbox.notepod(['cancel', 'last'])).stderr).toMatch(/is not going on/);
});

test('--fresh: steps see the files that travel with a run, and no others', async () => {
  sandbox.write('helper.py', 'VALUE = 1\n');
  sandbox.write('data.csv', 'a\n1\n');
  sandbox.write('other.txt', '');
  const path = sandbox.notebook([
    { tags: ['step:a'], source: 'import helper, os\nprint(sorted(os.listdir()))' },
    { tags: ['step:b'], source: 'print(open("data.csv").read())\nopen("left.txt", "w").close()' }
  ]);
  expect((await run(path, '--fresh', '-o', 'out.ipynb')).code).toBe(0);
  const [a] = sandbox.outputs('out.ipynb') ?? [];
  expect(stdoutOf(a)).toMatch(/'data\.csv'.*'helper\.py'/);
  expect(stdoutOf(a)).not.toMatch(/other|nb\.ipynb/);
  expect(existsSync(join(sandbox.folder, 'left.txt'))).toBe(false);
});

test('--jobs 1 runs one step at a time', async () => {
  const alone =
    'import os, time\nassert not os.path.exists("busy")\nopen("busy", "w").close()\ntime.sleep(0.2)\nos.remove("busy")';
  const path = sandbox.notebook(
    ['a', 'b', 'c'].map(name => ({
      tags: [`step:${name}`],
      source: `def ${name}():\n    pass\nexec(${JSON.stringify(alone)})`
    }))
  );
  expect((await run(path, '--jobs', '1')).code).toBe(0);
});

test('the bundle works from any folder, with blanks and letters of all alphabets in paths', async () => {
  const home = join(sandbox.folder, 'mit Leerzeichen', 'Ünïcode 数据');
  mkdirSync(home, { recursive: true });
  const main = join(home, 'main.mjs');
  cpSync(MAIN, main);
  const notebook = sandbox.notebook(THREE, 'mein Notizbuch ä.ipynb');
  const data = join(home, 'the store');
  const child = spawn(main, ['run', notebook, '--python', PYTHON, '-o', join(home, 'out.ipynb')], {
    cwd: '/',
    env: { ...process.env, NOTEPOD_DATA: data },
    stdio: 'ignore'
  });
  expect(await new Promise(done => child.once('exit', done))).toBe(0);
  expect(stdoutOf(sandbox.outputs('mit Leerzeichen/Ünïcode 数据/out.ipynb')?.[2] ?? [])).toBe(
    '3 [1, 2]\n'
  );
});

test('a closed pipe is no mistake of anybody', async () => {
  const path = sandbox.notebook(
    Array.from({ length: 500 }, (_, index) => ({
      tags: [`step:s${index}`],
      source: `v${index} = 1`
    }))
  );
  const child = spawn(
    'sh',
    ['-c', '"$0" "$1" graph "$2" --format json | head -c 10', process.execPath, MAIN, path],
    {
      stdio: ['ignore', 'pipe', 'pipe']
    }
  );
  let stderr = '';
  child.stderr.on('data', part => (stderr += String(part)));
  await new Promise(done => child.once('close', done));
  expect(stderr).toBe('');
});

test('1,000 cells in 20 steps are run', async () => {
  const path = sandbox.notebook(
    Array.from({ length: 1000 }, (_, index) => ({
      tags: index % 50 === 0 ? [`step:s${index}`] : [],
      source: index === 0 ? 'n = 0' : 'n += 1'
    })).concat([{ tags: ['step:last'], source: 'print(n)' }])
  );
  const { code } = await run(path, '-o', 'out.ipynb');
  expect(code).toBe(0);
  expect(stdoutOf(sandbox.outputs('out.ipynb')?.[1000] ?? [])).toBe('999\n');
});

test('names made by exec or through globals() come out as in Run All, or are refused', async () => {
  const path = sandbox.notebook([
    { tags: ['step:a'], source: 'exec("x = 1")\nglobals()["y"] = 2' },
    { tags: ['step:b'], source: 'print(eval("x"), globals()["y"])' },
    { tags: ['step:c'], source: 'print(x + y)' }
  ]);
  const { code, stdout } = await sandbox.notepod(['verify', path, '--python', PYTHON]);
  expect([code, stdout.trimEnd().split('\n').at(-1)]).toEqual([0, 'SAME']);
});

test('a snapshot in which a byte has changed is found when it is read', async () => {
  const path = sandbox.notebook([
    { tags: ['step:a'], source: 'data = {"k": list(range(1000))}' },
    {
      tags: ['step:b'],
      source: 'import os\nif not os.path.exists("go"):\n    raise RuntimeError("stop")\nprint(data)'
    }
  ]);
  await run(path);
  sandbox.write('go', '');
  const [id] = readdirSync(join(sandbox.data, 'runs'));
  const snapshot = join(sandbox.data, 'runs', id, 'volume/snapshots/a');
  const stream = join(snapshot, readdirSync(snapshot).find(name => name.endsWith('.pickle')) ?? '');
  const bytes = readFileSync(stream);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(stream, bytes);
  const resumed = await sandbox.notepod(['resume', 'last']);
  expect(resumed.stderr).toMatch(/NP506.*step a/);
  expect(resumed.code).toBe(1);
});
