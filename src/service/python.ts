import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { UserError } from './errors';

/** The oldest Python that the step program runs on. */
const OLDEST = [3, 8] as const;

/** A Python that can run steps. */
export interface PythonInfo {
  /** Path as found; not resolved through links, so that a virtual environment stays one. */
  readonly path: string;
  /** `3.11.7` */
  readonly version: string;
  /** Of the modules asked for, those that it cannot find. */
  readonly missing: readonly string[];
  /** Major.minor.micro of IPython, if installed. */
  readonly ipython: boolean;
}

/**
 * The Python to run steps with: the one asked for, else the active virtual environment's, else a `.venv` in the
 * notebook's folder or above it, else the environment that Notepod is installed in (`notepod/__main__.py` says which), else
 * `python3` of the path.
 * @throws UserError if the one asked for, or any at all, is not there
 */
export function findPython(asked: string | undefined, folder: string): string {
  if (asked !== undefined) {
    const found = asked.includes('/') || asked.includes('\\') ? existing(asked) : onPath([asked]);
    if (found === undefined) {
      throw new UserError(
        `there is no Python at ${asked}`,
        'give --python the path of a Python ≥ 3.8, such as .venv/bin/python'
      );
    }
    return found;
  }
  const own =
    process.env.VIRTUAL_ENV !== undefined
      ? existing(inEnvironment(process.env.VIRTUAL_ENV))
      : undefined;
  const home = process.env.NOTEPOD_INSTALLED_IN;
  const found =
    own ??
    nearestEnvironment(folder) ??
    (home === undefined ? undefined : existing(home)) ??
    onPath(['python3', 'python']);
  if (found === undefined) {
    throw new UserError(
      'no Python was found: no active virtual environment, no .venv beside the notebook, no python3 on the path',
      'install Python ≥ 3.8, or say where it is with --python PATH'
    );
  }
  return found;
}

function existing(path: string): string | undefined {
  return existsSync(path) ? resolve(path) : undefined;
}

function inEnvironment(folder: string): string {
  return process.platform === 'win32'
    ? join(folder, 'Scripts', 'python.exe')
    : join(folder, 'bin', 'python');
}

function nearestEnvironment(folder: string): string | undefined {
  for (let at = resolve(folder); ; at = resolve(at, '..')) {
    const found = existing(inEnvironment(join(at, '.venv')));
    if (found !== undefined) {
      return found;
    }
    if (resolve(at, '..') === at) {
      return undefined;
    }
  }
}

function onPath(names: readonly string[]): string | undefined {
  const suffixes = process.platform === 'win32' ? ['.exe', ''] : [''];
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      for (const suffix of suffixes) {
        const path = join(folder, name + suffix);
        if (folder !== '' && existsSync(path)) {
          return path;
        }
      }
    }
  }
  return undefined;
}

// find_spec of a dotted name imports its parents, so only top-level names are asked for.
const PROBE = `
import importlib.util, json, sys
sys.path[0:0] = ['']
def there(name):
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return name in sys.modules
names = json.loads(sys.argv[1])
print(json.dumps({
    'version': '%d.%d.%d' % sys.version_info[:3],
    'missing': [name for name in names if not there(name)],
    'ipython': there('IPython')
}))
`;

/**
 * Asks a Python for its version and for modules.
 * @param modules top-level module names
 * @param folder where it would run: modules beside the notebook count
 * @throws UserError if it does not run or is too old
 */
export async function askPython(
  path: string,
  modules: readonly string[],
  folder: string
): Promise<PythonInfo> {
  const text = await new Promise<string>((done, fail) => {
    const child = execFile(
      path,
      ['-c', PROBE, JSON.stringify(modules)],
      { cwd: folder, timeout: 60_000 },
      (error, stdout, stderr) => {
        if (error) {
          fail(
            new UserError(
              `${path} does not run as a Python: ${(stderr || error.message).trim().split('\n').pop() ?? ''}`,
              'say which Python to use with --python PATH'
            )
          );
        } else {
          done(stdout);
        }
      }
    );
    child.stdin?.end();
  });
  const answer = JSON.parse(text) as Omit<PythonInfo, 'path'>;
  const [major, minor] = answer.version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new UserError(
      `${path} is Python ${answer.version}, and steps need ${OLDEST.join('.')} or newer`,
      'say which Python to use with --python PATH'
    );
  }
  return { path, ...answer };
}
