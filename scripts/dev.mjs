// `npm start` and `npm test` on a fresh clone: sets up what is missing, then does the job. No dependencies.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
    must('Installing the packages', 'npm', ['ci', '--no-audit', '--no-fund']);
  }
  const stamp = join('.venv', 'requirements.stamp');
  if (newer('scripts/requirements-dev.txt', stamp)) {
    if (!existsSync(python)) {
      must('Making the virtual environment', findPython(), ['-m', 'venv', '.venv']);
    }
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    must('Installing the Python packages', python, [...pip, '-r', 'scripts/requirements-dev.txt']);
    writeFileSync(stamp, '');
  }
  must('Building', process.execPath, ['scripts/build.mjs']);
}

function start() {
  const notebook = 'examples/intel-lab.ipynb';
  return run(process.execPath, ['notepod/service/main.mjs', 'run', notebook, '--python', python]);
}

const reports = join(tmpdir(), `notepod-test-${process.pid}`);
const jestReport = join(reports, 'jest.json');
const pytestReport = join(reports, 'pytest.xml');
const binary = name => join('node_modules', '.bin', windows ? `${name}.cmd` : name);

/** Stages that pass or fail as one count one test; the two test runners count their own. */
const stages = {
  format: () => plain(binary('prettier'), ['--check', '--log-level', 'warn', '.']),
  lint: () => plain(binary('eslint'), ['.', '--max-warnings', '0']),
  ruff: () =>
    plain(venvBin('ruff'), ['check', '.']) && plain(venvBin('ruff'), ['format', '--check', '.']),
  types: () => plain(binary('tsc'), ['--noEmit']),
  jest: () => {
    const status = run(binary('jest'), ['--json', '--outputFile', jestReport], testEnvironment());
    const { numPassedTests, numFailedTests, numFailedTestSuites, numPendingTests } = JSON.parse(
      readFileSync(jestReport, 'utf-8')
    );
    const failed = Math.max(numFailedTests, numFailedTestSuites, status === 0 ? 0 : 1);
    return { passed: numPassedTests, failed, skipped: numPendingTests };
  },
  pytest: () => {
    const status = run(
      python,
      ['-m', 'pytest', '-q', `--junitxml=${pytestReport}`],
      testEnvironment()
    );
    const report = existsSync(pytestReport) ? readFileSync(pytestReport, 'utf-8') : '';
    const number = name =>
      Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(report)?.[1] ?? 0);
    const failed = Math.max(number('failures') + number('errors'), status === 0 ? 0 : 1);
    const skipped = number('skipped');
    return { passed: number('tests') - failed - skipped, failed, skipped };
  }
};

function plain(command, args) {
  return run(command, args) === 0;
}

function testEnvironment() {
  return { env: { ...process.env, NOTEPOD_TEST_PYTHON: join(root, python) } };
}

function test(only) {
  mkdirSync(reports, { recursive: true });
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const [name, stage] of Object.entries(stages)) {
    if (only.length > 0 && !only.includes(name)) {
      continue;
    }
    console.log(`\n=== ${name}`);
    const result = stage();
    const counts =
      typeof result === 'boolean'
        ? { passed: Number(result), failed: Number(!result), skipped: 0 }
        : result;
    console.log(`=== ${name}: ${counts.failed === 0 ? 'passed' : 'FAILED'}`);
    for (const key of Object.keys(total)) {
      total[key] += counts[key];
    }
  }
  rmSync(reports, { recursive: true, force: true });
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  console.log(`\nTests: ${total.passed} passed, ${total.failed} failed${skipped}`);
  return total.failed === 0 ? 0 : 1;
}

const [job, ...rest] = process.argv.slice(2);
setUp();
process.exitCode = job === 'start' ? start() : test(rest.filter(word => !word.startsWith('--')));
