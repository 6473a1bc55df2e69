// `npm start` and `npm test` on a fresh clone: sets up what is missing, then does the job. No dependencies.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onCluster } from './cluster-tests.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);
const windows = process.platform === 'win32';
const venvBin = name =>
  windows ? join('.venv', 'Scripts', `${name}.exe`) : join('.venv', 'bin', name);
const python = venvBin('python');

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, {
    stdio: 'inherit',
    shell: windows && command === 'npm',
    ...options
  });
  if (error) {
    console.error(`cannot start ${command}: ${error.message}`);
  }
  return status ?? 1;
}

function must(what, command, args, options) {
  const status = run(command, args, options);
  if (status !== 0) {
    console.error(`${what} failed (${command} ended with ${status}).`);
    process.exit(status);
  }
}

const newer = (file, than) => !existsSync(than) || statSync(file).mtimeMs > statSync(than).mtimeMs;

function findPython() {
  const wanted = 'import sys; sys.exit(sys.version_info < (3, 10))';
  for (const name of [process.env.PYTHON, 'python3', 'python'].filter(Boolean)) {
    if (spawnSync(name, ['-c', wanted], { stdio: 'ignore' }).status === 0) {
      return name;
    }
  }
  console.error('Python 3.10 or newer is needed: install it, or name it in the variable PYTHON.');
  process.exit(2);
}

function setUp() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Node 20.19 or newer is needed; this is ${process.versions.node}.`);
    process.exit(2);
  }
  if (newer('package-lock.json', 'node_modules/.package-lock.json')) {
    must('Installing the packages', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund']);
  }
  const stamp = join('.venv', 'requirements.stamp');
  if (newer('scripts/requirements-dev.txt', stamp)) {
    // A virtual environment without pip is one whose making was interrupted.
    if (spawnSync(python, ['-m', 'pip', '--version'], { stdio: 'ignore' }).status !== 0) {
      must('Making the virtual environment', findPython(), ['-m', 'venv', '.venv']);
    }
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    must('Installing the Python packages', python, [...pip, '-r', 'scripts/requirements-dev.txt']);
    writeFileSync(stamp, '');
  }
}

const build = () => run(process.execPath, ['scripts/build.mjs']);

function start() {
  if (build() !== 0) {
    console.error('The build failed.');
    return 1;
  }
  const notebook = 'examples/intel-lab.ipynb';
  return run(process.execPath, ['notepod/service/main.mjs', 'run', notebook, '--python', python]);
}

const reports = join(tmpdir(), `notepod-test-${process.pid}`);
const jestReport = join(reports, 'jest.json');
const pytestReport = join(reports, 'pytest.xml');
const binary = name => join('node_modules', '.bin', windows ? `${name}.cmd` : name);

/**
 * Stages that pass or fail as one count one test; the two test runners count their own. A runner that ends badly without
 * naming a failed test (it could not start, it was killed, it found no tests) counts as one failure.
 */
const stages = {
  build: () => counted(build() === 0),
  format: () => counted(run(binary('prettier'), ['--check', '--log-level', 'warn', '.']) === 0),
  lint: () => counted(run(binary('eslint'), ['.', '--max-warnings', '0']) === 0),
  ruff: () =>
    counted(
      // Both, so that one run tells all there is to mend.
      [['check'], ['format', '--check']].filter(args => run(venvBin('ruff'), [...args, '.']) !== 0)
        .length === 0
    ),
  types: () => counted(run(binary('tsc'), ['--noEmit']) === 0),
  jest: () => jest([], testEnvironment()),
  pytest: () => {
    const args = ['-m', 'pytest', '-q', `--junitxml=${pytestReport}`];
    const status = run(python, args, testEnvironment());
    const report = existsSync(pytestReport) ? readFileSync(pytestReport, 'utf-8') : '';
    const number = name =>
      Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(report)?.[1] ?? 0);
    const failed = number('failures') + number('errors');
    const skipped = number('skipped');
    return {
      passed: Math.max(number('tests') - failed - skipped, 0),
      failed: status === 0 ? failed : Math.max(failed, 1),
      skipped
    };
  },
  cluster: async () => {
    const config = ['--config', 'jest.cluster.config.js', '--runInBand'];
    const result = await onCluster(root, env =>
      jest(config, { env: { ...testEnvironment().env, ...env } })
    );
    return result ?? { passed: 0, failed: 0, skipped: 0 };
  }
};

/** @param options of the child process */
function jest(args, options) {
  rmSync(jestReport, { force: true });
  const status = run(binary('jest'), [...args, '--json', '--outputFile', jestReport], options);
  const report = existsSync(jestReport) ? JSON.parse(readFileSync(jestReport, 'utf-8')) : {};
  // A file that does not load has no failed test of its own.
  const failed = (report.numFailedTests ?? 0) + (report.numRuntimeErrorTestSuites ?? 0);
  return {
    passed: report.numPassedTests ?? 0,
    failed: status === 0 ? failed : Math.max(failed, 1),
    skipped: (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0)
  };
}

const counted = passed => ({ passed: Number(passed), failed: Number(!passed), skipped: 0 });

function testEnvironment() {
  return { env: { ...process.env, NOTEPOD_TEST_PYTHON: join(root, python) } };
}

/** The tests run what was built, so the build is always the first stage. */
async function test(only) {
  mkdirSync(reports, { recursive: true });
  const chosen = Object.keys(stages).filter(
    name => only.length === 0 || name === 'build' || only.includes(name)
  );
  const total = { passed: 0, failed: 0 };
  for (const name of chosen) {
    console.log(`\n=== ${name}`);
    const { passed, failed, skipped } = await stages[name]();
    const verdict = failed === 0 ? 'passed' : 'FAILED';
    console.log(`=== ${name}: ${verdict} (${passed} passed, ${failed} failed, ${skipped} skipped)`);
    total.passed += passed;
    total.failed += failed;
  }
  rmSync(reports, { recursive: true, force: true });
  console.log(`\nTests: ${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}

/** `jest lint`, `--only jest,lint`, `--only=jest`: the stages asked for; none means all. */
function stagesAskedFor(words) {
  const only = words
    .flatMap(word => word.replace(/^--only(=|$)/, '').split(','))
    .filter(word => word !== '' && word !== '--');
  const unknown = only.filter(word => !Object.hasOwn(stages, word));
  if (unknown.length > 0) {
    const known = Object.keys(stages).join(', ');
    console.error(`No such stage: ${unknown.join(', ')}. The stages are: ${known}.`);
    process.exit(2);
  }
  return only;
}

const [job, ...rest] = process.argv.slice(2);
if (job !== 'start' && job !== 'test') {
  console.error('usage: node scripts/dev.mjs start | test [--only STAGE[,STAGE]]');
  process.exit(2);
}
const only = job === 'test' ? stagesAskedFor(rest) : [];
setUp();
process.exitCode = job === 'start' ? start() : await test(only);
