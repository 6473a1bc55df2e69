import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../types';
import { isAlive, Playground, story, until, type TestStep } from './playground';

// Processes are started, on machines that may be busy: a limit against hanging, and no measure of speed.
jest.setTimeout(60_000);

let ground: Playground;
beforeEach(() => {
  ground = new Playground();
});
afterEach(() => ground.dispose());

/** Python that writes a file whole. */
const write = (name: string, value: string) =>
  `import os\nwith open("${name}.part", "w") as f: f.write(str(${value}))\nos.rename("${name}.part", "${name}")\n`;
/** Python that waits for a file. */
const waitFor = (name: string) =>
  `import os, time\nwhile not os.path.exists("${name}"): time.sleep(0.005)\n`;
const FOREVER = 'import time\nwhile True: time.sleep(60)\n';
const FAIL = 'raise ValueError("no")\n';

const endOf = (events: readonly RunEvent[], step: string) => {
  const end = events.findLast(event => event.type === 'step-ended' && event.step === step);
  return end?.type === 'step-ended' ? end : undefined;
};

test('steps run in reference order, one at a time if told so, and events count without gaps', async () => {
  const events = await ground.run([{ name: 'a' }, { name: 'b' }, { name: 'c', needs: ['a'] }], {
    jobs: 1
  });
  expect(story(events)).toEqual([
    'a started',
    'a succeeded',
    'b started',
    'b succeeded',
    'c started',
    'c succeeded',
    'succeeded'
  ]);
  expect(events.map(event => event.seq)).toEqual(events.map((_, index) => index));
  expect(events[0].type).toBe('run-submitted');
});

test('steps that do not need each other run at once', async () => {
  const events = await ground.run([
    { name: 'a', cells: [write('a', '1') + waitFor('b')], timeoutSeconds: 15 },
    { name: 'b', cells: [write('b', '1') + waitFor('a')], timeoutSeconds: 15 },
    { name: 'c', needs: ['a', 'b'] }
  ]);
  expect(story(events).slice(-3)).toEqual(['c started', 'c succeeded', 'succeeded']);
});

test('events can be had from a number on', async () => {
  const run = await ground.submit([{ name: 'a' }]);
  const all = await ground.events(run);
  const some: RunEvent[] = [];
  for await (const event of ground.engine.events(run, 3)) {
    some.push(event);
  }
  expect(some).toEqual(all.slice(3));
});

test('who follows a run can stop following, and the run goes on', async () => {
  const run = await ground.submit([{ name: 'a', cells: [waitFor('go')] }]);
  const stop = new AbortController();
  const heard: string[] = [];
  for await (const event of ground.engine.events(run, 0, stop.signal)) {
    heard.push(event.type);
    if (event.type === 'step-started') {
      stop.abort();
    }
  }
  expect(heard).toEqual(['run-submitted', 'step-ready', 'step-started']);
  writeFileSync(ground.path('go'), '');
  expect(story(await ground.events(run)).at(-1)).toBe('succeeded');
});

test('an abort is heard while nothing happens', async () => {
  const run = await ground.submit([{ name: 'a', cells: [write('here', '1') + waitFor('go')] }]);
  await ground.written('here');
  const stop = new AbortController();
  const follow = async () => {
    for await (const event of ground.engine.events(run, 0, stop.signal)) {
      if (event.type === 'step-record' && event.record.type === 'cell-start') {
        // Nothing more happens until the file `go` is there.
        setImmediate(() => stop.abort());
      }
    }
  };
  await follow();
  expect(existsSync(ground.path('go'))).toBe(false);
});

/** Ways in which a step ends: its source, the outcome of the step and of the run, and what is said. */
const ENDINGS: readonly (readonly [
  what: string,
  step: Omit<TestStep, 'name'>,
  outcome: string,
  run: string,
  code: string | undefined,
  says: RegExp
])[] = [
  ['an exception', { cells: [FAIL] }, 'failed', 'failed', 'NP510', /^ValueError: no$/],
  [
    'a value that cannot be passed on',
    { cells: ['x = (i for i in [1])'], leaves: 'x' },
    'guard',
    'guard',
    'NP501',
    /`x`/
  ],
  [
    'a snapshot that cannot be written',
    {
      cells: [
        'import os, notepod_runtime\n' +
          'root = os.path.dirname(os.path.dirname(os.path.dirname(notepod_runtime.__file__)))\n' +
          'os.rmdir(os.path.join(root, "volume", "snapshots"))\n' +
          'open(os.path.join(root, "volume", "snapshots"), "w").close()\nx = 1'
      ],
      leaves: 'x'
    },
    'failed',
    'failed',
    'NP505',
    /resume the run/
  ],
  ...[0, 1, 4, 143].map(
    code =>
      [
        `os._exit(${code})`,
        { cells: [`import os\nos._exit(${code})`] },
        'failed',
        'failed',
        'NP513',
        /before the step was done/
      ] as const
  ),
  ...(
    [
      ['SIGKILL', 'os.kill(os.getpid(), 9)', /SIGKILL.*memory/],
      ['SIGSEGV', 'os.kill(os.getpid(), 11)', /SIGSEGV.*crash/],
      ['SIGABRT', 'os.abort()', /SIGABRT.*crash/],
      ['SIGUSR1', 'os.kill(os.getpid(), 10)', /SIGUSR1$/]
    ] as const
  ).map(
    ([signal, source, says]) =>
      [signal, { cells: [`import os\n${source}`] }, 'killed', 'failed', 'NP511', says] as const
  ),
  [
    'SIGTERM from elsewhere',
    { cells: ['import os, time\nos.kill(os.getpid(), 15)\ntime.sleep(9)'] },
    'cancelled',
    'cancelled',
    undefined,
    /^$/
  ]
];

test.each(ENDINGS)('%s', async (_, step, outcome, run, code, says) => {
  const events = await ground.run([
    { name: 'a', ...step },
    { name: 'b', needs: ['a'] }
  ]);
  const end = endOf(events, 'a');
  expect({ outcome: end?.outcome, code: end?.code }).toEqual({ outcome, code });
  expect(end?.message ?? '').toMatch(says);
  expect(story(events).slice(-2)).toEqual(['b skipped', run]);
});

test('after a failure all that comes before it is run still, and the first failure in reference order counts', async () => {
  const steps = (b: string): TestStep[] => [
    { name: 'a', cells: [waitFor('c-fails')] },
    { name: 'b', needs: ['a'], cells: [b] },
    { name: 'c', cells: [write('c-fails', '1') + FAIL] },
    { name: 'd', needs: ['a'] }
  ];
  const before = ['a started', 'c started', 'c failed', 'a succeeded', 'b started'];
  const passing = await ground.run(steps('pass'));
  expect(story(passing)).toEqual([...before, 'b succeeded', 'd skipped', 'failed']);
  expect(passing.at(-1)).toMatchObject({ message: 'step c failed' });
  rmSync(ground.path('c-fails'));
  const failing = await ground.run(steps('raise KeyError("b")'));
  expect(story(failing)).toEqual([...before, 'b failed', 'd skipped', 'failed']);
  expect(failing.at(-1)).toMatchObject({ message: 'step b failed' });
});

test('after a failure nothing after it is started, and what runs goes on to its end', async () => {
  const events = await ground.run([
    { name: 'a', cells: [waitFor('b-runs') + FAIL] },
    { name: 'b', cells: [write('b-runs', '1') + waitFor('never')], timeoutSeconds: 1 },
    { name: 'c' },
    { name: 'd', needs: ['b'] }
  ]);
  expect(story(events)).toEqual([
    'a started',
    'b started',
    'a failed',
    'b timeout',
    'c skipped',
    'd skipped',
    'failed'
  ]);
});

test('a failed step is tried again as often as it may, and the attempts are counted', async () => {
  const source = `open("tries", "a").write("x")\nif len(open("tries").read()) < 3: ${FAIL}`;
  const events = await ground.run([{ name: 'a', cells: [source], retry: 2 }]);
  expect(story(events)).toEqual([
    'a started',
    'a failed',
    'a started',
    'a failed',
    'a started',
    'a succeeded',
    'succeeded'
  ]);
  expect(
    events.flatMap(event =>
      event.type === 'step-ended' ? [[event.attempt, event.willRetry ?? false]] : []
    )
  ).toEqual([
    [1, true],
    [2, true],
    [3, false]
  ]);
});

test.each([
  ['the guard', { cells: ['x = (i for i in [1])'], leaves: 'x' }, 'guard'],
  ['a cancel', { cells: ['import os, time\nos.kill(os.getpid(), 15)\ntime.sleep(9)'] }, 'cancelled']
])('%s is not tried again', async (_, step, outcome) => {
  const events = await ground.run([{ name: 'a', ...step, retry: 3 }]);
  expect(story(events)).toEqual(['a started', `a ${outcome}`, outcome]);
});

test('a step that takes too long is ended, also if it does not listen', async () => {
  const deaf = 'import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n' + FOREVER;
  const events = await ground.run([{ name: 'a', cells: [deaf], timeoutSeconds: 1.5 }]);
  expect(endOf(events, 'a')).toMatchObject({
    outcome: 'timeout',
    signal: 'SIGKILL',
    code: 'NP512'
  });
  expect(endOf(events, 'a')?.message).toMatch(/1\.5 s/);
});

test('a timeout of many days is no timeout of now', async () => {
  const events = await ground.run([{ name: 'a', timeoutSeconds: 40 * 86_400 }]);
  expect(story(events).at(-1)).toBe('succeeded');
});

const WITH_CHILD =
  'import os, subprocess, sys\n' +
  'child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])\n' +
  write('pids', 'f"{os.getpid()} {child.pid}"');

test('cancel ends running steps with their children, and starts no more', async () => {
  const run = await ground.submit([
    { name: 'a', cells: [WITH_CHILD + FOREVER] },
    { name: 'b', needs: ['a'] }
  ]);
  const pids = (await ground.written('pids')).split(' ').map(Number);
  await ground.engine.cancel(run);
  await ground.engine.cancel(run);
  expect(story(await ground.events(run))).toEqual([
    'a started',
    'a cancelled',
    'b skipped',
    'cancelled'
  ]);
  await until(() => !pids.some(isAlive), 2_000);
});

test('a run that waits to try a step again is cancelled at once', async () => {
  const run = await ground.submit([{ name: 'a', cells: [FAIL], retry: 9 }]);
  for await (const event of ground.engine.events(run)) {
    if (event.type === 'step-ended' && event.willRetry) {
      await ground.engine.cancel(run);
      break;
    }
  }
  expect(story(await ground.events(run))).toEqual(['a started', 'a failed', 'cancelled']);
});

test('children that a step leaves behind do not outlive it', async () => {
  await ground.run([{ name: 'a', cells: [WITH_CHILD] }]);
  const [, child] = (await ground.written('pids')).split(' ').map(Number);
  await until(() => !isAlive(child), 2_000);
});

test('the record of a step becomes events, all of it, before the step ends', async () => {
  const cells = Array.from({ length: 1000 }, () => 'pass');
  const events = await ground.run([{ name: 'a', cells }]);
  const seen = events.flatMap(event =>
    event.type === 'step-record' && event.record.type === 'cell-start' ? [event.record.cell] : []
  );
  expect(seen).toEqual(cells.map((_, index) => index));
  expect(events.slice(-3).map(event => event.type)).toEqual([
    'step-record',
    'step-ended',
    'run-ended'
  ]);
});

test('a Python that is not there is said', async () => {
  const events = await ground.run([{ name: 'a' }], { python: '/nowhere/python' });
  expect(endOf(events, 'a')).toMatchObject({ outcome: 'failed', code: 'NP514' });
  expect(endOf(events, 'a')?.message).toMatch(/\/nowhere\/python.*ENOENT/);
});

test('a working folder that is not there is said', async () => {
  const events = await ground.run([{ name: 'a' }], { workdir: ground.path('gone') });
  expect(endOf(events, 'a')).toMatchObject({ outcome: 'failed', code: 'NP514' });
  expect(endOf(events, 'a')?.message).toMatch(/folder.*gone.*not there/);
});

test('two runs at once keep apart', async () => {
  const steps = (mine: string, other: string): TestStep[] => [
    { name: 'a', cells: [write(mine, '1') + waitFor(other)], timeoutSeconds: 15 }
  ];
  const [one, two] = await Promise.all([
    ground.submit(steps('one', 'two')),
    ground.submit(steps('two', 'one'))
  ]);
  expect(one).not.toBe(two);
  const stories = await Promise.all([ground.events(one), ground.events(two)]);
  expect(stories.map(events => story(events).at(-1))).toEqual(['succeeded', 'succeeded']);
});

test('resume goes on from the finished steps with new attempts', async () => {
  const run = await ground.submit([
    { name: 'a', cells: ['open("log", "a").write("a")'] },
    { name: 'b', needs: ['a'], cells: [`import os\nif not os.path.exists("ready"): ${FAIL}`] }
  ]);
  expect(story(await ground.events(run)).at(-1)).toBe('failed');
  writeFileSync(ground.path('ready'), '');
  await ground.engine.resume(run);
  const events = await ground.events(run);
  expect(story(events)).toEqual([
    'a started',
    'a succeeded',
    'b started',
    'b failed',
    'failed',
    'resumed',
    'b started',
    'b succeeded',
    'succeeded'
  ]);
  expect(endOf(events, 'b')?.attempt).toBe(2);
  expect(events.map(event => event.seq)).toEqual(events.map((_, index) => index));
  expect(readFileSync(ground.path('log'), 'utf-8')).toBe('a');
});

test('a run that succeeded is not resumed, nor one that is going on', async () => {
  const run = await ground.submit([{ name: 'a', cells: [waitFor('go')] }]);
  await expect(ground.engine.resume(run)).rejects.toThrow(/going on already/);
  await expect(ground.engine.delete(run)).rejects.toThrow(/going on/);
  writeFileSync(ground.path('go'), '');
  await ground.events(run);
  await expect(ground.engine.resume(run)).rejects.toThrow(/succeeded already/);
});

test('the lock of a dead supervisor is taken over, and nothing but the run is left', async () => {
  const run = await ground.submit([
    { name: 'a', cells: [`import os\nif not os.path.exists("go"): ${FAIL}`] }
  ]);
  await ground.events(run);
  const folder = ground.engine.folder(run);
  const files = readdirSync(folder).sort();
  // A process of the same number as this one, but started at another time: the one that had it is dead.
  writeFileSync(join(folder, 'supervisor.json'), JSON.stringify({ pid: process.pid, start: '1' }));
  writeFileSync(ground.path('go'), '');
  await ground.engine.resume(run);
  expect(story(await ground.events(run)).at(-1)).toBe('succeeded');
  expect(readdirSync(folder).sort()).toEqual(files);
});

test('a torn last line of the log is left out, and the log goes on after it', async () => {
  const run = await ground.submit([
    { name: 'a', cells: [`import os\nif not os.path.exists("go"): ${FAIL}`] }
  ]);
  const before = await ground.events(run);
  const log = join(ground.engine.folder(run), 'events.jsonl');
  writeFileSync(log, readFileSync(log, 'utf-8') + '{"seq":99,"ti');
  expect(await ground.events(run)).toEqual(before);
  writeFileSync(ground.path('go'), '');
  await ground.engine.resume(run);
  const after = await ground.events(run);
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after[before.length].type).toBe('run-resumed');
  expect(after.map(event => event.seq)).toEqual(after.map((_, index) => index));
});

test('earlier snapshots are used again before `from`, where the hashes agree', async () => {
  const note = (name: string) => [`open("log", "a").write("${name}")\nprint("${name}")\n`];
  const steps = (bHash: string): TestStep[] => [
    { name: 'a', cells: note('a') },
    { name: 'b', needs: ['a'], cells: note('b'), hash: bHash },
    { name: 'c', needs: ['b'], cells: note('c') },
    { name: 'd', cells: note('d') }
  ];
  const first = await ground.submit(steps('1'), { jobs: 1 });
  await ground.events(first);
  const again = await ground.submit(steps('1'), { jobs: 1, from: 'c', reuse: first });
  expect(story(await ground.events(again))).toEqual([
    'a reused',
    'b reused',
    'd reused',
    'c started',
    'c succeeded',
    'succeeded'
  ]);
  const outputs = join(ground.engine.folder(again), 'steps/b/0/outputs.jsonl');
  expect(readFileSync(outputs, 'utf-8')).toMatch(/"text": "b\\n"/);
  const changed = await ground.run(steps('2'), { jobs: 1, from: 'c', reuse: first });
  expect(story(changed).slice(0, 3)).toEqual(['a reused', 'd reused', 'b started']);
  expect(readFileSync(ground.path('log'), 'utf-8')).toBe('abcd' + 'c' + 'bc');
});

test('what is deleted is gone, and a run that is not there is said', async () => {
  const run = await ground.submit([{ name: 'a' }]);
  await ground.events(run);
  await ground.engine.delete(run);
  expect(existsSync(ground.engine.folder(run))).toBe(false);
  await expect(ground.events(run)).rejects.toThrow(/no run/);
  for (const job of ['resume', 'cancel', 'delete'] as const) {
    await expect(ground.engine[job](run)).rejects.toThrow(/no run/);
  }
  for (const name of ['..', '.', '', '../runs', 'runs/..']) {
    await expect(ground.engine.delete(name)).rejects.toThrow(/no run/);
  }
  expect(existsSync(ground.data)).toBe(true);
});

test('the log of a step has all that it printed', async () => {
  const source = 'import sys\nfor _ in range(20): sys.stdout.write("x" * 1_000_000)\n';
  const run = await ground.submit([{ name: 'a', cells: [source] }]);
  await ground.events(run);
  let size = 0;
  for await (const text of ground.engine.logs(run, 'a')) {
    size += text.length;
  }
  expect(size).toBe(20_000_000);
});

test('the log of a step can be followed until the step ends, also through a torn character', async () => {
  const source =
    'import os\nos.write(1, "a\\u00e9".encode()[:2])\n' +
    waitFor('seen') +
    'os.write(1, "\\u00e9".encode()[1:] + b"!")\n';
  const run = await ground.submit([
    { name: 'a', cells: [source] },
    { name: 'b', cells: [waitFor('go')] }
  ]);
  let text = '';
  for await (const part of ground.engine.logs(run, 'a', true)) {
    text += part;
    writeFileSync(ground.path('seen'), '');
  }
  expect(text).toBe('aé!');
});

test('a followed log goes through all attempts', async () => {
  const source = `print(1)\nopen("tries", "a").write("x")\nif len(open("tries").read()) < 2: ${FAIL}`;
  const run = await ground.submit([{ name: 'a', cells: [source], retry: 1 }]);
  let text = '';
  for await (const part of ground.engine.logs(run, 'a', true)) {
    text += part;
  }
  expect(text).toMatch(/^1\n[^]*ValueError: no\n1\n$/);
});

test('a run store that cannot be made is said', async () => {
  // Root may write everywhere; a file in the place of the folder stops anybody.
  rmSync(ground.data, { recursive: true });
  writeFileSync(ground.data, '');
  await expect(ground.submit([{ name: 'a' }])).rejects.toMatchObject({
    name: 'EngineError',
    message: expect.stringMatching(/no run can be stored/) as string,
    fix: expect.stringMatching(/NOTEPOD_DATA/) as string
  });
});

(process.getuid?.() === 0 ? test.skip : test)(
  'a run store without write permission is said',
  async () => {
    chmodSync(ground.data, 0o500);
    await expect(ground.submit([{ name: 'a' }])).rejects.toThrow(/no run can be stored/);
    chmodSync(ground.data, 0o700);
  }
);

test('a log that can no longer be written ends the run and its steps', async () => {
  const run = await ground.submit([
    { name: 'a', cells: [write('pid', 'os.getpid()') + waitFor('go'), waitFor('end')] }
  ]);
  const following = ground.events(run);
  const pid = Number(await ground.written('pid'));
  const log = join(ground.engine.folder(run), 'events.jsonl');
  const written = readFileSync(log);
  rmSync(log);
  // What a full disk does to the next write, without a disk.
  mkdirSync(log);
  const said = expect(following).rejects.toThrow(/log of the run cannot be written/);
  writeFileSync(ground.path('go'), '');
  await said;
  await until(() => !isAlive(pid), 4_000);
  await until(() => !existsSync(join(ground.engine.folder(run), 'supervisor.json')));
  rmSync(log, { recursive: true });
  writeFileSync(log, written);
  writeFileSync(ground.path('end'), '');
  await ground.engine.resume(run);
  expect(story(await ground.events(run)).slice(-3)).toEqual([
    'a started',
    'a succeeded',
    'succeeded'
  ]);
});
